//! The async part: wall clock, sockets and delays around the pure exchange. One lock, one pump that lets
//! the market run and sends what is due, one task per connection.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rust_decimal::Decimal;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;

use crate::auth::{Credentials, Quotas};
use crate::event::{Channel, Level, Telling, VenueEvent};
use crate::exchange::Exchange;
use crate::fault_plan::FaultPlan;
use crate::faults::TimedFault;
use crate::options::{Options, StartError};
use crate::rest::Gate;
use crate::store::{self, Opened, Store};
use crate::time::{Micros, SECOND_US};
use crate::transport;

const EVENTS_HELD: usize = 65_536;
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
}

impl Running {
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

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// What the lock guards.
pub(crate) struct Venue {
    pub exchange: Exchange,
    pub gate: Gate,
    pub plan: FaultPlan,
    store: Option<Store>,
    /// The last commit failed; told once, and again when it works.
    failing: bool,
    watching: BTreeMap<u64, Vec<(Channel, String)>>,
    connections: u64,
}

/// What goes to every connection.
pub(crate) enum Sent {
    /// With the index at that time, USD.
    Event(VenueEvent, Decimal),
    Fault(TimedFault),
}

/// What every task shares.
pub(crate) struct Shared {
    venue: Mutex<Venue>,
    pub sent: broadcast::Sender<Arc<Sent>>,
    pub wake: Notify,
    pub tell: Box<dyn Fn(Telling) + Send + Sync>,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Venue> {
        self.venue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that a fault struck.
    pub fn tell_fault(&self, fault: &str, payload: serde_json::Value) {
        let message = format!("the fault file struck: {fault}");
        (self.tell)(Telling { name: "simulator.fault_injected", level: Level::Warn, message, payload });
    }
}

impl Venue {
    /// A number for a new connection.
    pub fn next_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    /// Replaces what a connection watches; an empty list forgets it.
    pub fn watch(&mut self, connection: u64, watched: Vec<(Channel, String)>) {
        if watched.is_empty() {
            self.watching.remove(&connection);
        } else {
            self.watching.insert(connection, watched);
        }
        let mut all: BTreeMap<Channel, BTreeSet<String>> = BTreeMap::new();
        for (channel, token) in self.watching.values().flatten() {
            all.entry(*channel).or_default().insert(token.clone());
        }
        self.exchange.set_watched(all);
    }

    /// Commits what the account became, before anything that follows from it may leave.
    pub fn commit(&mut self) -> Result<(), io::Error> {
        if self.exchange.uncommitted {
            if let Some(store) = &mut self.store {
                store.save(&self.exchange)?;
            }
            self.exchange.uncommitted = false;
        }
        Ok(())
    }

    /// The note on a commit, if its success changed.
    pub fn commit_note(&mut self, outcome: &Result<(), io::Error>) -> Option<Telling> {
        let failed = outcome.is_err();
        if std::mem::replace(&mut self.failing, failed) == failed {
            return None;
        }
        let (level, message) = match outcome {
            Ok(()) => (Level::Info, "the simulator's state is saved again".to_owned()),
            Err(error) => {
                (Level::Error, format!("the simulator's state cannot be saved, nothing is sent: {error}"))
            }
        };
        Some(Telling {
            name: "simulator.state_saving_changed",
            level,
            message,
            payload: json!({ "failing": failed }),
        })
    }
}

/// Wall time.
pub(crate) fn wall_us() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
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
    let mut running = Running {
        rest_url: format!("http://{address}"),
        ws_url: format!("ws://{address}"),
        tape: exchange.tape().map(str::to_owned),
        speed: exchange.speed(),
        seed: exchange.seed(),
        resumed,
        stop,
        tasks: Vec::new(),
    };
    let watching = BTreeMap::new();
    let venue = Venue { exchange, gate, plan, store, failing: false, watching, connections: 0 };
    let shared = Arc::new(Shared {
        venue: Mutex::new(venue),
        sent: broadcast::channel(EVENTS_HELD).0,
        wake: Notify::new(),
        tell: Box::new(tell),
    });
    tell_start(&shared, &running);
    running.tasks.push(tokio::spawn(pump(shared.clone(), stopped.clone())));
    running.tasks.push(tokio::spawn(transport::serve(listener, shared, stopped)));
    Ok(running)
}

fn tell_start(shared: &Shared, running: &Running) {
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

/// Returns when the venue is to stop.
pub(crate) async fn until(stopped: &mut watch::Receiver<bool>) {
    // The sender gone means the same as its word.
    let _stop = stopped.wait_for(|stop| *stop).await;
}

/// Lets the market run, and sends what is due.
async fn pump(shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    loop {
        let next_us = run_once(&shared);
        let wait_us = u64::try_from(next_us - wall_us()).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_micros(wait_us)) => {}
            () = shared.wake.notified() => {}
            () = until(&mut stopped) => return,
        }
    }
}

/// One round of the pump; returns when the next is due. As long as the state cannot be committed,
/// nothing is sent.
fn run_once(shared: &Shared) -> Micros {
    let venue = &mut *shared.lock();
    let now_us = wall_us();
    let strikes = venue.plan.due(now_us);
    for strike in &strikes {
        if let TimedFault::BookSideMissing { symbol, side, for_s } = strike {
            venue.exchange.blank_side(symbol, *side, now_us + (for_s * SECOND_US as f64) as Micros);
        }
    }
    venue.exchange.run_to(now_us);
    let outcome = venue.commit();
    let mut notes: Vec<Telling> = venue.commit_note(&outcome).into_iter().collect();
    let events = if outcome.is_ok() { venue.exchange.advance(now_us) } else { Vec::new() };
    let index = venue.exchange.index();
    for event in events {
        if let VenueEvent::Note(note) = event {
            notes.push(note);
        } else {
            // Nobody connected is no error.
            let _receivers = shared.sent.send(Arc::new(Sent::Event(event, index)));
        }
    }
    for strike in strikes {
        shared.tell_fault(transport::fault_name(&strike), json!({ "fault": format!("{strike:?}") }));
        let _receivers = shared.sent.send(Arc::new(Sent::Fault(strike)));
    }
    for note in notes {
        (shared.tell)(note);
    }
    if outcome.is_ok() { venue.exchange.next_due_us() } else { now_us + SECOND_US / 10 }
}
