//! Orders as the venue keeps them, what a client may ask for, and every reason to refuse it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::market::Underlying;
use super::market::book::Side;
use super::market::chain::Product;
use super::time::Micros;
pub use super::trigger::{Bracket, BracketRequest, Leg, LegAt, Stop, StopKind, TriggerMethod};

/// Most lots in one order.
pub const MAX_ORDER_LOTS: i64 = 100_000;
/// Longest client order id, characters.
pub const MAX_CLIENT_ORDER_ID: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderType {
    Limit,
    /// Immediate-or-cancel inside the price band; keeps the band's edge as its limit.
    Market,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// Rests until filled or cancelled.
    Gtc,
    /// What does not fill on arrival is cancelled.
    Ioc,
}

/// Open rests, pending waits for its stop, closed is finished, cancelled left something unfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderState {
    Open,
    Pending,
    Closed,
    Cancelled,
}

/// Why an order ended with lots unfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelReason {
    ByUser,
    /// The rest of an immediate-or-cancel order.
    ImmediateOrCancel,
    /// Its position became smaller than the order, or went away.
    ReduceOnly,
    /// A triggered stop could not be margined or matched.
    StopRefused,
    /// The contract was settled.
    Settlement,
    /// The client was not heard in time.
    Heartbeat,
    /// The position in its contract was liquidated.
    Liquidation,
}

/// What a client asks for. Prices in USD.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRequest {
    pub product_id: i64,
    pub side: Side,
    /// Whole lots.
    pub size: i64,
    pub order_type: OrderType,
    /// Required for limit orders, ignored for market orders.
    pub limit_price: Option<Decimal>,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub reduce_only: bool,
    pub client_order_id: Option<String>,
    /// Trigger price in USD and kind; the order is pending until the price of `trigger` reaches it.
    pub stop: Option<(Decimal, StopKind)>,
    /// Instead of a trigger price: a stop loss that follows the best price by so much, negative for a sale. USD.
    pub trail: Option<Decimal>,
    pub trigger: TriggerMethod,
    /// What is to protect the position that its fills open.
    pub bracket: Option<BracketRequest>,
}

impl OrderRequest {
    /// A limit order that rests; change fields as needed.
    pub fn limit(product_id: i64, side: Side, size: i64, price: Decimal) -> OrderRequest {
        OrderRequest {
            product_id,
            side,
            size,
            order_type: OrderType::Limit,
            limit_price: Some(price),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            client_order_id: None,
            stop: None,
            trail: None,
            trigger: TriggerMethod::Mark,
            bracket: None,
        }
    }

    /// A market order.
    pub fn market(product_id: i64, side: Side, size: i64) -> OrderRequest {
        OrderRequest {
            order_type: OrderType::Market,
            limit_price: None,
            time_in_force: TimeInForce::Ioc,
            ..OrderRequest::limit(product_id, side, size, Decimal::ZERO)
        }
    }
}

/// An order the venue accepted. Prices in price units of the underlying, sizes in lots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub id: i64,
    pub client_order_id: Option<String>,
    pub product_id: i64,
    pub symbol: String,
    #[serde(default)]
    pub underlying: Underlying,
    pub side: Side,
    pub size: i64,
    pub unfilled: i64,
    pub order_type: OrderType,
    /// Limit; for market orders the protective one at the band's edge.
    pub limit: i64,
    pub time_in_force: TimeInForce,
    pub post_only: bool,
    pub reduce_only: bool,
    pub stop: Option<Stop>,
    pub state: OrderState,
    pub cancel_reason: Option<CancelReason>,
    /// Sum of price × lots over its fills.
    pub filled_value: i64,
    /// Fees paid, USD.
    pub paid_commission: Decimal,
    pub created_us: Micros,
    pub updated_us: Micros,
    /// Displayed lots in front of it at its price when it came, less what traded since.
    pub queue_ahead: i64,
    #[serde(default)]
    pub bracket: Option<Bracket>,
    /// Of a leg of a bracket: the order that brought it, or 0 when it was put around the position itself.
    #[serde(default)]
    pub leg_of: Option<i64>,
    /// The venue's own, to close a position whose margin was used up.
    #[serde(default)]
    pub liquidation: bool,
}

impl Order {
    /// A new one that rests at its limit until it is cancelled, and that nothing has happened to.
    pub fn new(id: i64, product: &Product, side: Side, size: i64, limit: i64, now_us: Micros) -> Self {
        Self {
            id,
            client_order_id: None,
            product_id: product.id,
            symbol: product.symbol.clone(),
            underlying: product.underlying,
            side,
            size,
            unfilled: size,
            order_type: OrderType::Limit,
            limit,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            stop: None,
            state: OrderState::Open,
            cancel_reason: None,
            filled_value: 0,
            paid_commission: Decimal::ZERO,
            created_us: now_us,
            updated_us: now_us,
            queue_ahead: 0,
            bracket: None,
            leg_of: None,
            liquidation: false,
        }
    }

    /// Lots filled.
    pub fn filled(&self) -> i64 {
        self.size - self.unfilled
    }

    /// Average price of its fills in USD.
    pub fn average_fill_price(&self) -> Option<Decimal> {
        let value = self.underlying.price(self.filled_value);
        (self.filled() > 0).then(|| (value / Decimal::from(self.filled())).normalize())
    }

