//! Booking fills: once, whatever doors they come through, to the session whose order they belong to. Somebody
//! else's trade in an instrument of a session is remembered beside its books, never in them.

use std::collections::{BTreeMap, BTreeSet};

use model::causes::FillFault;
use model::decision::OrderDecision;
use model::fill::Fill;
use model::order::{Order, Side};
use model::{ClientOrderId, FillId, Lots, Price, Session, Stamp, Symbol, TradingState};

use crate::named::Named;
use crate::said::{SECOND, Said, say};

/// By how much the venue's time of a fill and ours may differ.
const CLOCKS_DIFFER: i64 = 5 * SECOND;

/// What of one input is said already and not yet folded.
#[derive(Default)]
pub(crate) struct Batch {
    told: BTreeMap<FillId, (Side, Lots, Price)>,
    contradicted: BTreeSet<FillId>,
    booked: BTreeMap<ClientOrderId, Lots>,
    settled: BTreeMap<Symbol, Lots>,
}

/// What a fill means; nothing when it is known already, or nobody's.
pub(crate) fn book(state: &TradingState, stamp: &Stamp, fill: Fill, batch: &mut Batch) -> Option<Said> {
    let told = batch.told.insert(fill.id.clone(), fill.terms());
    if told == Some(fill.terms()) {
        return None;
    }
    let by_name = fill.client_order_id.as_ref().and_then(|id| Named::find(state, id));
    let named = by_name.or_else(|| Named::numbered(state, &fill.order_id));
    let owner = named.as_ref().map_or_else(|| prefixed(state, &fill), |named| named.session);
    if let Some(session) = owner {
        let first = told.or_else(|| session.fills.get(&fill.id).map(Fill::terms));
        if first.is_some_and(|terms| terms != fill.terms()) {
            return contradicted(session, fill, batch);
        }
    }
    if told.is_some() {
        return None;
    }
    if let Some(Named { order, .. }) = named {
        // A sweep's orders have no result, only an effect: what they report as filled is enough.
        return of_session(state, owner?, order, fill, batch);
    }
    if let Some(session) = owner {
        return adopted(state, session, fill);
    }
    let holder = state.account.leases.get(&fill.symbol).and_then(|id| state.session(id));
    let holder = holder.or_else(|| last_holder(state, &fill));
    if fill.settlement { settled(holder?, fill, batch) } else { foreign(state, stamp, holder?, fill) }
}

/// The session that gave the fill's order its name, although the journal does not know the order: it was put back from
/// an older copy, or lost its end with the disk.
fn prefixed<'a>(state: &'a TradingState, fill: &Fill) -> Option<&'a Session> {
    let id = fill.client_order_id.as_ref().filter(|id| model::ids::is_ours(id.as_str()))?;
    state
        .sessions
        .values()
        .find(|session| session.names(id))
        .filter(|session| session.leg(&fill.symbol).is_some())
}

/// One fill, told in two ways: the first stands, and that nobody knows what it was is told once.
fn contradicted(session: &Session, fill: Fill, batch: &mut Batch) -> Option<Said> {
    let known = session.contradicted.contains(&fill.id) || !batch.contradicted.insert(fill.id.clone());
    let refused = OrderDecision::FillRefused { fill, fault: FillFault::Contradicted };
    (!known).then(|| say(&session.correlation_id, refused).of(&session.id))
}

/// Whether it is in the session's books or beside them.
fn is_known(session: &Session, fill: &Fill) -> bool {
    session.fills.get(&fill.id).is_some() || session.foreign.ids.contains(&fill.id)
}

/// Ours by its name, so it is booked; that its order is not known is for a person to look at.
fn adopted(state: &TradingState, session: &Session, mut fill: Fill) -> Option<Said> {
    if is_known(session, &fill) {
        return None;
    }
    let id = &session.correlation_id;
    if !fill.is_sane() {
        let refused = OrderDecision::FillRefused { fill, fault: FillFault::Absurd };
        return Some(say(id, refused).of(&session.id));
    }
    estimate(state, session, &mut fill);
    Some(say(id, OrderDecision::FillBooked(fill)).of(&session.id))
}

