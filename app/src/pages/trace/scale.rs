//! The time axis of a trace's picture: true to scale where something happens, short where it is only waited. Pure.

use super::layout::Step;

/// A wait that takes more than this share of the picture is drawn short: one in so many.
const SHARE: i64 = 4;
/// How wide a wait is then.
const WAIT: f64 = 110.0;

/// A part of the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    pub from_us: i64,
    pub to_us: i64,
    pub left: f64,
    pub right: f64,
    /// Drawn short.
    pub waits: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    pub pieces: Vec<Piece>,
}

impl Scale {
    pub fn of(steps: &[Step], span_us: i64, left: f64, right: f64) -> Self {
        let span_us = span_us.max(1);
        let waits = waits(steps, span_us);
        let waited: i64 = waits.iter().map(|(from, to)| to - from).sum();
        let wide = (right - left - WAIT * waits.len() as f64) / (span_us - waited).max(1) as f64;
        let mut pieces = Vec::new();
        let (mut at_us, mut at) = (0, left);
        let mut add = |to_us: i64, waits: bool| {
            let width = if waits { WAIT } else { (to_us - at_us) as f64 * wide };
            if to_us > at_us {
                pieces.push(Piece { from_us: at_us, to_us, left: at, right: at + width, waits });
                (at_us, at) = (to_us, at + width);
            }
        };
        for (from, to) in waits {
            add(from, false);
            add(to, true);
        }
        add(span_us, false);
        Self { pieces }
    }

    pub fn x(&self, us: i64) -> f64 {
        let piece = self.pieces.iter().find(|piece| us <= piece.to_us).or(self.pieces.last());
        piece.map_or(0.0, |piece| {
            let share = (us - piece.from_us) as f64 / (piece.to_us - piece.from_us).max(1) as f64;
            piece.left + (piece.right - piece.left) * share.clamp(0.0, 1.0)
        })
    }
}

/// Times in which nothing is under way, with a little of them left at both ends.
fn waits(steps: &[Step], span_us: i64) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    let mut busy_until = 0;
    for step in steps {
        if step.from_us - busy_until > span_us / SHARE {
            let margin = span_us / 200;
            found.push((busy_until + margin, step.from_us - margin));
        }
        busy_until = busy_until.max(step.from_us + step.took_us);
    }
    found
}

#[cfg(test)]
mod tests {
    use telemetry::LogRecord;

    use super::super::layout::Place;
    use super::*;

    fn step(from_us: i64, took_us: i64) -> Step {
        Step { record: LogRecord::default(), folded: vec![], place: Place::Server, from_us, took_us }
    }

    #[test]
    fn a_long_wait_is_drawn_short_and_the_rest_true_to_scale() {
        let scale = Scale::of(&[step(0, 100), step(900, 100)], 1_000, 0.0, 310.0);
        assert_eq!(scale.pieces.iter().map(|piece| piece.waits).collect::<Vec<_>>(), [false, true, false]);
        assert!((scale.x(50) - 48.0).abs() < 1.0, "{}", scale.x(50));
        assert!((scale.x(100) - scale.x(0) - (scale.x(1_000) - scale.x(900))).abs() < 1e-9);
        assert!((scale.x(1_000) - 310.0).abs() < 1e-9);
        let wait = scale.pieces[1];
        assert!((wait.right - wait.left - WAIT).abs() < 1e-9 && wait.from_us > 100 && wait.to_us < 900);
    }

    #[test]
    fn what_is_always_busy_has_no_break() {
        let scale = Scale::of(&[step(0, 500), step(100, 900)], 1_000, 0.0, 100.0);
        assert_eq!(scale.pieces.len(), 1);
        assert!((scale.x(250) - 25.0).abs() < 1e-9);
        assert_eq!(Scale::of(&[], 0, 0.0, 100.0).x(0), 0.0);
    }
}
