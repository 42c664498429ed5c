//! Frames of one connection that a fault holds back: until their time has come, or behind the next frame.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct HeldFrames(Vec<Held>);

#[derive(Debug)]
struct Held {
    due: Instant,
    /// It goes as soon as another frame has gone.
    behind: bool,
    frame: Value,
}

impl HeldFrames {
    pub fn hold(&mut self, now: Instant, ms: u64, behind: bool, frame: Value) {
        self.0.push(Held { due: now + Duration::from_millis(ms), behind, frame });
    }

    /// When the next has to go at the latest.
    pub fn next_due(&self) -> Option<Instant> {
        self.0.iter().map(|held| held.due).min()
    }

    /// Takes what has waited long enough, in the order of its times.
    pub fn due(&mut self, now: Instant) -> Vec<Value> {
        let mut due: Vec<Held> = self.0.extract_if(.., |held| held.due <= now).collect();
        due.sort_by_key(|held| held.due);
        due.into_iter().map(|held| held.frame).collect()
    }

    /// Takes what waited for another frame to go.
    pub fn behind(&mut self) -> Vec<Value> {
        self.0.extract_if(.., |held| held.behind).map(|held| held.frame).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_go_at_their_time_or_behind_the_next() {
        let now = Instant::now();
        let at = |ms: u64| now + Duration::from_millis(ms);
        let mut held = HeldFrames::default();
        held.hold(now, 300, false, json!(1));
        held.hold(at(10), 100, false, json!(2));
        held.hold(at(20), 900, true, json!(3));
        assert_eq!(held.next_due(), Some(at(110)));
        assert_eq!(held.due(at(109)), Vec::<Value>::new());
        assert_eq!(held.behind(), [json!(3)]);
        assert_eq!(held.due(at(999)), [json!(2), json!(1)]);
        assert_eq!(held.next_due(), None);
    }
}
