//! The async part: wall clock, sockets and delays around the pure exchange. One lock, one pump that lets
//! the market run and sends what is due, one task per connection.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rust_decimal::Decimal;
use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;

use crate::auth::{Credentials, Quotas};
use crate::event::{Channel, Telling, VenueEvent};
use crate::exchange::{Exchange, Setup};
use crate::market::Source;
use crate::quirks::Quirks;
use crate::rest::Gate;
use crate::tape::{Tape, TapeEnd};
use crate::time::Micros;
use crate::transport;

const EVENTS_HELD: usize = 65_536;

/// Where the index comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TapeSource {
    /// The compiled-in day 2022-01-05.
    Embedded,
    File(PathBuf),
    /// No tape: the seeded market.
    Walk,
}

/// How to start a venue.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub seed: u64,
    pub tape: TapeSource,
    pub tape_end: TapeEnd,
    /// Market seconds in a wall second, 1 to 600.
    pub speed: u32,
    pub api_key: String,
    pub api_secret: String,
    pub quirks: Quirks,
}

impl Options {
    /// A fresh venue in memory on a free loopback port: seeded market, speed 1, the documented keys.
    pub fn new(seed: u64) -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed,
            tape: TapeSource::Walk,
            tape_end: TapeEnd::Mirror,
            speed: 1,
            api_key: "simulator-key".to_owned(),
            api_secret: "simulator-secret".to_owned(),
            quirks: Quirks::default(),
        }
    }
}

/// Why a venue did not start. Each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the simulator cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the tape file {path} cannot be read: {source}")]
    TapeFile { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Tape(String),
    #[error("speed is {0}, must be a whole number from 1 to 600")]
    Speed(u32),
}

/// A venue that is serving. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// `http://127.0.0.1:PORT`, without `/v2`.
    pub rest_url: String,
    /// `ws://127.0.0.1:PORT`.
    pub ws_url: String,
    pub tape: Option<String>,
    pub speed: u32,
    pub seed: u64,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Stops serving and waits until it has.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            // A task that panicked has stopped too.
            let _ended = task.await;
        }
    }

    /// Waits until it stops by itself, which only a failure makes it do.
    pub async fn join(&mut self) {
        for task in std::mem::take(&mut self.tasks) {
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
    watching: BTreeMap<u64, Vec<(Channel, String)>>,
    connections: u64,
}

/// What every task shares.
pub(crate) struct Shared {
    venue: Mutex<Venue>,
    pub events: broadcast::Sender<Arc<(VenueEvent, Decimal)>>,
    pub wake: Notify,
    pub tell: Box<dyn Fn(Telling) + Send + Sync>,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, Venue> {
        self.venue.lock().unwrap_or_else(PoisonError::into_inner)
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
}

/// Wall time.
pub(crate) fn wall_us() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// Starts a venue and returns when it accepts connections. What happens to it is told through `tell`;
/// nothing is printed.
///
/// # Errors
/// A tape that cannot be read, a speed out of range, an address that cannot be listened on.
pub async fn start(
    options: Options,
    tell: impl Fn(Telling) + Send + Sync + 'static,
) -> Result<Running, StartError> {
    if !(1..=600).contains(&options.speed) {
        return Err(StartError::Speed(options.speed));
    }
    let source = source(&options.tape, options.tape_end)?;
    let setup =
        Setup { speed: options.speed, quirks: options.quirks, ..Setup::new(options.seed, source, wall_us()) };
    let exchange = Exchange::new(setup);
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|source| StartError::Listen { address: options.listen, source })?;
    let address =
        listener.local_addr().map_err(|source| StartError::Listen { address: options.listen, source })?;
    let (stop, stopped) = watch::channel(false);
    let (tape, speed, seed) = (exchange.tape().map(str::to_owned), exchange.speed(), exchange.seed());
    let credentials = Credentials { key: options.api_key, secret: options.api_secret };
    let gate = Gate { credentials, quotas: Quotas::default() };
    let shared = Arc::new(Shared {
        venue: Mutex::new(Venue { exchange, gate, watching: BTreeMap::new(), connections: 0 }),
        events: broadcast::channel(EVENTS_HELD).0,
        wake: Notify::new(),
        tell: Box::new(tell),
    });
    let tasks = vec![
        tokio::spawn(pump(shared.clone(), stopped.clone())),
        tokio::spawn(transport::serve(listener, shared, stopped)),
    ];
    let (rest_url, ws_url) = (format!("http://{address}"), format!("ws://{address}"));
    Ok(Running { rest_url, ws_url, tape, speed, seed, stop, tasks })
}

fn source(tape: &TapeSource, end: TapeEnd) -> Result<Source, StartError> {
    match tape {
        TapeSource::Walk => Ok(Source::Walk),
        TapeSource::Embedded => {
            Tape::embedded().map(|tape| Source::Tape(tape, end)).map_err(StartError::Tape)
        }
        TapeSource::File(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| StartError::TapeFile { path: path.clone(), source })?;
            let name = path.display().to_string();
            Tape::parse(&name, &text).map(|tape| Source::Tape(tape, end)).map_err(StartError::Tape)
        }
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
        let (events, index, next_us) = {
            let mut venue = shared.lock();
            let events = venue.exchange.advance(wall_us());
            let index = venue.exchange.index();
            (events, index, venue.exchange.next_due_us())
        };
        for event in events {
            if let VenueEvent::Note(telling) = event {
                (shared.tell)(telling);
            } else {
                // Nobody connected is no error.
                let _receivers = shared.events.send(Arc::new((event, index)));
            }
        }
        let wait_us = u64::try_from(next_us - wall_us()).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_micros(wait_us)) => {}
            () = shared.wake.notified() => {}
            () = until(&mut stopped) => return,
        }
    }
}
