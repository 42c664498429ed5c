//! Orders and fills, from the intent to the end.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Value};

use crate::amount::{Money, plain};
use crate::causes::{AmbiguousCause, CancelCause, FillFault};
use crate::fill::Fill;
use crate::ids::{ClientOrderId, Code, FillId, OrderId, ProductId, Symbol};
use crate::order::{OrderRequest, OrderSnapshot, Purpose, Side};
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
        code: Code,
        /// The venue's own words, as they came.
        detail: Option<String>,
        attempt: u32,
    },
    /// Ours: the gateway did not send it.
    Denied {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        code: Code,
    },
    /// Sent, and no believable answer came: it is looked up before anything else is done with it.
    Ambiguous {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        cause: AmbiguousCause,
    },
    /// A look-up does not find it. It may still arrive while a signature of it lives.
    Missed {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        age_ms: i64,
    },
    /// Proven never to have reached the venue.
    NeverSent {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        age_ms: i64,
    },
    /// Of an order of ours, or (a panic) of one that stands in the way.
    CancelRequested {
        client_order_id: Option<ClientOrderId>,
        order_id: Option<OrderId>,
        product_id: ProductId,
        symbol: Symbol,
        request: u32,
        cause: CancelCause,
    },
    /// A cancel did not reach the order, or was refused: it is asked for again.
    CancelFailed {
        client_order_id: Option<ClientOrderId>,
        #[serde(default)]
        order_id: Option<OrderId>,
        symbol: Symbol,
        code: Code,
    },
    LookupRequested {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        lookup: u32,
    },
    LookupFailed {
        client_order_id: ClientOrderId,
        symbol: Symbol,
        code: Code,
    },
    FillBooked(Fill),
    /// What the venue charged for a fill is not what was booked.
    FillCharged {
        fill_id: FillId,
        symbol: Symbol,
        fee: Money,
        booked: Option<Money>,
    },
    /// Seen and not booked to the session.
    FillRefused {
        fill: Fill,
        fault: FillFault,
    },
}

