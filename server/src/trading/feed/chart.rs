//! The P&L chart of a session: a point every half second while something was traded and it runs.

use model::view::{PnlPoint, SessionView};
use model::{Lifecycle, Micros};

const EVERY: Micros = Micros(500_000);
/// Beyond this many points every second one of the older half is dropped: the curve keeps its shape.
const POINTS_MAX: usize = 8_000;

#[derive(Debug, Default)]
pub(super) struct Chart {
    points: Vec<PnlPoint>,
    /// The session ended and its last point was made.
    complete: bool,
}

impl Chart {
    /// The chart as it was saved, of a session as it is now.
    pub(super) fn restored(points: Vec<PnlPoint>, view: &SessionView) -> Self {
        let over = view.lifecycle == Lifecycle::Stopped;
        let complete = over && points.last().is_some_and(|last| Some(last.at) == view.ended_at);
        let mut chart = Self { points, complete };
        chart.thin();
        chart
    }

    pub(super) fn points(&self) -> &[PnlPoint] {
        &self.points
    }

    /// Adds a point when one is due; gives the new ones.
    pub(super) fn sample(&mut self, view: &SessionView, now: Micros) -> Vec<PnlPoint> {
        let over = view.lifecycle == Lifecycle::Stopped;
        let due = self.points.last().is_none_or(|last| now.0 - last.at.0 >= EVERY.0);
        if view.fills.is_empty() || self.complete || !(due || over) {
            return Vec::new();
        }
        self.complete = over;
        let executable = if over { view.pnl.realized } else { view.pnl.executable };
        let at = if over { view.ended_at.unwrap_or(now) } else { now };
        let point = PnlPoint { at, executable, peak: view.pnl.peak, floor: view.pnl.floor };
        self.points.push(point.clone());
        self.thin();
        vec![point]
    }

    fn thin(&mut self) {
        while self.points.len() > POINTS_MAX {
            let half = self.points.len() / 2;
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index > half || index % 2 == 0
            });
        }
    }
}
