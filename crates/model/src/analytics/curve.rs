//! The sum of results over time: after each trade, after each day, and its deepest fall.

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use super::Trade;
use crate::amount::Money;
use crate::state::day_of;

/// More points than these are thinned out.
const POINTS_MAX: usize = 800;
const DAY_US: i64 = 86_400_000_000;

/// The sum of results after one trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquityPoint {
    pub at: Micros,
    /// All known results until then.
    pub total: Money,
    /// What is missing to the highest sum before, 0 or below.
    pub drawdown: Money,
}

/// A fall of the sum of results from a high to a low.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawdown {
    /// When the high was reached; `None`: it is the beginning, at 0.
    pub from: Option<Micros>,
    pub to: Micros,
    /// Below 0.
    pub depth: Money,
}

/// A UTC day on which trades ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayResult {
    /// When it began.
    pub at: Micros,
    pub trades: usize,
    pub won: usize,
    /// Trades whose result is not known.
    pub unknown: usize,
    /// Sum of the known ones; `None` when there is none.
    pub net: Option<Money>,
    /// Sum of all known results until the day's end.
    pub total: Money,
    /// What was missing to the highest sum at the day's end, 0 or below.
    pub drawdown: Money,
}

/// A point for each trade whose result is known; `trades` in order of time.
pub(super) fn curve(trades: &[Trade]) -> Vec<EquityPoint> {
    let (mut total, mut high) = (Money::ZERO, Money::ZERO);
    let known = trades.iter().filter_map(|trade| Some((trade.ended_at, trade.net?)));
    known
        .map(|(at, net)| {
            total = total.saturating_add(net);
            high = high.max(total);
            EquityPoint { at, total, drawdown: total.saturating_sub(high) }
        })
        .collect()
}

/// The deepest fall, the first of equal ones; `None` when the sum never fell.
pub(super) fn deepest(curve: &[EquityPoint]) -> Option<Drawdown> {
    let low = curve.iter().enumerate().min_by_key(|(at, point)| (point.drawdown, *at))?;
    let (at, point) = low;
    if point.drawdown.is_zero() {
        return None;
    }
    let from = curve[..at].iter().rev().find(|point| point.drawdown.is_zero()).map(|point| point.at);
    Some(Drawdown { from, to: point.at, depth: point.drawdown })
}

/// Of many points those that keep the picture: of each stretch its lowest and highest, of all the first and last.
pub(super) fn thinned(curve: Vec<EquityPoint>) -> Vec<EquityPoint> {
    if curve.len() <= POINTS_MAX {
        return curve;
    }
    let stretch = curve.len().div_ceil(POINTS_MAX / 2 - 1);
    let mut kept = vec![0, curve.len() - 1];
    for (number, points) in curve.chunks(stretch).enumerate() {
        let at = |index: usize| number * stretch + index;
        let indexed = || points.iter().enumerate();
        kept.extend(indexed().min_by_key(|(_, point)| point.total).map(|(index, _)| at(index)));
        kept.extend(indexed().max_by_key(|(_, point)| point.total).map(|(index, _)| at(index)));
    }
    kept.sort_unstable();
    kept.dedup();
    let kept: std::collections::BTreeSet<usize> = kept.into_iter().collect();
    curve.into_iter().enumerate().filter(|(index, _)| kept.contains(index)).map(|(_, point)| point).collect()
}

/// The days on which trades ended; `trades` in order of time.
pub(super) fn days(trades: &[Trade]) -> Vec<DayResult> {
    let (mut total, mut high) = (Money::ZERO, Money::ZERO);
    let mut days: Vec<DayResult> = Vec::new();
    for trade in trades {
        let at = Micros(day_of(trade.ended_at) * DAY_US);
        if days.last().is_none_or(|day| day.at != at) {
            let drawdown = total.saturating_sub(high);
            days.push(DayResult { at, trades: 0, won: 0, unknown: 0, net: None, total, drawdown });
        }
        let Some(day) = days.last_mut() else { continue };
        day.trades += 1;
        match trade.net {
            Some(net) => {
                day.won += usize::from(net > Money::ZERO);
                day.net = Some(day.net.unwrap_or_default().saturating_add(net));
                total = total.saturating_add(net);
                high = high.max(total);
                day.total = total;
                day.drawdown = total.saturating_sub(high);
            }
            None => day.unknown += 1,
        }
    }
    days
}
