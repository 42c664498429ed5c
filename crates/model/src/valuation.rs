//! What a session is worth: executable (if it were closed now at the book) and at mark. Formulas of the
//! engine design, section 5. Pure; everything in USD. Where a number is missing or cannot be computed the sum is
//! `None`: unknown is not zero.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money, Price, total};
use crate::ids::Symbol;
use crate::instrument::Instrument;
use crate::ledger::Holding;
use crate::market::{
    DEPTH_AGE_MAX, InstrumentMarket, LINK_SILENCE_MAX, Level, MARK_AGE_MAX, MarketSource, QUOTE_AGE_MAX,
};
use crate::session::Session;
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buy_back: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_fees: Option<Money>,
    /// E: cash − cost to close − fees paid − exit fees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Money>,
    /// M: cash − value at mark − fees paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_mark: Option<Money>,
    /// M with what speaks against the marks: a short leg at the bid that is far above its mark. `None` where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_worst: Option<Money>,
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
    /// What is open, leg by leg.
    pub legs: Vec<LegWorth>,
}

/// One open leg, with where its numbers came from and how old they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegWorth {
    pub symbol: Symbol,
    pub qty: Lots,
    /// Net of its fees, if it were closed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_mark: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_age_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark_age_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_source: Option<MarketSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark_source: Option<MarketSource>,
    pub fresh: bool,
}

impl Valuation {
    /// What loss-side rules look at: E, or the worse of E and M − exit fees where E cannot be trusted alone.
    pub fn loss_side(&self) -> Option<Money> {
        let exit_fees = self.exit_fees.unwrap_or_default();
        let at_mark = self.at_worst.or(self.at_mark).and_then(|mark| mark.checked_sub(exit_fees));
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

impl LegWorth {
    /// From where the top of its book is: `stream`, `rest_fallback`, `last_known` when it is older than may be decided
    /// on, `none` when there is none.
    pub fn quote_from(&self) -> &'static str {
        from(self.quote_source, self.quote_age_ms, QUOTE_AGE_MAX)
    }

    /// The same for its mark.
    pub fn mark_from(&self) -> &'static str {
        from(self.mark_source, self.mark_age_ms, MARK_AGE_MAX)
    }
}

fn from(source: Option<MarketSource>, age_ms: Option<i64>, most: Micros) -> &'static str {
    match source {
        None => "none",
        Some(_) if age_ms.is_none_or(|age| age > most.0 / 1_000) => "last_known",
        Some(source) => source.word(),
    }
}

/// Cost of closing one leg now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CloseCost {
    value: Money,
    average: Price,
    beyond_depth: bool,
}

/// An open leg on its market.
struct Open<'a> {
    instrument: &'a Instrument,
    holding: &'a Holding,
    lots: Lots,
    market: &'a InstrumentMarket,
    spot: Option<Price>,
    now: Micros,
}

static NO_MARKET: InstrumentMarket = InstrumentMarket { quote: None, depth: None, mark: None };

/// Values the session on the market as the state knows it.
pub fn value(state: &TradingState, session: &Session, now: Micros) -> Valuation {
    let spot = state.spot_of(session).map(|spot| spot.price);
    let ledger = &session.ledger;
    let speaks = state.market_heard_at.is_some_and(|at| now.0.saturating_sub(at.0) <= LINK_SILENCE_MAX.0);
    let mut worth = Valuation {
        cash: ledger.cash,
        fees_paid: ledger.fees,
        credit: ledger.credit,
        buy_back: Some(Money::ZERO),
        exit_fees: Some(Money::ZERO),
        at_mark: Some(Money::ZERO),
        at_worst: Some(Money::ZERO),
        fresh: true,
        ..Valuation::default()
    };
    for leg in session.legs() {
        let instrument = &leg.instrument;
        let Some(holding) = ledger.holding(&instrument.symbol).filter(|held| held.position() != 0) else {
            continue;
        };
        let market = state.market(&instrument.symbol).unwrap_or(&NO_MARKET);
        add_leg(&mut worth, &Open { instrument, holding, lots: holding.position(), market, spot, now });
    }
    worth.fresh &= speaks || worth.legs.is_empty();
    let net = worth.cash.checked_sub(worth.fees_paid);
    let denied = worth.at_worst != worth.at_mark;
    worth.at_mark = total([net, worth.at_mark]);
    worth.at_worst = total([net, worth.at_worst]).filter(|_| denied);
    worth.executable = total([net, worth.buy_back.map(|cost| -cost), worth.exit_fees.map(|fees| -fees)]);
    worth
}

