//! Figures over finished trades: what they made, how sure that is, and where the money went. Pure: trades in, a report
//! out. Every figure tells on how many cases it rests; what cannot be told says why.

mod curve;
mod figures;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::Money;
use crate::words::ExitReason;

pub use curve::{DayResult, Drawdown, EquityPoint};
pub use figures::{FEW, Facts, Figure, Figures, Missing};

/// A finished session that was in the market, as far as the figures need it. USD; `None` is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trade {
    pub ended_at: Micros,
    pub exit_reason: Option<ExitReason>,
    /// From the first fill to the last.
    pub held_ms: Option<i64>,
    pub credit: Money,
    pub fees: Money,
    pub net: Option<Money>,
    pub slippage: Option<Money>,
}

/// What came of a set of trades.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub trades: usize,
    /// Trades whose result nobody knows: they are in no sum and in no rate.
    pub unknown: usize,
    /// When the first and the last of them ended.
    pub first_at: Option<Micros>,
    pub last_at: Option<Micros>,
    pub figures: Figures,
    pub facts: Facts,
    /// The deepest fall of the sum of results.
    pub drawdown: Option<Drawdown>,
    /// The sum of results after each trade; of very many, those that keep the picture.
    pub equity: Vec<EquityPoint>,
    /// UTC days on which a trade ended, oldest first.
    pub days: Vec<DayResult>,
    /// The most frequent first.
    pub reasons: Vec<ReasonResult>,
}

/// Trades that ended for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonResult {
    pub reason: Option<ExitReason>,
    pub trades: usize,
    /// Those whose result is known.
    pub known: usize,
    pub won: usize,
    pub net: Money,
    /// Net of one known trade.
    pub average: Option<Money>,
    /// Sum over those where it is known, and how many these are.
    pub slippage: Money,
    pub slippage_known: usize,
}

/// The report on `trades`, in any order. Days without a trade count as 0 in daily figures, up to the day (since 1970,
/// UTC) `through`.
pub fn report(mut trades: Vec<Trade>, through: i64) -> Report {
    trades.sort_by_key(|trade| trade.ended_at);
    let curve = curve::curve(&trades);
    let days = curve::days(&trades);
    Report {
        trades: trades.len(),
        unknown: trades.iter().filter(|trade| trade.net.is_none()).count(),
        first_at: trades.first().map(|trade| trade.ended_at),
        last_at: trades.last().map(|trade| trade.ended_at),
        figures: figures::figures(&trades, &days, curve::deepest(&curve).as_ref(), through),
        facts: figures::facts(&trades),
        drawdown: curve::deepest(&curve),
        equity: curve::thinned(curve),
        days,
        reasons: reasons(&trades),
    }
}

fn reasons(trades: &[Trade]) -> Vec<ReasonResult> {
    let mut rows: std::collections::BTreeMap<Option<ExitReason>, ReasonResult> = Default::default();
    for trade in trades {
        let row = rows.entry(trade.exit_reason).or_default();
        row.reason = trade.exit_reason;
        row.trades += 1;
        if let Some(net) = trade.net {
            row.known += 1;
            row.won += usize::from(net > Money::ZERO);
            row.net = row.net.saturating_add(net);
        }
        if let Some(slippage) = trade.slippage {
            row.slippage = row.slippage.saturating_add(slippage);
            row.slippage_known += 1;
        }
    }
    let mut rows: Vec<ReasonResult> = rows.into_values().collect();
    for row in &mut rows {
        row.average = figures::ratio(row.net, Money::from(row.known));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.trades));
    rows
}

#[cfg(test)]
mod tests;
