//! The live feed: folds the decisions as they are released, and ten times a second gives out what changed, conflated
//! per key. Readers never delay the driver: publishing only puts records into a list.

mod chart;
mod why;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::view::{FeedDelta, PnlPoint, SessionView, StripView, WhyView, session_view, strip_view};
use model::{DecisionRecord, Micros, TradingState};
use tokio::sync::broadcast;

use crate::clock;
use crate::store::StoreError;
use crate::store::trading::TradingStore;
use crate::tasks::Stop;
use chart::Chart;
use why::Whys;

const TICK: Duration = Duration::from_millis(100);
/// When nothing changes, an empty update every so often proves that the feed is alive.
const QUIET_MAX: Micros = Micros(1_000_000);
/// Updates that a slow reader may be behind before it gets a new snapshot.
const HELD: usize = 64;

/// What changed since the update before.
#[derive(Clone, Debug)]
pub struct FeedUpdate {
    pub ts: Micros,
    pub deltas: Vec<FeedDelta>,
}

/// Handle to the feed; cheap to clone.
#[derive(Clone)]
pub struct FeedHub(Arc<Shared>);

struct Shared {
    venue: String,
    market_note: Option<String>,
    pending: Mutex<Vec<Arc<DecisionRecord>>>,
    held: Mutex<Held>,
    updates: broadcast::Sender<Arc<FeedUpdate>>,
}

#[derive(Default)]
struct Held {
    state: TradingState,
    chart: Chart,
    whys: Whys,
    strip: Option<StripView>,
    session: Option<Box<SessionView>>,
    session_given: bool,
    given_at: Micros,
}

impl FeedHub {
    /// A feed of one venue; `market_note` says what a simulated market is.
    #[must_use]
    pub fn new(venue: &str, market_note: Option<String>) -> Self {
        Self(Arc::new(Shared {
            venue: venue.to_owned(),
            market_note,
            pending: Mutex::default(),
            held: Mutex::default(),
            updates: broadcast::channel(HELD).0,
        }))
    }

    /// Begins with a recovered state, its chart and the latest sentences.
    pub(super) async fn begin(&self, state: &TradingState, store: &TradingStore) -> Result<(), StoreError> {
        let evaluated = match &state.session {
            Some(session) => store.decisions_named(session.id.as_str(), "exit.evaluated").await?,
            None => Vec::new(),
        };
        let latest = store.latest_decisions(400).await?;
        let mut held = self.held();
        self.pending().clear();
        *held = Held { state: state.clone(), ..Held::default() };
        let id = state.session.as_ref().map(|session| session.id.clone());
        held.chart = Chart::restored(id, &evaluated);
        for record in &latest {
            held.whys.add(record);
        }
        held.whys.take_new();
        Ok(())
    }

    /// Takes in decisions; never waits for a reader.
    pub(super) fn publish(&self, records: &[Arc<DecisionRecord>]) {
        self.pending().extend(records.iter().cloned());
    }

    /// Gives out what changed, ten times a second, until the server stops.
    pub async fn run(self, mut stop: Stop) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.turn(clock::now()),
                () = stop.stopped() => return,
            }
        }
    }

    fn turn(&self, now: Micros) {
        let mut held = self.current();
        let deltas = held.changes(&self.0, now);
        if !deltas.is_empty() || now.0 - held.given_at.0 >= QUIET_MAX.0 {
            held.given_at = now;
            // Nobody listening is no error.
            let _ = self.0.updates.send(Arc::new(FeedUpdate { ts: now, deltas }));
        }
    }

    /// Updates from now on. Subscribe before taking the snapshot, so that nothing is missed between them.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<FeedUpdate>> {
        self.0.updates.subscribe()
    }

    /// Everything, for a reader that begins or has lost track.
    #[must_use]
    pub fn snapshot(&self) -> FeedUpdate {
        let now = clock::now();
        let held = self.current();
        let deltas = vec![
            FeedDelta::Strip(held.strip_now(&self.0)),
            FeedDelta::Session(session_view(&held.state, now).map(Box::new)),
            FeedDelta::Points(held.chart.points().to_vec()),
            FeedDelta::Why(held.whys.all()),
        ];
        FeedUpdate { ts: now, deltas }
    }

    /// The strip of every page.
    #[must_use]
    pub fn strip(&self) -> StripView {
        self.current().strip_now(&self.0)
    }

    /// The session, active or ended last.
    #[must_use]
    pub fn session(&self) -> Option<SessionView> {
        session_view(&self.current().state, clock::now())
    }

    /// Points of the session's chart.
    #[must_use]
    pub fn points(&self) -> Vec<PnlPoint> {
        self.current().chart.points().to_vec()
    }

    /// The latest sentences, newest last.
    #[must_use]
    pub fn whys(&self) -> Vec<WhyView> {
        self.current().whys.all()
    }

    /// A copy of the folded state.
    #[must_use]
    pub fn state(&self) -> TradingState {
        self.current().state.clone()
    }

    /// The fold with everything that was published before now.
    fn current(&self) -> MutexGuard<'_, Held> {
        let mut held = self.held();
        let records = std::mem::take(&mut *self.pending());
        for record in records {
            held.state.apply(&record);
            held.whys.add(&record);
        }
        held
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Arc<DecisionRecord>>> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn strip_now(&self, shared: &Shared) -> StripView {
        strip_view(&self.state, &shared.venue, shared.market_note.clone())
    }

    /// What is different from what was given out before.
    fn changes(&mut self, shared: &Shared, now: Micros) -> Vec<FeedDelta> {
        let mut deltas = Vec::new();
        let strip = self.strip_now(shared);
        if self.strip.as_ref() != Some(&strip) {
            deltas.push(FeedDelta::Strip(strip.clone()));
            self.strip = Some(strip);
        }
        let session = session_view(&self.state, now).map(Box::new);
        if let Some(view) = &session {
            let points = self.chart.sample(view, now);
            if !points.is_empty() {
                deltas.push(FeedDelta::Points(points));
            }
        }
        if !self.session_given || self.session != session {
            deltas.push(FeedDelta::Session(session.clone()));
            self.session = session;
            self.session_given = true;
        }
        let whys = self.whys.take_new();
        if !whys.is_empty() {
            deltas.push(FeedDelta::Why(whys));
        }
        deltas
    }
}
