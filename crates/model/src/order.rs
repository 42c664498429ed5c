//! Orders and fills, in FIX words, and the one state machine through which every report about an order goes:
//! acknowledgements, stream updates and look-ups merge here, and none moves an order back from its end.

use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Price};
use crate::ids::{ClientOrderId, Code, OrderId, ProductId, Symbol};

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
    /// Enters a position.
    Entry,
    /// Leaves it.
    Close,
    /// Rests at the venue beside the position, for the time when we are not there. Removed when it is flat.
    Protect,
}

impl Purpose {
    pub fn word(self) -> &'static str {
        match self {
            Purpose::Entry => "entry",
            Purpose::Close => "close",
            Purpose::Protect => "protect",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    Gtc,
    Ioc,
    /// Rests, and is refused where it would trade on arrival.
    PostOnly,
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

impl OrderRequest {
    /// Whether it can rest at the venue: only then may it fill long after it was sent.
    pub fn can_rest(&self) -> bool {
        match self.time_in_force {
            TimeInForce::Gtc | TimeInForce::PostOnly => true,
            TimeInForce::Ioc => false,
        }
    }
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
    /// Why the venue ended it, by the venue's code.
    pub reason: Option<Code>,
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
    pub cancel: Option<Cancel>,
    pub lookup_requested_at: Option<Micros>,
    pub lookups: u32,
    /// A look-up found nothing; it counts as never sent only when no signature of it can live any more.
    pub missed_at: Option<Micros>,
    pub reason: Option<Code>,
}

/// The latest attempt to cancel an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    pub requested_at: Micros,
    /// How often it was asked for.
    pub requests: u32,
    /// It did not reach the order, or was refused, or nothing is known of it.
    pub failed: bool,
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
            cancel: None,
            lookup_requested_at: None,
            lookups: 0,
            missed_at: None,
            reason: None,
        }
    }

    /// Lots not yet filled.
    pub fn leaves_lots(&self) -> Lots {
        (self.request.lots - self.filled_lots).max(0)
    }

    /// Whether a snapshot would tell anything new: order states only ever move forward.
    pub fn advances(&self, snapshot: &OrderSnapshot) -> bool {
        match self.status {
            // Counted as never sent, and there it is: it lives, or lived.
            OrderStatus::Expired => return true,
            // A venue may report more fills for an order it had already ended; never fewer.
            OrderStatus::Filled | OrderStatus::Canceled => return snapshot.filled_lots > self.filled_lots,
            OrderStatus::Rejected => return false,
            OrderStatus::PendingNew
            | OrderStatus::New
            | OrderStatus::PartiallyFilled
            | OrderStatus::Unknown => {}
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

    /// Fills have brought all of it: nothing rests any more, whatever the order's own state was when it was last heard.
    pub fn has_all_fills(&self) -> bool {
        self.booked_lots >= self.request.lots
    }

    /// Signed lots that the venue reports as filled and that no fill has brought.
    pub fn unbooked_lots(&self) -> Lots {
        self.request.side.sign() * (self.filled_lots - self.booked_lots).max(0)
    }

    /// Whether it can rest at the venue.
    pub fn can_rest(&self) -> bool {
        self.request.can_rest()
    }

    /// What makes a difference to what is on at the venue. A fill that only catches up with what the order has
    /// reported makes none.
    pub(crate) fn progress(&self) -> (OrderStatus, Lots) {
        (self.status, self.filled_lots.max(self.booked_lots))
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
    fn an_order_that_was_given_up_is_believed_when_it_appears() {
        let mut order = order();
        order.status = OrderStatus::Expired;
        assert!(order.advances(&snapshot(OrderStatus::New, 0)));
        order.status = OrderStatus::Rejected;
        assert!(!order.advances(&snapshot(OrderStatus::New, 0)));
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
