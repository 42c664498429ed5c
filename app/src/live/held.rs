//! The sessions that the page knows, each in signals of its own: a tick of one wakes nobody who looks at another.

use leptos::prelude::*;
use model::SessionId;
use model::view::{PnlPoint, SessionView};

/// Beyond this many points every second one of the older half is dropped: the curve keeps its shape.
const POINTS_MAX: usize = 8_000;

/// All points of a session's P&L; a new generation replaces, the same one appends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub generation: u64,
    pub list: Vec<PnlPoint>,
}

impl Points {
    pub fn of(list: Vec<PnlPoint>) -> Self {
        let mut points = Self { generation: 1, list };
        points.thin();
        points
    }

    /// Takes new points, each once; `replace` forgets what was there.
    pub fn add(&mut self, fresh: Vec<PnlPoint>, replace: bool) {
        if replace {
            *self = Self { generation: self.generation + 1, list: fresh };
        } else {
            let last = self.list.last().map(|point| point.at);
            self.list.extend(fresh.into_iter().filter(|point| last.is_none_or(|last| point.at > last)));
        }
        self.thin();
    }

    fn thin(&mut self) {
        while self.list.len() > POINTS_MAX {
            let half = self.list.len() / 2;
            let mut index = 0;
            self.list.retain(|_| {
                index += 1;
                index > half || index % 2 == 0
            });
            self.generation += 1;
        }
    }
}

/// One session.
#[derive(Clone)]
pub struct Held {
    pub id: SessionId,
    pub view: ArcRwSignal<SessionView>,
    pub points: ArcRwSignal<Points>,
}

impl Held {
    pub fn new(view: SessionView, points: Vec<PnlPoint>) -> Self {
        Self {
            id: view.session_id.clone(),
            view: ArcRwSignal::new(view),
            points: ArcRwSignal::new(Points::of(points)),
        }
    }
}

/// That of an id.
pub fn find<'a>(held: &'a [Held], id: &SessionId) -> Option<&'a Held> {
    held.iter().find(|held| held.id == *id)
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;

    fn points(range: std::ops::Range<i64>) -> Vec<PnlPoint> {
        range.map(|at| PnlPoint { at: Micros(at), executable: None, peak: None, floor: None }).collect()
    }

    #[test]
    fn points_come_once_in_order_and_a_snapshot_replaces() {
        let mut known = Points::of(points(1..4));
        known.add(points(2..6), false);
        assert_eq!(known.list.iter().map(|point| point.at.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(known.generation, 1);
        known.add(points(9..10), true);
        assert_eq!((known.generation, known.list.len()), (2, 1));
    }

    #[test]
    fn a_long_curve_is_thinned_keeps_its_end_and_is_drawn_anew() {
        let mut known = Points::of(points(0..POINTS_MAX as i64));
        known.add(points(POINTS_MAX as i64..POINTS_MAX as i64 + 10), false);
        assert!(known.list.len() <= POINTS_MAX, "{}", known.list.len());
        assert_eq!(known.generation, 2);
        assert_eq!(known.list.last().map(|point| point.at.0), Some(POINTS_MAX as i64 + 9));
        assert!(known.list.windows(2).all(|pair| pair[0].at < pair[1].at));
    }
}
