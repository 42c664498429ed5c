//! What a plan is worth at the market of now, and what one should know before following it. Depends on the
//! market, so it warns and never refuses. A sum that cannot be computed is `None`.

use model::amount::total;
use model::causes::Warning;
use model::configuration::Configuration;
use model::instrument::Instrument;
use model::{Decimal, Lots, Money, Price};

/// One leg to sell with the prices it would meet.
#[derive(Clone, Copy, Debug)]
pub struct PricedLeg<'a> {
    pub instrument: &'a Instrument,
    pub lots: Lots,
    pub bid: Price,
    pub ask: Price,
}

/// Credit at the bids, USD.
pub fn credit(legs: &[PricedLeg<'_>]) -> Option<Money> {
    total(legs.iter().map(|leg| leg.instrument.value(leg.bid, leg.lots)))
}

/// Fees of selling at the bids, USD.
pub fn entry_fees(legs: &[PricedLeg<'_>], spot: Price) -> Option<Money> {
    total(legs.iter().map(|leg| leg.instrument.fee(leg.bid, leg.lots, spot)))
}

/// Fees of buying back at the asks, USD.
pub fn exit_fees(legs: &[PricedLeg<'_>], spot: Price) -> Option<Money> {
    total(legs.iter().map(|leg| leg.instrument.fee(leg.ask, leg.lots, spot)))
}

/// Σ (ask − bid) over the whole size, USD.
fn spread(legs: &[PricedLeg<'_>]) -> Option<Money> {
    total(legs.iter().map(|leg| leg.instrument.value(leg.ask.checked_sub(leg.bid)?, leg.lots)))
}

/// P&L of entering and leaving at once, USD: the spread and all fees.
pub fn cost_to_leave(legs: &[PricedLeg<'_>], spot: Price) -> Option<Money> {
    let costs = [spread(legs), entry_fees(legs, spot), exit_fees(legs, spot)];
    total(costs.map(|cost| cost.map(|cost| -cost)))
}

/// Things to know before starting.
pub fn warnings(configuration: &Configuration, legs: &[PricedLeg<'_>], spot: Price) -> Vec<Warning> {
    let mut found = Vec::new();
    let kept = total([credit(legs), entry_fees(legs, spot).map(|fees| -fees)]);
    if let Some(kept) = kept {
        if let Some(limit) = configuration.max_profit.filter(|limit| *limit >= kept) {
            found.push(Warning::MaxProfitBeyondCredit { limit, kept });
        }
        let activation = configuration.trailing.as_ref().map(|trailing| trailing.activation);
        if let Some(activation) = activation.filter(|activation| *activation >= kept) {
            found.push(Warning::ActivationBeyondCredit { activation, kept });
        }
    }
    // D_min: a distance inside twice the round-trip spread fires on noise (engine design, section 6).
    let least = spread(legs).and_then(|spread| spread.checked_mul(Decimal::TWO));
    let distance = configuration.trailing.as_ref().map(|trailing| trailing.distance);
    if let Some((distance, least)) = distance.zip(least).filter(|(distance, least)| distance < least) {
        found.push(Warning::DistanceInsideSpread { distance, least });
    }
    let cost = cost_to_leave(legs, spot).map(|pnl| -pnl);
    if let Some(cost) = cost.filter(|cost| configuration.max_loss <= *cost) {
        found.push(Warning::MaxLossBelowCost { limit: configuration.max_loss, cost });
    }
    found
}
