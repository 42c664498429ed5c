//! What a plan is worth at the market of now, and what one should know before following it. Depends on the
//! market, so it warns and never refuses.

use model::amount::plain;
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
pub fn credit(legs: &[PricedLeg<'_>]) -> Money {
    legs.iter().map(|leg| leg.instrument.value(leg.bid, leg.lots)).fold(Money::ZERO, |sum, value| sum + value)
}

/// Fees of selling at the bids, USD.
pub fn entry_fees(legs: &[PricedLeg<'_>], spot: Price) -> Money {
    legs.iter().map(|leg| leg.instrument.fee(leg.bid, leg.lots, spot)).fold(Money::ZERO, |sum, fee| sum + fee)
}

/// Fees of buying back at the asks, USD.
pub fn exit_fees(legs: &[PricedLeg<'_>], spot: Price) -> Money {
    legs.iter().map(|leg| leg.instrument.fee(leg.ask, leg.lots, spot)).fold(Money::ZERO, |sum, fee| sum + fee)
}

/// P&L of entering and leaving at once, USD: the spread and all fees.
pub fn cost_to_leave(legs: &[PricedLeg<'_>], spot: Price) -> Money {
    let spread = legs
        .iter()
        .map(|leg| leg.instrument.value(leg.bid - leg.ask, leg.lots))
        .fold(Money::ZERO, |sum, value| sum + value);
    spread - entry_fees(legs, spot) - exit_fees(legs, spot)
}

/// Things to know before starting, as sentences.
pub fn warnings(configuration: &Configuration, legs: &[PricedLeg<'_>], spot: Price) -> Vec<String> {
    let mut found = Vec::new();
    let kept = credit(legs) - entry_fees(legs, spot);
    if let Some(limit) = configuration.max_profit.filter(|limit| *limit >= kept) {
        found.push(format!(
            "Max profit {} cannot be reached: the credit less fees is {}.",
            plain(limit),
            plain(kept)
        ));
    }
    if let Some(trailing) = &configuration.trailing {
        if trailing.activation >= kept {
            found.push(format!(
                "The trailing floor cannot arm at {}: the credit less fees is {}.",
                plain(trailing.activation),
                plain(kept)
            ));
        }
        // D_min: a distance inside twice the round-trip spread fires on noise (engine design, section 6).
        let spread = legs
            .iter()
            .map(|leg| leg.instrument.value(leg.ask - leg.bid, leg.lots))
            .fold(Money::ZERO, |sum, value| sum + value);
        let least = spread * Decimal::TWO;
        if trailing.distance < least {
            found.push(format!(
                "Trailing distance {} is inside twice the spread ({}): it may fire on noise.",
                plain(trailing.distance),
                plain(least)
            ));
        }
    }
    let cost = -cost_to_leave(legs, spot);
    if configuration.max_loss <= cost {
        found.push(format!(
            "Max loss {} is not above the cost of entering and leaving at once, {}.",
            plain(configuration.max_loss),
            plain(cost)
        ));
    }
    found
}
