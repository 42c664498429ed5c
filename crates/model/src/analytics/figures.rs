//! The key figures, each with its formula and its source. Ratios are fractions (0.25 is 25 %), money is USD, times are
//! milliseconds. A trade whose result is not known is in none of them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Trade;
use super::curve::{DayResult, Drawdown};
use crate::amount::Money;
use crate::state::day_of;

/// Fewer cases than these prove nothing: the figure is shown, but not as one to rely on.
pub const FEW: usize = 20;
/// Daily figures need as many days as any figure needs cases.
const DAYS_MIN: usize = FEW;
/// The market never closes.
const DAYS_A_YEAR: u32 = 365;

/// Why a figure has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    NoTrades,
    NoLosses,
    NoCredit,
    NoTimes,
    FewDays,
    NoSpread,
}

impl Missing {
    pub fn sentence(self) -> &'static str {
        match self {
            Missing::NoTrades => "no trade with a known result",
            Missing::NoLosses => "no trade lost, and nothing can be divided by 0",
            Missing::NoCredit => "no credit was taken",
            Missing::NoTimes => "no trade with a known first and last fill",
            Missing::FewDays => "needs 20 days from the first trade on",
            Missing::NoSpread => "the days do not differ in what the figure divides by",
        }
    }
}

/// One figure with the number of cases it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    pub value: Option<Decimal>,
    /// Trades, or days for daily figures.
    pub sample: usize,
    /// Under 20 cases.
    pub few: bool,
    /// Why there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

impl Figure {
    fn of(value: Option<Decimal>, sample: usize, otherwise: Missing) -> Self {
        let missing = if sample == 0 { Missing::NoTrades } else { otherwise };
        let value = value.filter(|_| sample > 0);
        Self { missing: value.is_none().then_some(missing), value, sample, few: sample < FEW }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Σ net.
    pub net: Figure,
    /// Won ÷ known; won is a net above 0, so that 0.00 counts as not won.
    pub win_rate: Figure,
    /// Σ of the nets above 0 ÷ |Σ of the nets below 0|. Undefined without a loss: not infinite.
    pub profit_factor: Figure,
    /// Σ net ÷ known: what a trade brings on average (R. Vince, "The Mathematics of Money Management", 1992).
    pub expectancy: Figure,
    /// The deepest fall of the sum of results from its last high, counted after each trade; 0 or below. What was
    /// open in between is not in it.
    pub max_drawdown: Figure,
    /// Σ net ÷ Σ credit.
    pub credit_captured: Figure,
    /// Σ fees ÷ Σ credit.
    pub fee_drag: Figure,
    /// Mean time from first to last fill, ms.
    pub held_ms: Figure,
    /// Mean ÷ standard deviation (n − 1) of the daily results × √365 (W. F. Sharpe, "The Sharpe Ratio", Journal of
    /// Portfolio Management 21, 1994, without a riskless rate). On a constant capital, which cancels; days without a
    /// trade count as 0, from the day of the first trade on.
    pub sharpe: Figure,
    /// Mean ÷ √(Σ min(day, 0)² ÷ n) × √365: target 0, all days in n (F. A. Sortino and L. N. Price, "Performance
    /// Measurement in a Downside Risk Framework", Journal of Investing 3, 1994).
    pub sortino: Figure,
}

/// The parts that the figures are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub won: usize,
    pub lost: usize,
    /// A net of exactly 0.
    pub even: usize,
    /// Σ of the nets above 0.
    pub gained: Money,
    /// Σ of the nets below 0, as a positive number.
    pub given: Money,
    pub average_win: Option<Money>,
    /// Below 0.
    pub average_loss: Option<Money>,
    /// Over the trades whose result is known.
    pub credit: Money,
    pub fees: Money,
    /// Net less what was executable at the decision to leave; over `slippage_known` trades.
    pub slippage: Money,
    pub slippage_known: usize,
    pub held_median_ms: Option<i64>,
    pub held_longest_ms: Option<i64>,
}

/// `a ÷ b`, ten decimals; `None` for a divisor of 0.
pub(super) fn ratio(a: Decimal, b: Decimal) -> Option<Decimal> {
    a.checked_div(b).map(|ratio| ratio.round_dp(10).normalize())
}

pub(super) fn facts(trades: &[Trade]) -> Facts {
    let mut facts = Facts::default();
    for (trade, net) in known(trades) {
        facts.won += usize::from(net > Money::ZERO);
        facts.lost += usize::from(net < Money::ZERO);
        facts.even += usize::from(net.is_zero());
        facts.gained = facts.gained.saturating_add(net.max(Money::ZERO));
        facts.given = facts.given.saturating_sub(net.min(Money::ZERO));
        facts.credit = facts.credit.saturating_add(trade.credit);
        facts.fees = facts.fees.saturating_add(trade.fees);
        if let Some(slippage) = trade.slippage {
            facts.slippage = facts.slippage.saturating_add(slippage);
            facts.slippage_known += 1;
        }
    }
    facts.average_win = ratio(facts.gained, Decimal::from(facts.won));
    facts.average_loss = ratio(-facts.given, Decimal::from(facts.lost));
    let mut held: Vec<i64> = known(trades).filter_map(|(trade, _)| trade.held_ms).collect();
    held.sort_unstable();
    // Of an even number the lower of the two in the middle: a time that was.
    facts.held_median_ms = held.get(held.len().saturating_sub(1) / 2).copied();
    facts.held_longest_ms = held.last().copied();
    facts
}

