//! Conditions under which an order begins to live: stops, trailing stops, and the brackets around a position.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Which price a stop looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerMethod {
    #[default]
    Mark,
    /// Of the last trade.
    Last,
    /// The index.
    Spot,
}

impl TriggerMethod {
    /// The word of the wire.
    pub fn word(self) -> &'static str {
        match self {
            TriggerMethod::Mark => "mark_price",
            TriggerMethod::Last => "last_traded_price",
            TriggerMethod::Spot => "spot_price",
        }
    }

    /// The method of a word.
    pub fn parse(word: &str) -> Option<TriggerMethod> {
        let all = [TriggerMethod::Mark, TriggerMethod::Last, TriggerMethod::Spot];
        all.into_iter().find(|method| method.word() == word)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopKind {
    StopLoss,
    TakeProfit,
}

/// Trigger of a stop order. Prices in price units of the underlying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub price: i64,
    pub kind: StopKind,
    #[serde(default)]
    pub method: TriggerMethod,
    /// How far the price follows the best it saw: above for a purchase, below (negative) for a sale; 0 stands.
    #[serde(default)]
    pub trail: i64,
}

/// One leg of a bracket: where it triggers, and what is sent then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg<P = i64> {
    /// Trigger, or how far it trails.
    pub at: LegAt<P>,
    /// Limit of the order; a market order without.
    pub limit: Option<P>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegAt<P> {
    Price(P),
    Trail(P),
}

/// What is to protect a position once it is there; prices in price units, or in USD as a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bracket<P = i64> {
    pub stop_loss: Option<Leg<P>>,
    pub take_profit: Option<Leg<P>>,
    pub method: TriggerMethod,
}

/// A bracket as a client asks for it, USD.
pub type BracketRequest = Bracket<Decimal>;

impl<P: Copy> Bracket<P> {
    /// The same with other prices.
    pub(crate) fn with<Q, E>(&self, price: impl Fn(P) -> Result<Q, E>) -> Result<Bracket<Q>, E> {
        let leg = |leg: &Leg<P>| {
            let at = match leg.at {
                LegAt::Price(at) => LegAt::Price(price(at)?),
                LegAt::Trail(by) => LegAt::Trail(price(by)?),
            };
            Ok(Leg { at, limit: leg.limit.map(&price).transpose()? })
        };
        Ok(Bracket {
            stop_loss: self.stop_loss.as_ref().map(leg).transpose()?,
            take_profit: self.take_profit.as_ref().map(leg).transpose()?,
            method: self.method,
        })
    }
}
