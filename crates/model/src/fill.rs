//! One execution, and the fills that a session has booked: each once, whatever doors it came through.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{LOTS_MAX, Lots, Money, Price, is_price};
use crate::ids::{ClientOrderId, FillId, OrderId, Symbol};
use crate::order::Side;

/// One execution. `id` is the venue's, and a fill is counted once whatever doors it comes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    pub id: FillId,
    pub order_id: OrderId,
    /// `None` for a settlement, and for what is not ours.
    pub client_order_id: Option<ClientOrderId>,
    pub symbol: Symbol,
    pub side: Side,
    pub lots: Lots,
    pub price: Price,
    /// USD, positive when paid, negative when received. `None`: this door does not say.
    pub fee: Option<Money>,
    /// The fee is computed from the product's terms; what the venue charged replaces it when it is read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fee_estimated: bool,
    pub settlement: bool,
    /// The venue's time.
    pub at: Micros,
}

impl Fill {
    /// Lots with their sign: bought is positive.
    pub fn signed_lots(&self) -> Lots {
        self.side.sign() * self.lots
    }

    /// Cash received (+) or paid (−), USD, before fees; `None` when it cannot be computed.
    pub fn cash(&self, contract_value: Decimal) -> Option<Money> {
        crate::amount::value_of(self.price, -self.signed_lots(), contract_value)
    }

    /// What two tellings of one fill must agree on.
    pub fn terms(&self) -> (Side, Lots, Price) {
        (self.side, self.lots, self.price)
    }

    /// Whether its numbers can be those of an execution.
    pub fn is_sane(&self) -> bool {
        (1..=LOTS_MAX).contains(&self.lots)
            && is_price(self.price)
            && self.fee.is_none_or(|fee| is_price(fee.abs()))
    }
}

/// Fills in the order in which they were booked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fills {
    booked: Vec<Fill>,
    index: BTreeMap<FillId, usize>,
    /// How many carry an estimated fee.
    estimated: usize,
}

impl Fills {
    pub fn is_empty(&self) -> bool {
        self.booked.is_empty()
    }

    pub fn len(&self) -> usize {
        self.booked.len()
    }

    /// All of them, oldest first. For views and laws; nothing on the way of a tick walks through them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Fill> {
        self.booked.iter()
    }

    pub fn get(&self, id: &FillId) -> Option<&Fill> {
        self.index.get(id).and_then(|at| self.booked.get(*at))
    }

    /// Whether the venue has not said yet what it charged for some of them.
    pub fn awaits_charges(&self) -> bool {
        self.estimated > 0
    }

    /// Keeps a fill; `false` when it was booked before.
    pub(crate) fn book(&mut self, fill: &Fill) -> bool {
        if self.index.contains_key(&fill.id) {
            return false;
        }
        self.estimated += usize::from(fill.fee_estimated);
        self.index.insert(fill.id.clone(), self.booked.len());
        self.booked.push(fill.clone());
        true
    }

    /// What the venue charged replaces what was estimated. Gives by how much the fee grew.
    pub(crate) fn charge(&mut self, id: &FillId, fee: Money) -> Option<Money> {
        let at = *self.index.get(id)?;
        let fill = self.booked.get_mut(at)?;
        let before = fill.fee.unwrap_or_default();
        fill.fee = Some(fee);
        if std::mem::take(&mut fill.fee_estimated) {
            self.estimated -= 1;
        }
        fee.checked_sub(before)
    }
}
