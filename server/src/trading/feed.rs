//! The live feed: folds the decisions as they are released and the prices as they are heard, and five times a second
//! gives out what changed, field by field. Readers never delay the driver: publishing only puts things into a list.

mod chart;
mod hub;
mod why;

use std::collections::BTreeMap;

use model::view::{FeedDelta, PnlPoint, SessionView, StripView, patch, session_views, strip_view};
use model::{Micros, SessionId, TradingState};
use serde::Serialize;
use serde_json::Value;

use chart::Chart;
pub use hub::FeedHub;
use why::Whys;

/// What changed since the update before.
#[derive(Clone, Debug)]
pub struct FeedUpdate {
    pub ts: Micros,
    pub deltas: Vec<FeedDelta>,
}

/// What simulated market it is, as every strip says.
#[derive(Clone, Debug, Default)]
pub(super) struct Venue {
    pub name: String,
    pub market_note: Option<String>,
}

/// A view as it was given out, and as JSON, of which the next one is told apart.
struct Given<T> {
    view: T,
    json: Value,
}

impl<T: Serialize + PartialEq> Given<T> {
    fn new(view: T) -> Self {
        // A view that is no JSON is a fault of ours; the next one is then given out whole.
        let json = serde_json::to_value(&view).unwrap_or_default();
        Self { view, json }
    }

    /// Takes the view of now; what is different.
    fn turn(&mut self, view: T) -> Option<Value> {
        if self.view == view {
            return None;
        }
        let now = Self::new(view);
        let patch = patch::diff(&self.json, &now.json);
        *self = now;
        patch
    }
}

/// The state as far as it was published, and what was given out of it.
#[derive(Default)]
struct Held {
    state: TradingState,
    /// The last decision that was folded.
    known: u64,
    charts: BTreeMap<SessionId, Chart>,
    whys: Whys,
    strip: Option<Given<StripView>>,
    sessions: BTreeMap<SessionId, Given<SessionView>>,
    /// Points that the history does not have yet.
    unsaved: Vec<(SessionId, PnlPoint)>,
    given_at: Micros,
}

/// More points than these wait for a history that cannot be written; the oldest go.
const UNSAVED_MAX: usize = 20_000;

impl Held {
    fn strip_now(&self, venue: &Venue, now: Micros) -> StripView {
        strip_view(&self.state, &venue.name, venue.market_note.clone(), now)
    }

    /// What is different from what was given out before.
    fn changes(&mut self, venue: &Venue, now: Micros) -> Vec<FeedDelta> {
        let mut deltas = Vec::new();
        let strip = self.strip_now(venue, now);
        match &mut self.strip {
            Some(given) => deltas.extend(given.turn(strip).map(FeedDelta::StripPatch)),
            None => {
                deltas.push(FeedDelta::Strip(strip.clone()));
                self.strip = Some(Given::new(strip));
            }
        }
        let views = session_views(&self.state, now);
        self.charts.retain(|id, _| views.iter().any(|view| &view.session_id == id));
        self.sessions.retain(|id, _| views.iter().any(|view| &view.session_id == id));
        for view in views {
            let session_id = view.session_id.clone();
            let points = self.charts.entry(session_id.clone()).or_default().sample(&view, now);
            if !points.is_empty() {
                self.keep(&session_id, &points);
                deltas.push(FeedDelta::Points { session_id: session_id.clone(), points });
            }
            match self.sessions.get_mut(&session_id) {
                Some(given) => {
                    let patch = given.turn(view);
                    deltas.extend(patch.map(|patch| FeedDelta::SessionPatch { session_id, patch }));
                }
                None => {
                    deltas.push(FeedDelta::Session(Box::new(view.clone())));
                    self.sessions.insert(session_id, Given::new(view));
                }
            }
        }
        let whys = self.whys.take_new();
        if !whys.is_empty() {
            deltas.push(FeedDelta::Why(whys));
        }
        deltas
    }

    fn keep(&mut self, session_id: &SessionId, points: &[PnlPoint]) {
        self.unsaved.extend(points.iter().map(|point| (session_id.clone(), point.clone())));
        let surplus = self.unsaved.len().saturating_sub(UNSAVED_MAX);
        self.unsaved.drain(..surplus);
    }

    /// Everything as it was given out last, for a reader that begins or has lost track: what comes next is told apart
    /// from exactly this.
    fn everything(&self) -> Vec<FeedDelta> {
        let mut deltas: Vec<FeedDelta> =
            self.strip.iter().map(|given| FeedDelta::Strip(given.view.clone())).collect();
        for (session_id, given) in &self.sessions {
            let points = self.charts.get(session_id).map(|chart| chart.points().to_vec());
            deltas.push(FeedDelta::Session(Box::new(given.view.clone())));
            deltas.push(FeedDelta::Points {
                session_id: session_id.clone(),
                points: points.unwrap_or_default(),
            });
        }
        deltas.push(FeedDelta::Why(self.whys.all()));
        deltas
    }
}
