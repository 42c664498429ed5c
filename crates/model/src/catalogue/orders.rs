//! Samples of orders and fills.

use super::{after, call, order_id_of, price, put, usd};
use crate::decision::OrderDecision;
use crate::decision::orders::OrderNews;
use crate::ids::{FillId, OrderId, ProductId};
use crate::order::{Fill, OrderRequest, OrderSnapshot, OrderStatus, Purpose, Side, TimeInForce};

pub(super) fn samples() -> Vec<OrderDecision> {
    let mut samples = vec![
        OrderDecision::Submitted(request()),
        OrderDecision::Submitted(OrderRequest {
            client_order_id: order_id_of("exit", 0),
            side: Side::Buy,
            limit: None,
            time_in_force: TimeInForce::Ioc,
            reduce_only: true,
            purpose: Purpose::Close,
            attempt: 4,
            ..request()
        }),
        OrderDecision::Acknowledged(news(OrderStatus::New, 0, 46)),
        OrderDecision::PartiallyFilled(news(OrderStatus::PartiallyFilled, 120, 180)),
        OrderDecision::Filled(news(OrderStatus::Filled, 200, 412)),
        OrderDecision::Canceled(news(OrderStatus::Canceled, 120, 1_060)),
        OrderDecision::FillBooked(fill()),
        OrderDecision::FillBooked(Fill {
            client_order_id: None,
            side: Side::Buy,
            price: price(0),
            settlement: true,
            ..fill()
        }),
        OrderDecision::FillIgnored {
            fill: Fill { client_order_id: None, ..fill() },
            why: "not an order of this session".to_owned(),
        },
    ];
    samples.extend(troubles());
    samples
}

/// Refusals, doubts, look-ups and cancels.
fn troubles() -> [OrderDecision; 7] {
    let (client_order_id, symbol) = (order_id_of("entry", 1), put());
    [
        OrderDecision::Rejected {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            side: Side::Sell,
            code: "insufficient_margin".to_owned(),
            detail: Some("available 81.20, required 92.40".to_owned()),
            attempt: 1,
        },
        OrderDecision::Denied {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            reason: "the request budget is spent".to_owned(),
        },
        OrderDecision::Ambiguous {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            reason: "no answer within 5 s".to_owned(),
        },
        OrderDecision::NeverSent {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            age_ms: 7_020,
        },
        OrderDecision::CancelRequested {
            client_order_id: client_order_id.clone(),
            order_id: Some(OrderId::from("88213")),
            product_id: ProductId(30_154),
            symbol: symbol.clone(),
            why: "to be re-priced to the bid".to_owned(),
        },
        OrderDecision::LookupRequested {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            lookup: 1,
        },
        OrderDecision::LookupFailed { client_order_id, symbol, reason: "the venue answered 503".to_owned() },
    ]
}

fn request() -> OrderRequest {
    OrderRequest {
        client_order_id: order_id_of("entry", 0),
        product_id: ProductId(30_117),
        symbol: call(),
        side: Side::Sell,
        lots: 200,
        limit: Some(price(3_084)),
        time_in_force: TimeInForce::Gtc,
        reduce_only: false,
        purpose: Purpose::Entry,
        leg: 0,
        attempt: 1,
    }
}

fn news(status: OrderStatus, filled_lots: i64, elapsed_ms: i64) -> Box<OrderNews> {
    Box::new(OrderNews {
        symbol: call(),
        side: Side::Sell,
        lots: 200,
        purpose: Purpose::Entry,
        attempt: 1,
        elapsed_ms,
        snapshot: OrderSnapshot {
            client_order_id: order_id_of("entry", 0),
            order_id: OrderId::from("88212"),
            status,
            filled_lots,
            average_price: (filled_lots > 0).then(|| price(3_098)),
            reason: (status == OrderStatus::Canceled).then(|| "cancelled_by_user".to_owned()),
        },
    })
}

fn fill() -> Fill {
    Fill {
        id: FillId::from("5f1c6c0e"),
        order_id: OrderId::from("88212"),
        client_order_id: Some(order_id_of("entry", 0)),
        symbol: call(),
        side: Side::Sell,
        lots: 120,
        price: price(3_098),
        fee: Some(usd(65)),
        settlement: false,
        at: after(180),
    }
}

pub(super) fn doc(decision: &OrderDecision) -> &'static str {
    match decision {
        OrderDecision::Submitted(_) => "journaled; the executor sends it next, once",
        OrderDecision::Acknowledged(_) => "the venue has it and it rests",
        OrderDecision::PartiallyFilled(_) => "the venue reports more filled, and some left",
        OrderDecision::Filled(_) => "the venue reports all filled",
        OrderDecision::Canceled(_) => "the venue ended it with some or nothing filled",
        OrderDecision::Rejected { .. } => "the venue refused it; the code is the venue's",
        OrderDecision::Denied { .. } => "it was held back before it was sent",
        OrderDecision::Ambiguous { .. } => "sent, and nobody knows what became of it",
        OrderDecision::NeverSent { .. } => "the venue does not know it and its signature has expired",
        OrderDecision::CancelRequested { .. } => "the executor cancels it next",
        OrderDecision::LookupRequested { .. } => "the executor asks the venue for it by our id",
        OrderDecision::LookupFailed { .. } => "the look-up gave no believable answer; it is repeated",
        OrderDecision::FillBooked(_) => "an execution of ours, counted once whatever door it came through",
        OrderDecision::FillIgnored { .. } => "an execution that is not ours, or not yet",
    }
}
