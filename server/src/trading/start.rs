//! Puts trading together: the venue (embedded or at an address), the stores, and the supervised tasks.

mod simulated;

use std::path::Path;
use std::sync::Arc;

use telemetry::Context;
use tokio::sync::{Mutex, watch};

use super::driver::{Driver, DriverParts, RECOVERY};
use super::executor::Executor;
use super::keys::Keys;
use super::{FeedHub, Inbox, Listed, Operator};
use crate::config::{Config, VenueKind};
use crate::health::{Condition, Health};
use crate::startup::StopHook;
use crate::store::StoreError;
use crate::store::trading::TradingStore;
use crate::tasks::{Restart, Tasks};
use crate::telling::Teller;
use crate::venue::{
    Address, Fallback, Rest, Restricted, SessionContext, StreamParts, order_stream, price_stream,
};
pub use simulated::{SimulatorNote, catalogue};

/// Why trading does not start; each one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "venue.kind is {0}, which this version does not trade: only \"simulator\" is allowed (DELTASCOPE__VENUE__KIND)"
    )]
    Venue(&'static str),
    #[error("{0}")]
    Simulator(String),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What handlers need of trading; cheap to clone.
#[derive(Clone)]
pub struct Trading {
    pub operator: Operator,
    pub hub: FeedHub,
    pub store: TradingStore,
    pub rest: Rest,
    pub keys: Keys,
    pub listed: Listed,
}

/// The venue as it was found or started.
struct Venue {
    address: Address,
    market_note: Option<String>,
    running: Option<simulator::Running>,
}

/// Starts trading; the hook ends it and gives the last words.
pub async fn start(
    config: &Config,
    dir: &Path,
    teller: &Teller,
    health: &Health,
    tasks: &Tasks,
) -> Result<(Trading, StopHook), StartError> {
    health.set(RECOVERY, Condition::Starting);
    let store = TradingStore::open(dir, teller.clone(), &config.database).await?;
    let venue = venue(config, dir, teller).await?;
    let rest = Rest::new(venue.address.clone(), teller.clone())?;
    let hub = FeedHub::new("simulator", venue.market_note.clone());
    let inbox = Inbox::default();
    let sessions = SessionContext::default();
    let (watch, watched) = watch::channel(Vec::new());
    let (executor, worker) = Executor::new(rest.clone(), inbox.clone(), teller.clone(), watch);
    run_worker(tasks, worker);
    let streams = StreamParts {
        address: Arc::new(venue.address),
        teller: teller.clone(),
        sessions: sessions.clone(),
        inbox: inbox.clone(),
        clock: rest.clock(),
        restricted: Restricted::default(),
    };
    run_streams(tasks, &streams, &rest, watched);
    run_feed(tasks, &hub);
    let parts = DriverParts {
        store: store.clone(),
        inbox: inbox.clone(),
        executor,
        hub: hub.clone(),
        teller: teller.clone(),
        health: health.clone(),
        sessions,
    };
    let words = run_driver(tasks, parts);
    keep_house(tasks, &store);
    let trading = Trading {
        operator: Operator::new(inbox),
        hub,
        store: store.clone(),
        rest,
        keys: Keys::default(),
        listed: Listed::default(),
    };
    Ok((trading, hook(words, store, venue.running)))
}

/// The venue of the settings; the embedded one is started here.
async fn venue(config: &Config, dir: &Path, teller: &Teller) -> Result<Venue, StartError> {
    match config.venue.kind {
        VenueKind::Simulator => {}
        VenueKind::DeltaIndia => return Err(StartError::Venue("\"delta-india\"")),
        VenueKind::DeltaIndiaTestnet => return Err(StartError::Venue("\"delta-india-testnet\"")),
        VenueKind::DeltaGlobal => return Err(StartError::Venue("\"delta-global\"")),
    }
    match (&config.venue.rest_url, &config.venue.ws_url) {
        (Some(rest_url), Some(ws_url)) => {
            let address = simulated::address(rest_url, ws_url, &config.venue);
            Ok(Venue { address, market_note: Some("separate simulator".to_owned()), running: None })
        }
        (Some(_) | None, Some(_) | None) => {
            let (running, address) = simulated::start(&config.simulator, dir, teller).await?;
            let market_note = Some(simulated::note(&running));
            Ok(Venue { address, market_note, running: Some(running) })
        }
    }
}

fn run_worker(tasks: &Tasks, worker: super::executor::Worker) {
    let worker = Arc::new(Mutex::new(worker));
    let stop = tasks.stop_signal();
    tasks.supervise("executor", Context::default(), Restart::SOON, move || {
        let (worker, stop) = (Arc::clone(&worker), stop.clone());
        async move {
            worker.lock().await.run(stop).await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
}

fn run_streams(
    tasks: &Tasks,
    parts: &StreamParts,
    rest: &Rest,
    watched: watch::Receiver<Vec<model::Symbol>>,
) {
    let (prices, heard) = price_stream(parts.clone(), watched.clone());
    let fallback = Fallback { parts: parts.clone(), rest: rest.clone(), watched, heard };
    let orders = order_stream(parts.clone());
    for (name, stream) in [("price_stream", prices), ("order_stream", orders)] {
        let stop = tasks.stop_signal();
        tasks.supervise(name, Context::default(), Restart::SOON, move || {
            let (stream, stop) = (stream.clone(), stop.clone());
            async move {
                stream.run(stop).await;
                Ok::<(), std::convert::Infallible>(())
            }
        });
    }
    let stop = tasks.stop_signal();
    tasks.supervise("price_fallback", Context::default(), Restart::SOON, move || {
        let (fallback, stop) = (fallback.clone(), stop.clone());
        async move {
            fallback.run(stop).await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
}

fn run_feed(tasks: &Tasks, hub: &FeedHub) {
    let (hub, stop) = (hub.clone(), tasks.stop_signal());
    tasks.supervise("feed", Context::default(), Restart::SOON, move || {
        let (hub, stop) = (hub.clone(), stop.clone());
        async move {
            hub.run(stop).await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
}

/// Should the driver fail, it begins again from the journal.
fn run_driver(tasks: &Tasks, parts: DriverParts) -> watch::Receiver<Option<String>> {
    let (words, said) = watch::channel(None);
    let words = Arc::new(words);
    let stop = tasks.stop_signal();
    tasks.supervise("trading", Context::default(), Restart::SOON, move || {
        let (parts, stop, words) = (parts.clone(), stop.clone(), Arc::clone(&words));
        async move {
            let last = Driver::recover(parts).await?.run(stop).await;
            words.send_replace(Some(last));
            Ok::<(), StoreError>(())
        }
    });
    said
}

/// Chores once a minute.
fn keep_house(tasks: &Tasks, store: &TradingStore) {
    let (store, stop) = (store.clone(), tasks.stop_signal());
    tasks.supervise("trading_housekeeping", Context::default(), Restart::SOON, move || {
        let (store, mut stop) = (store.clone(), stop.clone());
        async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(std::time::Duration::from_secs(60)) => {}
                    () = stop.stopped() => return Ok::<(), StoreError>(()),
                }
                store.db().tell_commits();
                store.forget().await?;
            }
        }
    });
}

fn hook(
    mut words: watch::Receiver<Option<String>>,
    store: TradingStore,
    running: Option<simulator::Running>,
) -> StopHook {
    Box::new(move || {
        Box::pin(async move {
            let said = words.wait_for(Option::is_some).await.ok().and_then(|said| said.clone());
            store.db().close().await;
            if let Some(running) = running {
                running.shutdown().await;
            }
            said
        })
    })
}
