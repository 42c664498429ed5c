//! The handle to the feed: what publishers put in and what readers take out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::market::MarketEvent;
use model::result::SessionResult;
use model::view::{PnlPoint, SessionView, StripView, session_view, session_views};
use model::{DecisionRecord, Micros, SessionId, TradingState};
use tokio::sync::broadcast;

use super::chart::Chart;
use super::{Held, Venue};
use crate::clock;
use crate::store::history::HistoryStore;
use crate::store::trading::TradingStore;
use crate::tasks::Stop;

/// Faster than an eye reads a number; a truth that changed is never older than this.
const TICK: Duration = Duration::from_millis(200);
/// When nothing changes, readers are woken every so often all the same: it proves that the feed is alive.
const QUIET_MAX: Micros = Micros(1_000_000);
/// A reader that is behind is woken once: it looks at what is known then.
const HELD: usize = 1;
/// Decisions that are looked through for sentences at the start.
const LATEST: i64 = 400;

/// Handle to the feed; cheap to clone.
#[derive(Clone)]
pub struct FeedHub(Arc<Shared>);

struct Shared {
    venue: Venue,
    history: HistoryStore,
    pending: Mutex<Vec<News>>,
    held: Mutex<Held>,
    updates: broadcast::Sender<()>,
}

/// Sessions that Control names when nothing runs.
const LATELY: usize = 3;

fn lately(state: &TradingState) -> Vec<SessionResult> {
    if state.active().next().is_some() {
        return Vec::new();
    }
    let mut ended: Vec<_> =
        state.sessions.values().filter_map(|session| Some((session.ended_at?, session))).collect();
    ended.sort_by(|(at, session), (other_at, other)| (other_at, &other.id).cmp(&(at, &session.id)));
    ended.into_iter().filter_map(|(_, session)| SessionResult::of(session)).take(LATELY).collect()
}

/// What was published and is not folded yet.
enum News {
    Decided(Arc<DecisionRecord>),
    Heard(Vec<MarketEvent>),
}

impl FeedHub {
    /// A feed of one venue; `market_note` says what a simulated market is.
    #[must_use]
    pub fn new(venue: &str, market_note: Option<String>, history: HistoryStore) -> Self {
        Self(Arc::new(Shared {
            venue: Venue { name: venue.to_owned(), market_note },
            history,
            pending: Mutex::default(),
            held: Mutex::default(),
            updates: broadcast::channel(HELD).0,
        }))
    }

    /// Begins with a recovered state. Curves and sentences of the past are shown as far as they can be read: nobody
    /// waits for them who wants to trade or to get out.
    pub(in crate::trading) async fn begin(&self, state: &TradingState, last: u64, store: &TradingStore) {
        let mut charts = BTreeMap::new();
        for view in session_views(state, clock::now()) {
            let points = self.0.history.points(view.session_id.as_str()).await.unwrap_or_default();
            charts.insert(view.session_id.clone(), Chart::restored(points, &view));
        }
        let latest = store.latest_decisions(LATEST).await.unwrap_or_default();
        let mut held = self.held();
        self.pending().clear();
        *held = Held { state: state.clone(), known: last, charts, ..Held::default() };
        for record in &latest {
            held.whys.add(record);
        }
    }

    /// Takes in decisions; never waits for a reader.
    pub(in crate::trading) fn publish(&self, records: &[Arc<DecisionRecord>]) {
        self.pending().extend(records.iter().cloned().map(News::Decided));
    }

    /// Takes in prices before anything is decided on them: what is shown is as young as what is known.
    pub(in crate::trading) fn heard(&self, events: Vec<MarketEvent>) {
        self.pending().push(News::Heard(events));
    }

    /// Wakes readers, five times a second at most, until the server stops.
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
        held.sample(now);
        if std::mem::take(&mut held.news) || now.0 - held.woken_at.0 >= QUIET_MAX.0 {
            held.woken_at = now;
            // Nobody listening is no error.
            let _ = self.0.updates.send(());
        }
    }

    /// Woken whenever there may be something new.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<()> {
        self.0.updates.subscribe()
    }

    /// What pages are painted from, at one moment, with the points of a session that came after `after`.
    #[must_use]
    pub fn known(&self) -> app::painter::Known {
        let (now, held) = (clock::now(), self.current());
        app::painter::Known {
            strip: held.strip_now(&self.0.venue, now),
            alerts: app::AlertsOpen::default(),
            sessions: session_views(&held.state, now),
            why: held.whys.all(),
            lately: lately(&held.state),
            gone: None,
        }
    }

    /// Points of a session's curve that came after `after`.
    #[must_use]
    pub fn points_after(&self, id: &SessionId, after: Option<Micros>) -> Vec<PnlPoint> {
        let held = self.current();
        let points = held.charts.get(id).map(Chart::points).unwrap_or_default();
        let from = after.map_or(0, |after| points.partition_point(|point| point.at <= after));
        points[from..].to_vec()
    }

    /// The strip of every page.
    #[must_use]
    pub fn strip(&self) -> StripView {
        self.current().strip_now(&self.0.venue, clock::now())
    }

    /// Each session that runs, the latest first; the one that ended last when none does.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        session_views(&self.current().state, clock::now())
    }

    /// A session that is still in mind.
    #[must_use]
    pub fn session(&self, id: &str) -> Option<SessionView> {
        let held = self.current();
        let session = held.state.session(&SessionId::from(id))?;
        Some(session_view(&held.state, session, clock::now()))
    }

    /// A copy of the folded state.
    #[must_use]
    pub fn state(&self) -> TradingState {
        self.current().state.clone()
    }

    /// Looks at the folded state and the number of the last decision in it, without copying it.
    pub fn look<T>(&self, with: impl FnOnce(&TradingState, u64) -> T) -> T {
        let held = self.current();
        with(&held.state, held.known)
    }

    /// Points that the history does not have yet.
    pub(in crate::trading) fn take_points(&self) -> Vec<(SessionId, PnlPoint)> {
        std::mem::take(&mut self.held().unsaved)
    }

    /// They could not be saved.
    pub(in crate::trading) fn give_points_back(&self, mut points: Vec<(SessionId, PnlPoint)>) {
        let mut held = self.held();
        points.append(&mut held.unsaved);
        held.unsaved = points;
        let surplus = held.unsaved.len().saturating_sub(super::UNSAVED_MAX);
        held.unsaved.drain(..surplus);
    }

    /// The fold with everything that was published before now.
    fn current(&self) -> MutexGuard<'_, Held> {
        let mut held = self.held();
        let news = std::mem::take(&mut *self.pending());
        held.news |= !news.is_empty();
        for news in news {
            match news {
                News::Decided(record) => {
                    held.state.apply(&record);
                    held.known = record.seq;
                    held.whys.add(&record);
                }
                News::Heard(events) => engine::overhear(&mut held.state, events),
            }
        }
        held
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Vec<News>> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
