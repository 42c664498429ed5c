//! Puts trading together: the venue (embedded or at an address), the stores, and the supervised tasks.

mod simulated;
mod venue;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use telemetry::Context;
use tokio::sync::{Mutex, watch};

use super::clock_watch::ClockWatch;
use super::dead_man::{self, DeadMan, Entering, Pace};
use super::driver::{Driver, DriverParts, RECOVERY};
use super::executor::Executor;
use super::history::HistoryKeeper;
use super::journal_log::JournalLog;
use super::keys::Keys;
use super::latch_file::LatchFile;
use super::quota_watch::QuotaWatch;
use super::runtime::OwnRuntime;
use super::venue_watch::VenueWatch;
use super::{FeedHub, Inbox, Listed, Operator};
use crate::config::Config;
use crate::health::{Condition, Health};
use crate::kpis::KpiKeeper;
use crate::live::{self, AccountWatch};
use crate::store::StoreError;
use crate::store::history::HistoryStore;
use crate::store::telemetry::TelemetryStore;
use crate::store::trading::{Purpose, TradingStore};
use crate::tasks::{Restart, Stop, StopHook, Tasks};
use crate::venue::{
    Accounts, Fallback, GapTimes, Mode, Rest, Restricted, StatusLists, StatusPoll, Stream, StreamParts,
    VenueAccount, order_stream, price_stream,
};
pub use simulated::{SimulatorNote, catalogue};

/// Why trading does not start; each one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What stands between this program and a venue; boxed, because it is long and rare.
    #[error(transparent)]
    Live(Box<live::Refusal>),
    #[error("{0}")]
    Simulator(String),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
    #[error("no thread can be started: {0}")]
    Threads(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<live::Refusal> for StartError {
    fn from(refusal: live::Refusal) -> Self {
        Self::Live(Box::new(refusal))
    }
}

const HOUSE: Duration = Duration::from_secs(60);
/// The name of the threads of trading.
pub const TRADING_THREADS: &str = "trading";
/// One for the driver's turn, one for what waits beside it.
const THREADS: usize = 2;
/// How long the last decisions are told when the server stops.
const LAST_TOLD: Duration = Duration::from_secs(2);
/// After so many failures in a row a journal is not waited for any more.
const RECOVERIES: u32 = 3;

/// What handlers need of trading; cheap to clone.
#[derive(Clone)]
pub struct Trading {
    pub operator: Operator,
    pub hub: FeedHub,
    pub store: TradingStore,
    pub history: HistoryStore,
    /// The account that is traded on, of its kind.
    pub accounts: Accounts,
    pub rest: Rest,
    pub keys: Keys,
    pub listed: Listed,
    pub kpis: KpiKeeper,
}

/// Starts trading; the hook ends it and gives the last words. Decisions are told through `records`.
pub async fn start(
    config: &Config,
    purpose: Purpose,
    dir: &Path,
    records: &TelemetryStore,
    health: &Health,
    tasks: &Tasks,
) -> Result<(Trading, StopHook), StartError> {
    health.set(RECOVERY, Condition::Starting);
    let runtime = OwnRuntime::start(TRADING_THREADS, THREADS)?;
    let parts = (config.clone(), dir.to_owned(), records.clone(), health.clone());
    let Some(handle) = runtime.handle() else {
        return Err(StartError::Threads(std::io::ErrorKind::Other.into()));
    };
    let tasks = tasks.on(handle.clone());
    let started = handle.spawn(async move {
        let (config, dir, records, health) = parts;
        start_there(&config, purpose, &dir, &records, &health, &tasks).await
    });
    let (trading, ending) =
        started.await.map_err(|error| StartError::Threads(std::io::Error::other(error)))??;
    Ok((trading, ending.hook(runtime)))
}

/// The same, on the threads of trading: first the account, then what works with it, whichever kind it is.
async fn start_there(
    config: &Config,
    purpose: Purpose,
    dir: &Path,
    records: &TelemetryStore,
    health: &Health,
    tasks: &Tasks,
) -> Result<(Trading, Ending), StartError> {
    let house = House { config, purpose, dir, records, health, tasks };
    match venue::open(house).await? {
        venue::Venue::Simulated { account, note, running } => {
            assemble(house, account, Some(note), running).await
        }
        venue::Venue::Live { account, note, watch } => {
            run("live_account", tasks, watch, AccountWatch::run);
            assemble(house, account, note, None).await
        }
    }
}

/// What is there before trading is.
#[derive(Clone, Copy)]
struct House<'a> {
    config: &'a Config,
    purpose: Purpose,
    dir: &'a Path,
    records: &'a TelemetryStore,
    health: &'a Health,
    tasks: &'a Tasks,
}

