//! Where lines of a chart that the server draws run: numbers to places. Money is a float only here, where it becomes
//! a picture.

use model::Money;

/// A rectangle of the picture with what its edges mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// Of the horizontal axis.
    pub first: f64,
    pub last: f64,
    /// Of the vertical axis.
    pub low: f64,
    pub high: f64,
}

impl Plot {
    pub fn x(&self, value: f64) -> f64 {
        self.left + (self.right - self.left) * share(value, self.first, self.last)
    }

    pub fn y(&self, value: f64) -> f64 {
        self.bottom - (self.bottom - self.top) * share(value, self.low, self.high)
    }

    /// A line through the points, as an SVG path.
    pub fn path(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (x, y) in points {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            path.push_str(&format!("{letter}{:.1} {:.1}", self.x(x), self.y(y)));
        }
        path
    }

    /// The same, closed down to the level of `base`.
    pub fn area(&self, points: &[(f64, f64)], base: f64) -> String {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
        let level = self.y(base);
        format!(
            "{}L{:.1} {level:.1}L{:.1} {level:.1}Z",
            self.path(points.iter().copied()),
            self.x(last.0),
            self.x(first.0)
        )
    }
}

/// Points of a value that stays until it changes.
pub fn stepped(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::with_capacity(points.len() * 2);
    for (x, y) in points {
        if let Some((_, before)) = steps.last().copied() {
            steps.push((*x, before));
        }
        steps.push((*x, *y));
    }
    steps
}

/// How far a value lies between two others; in the middle where these are one.
fn share(value: f64, from: f64, to: f64) -> f64 {
    if to > from { (value - from) / (to - from) } else { 0.5 }
}

/// For drawing only.
pub fn drawn(money: Money) -> f64 {
    money.round_dp(4).to_string().parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_until_it_changes() {
        assert_eq!(stepped(&[(0.0, 1.0), (5.0, 3.0)]), [(0.0, 1.0), (5.0, 1.0), (5.0, 3.0)]);
        assert_eq!(stepped(&[]), []);
    }

    #[test]
    fn values_lie_between_the_edges_and_one_value_in_the_middle() {
        let plot = Plot {
            left: 0.0,
            right: 100.0,
            top: 0.0,
            bottom: 50.0,
            first: 10.0,
            last: 20.0,
            low: -5.0,
            high: 5.0,
        };
        assert_eq!(plot.path([(10.0, -5.0), (15.0, 0.0), (20.0, 5.0)]), "M0.0 50.0L50.0 25.0L100.0 0.0");
        assert_eq!(plot.area(&[(10.0, 5.0), (20.0, 5.0)], 0.0), "M0.0 0.0L100.0 0.0L100.0 25.0L0.0 25.0Z");
        assert_eq!(Plot { first: 10.0, last: 10.0, ..plot }.x(10.0), 50.0);
        assert_eq!(plot.area(&[], 0.0), "");
    }
}