    /// Limit in USD.
    pub fn limit_price(&self) -> Decimal {
        self.underlying.price(self.limit)
    }

    /// Trigger in USD.
    pub fn stop_price(&self) -> Option<Decimal> {
        self.stop.map(|stop| self.underlying.price(stop.price))
    }

    /// Resting or waiting for its stop.
    pub fn is_live(&self) -> bool {
        match self.state {
            OrderState::Open | OrderState::Pending => true,
            OrderState::Closed | OrderState::Cancelled => false,
        }
    }
}

/// Which order a client means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderKey {
    Id(i64),
    ClientOrderId(String),
}

/// Why the venue refused. `Display` is a sentence for people; [`Reject::code`] goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    #[error("{0}")]
    BadSchema(String),
    #[error("unknown or expired contract")]
    InvalidContract,
    #[error("no order is open under that id")]
    OpenOrderNotFound,
    #[error("{additional} USD more than the available {available} USD would be needed")]
    InsufficientMargin { available: Decimal, additional: Decimal },
    #[error("nothing in the book crosses this immediate-or-cancel order")]
    OrderSizeExceedAvailable,
    #[error("the whole size is not in the book")]
    OrderSizeNotAvailable,
    #[error("a post-only order may not trade on arrival")]
    ImmediateExecutionPostOnly,
    #[error("there is no position for this reduce-only order to reduce")]
    NoPositionForReduceOnly,
    #[error("only orders that reduce a position are taken now")]
    ReduceOnlyOrdersAllowed,
    #[error("it would trade with the account's own resting order")]
    OverlappingOrders,
    #[error("the book is empty, a market order cannot be checked")]
    Unsupported,
    #[error("no offer inside the price band for a market order")]
    NoLiquidityForMarketOrder,
    #[error("{price} is outside the price band {lower} to {upper}")]
    OutOfPriceBand { price: Decimal, lower: Decimal, upper: Decimal },
    #[error("an open order has this client order id already")]
    DuplicateClientOrderId,
    #[error("no order has this id")]
    OrderNotFound,
    #[error("the order is filled already")]
    OrderAlreadyFilled,
    #[error("it would meet an own order while nothing is matched")]
    SelfMatchingInAuction,
    #[error("orders are only cancelled now")]
    TradingBlocked,
    #[error("there is no open position")]
    NoOpenPosition,
    #[error("the position has a bracket already")]
    BracketExists,
    #[error("the leverage is above the product's most")]
    MaxLeverageExceeded,
    #[error("the leverage is below 1")]
    MinLeverageExceeded,
    #[error("the position would be liquidated at once")]
    ImmediateLiquidation,
    #[error("the venue is being maintained")]
    Unavailable,
    #[error("an order has at least one lot")]
    LessThanMinSize,
    #[error("an order has at most 100000 lots")]
    MaxSizeExceeded,
}

impl Reject {
    /// Error code of the wire, of those that the venue documents. It documents none for a price outside the band, an
    /// unknown order and a repeated client order id.
    pub fn code(&self) -> &'static str {
        match self {
            Reject::BadSchema(_) | Reject::OutOfPriceBand { .. } | Reject::DuplicateClientOrderId => {
                "bad_schema"
            }
            Reject::InvalidContract => "invalid_contract",
            Reject::OpenOrderNotFound | Reject::OrderNotFound => "open_order_not_found",
            Reject::InsufficientMargin { .. } => "insufficient_margin",
            Reject::OrderSizeExceedAvailable => "order_size_exceed_available",
            Reject::OrderSizeNotAvailable => "order_size_not_available_in_orderbook",
            Reject::ImmediateExecutionPostOnly => "immediate_execution_post_only",
            Reject::NoPositionForReduceOnly => "no_position_for_reduce_only",
            Reject::ReduceOnlyOrdersAllowed => "reduce_only_orders_allowed",
            Reject::OverlappingOrders => "overlapping_buy_sell_orders",
            Reject::Unsupported => "unsupported",
            Reject::NoLiquidityForMarketOrder => "no_liquidity_for_market_order",
            Reject::LessThanMinSize => "less_than_order_min_size",
            Reject::MaxSizeExceeded => "order_max_size_exceeded",
            Reject::OrderAlreadyFilled => "order_already_filled",
            Reject::SelfMatchingInAuction => "self_matching_disrupted_post_only",
            Reject::TradingBlocked => "trading_blocked",
            Reject::NoOpenPosition => "no_open_position",
            Reject::BracketExists => "position_bracket_exist_or_invalid_data",
            Reject::MaxLeverageExceeded => "max_leverage_exceeded",
            Reject::MinLeverageExceeded => "min_leverage_exceeded",
            Reject::ImmediateLiquidation => "immediate_liquidation",
            Reject::Unavailable => "unavailable",
        }
    }

    /// Words of our own that the first version of this venue had for what has no documented code.
    pub fn first_code(&self) -> Option<&'static str> {
        if *self == Reject::OrderNotFound {
            Some("order_not_found")
        } else {
            (*self == Reject::DuplicateClientOrderId).then_some("duplicate_client_order_id")
        }
    }
}
