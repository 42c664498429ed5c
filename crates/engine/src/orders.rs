//! Reports about orders, and what to do with orders whose outcome is not known: they are looked up before
//! anything else is done with them, and none is ever sent twice.

use model::decision::OrderDecision;
use model::decision::orders::OrderNews;
use model::input::ExecutionReport;
use model::order::{Fill, Order, OrderSnapshot, OrderStatus, Purpose, TimeInForce};
use model::session::Session;
use model::tell::elapsed_ms;
use model::{ClientOrderId, Stamp, TradingState};

use crate::verdict::{MILLISECOND, SECOND, Verdict, say, since};

/// A signature lives 5 s at the venue: after 7 s a request that is not there never will be.
pub(crate) const SIGNATURE_LIFE: i64 = 7 * SECOND;
/// Nothing heard of a sent order for this long is an answer of its own.
const SILENCE_MAX: i64 = 5 * SECOND;
/// An IOC order that seems to rest, and a cancel that seems to hang, are looked at again.
const LINGER_MAX: i64 = 2 * SECOND;

pub(crate) fn report(state: &TradingState, stamp: &Stamp, report: ExecutionReport) -> Vec<Verdict> {
    let Some(session) = &state.session else { return Vec::new() };
    match report {
        ExecutionReport::Fill(fill) => book(state, session, stamp, fill).into_iter().collect(),
        ExecutionReport::Order(snapshot) => news(session, stamp, snapshot),
        ExecutionReport::Rejected { client_order_id, code, detail } => {
            with(session, &client_order_id, |order| OrderDecision::Rejected {
                client_order_id: client_order_id.clone(),
                symbol: order.request.symbol.clone(),
                side: order.request.side,
                code: code.clone(),
                detail: detail.clone(),
                attempt: order.request.attempt,
            })
        }
        ExecutionReport::NotSent { client_order_id, reason } => with(session, &client_order_id, |order| {
            let symbol = order.request.symbol.clone();
            OrderDecision::Denied { client_order_id: client_order_id.clone(), symbol, reason: reason.clone() }
        }),
        ExecutionReport::Ambiguous { client_order_id, reason }
        | ExecutionReport::CancelFailed { client_order_id, reason } => {
            with(session, &client_order_id, |order| {
                let symbol = order.request.symbol.clone();
                OrderDecision::Ambiguous {
                    client_order_id: client_order_id.clone(),
                    symbol,
                    reason: reason.clone(),
                }
            })
        }
        ExecutionReport::NotFound { client_order_id } => not_found(session, stamp, &client_order_id),
        ExecutionReport::LookupFailed { client_order_id, reason } => {
            with(session, &client_order_id, |order| {
                let symbol = order.request.symbol.clone();
                OrderDecision::LookupFailed {
                    client_order_id: client_order_id.clone(),
                    symbol,
                    reason: reason.clone(),
                }
            })
        }
    }
}

/// Says something of a live order, under its own intent. What has ended stays ended.
fn with(session: &Session, id: &ClientOrderId, what: impl FnOnce(&Order) -> OrderDecision) -> Vec<Verdict> {
    let live = session.orders.get(id).filter(|order| !order.status.is_terminal());
    live.map(|order| say(&order.correlation_id, what(order))).into_iter().collect()
}

