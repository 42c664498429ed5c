//! Reports about orders: what the venue, or our own gateway, says became of them. A report belongs to the session
//! whose order it names, or to the account's sweep; one about an order that nobody knows is nobody's.

use model::causes::AmbiguousCause;
use model::decision::orders::OrderNews;
use model::decision::{OrderDecision, TruthDecision};
use model::input::ExecutionReport;
use model::order::{Order, OrderSnapshot, OrderStatus};
use model::tell::elapsed_ms;
use model::{ClientOrderId, Code, OrderId, Stamp, TradingState};

use crate::fills;
use crate::lookups::{SIGNATURE_LIFE, ambiguous};
use crate::named::Named;
use crate::said::{MILLISECOND, Said, say, since};

pub(crate) fn report(state: &TradingState, stamp: &Stamp, report: ExecutionReport) -> Vec<Said> {
    match report {
        ExecutionReport::Fill(fill) => {
            fills::book(state, stamp, fill, &mut fills::Batch::default()).into_iter().collect()
        }
        ExecutionReport::Position { symbol, lots, at } => {
            let held = state.account.leases.contains_key(&symbol)
                || state.account.sweep.as_ref().is_some_and(|sweep| sweep.products.contains_key(&symbol));
            let known = state.account.truth.streamed.get(&symbol);
            if !held || known.is_some_and(|known| known.at > at || known.lots == lots) {
                return Vec::new();
            }
            vec![say(&stamp.correlation_id, TruthDecision::Streamed { symbol, lots, at })]
        }
        ExecutionReport::Order(snapshot) => {
            let Some(named) = Named::find(state, &snapshot.client_order_id) else { return Vec::new() };
            news(&named, stamp, snapshot)
        }
        ExecutionReport::Rejected { client_order_id, code, detail } => {
            live(state, &client_order_id, |order| OrderDecision::Rejected {
                client_order_id: client_order_id.clone(),
                symbol: order.request.symbol.clone(),
                side: order.request.side,
                code,
                detail,
                attempt: order.request.attempt,
            })
        }
        ExecutionReport::NotSent { client_order_id, code } => {
            live(state, &client_order_id, |order| OrderDecision::Denied {
                client_order_id: client_order_id.clone(),
                symbol: order.request.symbol.clone(),
                code,
            })
        }
        ExecutionReport::Ambiguous { client_order_id, code } => {
            live(state, &client_order_id, |order| ambiguous(order, AmbiguousCause::Reported { code }))
        }
        ExecutionReport::CancelFailed { client_order_id, order_id, code } => {
            cancel_failed(state, stamp, client_order_id, order_id, code)
        }
        ExecutionReport::NotFound { client_order_id } => not_found(state, stamp, &client_order_id),
        ExecutionReport::LookupFailed { client_order_id, code } => {
            live(state, &client_order_id, |order| OrderDecision::LookupFailed {
                client_order_id: client_order_id.clone(),
                symbol: order.request.symbol.clone(),
                code,
            })
        }
    }
}

/// Also of an order that nobody here waits for, one of somebody else or of a journal that was lost: it rests on, and
/// that is told.
fn cancel_failed(
    state: &TradingState,
    stamp: &Stamp,
    client_order_id: Option<ClientOrderId>,
    order_id: Option<OrderId>,
    code: Code,
) -> Vec<Said> {
    let numbered = order_id.as_ref().and_then(|id| Named::numbered(state, id));
    let known = client_order_id.as_ref().and_then(|id| Named::find(state, id)).or(numbered);
    if let Some(named) = known.filter(|named| !named.order.status.is_terminal()) {
        let request = &named.order.request;
        return vec![named.say(OrderDecision::CancelFailed {
            client_order_id: Some(request.client_order_id.clone()),
            order_id,
            symbol: request.symbol.clone(),
            code,
        })];
    }
    let listed = state.account.truth.open_orders.as_ref();
    let Some(open) = listed.zip(order_id.as_ref()).and_then(|(read, id)| read.numbered(id)) else {
        return Vec::new();
    };
    let (symbol, order_id) = (open.symbol.clone(), Some(open.order_id.clone()));
    vec![say(
        &stamp.correlation_id,
        OrderDecision::CancelFailed { client_order_id: open.client_order_id.clone(), order_id, symbol, code },
    )]
}

/// Says something of a live order, under its own intent. What has ended stays ended.
fn live(state: &TradingState, id: &ClientOrderId, what: impl FnOnce(&Order) -> OrderDecision) -> Vec<Said> {
    let named = Named::find(state, id).filter(|named| !named.order.status.is_terminal());
    named.map(|named| named.say(what(named.order))).into_iter().collect()
}

pub(crate) fn news(named: &Named<'_>, stamp: &Stamp, snapshot: OrderSnapshot) -> Vec<Said> {
    let order = named.order;
    if !order.advances(&snapshot) {
        return Vec::new();
    }
    let news = |snapshot: OrderSnapshot| {
        Box::new(OrderNews {
            symbol: order.request.symbol.clone(),
            side: order.request.side,
            lots: order.request.lots,
            purpose: order.request.purpose,
            attempt: order.request.attempt,
            elapsed_ms: elapsed_ms(order.submitted_at, stamp.at),
            snapshot,
        })
    };
    let mut said = Vec::new();
    let first = order.acknowledged_at.is_none();
    if first && snapshot.status != OrderStatus::New {
        // The acknowledgement and the end came as one answer: both are told.
        let acknowledged = OrderSnapshot {
            status: OrderStatus::New,
            filled_lots: 0,
            average_price: None,
            reason: None,
            ..snapshot.clone()
        };
        said.push(named.say(OrderDecision::Acknowledged(news(acknowledged))));
    }
    let decision = match snapshot.status {
        OrderStatus::New | OrderStatus::PendingNew | OrderStatus::Unknown => {
            OrderDecision::Acknowledged(news(snapshot))
        }
        OrderStatus::PartiallyFilled => OrderDecision::PartiallyFilled(news(snapshot)),
        OrderStatus::Filled => OrderDecision::Filled(news(snapshot)),
        OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired => {
            OrderDecision::Canceled(news(snapshot))
        }
    };
    said.push(named.say(decision));
    said
}

/// An order that is not found may still arrive while a signature of it lives: only after that it never will.
fn not_found(state: &TradingState, stamp: &Stamp, id: &ClientOrderId) -> Vec<Said> {
    live(state, id, |order| {
        let age = since(order.submitted_at, stamp.at);
        let (client_order_id, symbol) = (id.clone(), order.request.symbol.clone());
        let age_ms = age / MILLISECOND;
        if age >= SIGNATURE_LIFE {
            OrderDecision::NeverSent { client_order_id, symbol, age_ms }
        } else {
            OrderDecision::Missed { client_order_id, symbol, age_ms }
        }
    })
}
