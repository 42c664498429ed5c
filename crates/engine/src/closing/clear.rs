//! What must go before a close: our own working entries, resting closes that wait too long, protective orders of
//! what is flat, and, in a panic, whatever of somebody else's rests in the contract.

use model::causes::CancelCause;
use model::input::OpenOrder;
use model::order::{Order, OrderStatus, Purpose, Side};
use model::{Micros, Symbol};

use super::{Closer, restricted};
use crate::lookups::{cancel, may_cancel};
use crate::orphans;
use crate::said::{SECOND, Said, since};

/// A resting close is taken back after this long, to be priced again.
const REST: i64 = SECOND;
/// One that goes on filling is left alone so long: its place in the queue is worth more than a new price.
const REST_FILLING: i64 = 5 * SECOND;

fn rests(order: &&Order) -> bool {
    matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled)
}

/// Entries at once, closes that rest when they have rested, protective orders when their position is flat.
pub(super) fn entries(closer: &Closer<'_>) -> Vec<Said> {
    let due = |order: &&Order| match order.request.purpose {
        Purpose::Entry => true,
        Purpose::Close => {
            order.can_rest() && !stays(closer, order)
                || !closer.flatten.products.contains_key(&order.request.symbol)
        }
        Purpose::Protect => {
            let symbol = &order.request.symbol;
            let known = closer.flatten.products.get_key_value(symbol);
            known.is_none_or(|(symbol, _)| closer.measure(symbol).is_done())
        }
    };
    let cause = |order: &Order| match order.request.purpose {
        Purpose::Entry => CancelCause::Closing,
        Purpose::Close => CancelCause::Reprice,
        Purpose::Protect => CancelCause::Unneeded,
    };
    closer
        .orders()
        .live()
        .filter(|order| may_cancel(order, closer.stamp))
        .filter(|order| order.request.purpose == Purpose::Protect || rests(order) || is_entry_unheard(order))
        .filter(due)
        .map(|order| closer.say(cancel(order, cause(order))))
        .collect()
}

/// Where it rests: until it has rested, or as long as an auction has it.
fn stays(closer: &Closer<'_>, order: &Order) -> bool {
    restricted::stays(closer, order).unwrap_or_else(|| !has_rested(order, closer.now()))
}

/// A second without a fill, however often it filled before.
fn has_rested(order: &Order, now: Micros) -> bool {
    let filling = order.status == OrderStatus::PartiallyFilled && since(order.updated_at, now) < REST;
    since(order.submitted_at, now) >= if filling { REST_FILLING } else { REST }
}

/// An entry that was sent and of which nothing was heard is canceled by our id as well.
fn is_entry_unheard(order: &Order) -> bool {
    order.request.purpose == Purpose::Entry && order.status == OrderStatus::PendingNew
}

/// A panic clears the contract, whoever placed what rests there.
pub(super) fn in_the_way(closer: &Closer<'_>) -> Vec<Said> {
    if !closer.flatten.panic {
        return Vec::new();
    }
    let listed = closer.state.account.truth.open_orders_since(closer.flatten.started_at);
    let foreign = listed.into_iter().flat_map(|read| &read.foreign);
    foreign
        .filter(|open| closer.flatten.products.contains_key(&open.symbol))
        .filter_map(|open| orphans::cancel(closer.state, closer.stamp, open, CancelCause::InTheWay))
        .map(|decision| closer.say(decision))
        .collect()
}

/// The order of somebody else that a close on `side` would meet first.
pub(super) fn nearest_in_the_way<'a>(
    closer: &Closer<'a>,
    symbol: &Symbol,
    side: Side,
) -> Option<&'a OpenOrder> {
    let listed = closer.state.account.truth.open_orders.iter().flat_map(|read| &read.foreign);
    let crossing = listed.filter(|open| &open.symbol == symbol && open.side != side && open.limit.is_some());
    match side {
        Side::Buy => crossing.min_by_key(|open| open.limit),
        Side::Sell => crossing.max_by_key(|open| open.limit),
    }
}
