//! The async part: wall clock, sockets, disk and delays around the pure exchange. One lock, one pump that
//! lets the market run and sends what is due, one task per connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::dialect::auth::{Credentials, Quotas};
use crate::dialect::rest::Gate;
use crate::exchange::event::{Level, Telling};
use crate::exchange::status::TradingStatus;
use crate::exchange::tape::Gaps;
use crate::exchange::time::{Micros, iso_seconds};
use crate::faults::plan::FaultPlan;

mod connection;
mod harm;
mod held;
mod keeper;
mod line;
pub mod options;
mod pump;
mod shared;
mod store;
mod transport;

#[cfg(test)]
mod tests;

use keeper::Keeper;
use options::{Options, StartError};
use shared::{Context, Shared, Venue, wall_us};
use store::Opened;

const SAFE_SPEED: u32 = 120;

/// A venue that is serving. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// `http://127.0.0.1:PORT`, without `/v2`.
    pub rest_url: String,
    /// `ws://127.0.0.1:PORT`.
    pub ws_url: String,
    /// Name of the tape that the market follows, stored or asked for.
    pub tape: Option<String>,
    pub speed: u32,
    pub seed: u64,
    /// A stored market was continued, because something is held or resting.
    pub resumed: bool,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Running {
    /// From now on the products whose symbol matches `pattern` (with `*`) have this status, for so long.
    pub fn disrupt(&self, pattern: &str, status: TradingStatus, lasts: Duration) {
        let (now_us, until_us) = span(lasts);
        let mut venue = self.shared.lock();
        venue.exchange.run_to(now_us);
        venue.exchange.disrupt(pattern, status, until_us);
    }

    /// From now on the venue is not there, for so long; an auction of all products follows.
    pub fn maintain(&self, lasts: Duration) {
        let (now_us, until_us) = span(lasts);
        let mut venue = self.shared.lock();
        venue.exchange.run_to(now_us);
        venue.exchange.maintain(until_us);
    }

    /// Stops serving and waits until it has.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        self.join().await;
    }

    /// Waits until it stops by itself, which only a failure makes it do.
    pub async fn join(&mut self) {
        for task in std::mem::take(&mut self.tasks) {
            // A task that panicked has stopped too.
            let _ended = task.await;
        }
    }
}

fn span(lasts: Duration) -> (Micros, Micros) {
    let now_us = wall_us();
    (now_us, now_us.saturating_add(Micros::try_from(lasts.as_micros()).unwrap_or(Micros::MAX)))
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Starts a venue and returns when it accepts connections. What happens to it is told through `tell`;
/// nothing is printed. `tell` is called while the venue is locked, so it must return at once.
///
/// # Errors
/// A tape or a state file that cannot be used, a speed out of range, an address that cannot be listened on.
pub async fn start(
    options: Options,
    tell: impl Fn(Telling) + Send + Sync + 'static,
) -> Result<Running, StartError> {
    options.check_speed()?;
    let listen = options.listen;
    let refused = |source: io::Error| StartError::Listen { address: listen, source };
    let listener = TcpListener::bind(listen).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let now_us = wall_us();
    let Opened { mut exchange, store, resumed } = store::open(&options, now_us)?;
    exchange.run_to(now_us);
    let plan = FaultPlan::new(options.faults.unwrap_or_default(), options.seed, now_us);
    let credentials = Credentials { key: options.api_key, secret: options.api_secret };
    let gate = Gate { credentials, quotas: Quotas::default() };
    let (stop, stopped) = watch::channel(false);
    let (tape, speed, seed) = (exchange.tape().map(str::to_owned), exchange.speed(), exchange.seed());
    let gaps = exchange.tape_gaps();
    let venue = Venue::new(exchange, gate, plan, Keeper::new(store));
    let shared = Arc::new(Shared::new(venue, Box::new(tell)));
    let mut running = Running {
        rest_url: format!("http://{address}"),
        ws_url: format!("ws://{address}"),
        tape,
        speed,
        seed,
        resumed,
        stop,
        tasks: Vec::new(),
        shared: Arc::clone(&shared),
    };
    tell_start(&shared, &running, gaps);
    running.tasks.push(tokio::spawn(pump::pump(shared.clone(), stopped.clone())));
    running.tasks.push(tokio::spawn(transport::serve(
        listener,
        Context { shared, stopped, socket_idle: options.socket_idle },
    )));
    Ok(running)
}

fn tell_start(shared: &Shared, running: &Running, gaps: Option<Gaps>) {
    let market =
        running.tape.as_deref().map_or("the seeded market".to_owned(), |tape| format!("the tape {tape}"));
    let begun = if running.resumed { "goes on with" } else { "begins" };
    let speed = running.speed;
    let decay = if speed > 1 { format!("; time value decays {speed}x while held") } else { String::new() };
    let payload = json!({
        "rest_url": running.rest_url, "ws_url": running.ws_url, "tape": running.tape, "speed": speed,
        "seed": running.seed, "resumed": running.resumed,
    });
    (shared.tell)(Telling {
        name: "simulator.started",
        level: Level::Info,
        message: format!("the simulated venue {begun} {market} at speed {speed}{decay}"),
        payload,
    });
    if let (Some(gaps), Some(tape)) = (gaps, &running.tape) {
        let Gaps { minutes, places, first_s } = gaps;
        let first = iso_seconds(first_s);
        (shared.tell)(Telling {
            name: "simulator.tape_gaps_held",
            level: Level::Warn,
            message: format!(
                "the last close is held over minutes that the tape {tape} lacks: {minutes} in all, the first at {first}"
            ),
            payload: json!({ "tape": tape, "minutes": minutes, "places": places, "first": first }),
        });
    }
    if speed > SAFE_SPEED {
        let market_s = f64::from(speed) / 5.0;
        (shared.tell)(Telling {
            name: "simulator.speed_high",
            level: Level::Warn,
            message: format!(
                "at speed {speed} a confirmation of 200 ms is {market_s:.0} market seconds: loss exits slip visibly"
            ),
            payload: json!({ "speed": speed }),
        });
    }
}
