//! The live feed: folds the decisions as they are released and the prices as they are heard, and five times a second
//! wakes those who show them. Readers never delay the driver: publishing only puts things into a list.

mod chart;
mod hub;
mod why;

use std::collections::BTreeMap;

use model::view::{PnlPoint, StripView, session_views, strip_view};
use model::{Micros, SessionId, TradingState};

use chart::Chart;
pub use hub::FeedHub;
use why::Whys;

/// What simulated market it is, as every strip says.
#[derive(Clone, Debug, Default)]
pub(super) struct Venue {
    pub name: String,
    pub market_note: Option<String>,
}

/// The state as far as it was published, and what was made of it.
#[derive(Default)]
struct Held {
    state: TradingState,
    /// The last decision that was folded.
    known: u64,
    charts: BTreeMap<SessionId, Chart>,
    whys: Whys,
    /// Points that the history does not have yet.
    unsaved: Vec<(SessionId, PnlPoint)>,
    /// Something was folded since readers were woken.
    news: bool,
    woken_at: Micros,
}

/// More points than these wait for a history that cannot be written; the oldest go.
const UNSAVED_MAX: usize = 20_000;

impl Held {
    fn strip_now(&self, venue: &Venue, now: Micros) -> StripView {
        strip_view(&self.state, &venue.name, venue.market_note.clone(), now)
    }

    /// Puts the points that are due into the charts.
    fn sample(&mut self, now: Micros) {
        let views = session_views(&self.state, now);
        self.charts.retain(|id, _| views.iter().any(|view| &view.session_id == id));
        for view in views {
            let session_id = view.session_id.clone();
            let points = self.charts.entry(session_id.clone()).or_default().sample(&view, now);
            self.keep(&session_id, &points);
        }
    }

    fn keep(&mut self, session_id: &SessionId, points: &[PnlPoint]) {
        self.unsaved.extend(points.iter().map(|point| (session_id.clone(), point.clone())));
        let surplus = self.unsaved.len().saturating_sub(UNSAVED_MAX);
        self.unsaved.drain(..surplus);
    }
}