/// Everything that works with an account.
async fn assemble<M: Mode>(
    house: House<'_>,
    account: VenueAccount<M>,
    market_note: Option<String>,
    running: Option<(simulator::Running, OwnRuntime)>,
) -> Result<(Trading, Ending), StartError> {
    let House { config, purpose, dir, records, health, tasks } = house;
    let teller = tasks.teller();
    let store = TradingStore::keep(dir, purpose, &config.database, health, tasks).await?;
    let history = HistoryStore::keep(dir, &config.database, health, tasks).await;
    let rest = account.rest().clone();
    let hub = FeedHub::new(config.venue.kind.word(), market_note, history.clone());
    let log = JournalLog::new(store.clone(), records.clone(), teller.clone(), health.clone(), hub.clone());
    // A store of records that is down is asked again by the task.
    let _ = log.begin().await;
    let inbox = Inbox::default();
    let sessions = teller.sessions().clone();
    let (watch, watched) = watch::channel(Vec::new());
    let (executor, worker) = Executor::new(rest.clone(), inbox.clone(), teller.clone(), watch);
    run_worker(tasks, worker);
    let streams = StreamParts {
        address: Arc::clone(account.streams()),
        teller: teller.clone(),
        sessions: sessions.clone(),
        inbox: inbox.clone(),
        clock: account.clock(),
        restricted: Restricted::default(),
        gaps: GapTimes::default(),
        listed: StatusLists::default(),
    };
    run_streams(tasks, &streams, &rest, watched);
    let gaps = streams.gaps.clone();
    let kpis = KpiKeeper::new(dir, store.clone(), rest.clone(), gaps, teller.clone(), health.clone());
    run("kpis", tasks, kpis.clone(), KpiKeeper::run);
    run("feed", tasks, hub.clone(), FeedHub::run);
    run_watches(tasks, &inbox, &rest, &hub, health);
    run_history(tasks, &store, &history, &hub);
    run("journal_log", tasks, log.clone(), JournalLog::run);
    let latch_file = LatchFile::new(dir);
    let parts = DriverParts {
        store: store.clone(),
        inbox: inbox.clone(),
        executor,
        hub: hub.clone(),
        teller: teller.clone(),
        health: health.clone(),
        sessions,
        latch_file: latch_file.clone(),
        live: account.live().cloned(),
    };
    let words = run_driver(tasks, parts);
    keep_house(tasks, &store, &hub);
    let trading = Trading {
        operator: Operator::new(inbox, latch_file),
        hub,
        store,
        history,
        rest: rest.beside()?,
        accounts: account.either(),
        keys: Keys::default(),
        listed: Listed::default(),
        kpis,
    };
    let (store, history) = (trading.store.clone(), trading.history.clone());
    Ok((trading, Ending { words, log, store, history, venue: running }))
}

