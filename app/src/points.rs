//! The points of the P&L chart as the feed tells them: rows of `seconds, executable, peak, floor`, missing ones NaN.

/// Numbers of a row.
pub const WIDTH: usize = 4;
/// Beyond this many points every second one of the older half is dropped: the curve keeps its shape.
const POINTS_MAX: usize = 8_000;

/// Of the session that is shown; a new generation replaces, the same one appends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub session: String,
    pub generation: u64,
    pub rows: Vec<f64>,
}

impl Points {
    pub fn count(&self) -> usize {
        self.rows.len() / WIDTH
    }

    pub fn row(&self, at: usize) -> Option<&[f64]> {
        self.rows.get(at * WIDTH..(at + 1) * WIDTH)
    }

    /// Takes new points, each once; `replace` forgets what was there.
    pub fn add(&mut self, session: &str, fresh: &[f64], replace: bool) {
        if replace || self.session != session {
            *self =
                Self { session: session.to_owned(), generation: self.generation + 1, rows: fresh.to_vec() };
        } else {
            let last = self.count().checked_sub(1).and_then(|at| self.row(at)).map_or(f64::MIN, |row| row[0]);
            self.rows.extend(fresh.chunks_exact(WIDTH).filter(|row| row[0] > last).flatten());
        }
        self.thin();
    }

    fn thin(&mut self) {
        while self.count() > POINTS_MAX {
            let half = self.count() / 2;
            let rows = self.rows.chunks_exact(WIDTH).enumerate();
            self.rows =
                rows.filter(|(at, _)| *at >= half || at % 2 == 0).flat_map(|(_, row)| row).copied().collect();
            self.generation += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(range: std::ops::Range<i32>) -> Vec<f64> {
        range.flat_map(|at| [f64::from(at), 1.0, f64::NAN, f64::NAN]).collect()
    }

    fn seconds(points: &Points) -> Vec<f64> {
        points.rows.chunks_exact(WIDTH).map(|row| row[0]).collect()
    }

    #[test]
    fn points_come_once_in_order_and_a_snapshot_replaces() {
        let mut known = Points::default();
        known.add("a", &rows(1..4), true);
        known.add("a", &rows(2..6), false);
        assert_eq!((seconds(&known), known.generation), (vec![1.0, 2.0, 3.0, 4.0, 5.0], 1));
        known.add("b", &rows(9..10), false);
        assert_eq!((known.generation, known.count(), known.session.as_str()), (2, 1, "b"));
    }

    #[test]
    fn a_long_curve_is_thinned_keeps_its_end_and_is_drawn_anew() {
        let mut known = Points::default();
        known.add("a", &rows(0..8_000), true);
        known.add("a", &rows(8_000..8_010), false);
        assert!(known.count() <= POINTS_MAX, "{}", known.count());
        assert_eq!((known.generation, seconds(&known).last().copied()), (2, Some(8_009.0)));
        assert!(seconds(&known).windows(2).all(|pair| pair[0] < pair[1]));
    }
}
