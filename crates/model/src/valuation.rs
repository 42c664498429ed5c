//! What a session is worth: executable (if it were closed now at the book) and at mark. Formulas of the
//! engine design, section 5. Pure; everything in USD.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money, Price};
use crate::ids::Symbol;
use crate::market::{DEPTH_AGE_MAX, InstrumentMarket, LINK_SILENCE_MAX, Level};
use crate::session::{Leg, Session};
use crate::state::TradingState;

/// A session's worth at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Valuation {
    /// Cash from fills.
    pub cash: Money,
    pub fees_paid: Money,
    /// Premium received for what was sold.
    pub credit: Money,
    /// Cost to close what is open now; `None`: a closing side is missing.
    pub buy_back: Option<Money>,
    pub exit_fees: Option<Money>,
    /// E: cash − cost to close − fees paid − exit fees.
    pub executable: Option<Money>,
    /// M: cash − value at mark − fees paid.
    pub at_mark: Option<Money>,
    /// Underlying notional of what is open.
    pub notional: Money,
    /// Maintenance margin of what is open short.
    pub maintenance_margin: Money,
    /// Own size exceeds the visible book somewhere: profit-side rules must wait.
    pub beyond_depth: bool,
    /// A closing side is missing or its spread too wide: profit-side rules must wait.
    pub wide: bool,
    /// Quotes and marks of all open legs are young and the connection speaks.
    pub fresh: bool,
}

impl Valuation {
    /// What loss-side rules look at: E, or the worse of E and M − exit fees where E cannot be trusted alone.
    pub fn loss_side(&self) -> Option<Money> {
        let at_mark = self.at_mark.map(|mark| mark - self.exit_fees.unwrap_or_default());
        match (self.executable, at_mark) {
            (Some(executable), _) if self.fresh && !self.wide => Some(executable),
            (Some(executable), Some(mark)) => Some(executable.min(mark)),
            (executable, mark) => executable.or(mark),
        }
    }

    /// Whether profit-side rules may decide on it.
    pub fn profit_side_trusted(&self) -> bool {
        self.fresh && !self.wide && !self.beyond_depth && self.executable.is_some()
    }
}

/// Cost of closing one leg now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CloseCost {
    value: Money,
    average: Price,
    beyond_depth: bool,
}

/// Values the session on the market as the state knows it.
pub fn value(state: &TradingState, session: &Session, now: Micros) -> Valuation {
    let spot = state.session_spot().map(|spot| spot.price);
    let open: BTreeMap<&Symbol, Lots> = session
        .legs
        .iter()
        .map(|leg| (&leg.instrument.symbol, session.position(&leg.instrument.symbol)))
        .filter(|(_, lots)| *lots != 0)
        .collect();
    let speaks = state.market_heard_at.is_some_and(|at| now.0 - at.0 <= LINK_SILENCE_MAX.0);
    let mut worth = Valuation {
        cash: session.cash(),
        fees_paid: session.fees(),
        credit: session.credit(),
        buy_back: Some(Money::ZERO),
        exit_fees: Some(Money::ZERO),
        at_mark: Some(Money::ZERO),
        fresh: speaks || open.is_empty(),
        ..Valuation::default()
    };
    for leg in &session.legs {
        if let Some(lots) = open.get(&leg.instrument.symbol) {
            add_leg(&mut worth, leg, *lots, state.market(&leg.instrument.symbol), spot, now);
        }
    }
    worth.at_mark = worth.at_mark.map(|open_value| worth.cash + open_value - worth.fees_paid);
    worth.executable = match (worth.buy_back, worth.exit_fees) {
        (Some(cost), Some(fees)) => Some(worth.cash - cost - worth.fees_paid - fees),
        _ => None,
    };
    worth
}

fn add_leg(
    worth: &mut Valuation,
    leg: &Leg,
    lots: Lots,
    market: Option<&InstrumentMarket>,
    spot: Option<Price>,
    now: Micros,
) {
    let instrument = &leg.instrument;
    let empty = InstrumentMarket::default();
    let market = market.unwrap_or(&empty);
    worth.fresh &= market.is_fresh(now);
    if let Some(spot) = spot {
        worth.notional += instrument.value(spot, lots.abs());
        if lots < 0 {
            worth.maintenance_margin += instrument.value(spot, lots.abs()) * instrument.maintenance_margin;
        }
    }
    worth.at_mark = match (worth.at_mark, market.mark_price()) {
        (Some(sum), Some(mark)) => Some(sum + instrument.value(mark, lots)),
        _ => None,
    };
    let cost = close_cost(lots, market, instrument.contract_value, now);
    worth.buy_back = worth.buy_back.zip(cost).map(|(sum, cost)| sum + cost.value);
    worth.exit_fees = match (worth.exit_fees, cost, spot) {
        (Some(sum), Some(cost), Some(spot)) => Some(sum + instrument.fee(cost.average, lots, spot)),
        _ => None,
    };
    worth.beyond_depth |= cost.is_some_and(|cost| cost.beyond_depth);
    worth.wide |= cost.is_none() || is_wide(lots, market, instrument.contract_value, worth.credit);
}

/// Buying back a short walks the offer, selling a long walks the bid; a long without a bid is worth nothing.
fn close_cost(
    lots: Lots,
    market: &InstrumentMarket,
    contract_value: Decimal,
    now: Micros,
) -> Option<CloseCost> {
    let depth = market.depth.as_ref().filter(|depth| now.0 - depth.at.0 <= DEPTH_AGE_MAX.0);
    let short = lots < 0;
    let best = if short { market.ask() } else { market.bid() };
    let Some(best) = best else {
        return (!short).then_some(CloseCost::default());
    };
    let levels = depth.map_or(&[][..], |depth| if short { &depth.asks } else { &depth.bids });
    let (sum, beyond_depth) = walk(lots.abs(), best, levels, market.mark_price());
    let value = sum * contract_value * if short { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    Some(CloseCost { value, average: sum / Decimal::from(lots.abs()), beyond_depth })
}

/// Σ price × lots over the book; what exceeds it costs 1.05 × the worse of the last level and the mark.
fn walk(mut lots: Lots, best: Level, deeper: &[Level], mark: Option<Price>) -> (Decimal, bool) {
    let mut sum = Decimal::ZERO;
    let mut last = best.price;
    let rest = deeper.iter().copied().filter(|level| level.price != best.price);
    for level in std::iter::once(best).chain(rest) {
        let taken = lots.min(level.lots);
        sum += level.price * Decimal::from(taken);
        lots -= taken;
        last = level.price;
        if lots == 0 {
            return (sum, false);
        }
    }
    let beyond = Decimal::new(105, 2) * mark.map_or(last, |mark| last.max(mark));
    (sum + beyond * Decimal::from(lots), true)
}

/// Spread above 25 % of mid and dearer than 2 % of the credit. A short leg without a bid is fine.
fn is_wide(lots: Lots, market: &InstrumentMarket, contract_value: Decimal, credit: Money) -> bool {
    let (Some(bid), Some(ask)) = (market.bid(), market.ask()) else {
        return false;
    };
    let spread = ask.price - bid.price;
    let mid = (ask.price + bid.price) / Decimal::TWO;
    spread > mid * Decimal::new(25, 2)
        && spread * Decimal::from(lots.abs()) * contract_value > credit * Decimal::new(2, 2)
}
