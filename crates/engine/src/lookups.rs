//! Orders whose outcome is not known: they are looked up before anything else is done with them, and none is ever
//! sent twice. One that was given up and appears after all is taken back.

use model::causes::{AmbiguousCause, CancelCause};
use model::decision::OrderDecision;
use model::order::{Order, OrderStatus, Purpose};
use model::{Lifecycle, Stamp, TradingState};

use crate::hearing::Hearing;
use crate::said::{MILLISECOND, SECOND, Said, say, since};

/// A signature lives 5 s at the venue: after 7 s a request that is not there never will be.
pub(crate) const SIGNATURE_LIFE: i64 = 7 * SECOND;
/// Nothing heard of a sent order for this long is an answer of its own.
const SILENCE_MAX: i64 = 5 * SECOND;
/// An order that seems to rest and cannot, and a cancel that seems to hang, are looked at again.
const LINGER_MAX: i64 = 2 * SECOND;
/// A cancel that failed is tried again after this long, then after twice as long, up to four seconds.
const CANCEL_AGAIN: i64 = 250 * MILLISECOND;

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let one = session.orders.live().find_map(|order| {
        let decision = see_to(order, hearing.stamp).or_else(|| too_late(hearing, order))?;
        Some(say(&order.correlation_id, decision).of(&session.id))
    });
    one.into_iter().collect()
}

/// The same for the orders of the account's sweep.
pub(crate) fn of_account(state: &TradingState, stamp: &Stamp) -> Option<Said> {
    state.account.orders.live().find_map(|order| Some(say(&order.correlation_id, see_to(order, stamp)?)))
}

fn see_to(order: &Order, stamp: &Stamp) -> Option<OrderDecision> {
    let age = since(order.updated_at, stamp.at);
    let asked_ago = order.lookup_requested_at.map(|at| since(at, stamp.at));
    let may_ask = asked_ago.is_none_or(|ago| ago >= pause_after(order.lookups));
    let overdue = match order.status {
        OrderStatus::PendingNew => {
            return (age >= SILENCE_MAX).then(|| ambiguous(order, AmbiguousCause::Silence));
        }
        OrderStatus::Unknown => true,
        OrderStatus::New | OrderStatus::PartiallyFilled => {
            let hangs = order.cancel.is_some_and(|cancel| {
                since(cancel.requested_at, stamp.at) >= if cancel.failed { CANCEL_AGAIN } else { LINGER_MAX }
            });
            let rests = order.request.can_rest() && !order.has_all_fills();
            let lingers = !rests && age >= LINGER_MAX;
            hangs || lingers
        }
        OrderStatus::Filled | OrderStatus::Canceled | OrderStatus::Rejected | OrderStatus::Expired => false,
    };
    (overdue && may_ask).then(|| OrderDecision::LookupRequested {
        client_order_id: order.request.client_order_id.clone(),
        symbol: order.request.symbol.clone(),
        lookup: order.lookups + 1,
    })
}

/// An entry that rests although nothing is being entered, and anything that rests of a session that is over.
fn too_late(hearing: &Hearing<'_>, order: &Order) -> Option<OrderDecision> {
    let session = hearing.session;
    let rests = matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
    let unwanted = match order.request.purpose {
        Purpose::Entry => session.is_over() || !(session.is_entering() || session.is_closing()),
        Purpose::Close => session.is_over(),
        Purpose::Protect => session.lifecycle == Lifecycle::Stopped,
    };
    (rests && unwanted && may_cancel(order, hearing.stamp)).then(|| cancel(order, CancelCause::Late))
}

/// Whether an order may be canceled now: something of it may rest, and it was not asked for yet, or in vain a while ago.
pub(crate) fn may_cancel(order: &Order, stamp: &Stamp) -> bool {
    if order.has_all_fills() {
        return false;
    }
    let Some(cancel) = order.cancel else { return true };
    let ago = since(cancel.requested_at, stamp.at);
    let pause = cancel_pause(cancel.requests);
    ago >= if cancel.failed { pause } else { LINGER_MAX.max(pause) }
}

/// A cancel that was asked for so often is asked for again after this long.
pub(crate) fn cancel_pause(requests: u32) -> i64 {
    CANCEL_AGAIN << requests.saturating_sub(1).min(4)
}

pub(crate) fn cancel(order: &Order, cause: CancelCause) -> OrderDecision {
    OrderDecision::CancelRequested {
        client_order_id: Some(order.request.client_order_id.clone()),
        order_id: order.order_id.clone(),
        product_id: order.request.product_id,
        symbol: order.request.symbol.clone(),
        request: order.cancel.map_or(1, |cancel| cancel.requests + 1),
        cause,
    }
}

pub(crate) fn ambiguous(order: &Order, cause: AmbiguousCause) -> OrderDecision {
    OrderDecision::Ambiguous {
        client_order_id: order.request.client_order_id.clone(),
        symbol: order.request.symbol.clone(),
        cause,
    }
}

/// 500 ms after the first look-up, then doubling up to 4 s.
fn pause_after(lookups: u32) -> i64 {
    ((500 * MILLISECOND) << lookups.saturating_sub(1).min(3)).min(4 * SECOND)
}
