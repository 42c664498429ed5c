//! Orders and fills, from the intent to the end.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Value};

use crate::ids::{ClientOrderId, OrderId, ProductId, Symbol};
use crate::order::{Fill, OrderRequest, OrderSnapshot, Purpose, Side};
use crate::tell::{Fields, fields, grouped};

/// What is known of an order beside the venue's snapshot, so that a record stands alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNews {
    pub symbol: Symbol,
    pub side: Side,
    pub lots: i64,
    pub purpose: Purpose,
    pub attempt: u32,
    /// From the decision to send to this news.
    pub elapsed_ms: i64,
    pub snapshot: OrderSnapshot,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderDecision {
    Submitted(OrderRequest),
    Acknowledged(Box<OrderNews>),
    PartiallyFilled(Box<OrderNews>),
    Filled(Box<OrderNews>),
    Canceled(Box<OrderNews>),
    Rejected {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        side: Side,
        code: String,
        detail: Option<String>,
        attempt: u32,
    },
    /// Ours: the gateway did not send it.
    Denied {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        reason: String,
    },
    /// Sent, and no believable answer came: it is looked up before anything else is done with it.
    Ambiguous {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        reason: String,
    },
    /// Proven never to have reached the venue.
    NeverSent {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        age_ms: i64,
    },
    CancelRequested {
        client_order_id: ClientOrderId,
        order_id: Option<OrderId>,
        product_id: ProductId,
        symbol: Symbol,
        why: String,
    },
    LookupRequested {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        lookup: u32,
    },
    LookupFailed {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        reason: String,
    },
    FillBooked(Fill),
    /// Not ours, or not known yet.
    FillIgnored {
        fill: Fill,
        why: String,
    },
}

impl OrderDecision {
    fn sentence_of(news: &OrderNews, what: &str) -> String {
        let average = news.snapshot.average_price.map(|price| format!(" at {price}")).unwrap_or_default();
        format!(
            "{} {} of {} {}{average}, {} ms after it was decided.",
            what,
            grouped(news.snapshot.filled_lots),
            grouped(news.lots),
            news.symbol,
            grouped(news.elapsed_ms)
        )
    }

    fn fields_of(news: &OrderNews) -> Fields {
        fields()
            .put("client_order_id", &news.snapshot.client_order_id)
            .put("order_id", &news.snapshot.order_id)
            .put("symbol", &news.symbol)
            .put("side", news.side)
            .put("qty", news.lots)
            .put("filled_qty", news.snapshot.filled_lots)
            .put("price", news.snapshot.average_price)
            .put("purpose", news.purpose)
            .put("attempt", news.attempt)
            .put("elapsed_ms", news.elapsed_ms)
            .put("reason", &news.snapshot.reason)
    }
}