fn news(session: &Session, stamp: &Stamp, snapshot: OrderSnapshot) -> Vec<Verdict> {
    let Some(order) = session.orders.get(&snapshot.client_order_id) else { return Vec::new() };
    if !order.advances(&snapshot) {
        return Vec::new();
    }
    let id = &order.correlation_id;
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
    let mut verdicts = Vec::new();
    let first = order.acknowledged_at.is_none();
    if first && snapshot.status != OrderStatus::New {
        // The acknowledgement and the end came as one answer: both are told.
        let acknowledged = OrderSnapshot {
            status: OrderStatus::New,
            filled_lots: 0,
            average_price: None,
            ..snapshot.clone()
        };
        verdicts.push(say(id, OrderDecision::Acknowledged(news(acknowledged))));
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
    verdicts.push(say(id, decision));
    verdicts
}

/// A close that is not found is replaced after a new read (reduce-only makes that harmless); an entry waits
/// until no signature of it can live.
fn not_found(session: &Session, stamp: &Stamp, id: &ClientOrderId) -> Vec<Verdict> {
    with_some(session, id, |order| {
        let age = since(order.submitted_at, stamp.at);
        let gone = match order.request.purpose {
            Purpose::Close => true,
            Purpose::Entry => age >= SIGNATURE_LIFE,
        };
        gone.then(|| OrderDecision::NeverSent {
            client_order_id: id.clone(),
            symbol: order.request.symbol.clone(),
            age_ms: age / MILLISECOND,
        })
    })
}

fn with_some(
    session: &Session,
    id: &ClientOrderId,
    what: impl FnOnce(&Order) -> Option<OrderDecision>,
) -> Vec<Verdict> {
    let live = session.orders.get(id).filter(|order| !order.status.is_terminal());
    live.and_then(|order| Some(say(&order.correlation_id, what(order)?))).into_iter().collect()
}

/// Books a fill once, whatever doors it comes through. Returns nothing for one that is booked already.
pub(crate) fn book(
    state: &TradingState,
    session: &Session,
    stamp: &Stamp,
    mut fill: Fill,
) -> Option<Verdict> {
    if session.fill_ids.contains(&fill.id) {
        return None;
    }
    let order =
        fill.client_order_id.as_ref().and_then(|id| session.orders.get(id)).or_else(|| {
            session.orders.values().find(|order| order.order_id.as_ref() == Some(&fill.order_id))
        });
    let leg = session.leg(&fill.symbol);
    let Some(leg) = leg.filter(|_| order.is_some() || fill.settlement) else {
        let why =
            if leg.is_some() { "its order is not known yet" } else { "not an instrument of this session" };
        return Some(say(&stamp.correlation_id, OrderDecision::FillIgnored { fill, why: why.to_owned() }));
    };
    fill.client_order_id = order.map(|order| order.request.client_order_id.clone());
    if fill.fee.is_none() {
        let spot = state.session_spot().map(|spot| spot.price).unwrap_or_default();
        fill.fee = Some(leg.instrument.fee(fill.price, fill.lots, spot).round_dp(6).normalize());
    }
    let id = order.map_or(&session.correlation_id, |order| &order.correlation_id);
    Some(say(id, OrderDecision::FillBooked(fill)))
}

/// Sees to orders whose outcome is not known.
pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = &state.session else { return Vec::new() };
    session.live_orders().find_map(|order| see_to(order, stamp)).into_iter().collect()
}

fn see_to(order: &Order, stamp: &Stamp) -> Option<Verdict> {
    let age = since(order.updated_at, stamp.at);
    let asked_ago = order.lookup_requested_at.map(|at| since(at, stamp.at));
    let may_ask = asked_ago.is_none_or(|ago| ago >= pause_after(order.lookups));
    let overdue = match order.status {
        OrderStatus::PendingNew => {
            return (age >= SILENCE_MAX).then(|| {
                let (client_order_id, symbol) =
                    (order.request.client_order_id.clone(), order.request.symbol.clone());
                let reason = "no answer for five seconds".to_owned();
                say(&order.correlation_id, OrderDecision::Ambiguous { client_order_id, symbol, reason })
            });
        }
        OrderStatus::Unknown => true,
        OrderStatus::New | OrderStatus::PartiallyFilled => {
            let canceling = order.cancel_requested_at.is_some_and(|at| since(at, stamp.at) >= LINGER_MAX);
            let lingering = order.request.time_in_force == TimeInForce::Ioc && age >= LINGER_MAX;
            canceling || lingering
        }
        OrderStatus::Filled | OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired => false,
    };
    (overdue && may_ask).then(|| {
        say(
            &order.correlation_id,
            OrderDecision::LookupRequested {
                client_order_id: order.request.client_order_id.clone(),
                symbol: order.request.symbol.clone(),
                lookup: order.lookups + 1,
            },
        )
    })
}

/// 500 ms after the first look-up, then doubling up to 4 s.
fn pause_after(lookups: u32) -> i64 {
    ((500 * MILLISECOND) << lookups.saturating_sub(1).min(3)).min(4 * SECOND)
}
