//! Samples of orders and fills.

use super::{after, call, order_id_of, price, put, usd};
use crate::causes::{AmbiguousCause, CancelCause, FillFault};
use crate::decision::OrderDecision;
use crate::decision::orders::OrderNews;
use crate::fill::Fill;
use crate::ids::{Code, FillId, OrderId, ProductId};
use crate::order::{OrderRequest, OrderSnapshot, OrderStatus, Purpose, Side, TimeInForce};

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
        OrderDecision::Canceled(without_a_reason(*news(OrderStatus::Canceled, 0, 1_060))),
        OrderDecision::FillBooked(fill()),
        OrderDecision::FillBooked(Fill {
            client_order_id: None,
            side: Side::Buy,
            price: price(0),
            settlement: true,
            ..fill()
        }),
        OrderDecision::FillCharged {
            fill_id: fill().id,
            symbol: call(),
            fee: usd(71),
            booked: Some(usd(65)),
        },
        OrderDecision::FillRefused {
            fill: Fill { client_order_id: None, ..fill() },
            fault: FillFault::Foreign,
        },
        OrderDecision::FillRefused {
            fill: Fill { client_order_id: None, ..fill() },
            fault: FillFault::Unclaimed,
        },
        OrderDecision::FillRefused { fill: fill(), fault: FillFault::Overfilled },
        OrderDecision::FillRefused { fill: fill(), fault: FillFault::Contradicted },
    ];
    samples.extend(troubles());
    samples
}

/// Refusals, doubts, look-ups and cancels.
fn troubles() -> [OrderDecision; 11] {
    let (client_order_id, symbol) = (order_id_of("entry", 1), put());
    [
        OrderDecision::Rejected {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            side: Side::Sell,
            code: Code::from("insufficient_margin"),
            detail: Some("available 81.20, required 92.40".to_owned()),
            attempt: 1,
        },
        OrderDecision::Rejected {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            side: Side::Sell,
            code: Code::from("insufficient_margin"),
            detail: None,
            attempt: 1,
        },
        OrderDecision::Denied {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            code: Code::from("budget_empty"),
        },
        OrderDecision::Ambiguous {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            cause: AmbiguousCause::Reported { code: Code::from("no_answer") },
        },
        OrderDecision::Missed {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            age_ms: 640,
        },
        OrderDecision::NeverSent {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            age_ms: 7_020,
        },
        cancel(CancelCause::Reprice),
        cancel(CancelCause::InTheWay),
        OrderDecision::CancelFailed {
            client_order_id: Some(client_order_id.clone()),
            order_id: Some(OrderId::from("88213")),
            symbol: symbol.clone(),
            code: Code::from("rate_limited"),
        },
        OrderDecision::LookupRequested {
            client_order_id: client_order_id.clone(),
            symbol: symbol.clone(),
            lookup: 1,
        },
        OrderDecision::LookupFailed { client_order_id, symbol, code: Code::from("http_503") },
    ]
}

fn cancel(cause: CancelCause) -> OrderDecision {
    OrderDecision::CancelRequested {
        client_order_id: (cause != CancelCause::InTheWay).then(|| order_id_of("entry", 1)),
        order_id: Some(OrderId::from("88213")),
        product_id: ProductId(30_154),
        symbol: put(),
        request: 1,
        cause,
    }
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

/// Seen in a list: the venue does not say why.
fn without_a_reason(news: OrderNews) -> Box<OrderNews> {
    Box::new(OrderNews { snapshot: OrderSnapshot { reason: None, ..news.snapshot }, ..news })
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
            reason: (status == OrderStatus::Canceled).then(|| Code::from("cancelled_by_user")),
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
        fee_estimated: false,
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
        OrderDecision::Missed { .. } => "a look-up found nothing while a signature of it may live",
        OrderDecision::NeverSent { .. } => "the venue does not know it and its signature has expired",
        OrderDecision::CancelRequested { .. } => "the executor cancels it next",
        OrderDecision::CancelFailed { .. } => "it may still rest: looked up, and canceled again",
        OrderDecision::LookupRequested { .. } => "the executor asks the venue for it by our id",
        OrderDecision::LookupFailed { .. } => "the look-up gave no believable answer; it is repeated",
        OrderDecision::FillBooked(_) => "an execution of ours, counted once whatever door it came through",
        OrderDecision::FillCharged { .. } => "a read shows another fee than was computed",
        OrderDecision::FillRefused { .. } => "an execution that is not ours, or that cannot be",
    }
}