impl Event for OrderDecision {
    fn name(&self) -> &'static str {
        match self {
            OrderDecision::Submitted(_) => "order.submitted",
            OrderDecision::Acknowledged(_) => "order.acknowledged",
            OrderDecision::PartiallyFilled(_) => "order.partially_filled",
            OrderDecision::Filled(_) => "order.filled",
            OrderDecision::Canceled(_) => "order.canceled",
            OrderDecision::Rejected { .. } => "order.rejected",
            OrderDecision::Denied { .. } => "order.denied",
            OrderDecision::Ambiguous { .. } => "order.ambiguous",
            OrderDecision::NeverSent { .. } => "order.never_sent",
            OrderDecision::CancelRequested { .. } => "order.cancel_requested",
            OrderDecision::LookupRequested { .. } => "order.lookup_requested",
            OrderDecision::LookupFailed { .. } => "order.lookup_failed",
            OrderDecision::FillBooked(_) => "order.fill_booked",
            OrderDecision::FillIgnored { .. } => "order.fill_ignored",
        }
    }

    fn level(&self) -> Level {
        match self {
            OrderDecision::Rejected { .. }
            | OrderDecision::Denied { .. }
            | OrderDecision::Ambiguous { .. }
            | OrderDecision::NeverSent { .. }
            | OrderDecision::LookupFailed { .. } => Level::Warn,
            OrderDecision::FillIgnored { .. } => Level::Debug,
            OrderDecision::Submitted(_)
            | OrderDecision::Acknowledged(_)
            | OrderDecision::PartiallyFilled(_)
            | OrderDecision::Filled(_)
            | OrderDecision::Canceled(_)
            | OrderDecision::CancelRequested { .. }
            | OrderDecision::LookupRequested { .. }
            | OrderDecision::FillBooked(_) => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            OrderDecision::Submitted(request) => {
                let price =
                    request.limit.map_or_else(|| "at market".to_owned(), |limit| format!("at {limit}"));
                let only = if request.reduce_only { ", reduce only" } else { "" };
                format!("{} {} {} {price}{only}.", verb(request.side), grouped(request.lots), request.symbol)
            }
            OrderDecision::Acknowledged(news) => {
                format!(
                    "The venue has the order to {} {}, {} ms after it was decided.",
                    news.side.word(),
                    news.symbol,
                    grouped(news.elapsed_ms)
                )
            }
            OrderDecision::PartiallyFilled(news) => Self::sentence_of(news, "Partly filled:"),
            OrderDecision::Filled(news) => Self::sentence_of(news, "Filled:"),
            OrderDecision::Canceled(news) => Self::sentence_of(news, "Canceled, with filled"),
            OrderDecision::Rejected { symbol, code, .. } => {
                format!("The venue refused the order on {symbol}: {code}.")
            }
            OrderDecision::Denied { symbol, reason, .. } => {
                format!("The order on {symbol} was not sent: {reason}.")
            }
            OrderDecision::Ambiguous { symbol, reason, .. } => {
                format!(
                    "What became of the order on {symbol} is not known ({reason}); it is looked up before anything else."
                )
            }
            OrderDecision::NeverSent { symbol, age_ms, .. } => {
                format!("The order on {symbol} never reached the venue; {} ms have passed.", grouped(*age_ms))
            }
            OrderDecision::CancelRequested { symbol, why, .. } => {
                format!("Canceling the order on {symbol}: {why}.")
            }
            OrderDecision::LookupRequested { symbol, .. } => {
                format!("Looking up the order on {symbol} by our id.")
            }
            OrderDecision::LookupFailed { symbol, reason, .. } => {
                format!("The look-up of the order on {symbol} failed: {reason}.")
            }
            OrderDecision::FillBooked(fill) if fill.settlement => {
                format!("{} settled: {} lots at {}.", fill.symbol, grouped(fill.lots), fill.price)
            }
            OrderDecision::FillBooked(fill) => {
                format!("{} {} {} at {}.", past(fill.side), grouped(fill.lots), fill.symbol, fill.price)
            }
            OrderDecision::FillIgnored { fill, why } => {
                format!("A fill on {} was not booked: {why}.", fill.symbol)
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            OrderDecision::Submitted(request) => request_fields(request),
            OrderDecision::Acknowledged(news)
            | OrderDecision::PartiallyFilled(news)
            | OrderDecision::Filled(news)
            | OrderDecision::Canceled(news) => Self::fields_of(news).map(),
            OrderDecision::Rejected { client_order_id, symbol, side, code, detail, attempt } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("side", side)
                .put("reason", code)
                .put("detail", detail)
                .put("attempt", attempt)
                .map(),
            OrderDecision::Denied { client_order_id, symbol, reason }
            | OrderDecision::Ambiguous { client_order_id, symbol, reason }
            | OrderDecision::LookupFailed { client_order_id, symbol, reason } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("reason", reason)
                .map(),
            OrderDecision::NeverSent { client_order_id, symbol, age_ms } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("age_ms", age_ms)
                .map(),
            OrderDecision::CancelRequested { client_order_id, order_id, symbol, why, .. } => fields()
                .put("client_order_id", client_order_id)
                .put("order_id", order_id)
                .put("symbol", symbol)
                .put("why", why)
                .map(),
            OrderDecision::LookupRequested { client_order_id, symbol, lookup } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("lookup", lookup)
                .map(),
            OrderDecision::FillBooked(fill) => fill_fields(fill).map(),
            OrderDecision::FillIgnored { fill, why } => fill_fields(fill).put("why", why).map(),
        }
    }
}

fn request_fields(request: &OrderRequest) -> Map<String, Value> {
    fields()
        .put("client_order_id", &request.client_order_id)
        .put("symbol", &request.symbol)
        .put("side", request.side)
        .put("qty", request.lots)
        .put("price", request.limit)
        .put("time_in_force", request.time_in_force)
        .put("reduce_only", request.reduce_only)
        .put("purpose", request.purpose)
        .put("attempt", request.attempt)
        .map()
}

fn fill_fields(fill: &Fill) -> Fields {
    fields()
        .put("fill_id", &fill.id)
        .put("order_id", &fill.order_id)
        .put("client_order_id", &fill.client_order_id)
        .put("symbol", &fill.symbol)
        .put("side", fill.side)
        .put("qty", fill.lots)
        .put("price", fill.price)
        .put("fee", fill.fee)
        .put("settlement", fill.settlement)
        .put("executed_at", fill.at)
}

fn verb(side: Side) -> &'static str {
    match side {
        Side::Buy => "Buying",
        Side::Sell => "Selling",
    }
}

fn past(side: Side) -> &'static str {
    match side {
        Side::Buy => "Bought",
        Side::Sell => "Sold",
    }
}