/// A session that is over and held the instrument when the fill happened: its late settlement is still its own.
fn last_holder<'a>(state: &'a TradingState, fill: &Fill) -> Option<&'a Session> {
    let held =
        state.sessions.values().filter(|session| session.is_over() && session.leg(&fill.symbol).is_some());
    held.max_by_key(|session| session.ended_at)
}

fn of_session(
    state: &TradingState,
    session: &Session,
    order: &Order,
    mut fill: Fill,
    batch: &mut Batch,
) -> Option<Said> {
    if let Some(known) = session.fills.get(&fill.id) {
        return charged(session, order, known, &fill);
    }
    if session.foreign.ids.contains(&fill.id) {
        return None;
    }
    let id = &order.correlation_id;
    let refuse = |fill, fault| Some(say(id, OrderDecision::FillRefused { fill, fault }).of(&session.id));
    if !fill.is_sane() || fill.symbol != order.request.symbol {
        return refuse(fill, FillFault::Absurd);
    }
    let booked = batch.booked.entry(order.request.client_order_id.clone()).or_insert(order.booked_lots);
    if fill.side != order.request.side || *booked + fill.lots > order.request.lots {
        return refuse(fill, FillFault::Overfilled);
    }
    *booked += fill.lots;
    fill.client_order_id = Some(order.request.client_order_id.clone());
    estimate(state, session, &mut fill);
    Some(say(id, OrderDecision::FillBooked(fill)).of(&session.id))
}

/// Where the door does not say what was charged, the product's terms do until it is read.
fn estimate(state: &TradingState, session: &Session, fill: &mut Fill) {
    if fill.fee.is_some() {
        return;
    }
    let spot = state.spot_of(session).map(|spot| spot.price).unwrap_or_default();
    let instrument = session.leg(&fill.symbol).map(|leg| &leg.instrument);
    let fee = instrument.and_then(|instrument| instrument.fee(fill.price, fill.lots, spot));
    fill.fee = fee.map(|fee| fee.round_dp(6).normalize());
    fill.fee_estimated = true;
}

/// What the venue charged replaces what was estimated, its sign kept.
fn charged(session: &Session, order: &Order, known: &Fill, fill: &Fill) -> Option<Said> {
    let fee = fill.fee.filter(|_| fill.is_sane())?;
    if known.fee == Some(fee) && !known.fee_estimated {
        return None;
    }
    let charged = OrderDecision::FillCharged {
        fill_id: fill.id.clone(),
        symbol: fill.symbol.clone(),
        fee,
        booked: known.fee,
    };
    Some(say(&order.correlation_id, charged).of(&session.id))
}

/// A settlement has no order: what of it is ours is as much as we hold.
fn settled(session: &Session, mut fill: Fill, batch: &mut Batch) -> Option<Said> {
    if is_known(session, &fill) || !fill.is_sane() {
        return None;
    }
    let held = batch.settled.entry(fill.symbol.clone()).or_insert_with(|| session.expected(&fill.symbol));
    let closes = held.signum() == -fill.side.sign();
    if !closes {
        return None;
    }
    fill.lots = fill.lots.min(held.abs());
    *held += fill.signed_lots();
    fill.client_order_id = None;
    Some(say(&session.correlation_id, OrderDecision::FillBooked(fill)).of(&session.id))
}

/// Somebody else's, since the session began and until the last look at what it left. A session that the journal does not
/// know is somebody else.
fn foreign(state: &TradingState, stamp: &Stamp, session: &Session, fill: Fill) -> Option<Said> {
    // Its time is held against the venue's clock. While that is not sure nothing is said: the difference of positions has
    // the list read again.
    if state.clock.venue_moved_lately(stamp.at) {
        return None;
    }
    let before = fill.at < session.started_at_venue(&state.clock);
    let looked = session.is_over() && session.flatten().is_none_or(|flatten| flatten.audited.is_some());
    if is_known(session, &fill) || before || looked || !fill.is_sane() {
        return None;
    }
    let nameless = fill.client_order_id.is_none();
    let unclaimed =
        nameless && !session.is_over() && session.was_unwatched(fill.at, CLOCKS_DIFFER, &state.clock);
    let fault = if unclaimed { FillFault::Unclaimed } else { FillFault::Foreign };
    let refused = OrderDecision::FillRefused { fill, fault };
    Some(say(&stamp.correlation_id, refused).of(&session.id))
}