impl OrderDecision {
    /// The order of ours that it is about.
    pub fn client_order_id(&self) -> Option<&ClientOrderId> {
        match self {
            OrderDecision::Submitted(request) => Some(&request.client_order_id),
            OrderDecision::Acknowledged(news)
            | OrderDecision::PartiallyFilled(news)
            | OrderDecision::Filled(news)
            | OrderDecision::Canceled(news) => Some(&news.snapshot.client_order_id),
            OrderDecision::Rejected { client_order_id, .. }
            | OrderDecision::Denied { client_order_id, .. }
            | OrderDecision::Ambiguous { client_order_id, .. }
            | OrderDecision::Missed { client_order_id, .. }
            | OrderDecision::NeverSent { client_order_id, .. }
            | OrderDecision::LookupRequested { client_order_id, .. }
            | OrderDecision::LookupFailed { client_order_id, .. } => Some(client_order_id),
            OrderDecision::CancelRequested { client_order_id, .. }
            | OrderDecision::CancelFailed { client_order_id, .. } => client_order_id.as_ref(),
            OrderDecision::FillBooked(fill) => fill.client_order_id.as_ref(),
            OrderDecision::FillCharged { .. } | OrderDecision::FillRefused { .. } => None,
        }
    }

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
            OrderDecision::Missed { .. } => "order.missed",
            OrderDecision::NeverSent { .. } => "order.never_sent",
            OrderDecision::CancelRequested { .. } => "order.cancel_requested",
            OrderDecision::CancelFailed { .. } => "order.cancel_failed",
            OrderDecision::LookupRequested { .. } => "order.lookup_requested",
            OrderDecision::LookupFailed { .. } => "order.lookup_failed",
            OrderDecision::FillBooked(_) => "order.fill_booked",
            OrderDecision::FillCharged { .. } => "order.fill_charged",
            OrderDecision::FillRefused { fault: FillFault::Foreign, .. } => "order.foreign_fill",
            OrderDecision::FillRefused { fault: FillFault::Unclaimed, .. } => "order.unclaimed_fill",
            OrderDecision::FillRefused { .. } => "order.fill_refused",
        }
    }

    fn level(&self) -> Level {
        match self {
            OrderDecision::Rejected { .. }
            | OrderDecision::Denied { .. }
            | OrderDecision::Ambiguous { .. }
            | OrderDecision::Missed { .. }
            | OrderDecision::NeverSent { .. }
            | OrderDecision::CancelFailed { .. }
            | OrderDecision::CancelRequested { cause: CancelCause::InTheWay | CancelCause::Late, .. }
            | OrderDecision::FillRefused { fault: FillFault::Foreign | FillFault::Unclaimed, .. }
            | OrderDecision::LookupFailed { .. } => Level::Warn,
            OrderDecision::FillRefused { .. } => Level::Error,
            OrderDecision::FillCharged { .. } => Level::Debug,
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
                format!("The venue refused the order on {symbol}: {}.", code.words())
            }
            OrderDecision::Denied { symbol, code, .. } => {
                format!("The order on {symbol} was not sent: {}.", code.words())
            }
            OrderDecision::Ambiguous { symbol, cause, .. } => {
                format!(
                    "What became of the order on {symbol} is not known ({}); it is looked up before anything else.",
                    cause.sentence()
                )
            }
            OrderDecision::Missed { symbol, age_ms, .. } => format!(
                "The venue does not know the order on {symbol}, {} ms after it was decided; it may still arrive.",
                grouped(*age_ms)
            ),
            OrderDecision::NeverSent { symbol, age_ms, .. } => {
                format!("The order on {symbol} never reached the venue; {} ms have passed.", grouped(*age_ms))
            }
            OrderDecision::CancelRequested { symbol, cause, .. } => {
                format!("Canceling the order on {symbol}: {}.", cause.sentence())
            }
            OrderDecision::CancelFailed { symbol, code, .. } => {
                format!("The order on {symbol} was not canceled: {}; it is tried again.", code.words())
            }
            OrderDecision::LookupRequested { symbol, .. } => {
                format!("Looking up the order on {symbol} by our id.")
            }
            OrderDecision::LookupFailed { symbol, code, .. } => {
                format!("The look-up of the order on {symbol} failed: {}.", code.words())
            }
            OrderDecision::FillBooked(fill) if fill.settlement => {
                format!("{} settled: {} lots at {}.", fill.symbol, grouped(fill.lots), fill.price)
            }
            OrderDecision::FillBooked(fill) => {
                format!("{} {} {} at {}.", past(fill.side), grouped(fill.lots), fill.symbol, fill.price)
            }
            OrderDecision::FillCharged { symbol, fee, .. } => {
                format!("The venue charged {} for a fill on {symbol}.", plain(*fee))
            }
            OrderDecision::FillRefused { fill, fault } => {
                format!("A fill on {} is not booked: {}.", fill.symbol, fault.sentence())
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
            OrderDecision::Denied { client_order_id, symbol, code }
            | OrderDecision::LookupFailed { client_order_id, symbol, code } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("reason", code)
                .map(),
            OrderDecision::CancelFailed { client_order_id, order_id, symbol, code } => fields()
                .put("client_order_id", client_order_id)
                .put("order_id", order_id)
                .put("symbol", symbol)
                .put("reason", code)
                .map(),
            OrderDecision::Ambiguous { client_order_id, symbol, cause } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("cause", cause)
                .map(),
            OrderDecision::Missed { client_order_id, symbol, age_ms }
            | OrderDecision::NeverSent { client_order_id, symbol, age_ms } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("age_ms", age_ms)
                .map(),
            OrderDecision::CancelRequested { client_order_id, order_id, symbol, request, cause, .. } => {
                fields()
                    .put("client_order_id", client_order_id)
                    .put("order_id", order_id)
                    .put("symbol", symbol)
                    .put("attempt", request)
                    .put("cause", cause)
                    .map()
            }
            OrderDecision::LookupRequested { client_order_id, symbol, lookup } => fields()
                .put("client_order_id", client_order_id)
                .put("symbol", symbol)
                .put("lookup", lookup)
                .map(),
            OrderDecision::FillBooked(fill) => fill_fields(fill).map(),
            OrderDecision::FillCharged { fill_id, symbol, fee, booked } => fields()
                .put("fill_id", fill_id)
                .put("symbol", symbol)
                .put("fee", fee)
                .put("booked", booked)
                .map(),
            OrderDecision::FillRefused { fill, fault } => fill_fields(fill).put("fault", fault).map(),
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