fn add_leg(worth: &mut Valuation, open: &Open<'_>) {
    let (instrument, lots, market, now) = (open.instrument, open.lots, open.market, open.now);
    let fresh = market.is_fresh(now);
    worth.fresh &= fresh;
    if let Some(notional) = open.spot.and_then(|spot| instrument.value(spot, lots.abs())) {
        worth.notional = worth.notional.saturating_add(notional);
        if lots < 0 {
            let margin = notional.saturating_mul(instrument.maintenance_margin);
            worth.maintenance_margin = worth.maintenance_margin.saturating_add(margin);
        }
    }
    let open_value = market.mark_price().and_then(|mark| instrument.value(mark, lots));
    worth.at_mark = total([worth.at_mark, open_value]);
    let worst = at_least(market, now).filter(|_| lots < 0).or(market.mark_price());
    worth.at_worst = total([worth.at_worst, worst.and_then(|price| instrument.value(price, lots))]);
    let cost = close_cost(lots, market, instrument.contract_value, now);
    let buy_back = cost.map(|cost| cost.value);
    worth.buy_back = total([worth.buy_back, buy_back]);
    let exit_fee = cost.zip(open.spot).and_then(|(cost, spot)| instrument.fee(cost.average, lots, spot));
    worth.exit_fees = total([worth.exit_fees, exit_fee]);
    worth.beyond_depth |= cost.is_some_and(|cost| cost.beyond_depth);
    worth.wide |= cost.is_none() || is_wide(lots, market, instrument.contract_value, worth.credit);
    let net = open.holding.cash.checked_sub(open.holding.fees);
    let age_ms = |age: Option<Micros>| age.map(|age| age.0 / 1_000);
    worth.legs.push(LegWorth {
        symbol: instrument.symbol.clone(),
        qty: lots,
        executable: total([net, buy_back.map(|cost| -cost), exit_fee.map(|fee| -fee)]),
        at_mark: total([net, open_value]),
        quote_age_ms: age_ms(market.quote_age(now)),
        mark_age_ms: age_ms(market.mark_age(now)),
        quote_source: market.quote.as_ref().map(|quote| quote.source),
        mark_source: market.mark.as_ref().map(|mark| mark.source),
        fresh,
    });
}

/// Buying back a short walks the offer, selling a long walks the bid; a long without a bid is worth nothing.
fn close_cost(
    lots: Lots,
    market: &InstrumentMarket,
    contract_value: Decimal,
    now: Micros,
) -> Option<CloseCost> {
    let depth = market.depth.as_ref().filter(|depth| now.0.saturating_sub(depth.at.0) <= DEPTH_AGE_MAX.0);
    let short = lots < 0;
    let best = if short { market.ask() } else { market.bid() };
    let Some(best) = best else {
        return (!short).then_some(CloseCost::default());
    };
    let levels = depth.map_or(&[][..], |depth| if short { &depth.asks } else { &depth.bids });
    let (sum, beyond_depth) = walk(lots.abs(), best, levels, market.mark_price())?;
    let sign = if short { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let value = sum.checked_mul(contract_value)?.checked_mul(sign)?;
    let average = sum.checked_div(Decimal::from(lots.abs()))?;
    Some(CloseCost { value, average, beyond_depth })
}

/// Σ price × lots over the book; what exceeds it costs 1.05 × the worse of the last level and the mark.
fn walk(mut lots: Lots, best: Level, deeper: &[Level], mark: Option<Price>) -> Option<(Decimal, bool)> {
    let mut sum = Decimal::ZERO;
    let mut last = best.price;
    let rest = deeper.iter().copied().filter(|level| level.price != best.price);
    for level in std::iter::once(best).chain(rest) {
        let taken = lots.min(level.lots);
        sum = sum.checked_add(level.price.checked_mul(Decimal::from(taken))?)?;
        lots -= taken;
        last = level.price;
        if lots == 0 {
            return Some((sum, false));
        }
    }
    let worse = mark.map_or(last, |mark| last.max(mark));
    let beyond = Decimal::new(105, 2).checked_mul(worse)?.checked_mul(Decimal::from(lots))?;
    Some((sum.checked_add(beyond)?, true))
}

/// What a short leg is worth at least, where that is a quarter more than its mark says: somebody bids more. In a book
/// that contradicts itself, with a bid above the offer, the price that lies between the others.
fn at_least(market: &InstrumentMarket, now: Micros) -> Option<Price> {
    let bid = market.bid().filter(|_| market.is_quoted(now))?.price;
    let (ask, mark) = (market.ask().map(|ask| ask.price), market.mark_price()?);
    let price = match ask {
        Some(ask) if ask < bid => mark.clamp(ask, bid),
        Some(_) | None => mark.max(bid),
    };
    is_far_below(mark, price).then_some(price)
}

fn is_far_below(low: Price, high: Price) -> bool {
    low < high.saturating_mul(Decimal::new(75, 2))
}

/// What buying a lot of a short leg back costs by the offer, or, without one that can be believed, by the mark and by what
/// is bid.
pub fn dearest(market: &InstrumentMarket, now: Micros) -> Option<Price> {
    let price = |level: Option<Level>| level.map(|level| level.price);
    let (bid, ask, mark) = (price(market.bid()), price(market.ask()), market.mark_price());
    let by_others = || at_least(market, now).or(mark);
    let denied = |ask: Price| match bid {
        Some(bid) => ask < bid,
        None => mark.is_some_and(|mark| is_far_below(ask, mark)),
    };
    match ask {
        Some(ask) if denied(ask) => by_others().max(Some(ask)),
        Some(ask) => Some(ask),
        None => by_others(),
    }
}

/// Spread above 25 % of mid and dearer than 2 % of the credit, whichever side is the higher. A short leg without a bid is
/// fine, unless its only offer is as far below the mark.
fn is_wide(lots: Lots, market: &InstrumentMarket, contract_value: Decimal, credit: Money) -> bool {
    let price = |level: Option<Level>| level.map(|level| level.price);
    let (low, high) = match (price(market.bid()), price(market.ask()), market.mark_price()) {
        (Some(bid), Some(ask), _) => (bid.min(ask), bid.max(ask)),
        (None, Some(ask), Some(mark)) if lots < 0 => (ask.min(mark), mark),
        (Some(_) | None, None, _) | (None, Some(_), _) => return false,
    };
    let spread = high.saturating_sub(low);
    let mid = high.saturating_add(low) / Decimal::TWO;
    let cost = spread.saturating_mul(Decimal::from(lots.abs())).saturating_mul(contract_value);
    spread > mid.saturating_mul(Decimal::new(25, 2)) && cost > credit.saturating_mul(Decimal::new(2, 2))
}

#[cfg(test)]
mod tests;