/// Runs a task that only ends with the server; should it fail, it begins again with a copy of its parts.
fn run<P, R, F>(name: &'static str, tasks: &Tasks, parts: P, run: R)
where
    P: Clone + Send + 'static,
    R: Fn(P, Stop) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let stop = tasks.stop_signal();
    tasks.supervise(name, Context::default(), Restart::SOON, move || {
        let run = run(parts.clone(), stop.clone());
        async move {
            run.await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
}

/// Those that look at the venue beside trading.
fn run_watches(tasks: &Tasks, inbox: &Inbox, rest: &Rest, hub: &FeedHub, health: &Health) {
    run("clock_watch", tasks, ClockWatch::new(inbox.clone(), rest.clone()), ClockWatch::run);
    run("quota_watch", tasks, QuotaWatch::new(rest.clone()), QuotaWatch::run);
    run("venue_watch", tasks, VenueWatch::new(hub.clone(), health.clone()), VenueWatch::run);
    let looked_at = hub.clone();
    let entering: Entering = Arc::new(move || looked_at.look(|state, _| dead_man::entering(state)));
    let dead_man = DeadMan::new(entering, rest.clone(), tasks.teller().clone(), Pace::USUAL);
    run("dead_man", tasks, dead_man, DeadMan::run);
}

fn run_history(tasks: &Tasks, store: &TradingStore, history: &HistoryStore, hub: &FeedHub) {
    let keeper = HistoryKeeper {
        store: store.clone(),
        history: history.clone(),
        hub: hub.clone(),
        teller: tasks.teller().clone(),
    };
    run("history", tasks, keeper, HistoryKeeper::run);
}

fn run_worker(tasks: &Tasks, worker: super::executor::Worker) {
    let worker = Arc::new(Mutex::new(worker));
    run("executor", tasks, worker, |worker, stop| async move { worker.lock().await.run(stop).await });
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
    let statuses = StatusPoll {
        rest: rest.clone(),
        sessions: parts.sessions.clone(),
        watched: fallback.watched.clone(),
        listed: parts.listed.clone(),
    };
    run("venue_statuses", tasks, statuses, StatusPoll::run);
    run("price_stream", tasks, prices, Stream::run);
    run("order_stream", tasks, orders, Stream::run);
    run("price_fallback", tasks, fallback, Fallback::run);
}

/// Should the driver fail, it begins again from the journal.
fn run_driver(tasks: &Tasks, parts: DriverParts) -> watch::Receiver<Option<String>> {
    let (words, said) = watch::channel(None);
    let words = Arc::new(words);
    let stop = tasks.stop_signal();
    let failures = Arc::new(AtomicU32::new(0));
    tasks.supervise("trading", Context::default(), Restart::SOON, move || {
        let (parts, stop, words) = (parts.clone(), stop.clone(), Arc::clone(&words));
        let failures = Arc::clone(&failures);
        async move {
            let last = recovered(parts, &failures).await?.run(stop).await;
            words.send_replace(Some(last));
            Ok::<(), StoreError>(())
        }
    });
    said
}

/// A driver that continues from the journal. A journal that cannot be continued from keeps nobody in a position: it is
/// taken for damaged, and whoever pressed PANIC does not wait for it.
async fn recovered(parts: DriverParts, failures: &AtomicU32) -> Result<Driver, StoreError> {
    let error = match Driver::recover(parts.clone()).await {
        Ok(driver) => {
            failures.store(0, Ordering::Relaxed);
            return Ok(driver);
        }
        Err(error) => error,
    };
    if failures.fetch_add(1, Ordering::Relaxed) + 1 < RECOVERIES {
        return Err(error);
    }
    if parts.inbox.holds_panic() || parts.latch_file.read().is_pressed() {
        return Ok(Driver::without_journal(parts, &error).await);
    }
    if !error.is_busy() && !matches!(error, StoreError::Down { .. }) {
        parts.store.condemn(&error.to_string());
    }
    Err(error)
}

/// Chores once a minute; what fails is told by the database and tried again.
fn keep_house(tasks: &Tasks, store: &TradingStore, hub: &FeedHub) {
    let parts = (store.clone(), hub.clone());
    run("trading_housekeeping", tasks, parts, |(store, hub), mut stop| async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(HOUSE) => {}
                () = stop.stopped() => return,
            }
            let _ = store.forget(&hub.state()).await;
        }
    });
}

/// How trading ends.
struct Ending {
    words: watch::Receiver<Option<String>>,
    log: JournalLog,
    store: TradingStore,
    history: HistoryStore,
    venue: Option<(simulator::Running, OwnRuntime)>,
}

impl Ending {
    /// Waits for the driver, has its last decisions told, then closes.
    fn hook(mut self, runtime: OwnRuntime) -> StopHook {
        Box::new(move || {
            Box::pin(async move {
                let said = self.words.wait_for(Option::is_some).await.ok().and_then(|said| said.clone());
                // What is not told now is told by the next process.
                let _ = tokio::time::timeout(LAST_TOLD, self.log.catch_up()).await;
                self.history.close().await;
                self.store.close().await;
                if let Some((venue, threads)) = self.venue {
                    venue.shutdown().await;
                    drop(threads);
                }
                drop(runtime);
                said
            })
        })
    }
}
