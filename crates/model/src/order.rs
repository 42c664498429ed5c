//! Orders and fills, in FIX words, and the one state machine through which every report about an order goes:
//! acknowledgements, stream updates and look-ups merge here, and none moves an order back from its end.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Money, Price};
use crate::ids::{ClientOrderId, FillId, OrderId, ProductId, Symbol};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    /// +1 for a buy, −1 for a sell.
    pub fn sign(self) -> Lots {
        match self {
            Side::Buy => 1,
            Side::Sell => -1,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

/// Why an order is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Entry,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    Gtc,
    Ioc,
}

/// What we ask of the venue. `limit` of `None` is a market order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    pub client_order_id: ClientOrderId,
    pub product_id: ProductId,
    pub symbol: Symbol,
    pub side: Side,
    pub lots: Lots,
    pub limit: Option<Price>,
    pub time_in_force: TimeInForce,
    pub reduce_only: bool,
    pub purpose: Purpose,
    /// Index of the leg in the session's plan.
    pub leg: usize,
    /// 1 for the first order of this leg and purpose.
    pub attempt: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Journaled, perhaps sent, nothing heard.
    PendingNew,
    /// Rests at the venue.
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    Rejected,
    /// Proven never to have reached the venue.
    Expired,
    /// Sent, and the outcome is not known: looked up before anything else is done.
    Unknown,
}

impl OrderStatus {
    pub fn is_terminal(self) -> bool {
        match self {
            OrderStatus::Filled | OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired => {
                true
            }
            OrderStatus::PendingNew
            | OrderStatus::New
            | OrderStatus::PartiallyFilled
            | OrderStatus::Unknown => false,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            OrderStatus::PendingNew => "pending_new",
            OrderStatus::New => "new",
            OrderStatus::PartiallyFilled => "partially_filled",
            OrderStatus::Filled => "filled",
            OrderStatus::Canceled => "canceled",
            OrderStatus::Rejected => "rejected",
            OrderStatus::Expired => "expired",
            OrderStatus::Unknown => "unknown",
        }
    }
}

/// What the venue says of one of our orders, from whatever door it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSnapshot {
    pub client_order_id: ClientOrderId,
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub filled_lots: Lots,
    pub average_price: Option<Price>,
    /// Why the venue ended it, in the venue's words.
    pub reason: Option<String>,
}

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
    /// USD, positive when paid. `None`: this door does not say; the engine computes it from the product.
    pub fee: Option<Money>,
    pub settlement: bool,
    /// The venue's time.
    pub at: Micros,
}

impl Fill {
    /// Cash received (+) or paid (−), USD, before fees.
    pub fn cash(&self, contract_value: Decimal) -> Money {
        -crate::amount::value_of(self.price, self.side.sign() * self.lots, contract_value)
    }
}

/// One of our orders, as far as we know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub request: OrderRequest,
    pub correlation_id: CorrelationId,
    pub status: OrderStatus,
    pub order_id: Option<OrderId>,
    /// What the venue reports as filled.
    pub filled_lots: Lots,
    pub average_price: Option<Price>,
    /// What we have booked from fills.
    pub booked_lots: Lots,
    pub submitted_at: Micros,
    pub acknowledged_at: Option<Micros>,
    /// When it reached its end, or when it last changed.
    pub updated_at: Micros,
    pub cancel_requested_at: Option<Micros>,
    pub lookup_requested_at: Option<Micros>,
    pub lookups: u32,
    pub reason: Option<String>,
}

impl Order {
    pub fn submitted(request: OrderRequest, correlation_id: CorrelationId, at: Micros) -> Self {
        Self {
            request,
            correlation_id,
            status: OrderStatus::PendingNew,
            order_id: None,
            filled_lots: 0,
            average_price: None,
            booked_lots: 0,
            submitted_at: at,
            acknowledged_at: None,
            updated_at: at,
            cancel_requested_at: None,
            lookup_requested_at: None,
            lookups: 0,
            reason: None,
        }
    }

    /// Lots not yet filled.
    pub fn leaves_lots(&self) -> Lots {
        (self.request.lots - self.filled_lots).max(0)
    }

    /// Whether a snapshot would tell anything new: order states only ever move forward.
    pub fn advances(&self, snapshot: &OrderSnapshot) -> bool {
        if self.status.is_terminal() {
            // A venue may report more fills for an order it had already ended; never fewer.
            return self.status != OrderStatus::Rejected && snapshot.filled_lots > self.filled_lots;
        }
        let rank = |status: OrderStatus| match status {
            OrderStatus::PendingNew | OrderStatus::Unknown => 0,
            OrderStatus::New => 1,
            OrderStatus::PartiallyFilled => 2,
            OrderStatus::Filled | OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired => 3,
        };
        rank(snapshot.status) > rank(self.status) || snapshot.filled_lots > self.filled_lots
    }

    /// Whether the venue reports more filled than we have booked from fills.
    pub fn misses_fills(&self) -> bool {
        self.booked_lots < self.filled_lots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        let request = OrderRequest {
            client_order_id: ClientOrderId::from("a"),
            product_id: ProductId(1),
            symbol: Symbol::new("C"),
            side: Side::Sell,
            lots: 200,
            limit: None,
            time_in_force: TimeInForce::Ioc,
            reduce_only: false,
            purpose: Purpose::Entry,
            leg: 0,
            attempt: 1,
        };
        Order::submitted(request, CorrelationId::from_bits(1), Micros(0))
    }

    fn snapshot(status: OrderStatus, filled_lots: Lots) -> OrderSnapshot {
        OrderSnapshot {
            client_order_id: ClientOrderId::from("a"),
            order_id: OrderId::from("9"),
            status,
            filled_lots,
            average_price: None,
            reason: None,
        }
    }

    #[test]
    fn a_late_acknowledgement_never_moves_an_order_back() {
        let mut order = order();
        assert!(order.advances(&snapshot(OrderStatus::New, 0)));
        order.status = OrderStatus::Filled;
        order.filled_lots = 200;
        assert!(!order.advances(&snapshot(OrderStatus::New, 0)));
        assert!(!order.advances(&snapshot(OrderStatus::PartiallyFilled, 100)));
        assert!(!order.advances(&snapshot(OrderStatus::Filled, 200)));
    }

    #[test]
    fn a_canceled_order_may_still_learn_of_more_fills() {
        let mut order = order();
        order.status = OrderStatus::Canceled;
        order.filled_lots = 50;
        assert!(order.advances(&snapshot(OrderStatus::Canceled, 80)));
        assert!(!order.advances(&snapshot(OrderStatus::New, 50)));
    }
}
