//! What the socket said since the last flush, merged per key: signals are written once per animation frame,
//! however many frames came.

use model::view::{FeedDelta, PnlPoint, SessionView, StripView, WhyView};

use super::Points;

/// Most decisions kept on the page.
const WHY_MAX: usize = 400;

/// Merged deltas that wait for the next flush.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buffer {
    pub strip: Option<StripView>,
    pub session: Option<Option<Box<SessionView>>>,
    points: Fresh<PnlPoint>,
    why: Fresh<WhyView>,
}

/// New rows, and whether they replace what was there.
#[derive(Clone, Debug, PartialEq)]
struct Fresh<T> {
    replace: bool,
    rows: Vec<T>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self { replace: false, rows: Vec::new() }
    }
}

impl<T> Fresh<T> {
    fn add(&mut self, rows: Vec<T>, replace: bool) {
        if replace {
            *self = Self { replace, rows };
        } else {
            self.rows.extend(rows);
        }
    }

    fn is_empty(&self) -> bool {
        !self.replace && self.rows.is_empty()
    }
}

impl Buffer {
    /// Merges one frame's deltas; those of a snapshot replace.
    pub fn add(&mut self, deltas: Vec<FeedDelta>, snapshot: bool) {
        for delta in deltas {
            match delta {
                FeedDelta::Strip(strip) => self.strip = Some(strip),
                FeedDelta::Session(session) => self.session = Some(session),
                FeedDelta::Points(points) => self.points.add(points, snapshot),
                FeedDelta::Why(why) => self.why.add(why, snapshot),
            }
        }
    }

    /// Moves new points into `points`; `false` when there were none. `new_session` starts from nothing.
    pub fn flush_points(&mut self, points: &mut Points, new_session: bool) -> bool {
        let fresh = std::mem::take(&mut self.points);
        if fresh.is_empty() && !new_session {
            return false;
        }
        if fresh.replace || new_session {
            *points = Points { generation: points.generation + 1, list: fresh.rows };
        } else {
            let last = points.list.last().map(|point| point.at);
            points
                .list
                .extend(fresh.rows.into_iter().filter(|point| last.is_none_or(|last| point.at > last)));
        }
        true
    }

    /// Whether decisions wait.
    pub fn has_why(&self) -> bool {
        !self.why.is_empty()
    }

    /// Moves new decisions into `why`, each once, oldest cut off.
    pub fn flush_why(&mut self, why: &mut Vec<WhyView>) {
        let fresh = std::mem::take(&mut self.why);
        if fresh.replace {
            *why = fresh.rows;
        } else {
            let last = why.last().map_or(0, |known| known.decision_seq);
            why.extend(fresh.rows.into_iter().filter(|decision| decision.decision_seq > last));
        }
        let surplus = why.len().saturating_sub(WHY_MAX);
        why.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use model::Micros;
    use telemetry::Level;

    use super::*;

    fn point(at: i64) -> PnlPoint {
        PnlPoint { at: Micros(at), executable: None, peak: None, floor: None }
    }

    fn decision(seq: u64) -> WhyView {
        WhyView {
            decision_seq: seq,
            at: Micros(0),
            event: "rules.held".to_owned(),
            level: Level::Info,
            sentence: "Held.".to_owned(),
            correlation_id: String::new(),
            session_id: None,
        }
    }

    #[test]
    fn points_append_in_order_and_a_snapshot_replaces() {
        let mut points = Points::default();
        let mut buffer = Buffer::default();
        buffer.add(vec![FeedDelta::Points(vec![point(1), point(2)])], true);
        buffer.add(vec![FeedDelta::Points(vec![point(3)])], false);
        assert!(buffer.flush_points(&mut points, false));
        assert_eq!((points.generation, points.list.len()), (1, 3));
        buffer.add(vec![FeedDelta::Points(vec![point(2), point(4)])], false);
        assert!(buffer.flush_points(&mut points, false));
        assert_eq!(points.list.iter().map(|point| point.at.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(!buffer.flush_points(&mut points, false));
    }

    #[test]
    fn a_new_session_starts_an_empty_chart() {
        let mut points = Points { generation: 4, list: vec![point(1)] };
        assert!(Buffer::default().flush_points(&mut points, true));
        assert_eq!(points, Points { generation: 5, list: vec![] });
    }

    #[test]
    fn decisions_come_once_and_the_list_is_bounded() {
        let mut why = vec![decision(5)];
        let mut buffer = Buffer::default();
        buffer.add(vec![FeedDelta::Why(vec![decision(4), decision(5), decision(6)])], false);
        assert!(buffer.has_why());
        buffer.flush_why(&mut why);
        assert_eq!(why.iter().map(|decision| decision.decision_seq).collect::<Vec<_>>(), [5, 6]);
        buffer.add(vec![FeedDelta::Why((7..1_000).map(decision).collect())], false);
        buffer.flush_why(&mut why);
        assert_eq!((why.len(), why.last().map(|decision| decision.decision_seq)), (WHY_MAX, Some(999)));
    }

    #[test]
    fn the_latest_strip_wins() {
        let mut buffer = Buffer::default();
        for venue in ["a", "b"] {
            buffer.add(
                vec![FeedDelta::Strip(StripView { venue: venue.to_owned(), ..StripView::default() })],
                false,
            );
        }
        assert_eq!(buffer.strip.map(|strip| strip.venue).as_deref(), Some("b"));
    }
}
