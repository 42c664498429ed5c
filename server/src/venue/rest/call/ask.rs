//! What can be asked of an order beyond placing it: names, changes, stops, brackets, and their JSON.

use model::ids::{ClientOrderId, OrderId, ProductId};
use model::order::{OrderRequest, Side, TimeInForce};
use model::{Lots, Price};
use serde_json::{Map, Value};

use super::object;

/// An order by the venue's id, or by ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    Venue(OrderId),
    Ours(ClientOrderId),
}

impl Named {
    pub(super) fn fields(&self) -> Map<String, Value> {
        match self {
            Named::Venue(id) => object([("id", Some(number_or_text(id.as_str())))]),
            Named::Ours(id) => object([("client_order_id", Some(Value::from(id.as_str())))]),
        }
    }
}

/// Ids of the venue are numbers; one that looks otherwise goes as it is.
fn number_or_text(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| Value::from(id), Value::from)
}

/// What is to be changed of an order; what is none stays. `lots` is the whole size, with what is filled already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    pub lots: Option<Lots>,
    pub limit: Option<Price>,
    pub stop_price: Option<Price>,
}

impl Edit {
    pub(super) fn fields(&self) -> Map<String, Value> {
        object([
            ("size", self.lots.map(Value::from)),
            ("limit_price", self.limit.map(price)),
            ("stop_price", self.stop_price.map(price)),
        ])
    }
}

/// What a stop looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    #[default]
    Mark,
    LastTrade,
    Index,
}

impl Trigger {
    pub(super) fn word(self) -> &'static str {
        match self {
            Trigger::Mark => "mark_price",
            Trigger::LastTrade => "last_traded_price",
            Trigger::Index => "spot_price",
        }
    }
}

/// Where a stop triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopAt {
    Price(Price),
    /// So far behind the best price; a distance, without a sign.
    Trail(Price),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopKind {
    StopLoss,
    /// Sources disagree on which way a buy of this kind triggers: a target is better a resting order (venue facts,
    /// section 9).
    TakeProfit,
}

/// An order with what the venue is to know about it besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub order: OrderRequest,
    /// It must not trade on arrival.
    pub post_only: bool,
    /// It waits for this.
    pub stop: Option<(StopKind, StopAt, Trigger)>,
    /// What is put around the position that it opens.
    pub bracket: Option<Bracket>,
}

impl From<OrderRequest> for Ask {
    fn from(order: OrderRequest) -> Self {
        Self { order, post_only: false, stop: None, bracket: None }
    }
}

impl Ask {
    /// The body of an order: prices as text, sizes and ids as integers.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let order = &self.order;
        let mut body = row(order);
        body.insert("product_id".to_owned(), Value::from(order.product_id.0));
        if self.post_only {
            body.insert("post_only".to_owned(), Value::from(true));
        }
        if let Some((kind, at, trigger)) = self.stop {
            let kind = match kind {
                StopKind::StopLoss => "stop_loss_order",
                StopKind::TakeProfit => "take_profit_order",
            };
            body.insert("stop_order_type".to_owned(), Value::from(kind));
            body.insert("stop_trigger_method".to_owned(), Value::from(trigger.word()));
            body.extend(at.fields(order.side));
        }
        if let Some(bracket) = &self.bracket {
            body.extend(bracket.of_entry(order.side));
        }
        body
    }
}

/// An order without its product, as batches have it.
pub(super) fn row(order: &OrderRequest) -> Map<String, Value> {
    let side = match order.side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    };
    let (kind, force) = match (order.limit, order.time_in_force) {
        (None, _) => ("market_order", None),
        (Some(_), TimeInForce::Gtc | TimeInForce::PostOnly) => ("limit_order", Some("gtc")),
        (Some(_), TimeInForce::Ioc) => ("limit_order", Some("ioc")),
    };
    object([
        ("size", Some(Value::from(order.lots))),
        ("side", Some(Value::from(side))),
        ("reduce_only", Some(Value::from(order.reduce_only))),
        ("client_order_id", Some(Value::from(order.client_order_id.as_str()))),
        ("order_type", Some(Value::from(kind))),
        ("limit_price", order.limit.map(price)),
        ("time_in_force", force.map(Value::from)),
        ("post_only", (order.time_in_force == TimeInForce::PostOnly).then(|| Value::from(true))),
    ])
}

impl StopAt {
    /// A trail is positive for what buys and negative for what sells (venue facts, section 9).
    fn trail(by: Price, side: Side) -> Value {
        match side {
            Side::Buy => price(by.abs()),
            Side::Sell => price(-by.abs()),
        }
    }

    fn fields(self, side: Side) -> Map<String, Value> {
        match self {
            StopAt::Price(at) => object([("stop_price", Some(price(at)))]),
            StopAt::Trail(by) => object([("trail_amount", Some(Self::trail(by, side)))]),
        }
    }
}

/// Where one side of a bracket triggers, and at what limit it goes then; at the market without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BracketLeg {
    pub at: StopAt,
    pub limit: Option<Price>,
}

/// A stop loss and a take profit around a whole position; the end of one ends the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bracket {
    pub stop_loss: Option<BracketLeg>,
    /// At a price; it does not trail.
    pub take_profit: Option<(Price, Option<Price>)>,
    pub trigger: Trigger,
}

impl Bracket {
    /// The fields of an order that opens on `side`: its bracket trades on the other.
    pub(super) fn of_entry(&self, side: Side) -> Map<String, Value> {
        let closes = opposite(side);
        let (at, trail, limit) = match self.stop_loss {
            Some(BracketLeg { at: StopAt::Price(at), limit }) => (Some(price(at)), None, limit),
            Some(BracketLeg { at: StopAt::Trail(by), limit }) => {
                (None, Some(StopAt::trail(by, closes)), limit)
            }
            None => (None, None, None),
        };
        object([
            ("bracket_stop_loss_price", at),
            ("bracket_trail_amount", trail),
            ("bracket_stop_loss_limit_price", limit.map(price)),
            ("bracket_take_profit_price", self.take_profit.map(|(at, _)| price(at))),
            ("bracket_take_profit_limit_price", self.take_profit.and_then(|(_, limit)| limit).map(price)),
            ("bracket_stop_trigger_method", Some(Value::from(self.trigger.word()))),
        ])
    }

    /// The body for a position that is on, of this side.
    pub(super) fn of_position(&self, product: ProductId, side: Side) -> Map<String, Value> {
        let leg = |at: StopAt, limit: Option<Price>| {
            let kind = if limit.is_some() { "limit_order" } else { "market_order" };
            let mut leg = at.fields(opposite(side));
            leg.extend(object([("order_type", Some(Value::from(kind))), ("limit_price", limit.map(price))]));
            Value::Object(leg)
        };
        object([
            ("product_id", Some(Value::from(product.0))),
            ("stop_loss_order", self.stop_loss.map(|stop| leg(stop.at, stop.limit))),
            ("take_profit_order", self.take_profit.map(|(at, limit)| leg(StopAt::Price(at), limit))),
            ("bracket_stop_trigger_method", Some(Value::from(self.trigger.word()))),
        ])
    }
}

fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

/// A price as the venue takes it: text, without zeros that say nothing.
pub(super) fn price(price: Price) -> Value {
    Value::from(price.normalize().to_string())
}
