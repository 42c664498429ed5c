//! The chart's points: as numbers for the chart library, and thinned as rows for its table. Pure.

use model::view::PnlPoint;
use model::{Decimal, Money};

/// Money as a picture needs it. Only here, and only to be drawn.
pub fn drawn(money: Option<Money>) -> f64 {
    money.and_then(|money| money.round_dp(4).to_string().parse().ok()).unwrap_or(f64::NAN)
}

/// `seconds, executable, peak, floor` for each point; what is missing is NaN.
pub fn rows(points: &[PnlPoint]) -> Vec<f64> {
    points
        .iter()
        .flat_map(|point| {
            [point.at.0 as f64 / 1e6, drawn(point.executable), drawn(point.peak), drawn(point.floor)]
        })
        .collect()
}

/// At most `most` points, evenly spread, the last one always among them.
pub fn thin(points: &[PnlPoint], most: usize) -> Vec<PnlPoint> {
    let step = points.len().div_ceil(most.max(1)).max(1);
    let mut kept: Vec<PnlPoint> = points.iter().rev().step_by(step).cloned().collect();
    kept.reverse();
    kept
}

/// Lowest and highest executable P&L, for the caption.
pub fn range(points: &[PnlPoint]) -> Option<(Money, Money)> {
    let mut values = points.iter().filter_map(|point| point.executable);
    let first: Decimal = values.next()?;
    Some(values.fold((first, first), |(low, high), value| (low.min(value), high.max(value))))
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;

    fn point(second: i64, executable: Option<i64>) -> PnlPoint {
        PnlPoint {
            at: Micros(second * 1_000_000),
            executable: executable.map(Decimal::from),
            peak: None,
            floor: None,
        }
    }

    #[test]
    fn what_is_unknown_is_a_gap_and_not_zero() {
        let rows = rows(&[point(2, Some(-3)), point(3, None)]);
        assert_eq!(&rows[..2], [2.0, -3.0]);
        assert!(rows[2].is_nan() && rows[5].is_nan() && rows.len() == 8);
    }

    #[test]
    fn the_table_is_short_and_ends_with_the_latest() {
        let points: Vec<_> = (0..601).map(|second| point(second, Some(second))).collect();
        let kept = thin(&points, 60);
        assert!(kept.len() <= 60, "{}", kept.len());
        assert_eq!(kept.last(), points.last());
        assert_eq!(thin(&points[..3], 60), &points[..3]);
        assert_eq!(thin(&[], 60), []);
    }

    #[test]
    fn the_range_ignores_what_is_unknown() {
        assert_eq!(
            range(&[point(1, None), point(2, Some(5)), point(3, Some(-2))]),
            Some((Decimal::from(-2), Decimal::from(5)))
        );
        assert_eq!(range(&[point(1, None)]), None);
    }
}