fn known(trades: &[Trade]) -> impl Iterator<Item = (&Trade, Money)> {
    trades.iter().filter_map(|trade| Some((trade, trade.net?)))
}

pub(super) fn figures(
    trades: &[Trade],
    days: &[DayResult],
    drawdown: Option<&Drawdown>,
    through: i64,
) -> Figures {
    let facts = facts(trades);
    let sample = known(trades).count();
    let net = facts.gained.saturating_sub(facts.given);
    let count = Decimal::from(sample);
    let of = |value: Option<Decimal>, otherwise: Missing| Figure::of(value, sample, otherwise);
    let held: Vec<i64> = known(trades).filter_map(|(trade, _)| trade.held_ms).collect();
    let held_sum: Decimal = held.iter().map(|ms| Decimal::from(*ms)).sum();
    let daily = daily(days, through);
    Figures {
        net: of(Some(net), Missing::NoTrades),
        win_rate: of(ratio(Decimal::from(facts.won), count), Missing::NoTrades),
        profit_factor: of(ratio(facts.gained, facts.given), Missing::NoLosses),
        expectancy: of(ratio(net, count), Missing::NoTrades),
        max_drawdown: of(Some(drawdown.map_or(Money::ZERO, |fall| fall.depth)), Missing::NoTrades),
        credit_captured: of(ratio(net, facts.credit), Missing::NoCredit),
        fee_drag: of(ratio(facts.fees, facts.credit), Missing::NoCredit),
        held_ms: Figure {
            sample: held.len(),
            few: held.len() < FEW,
            ..of(ratio(held_sum, Decimal::from(held.len())), Missing::NoTimes)
        },
        sharpe: sharpe(&daily),
        sortino: sortino(&daily),
    }
}

/// The result of each day from the first with a known one on, those without a trade too.
fn daily(days: &[DayResult], through: i64) -> Vec<Money> {
    let known: std::collections::BTreeMap<i64, Money> =
        days.iter().filter_map(|day| Some((day_of(day.at), day.net?))).collect();
    let (Some((first, _)), Some((last, _))) = (known.first_key_value(), known.last_key_value()) else {
        return Vec::new();
    };
    (*first..=through.max(*last)).map(|day| known.get(&day).copied().unwrap_or_default()).collect()
}

fn sharpe(daily: &[Money]) -> Figure {
    let spread = mean(daily).and_then(|mean| {
        let squares = daily.iter().try_fold(Decimal::ZERO, |sum, day| {
            let off = day.checked_sub(mean)?;
            sum.checked_add(off.checked_mul(off)?)
        })?;
        root(squares.checked_div(Decimal::from(daily.len().checked_sub(1)?))?)
    });
    annual(daily, spread)
}

fn sortino(daily: &[Money]) -> Figure {
    let losses = daily.iter().try_fold(Decimal::ZERO, |sum, day| {
        let below = (*day).min(Money::ZERO);
        sum.checked_add(below.checked_mul(below)?)
    });
    annual(daily, losses.and_then(|losses| root(losses.checked_div(Decimal::from(daily.len()))?)))
}

fn annual(daily: &[Money], spread: Option<Decimal>) -> Figure {
    let sample = daily.len();
    if sample == 0 {
        return Figure::of(None, 0, Missing::NoTrades);
    }
    if sample < DAYS_MIN {
        return Figure::of(None, sample, Missing::FewDays);
    }
    let value = mean(daily).zip(spread).and_then(|(mean, spread)| mean.checked_div(spread));
    let value = value.zip(root(Decimal::from(DAYS_A_YEAR))).and_then(|(value, year)| value.checked_mul(year));
    Figure::of(value.map(|value| value.round_dp(6).normalize()), sample, Missing::NoSpread)
}

fn mean(daily: &[Money]) -> Option<Decimal> {
    let sum = daily.iter().try_fold(Decimal::ZERO, |sum, day| sum.checked_add(*day))?;
    sum.checked_div(Decimal::from(daily.len()))
}

/// The square root to twelve decimals, by Heron's method; `None` below 0.
fn root(square: Decimal) -> Option<Decimal> {
    if square.is_zero() {
        return Some(Decimal::ZERO);
    }
    if square.is_sign_negative() {
        return None;
    }
    let mut guess = square.max(Decimal::ONE);
    // Each step halves the distance at least: 200 are more than the largest decimal needs.
    for _ in 0..200 {
        let next = guess.checked_add(square.checked_div(guess)?)?.checked_div(Decimal::TWO)?;
        let moved = (guess - next).abs();
        guess = next;
        if moved < Decimal::new(1, 13) {
            break;
        }
    }
    Some(guess.round_dp(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_exact_to_twelve_decimals() {
        for (square, text) in [
            ("0", "0"),
            ("4", "2"),
            ("2", "1.414213562373"),
            ("365", "19.104973174543"),
            ("0.0001", "0.01"),
            ("1000000000000", "1000000"),
        ] {
            let root = root(square.parse().expect("a decimal")).expect("a root").normalize();
            assert_eq!(root.to_string(), text, "root of {square}");
        }
        assert_eq!(root(Decimal::NEGATIVE_ONE), None);
    }
}
