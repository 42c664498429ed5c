//! What holds at every moment, and over the whole journal.

use std::collections::{BTreeMap, BTreeSet};

use model::decision::{ClosingDecision, OrderDecision, RulesDecision, SessionDecision, TruthDecision};
use model::order::{OrderRequest, Purpose};
use model::record::DecisionRecord;
use model::{
    ClientOrderId, Decision, ExitReason, Lifecycle, Lots, Micros, Money, Session, SessionId, Symbol,
};

use crate::support::venue::Venue;
use crate::support::world::World;

/// Signed lots of each instrument that an owner's own orders have traded at the venue.
fn own_lots(venue: &Venue, prefix: &str) -> BTreeMap<Symbol, Lots> {
    let mut lots = BTreeMap::new();
    for fill in &venue.fills {
        if fill.client_order_id.as_ref().is_some_and(|id| id.as_str().starts_with(prefix)) {
            *lots.entry(fill.symbol.clone()).or_default() += fill.signed_lots();
        }
    }
    lots
}

/// Lots that others traded in an instrument: by hand, or a session that a lost journal knew.
fn others(venue: &Venue, symbol: &Symbol, prefix: &str) -> Lots {
    let others = venue.fills.iter().filter(|fill| {
        let id = fill.client_order_id.as_ref();
        &fill.symbol == symbol && !id.is_some_and(|id| id.as_str().starts_with(prefix))
    });
    others.map(|fill| fill.lots).sum()
}

/// What holds at every moment.
pub fn now(world: &World) {
    let placed: BTreeSet<_> = world.venue.placed.iter().collect();
    assert_eq!(placed.len(), world.venue.placed.len(), "no order is sent twice: {:?}", world.venue.placed);
    for session in world.state().sessions.values() {
        what_was_decided_on_was_seen(session);
        let prefix = model::ids::order_prefix(&session.id);
        for (symbol, lots) in own_lots(&world.venue, &prefix) {
            // A reduce-only order may close lots of others whose trades could not be read, never open any.
            let others = others(&world.venue, &symbol, &prefix);
            assert!(lots >= -200 && lots <= others, "I4: {} has {lots} {symbol}", session.id);
        }
        if session.lifecycle == Lifecycle::Stopped {
            // One that only a lost or newer journal knew is an orphan, and canceled where it is seen.
            let open = world
                .venue
                .orders
                .iter()
                .filter(|(id, order)| session.orders.get(id).is_some() && !order.status.is_terminal());
            assert_eq!(open.count(), 0, "I3: no own order survives STOPPED");
            nothing_short_is_left(world, session);
        }
    }
    rests_once(world);
    assert!(!world.has_failed_judge(), "a judge failed: {:#?}", world.tail(10));
}

/// The best and the worst that a session saw hold between them whatever its rules decided on.
fn what_was_decided_on_was_seen(session: &Session) {
    let exits = session.rounds.iter().filter_map(|round| round.exit.as_ref());
    let by_worth = exits.filter(|exit| {
        matches!(exit.reason, ExitReason::MaxProfit | ExitReason::MaxLoss | ExitReason::Trailing)
    });
    let decided = by_worth.filter_map(|exit| exit.executable).chain(session.rules.trailing.peak);
    for worth in decided {
        let marks = session.ledger.marks;
        let seen = marks.low.is_some_and(|low| low <= worth) && marks.high.is_some_and(|high| high >= worth);
        assert!(seen, "{}: {worth} was decided on and lies outside of {marks:?}", session.id);
    }
}

/// I2: STOPPED is true at the venue. What was traded by orders that the session knows, until its end, leaves nothing
/// short, but what was written off because something explained that it is gone.
fn nothing_short_is_left(world: &World, session: &Session) {
    let ended = session.ended_at.expect("it ended");
    for symbol in session.symbols() {
        let own = world.venue.fills.iter().filter(|fill| {
            let known = fill.client_order_id.as_ref().is_some_and(|id| session.orders.get(id).is_some());
            &fill.symbol == symbol && fill.at <= ended && (known || session.fills.get(&fill.id).is_some())
        });
        let gone = session.ledger.holding(symbol).map_or(0, |holding| holding.gone);
        let lots = own.map(|fill| fill.signed_lots()).sum::<Lots>() + gone;
        assert!(lots >= 0, "I2: {} is STOPPED and {lots} {symbol} of its own are on", session.id);
    }
}

/// I8: at most one close that can rest per instrument and owner.
fn rests_once(world: &World) {
    let mut resting: BTreeMap<(String, Symbol), u32> = BTreeMap::new();
    for (id, order) in &world.venue.orders {
        let request = &order.request;
        let rests = request.purpose == Purpose::Close && request.can_rest() && !order.status.is_terminal();
        if rests {
            let owner = id.as_str().chars().take(7).collect();
            let count = resting.entry((owner, request.symbol.clone())).or_default();
            *count += 1;
            assert_eq!(*count, 1, "I8: two closes rest in {}", request.symbol);
        }
    }
}

/// What a session's part of the journal has shown so far.
#[derive(Default)]
struct Story {
    closing: bool,
    floor: Option<Money>,
    /// Requests of the flat reads in a row, with when they were asked for.
    flat: Vec<(u64, Micros)>,
    verified: bool,
}

/// Over the whole journal: nothing opens after a latch or an exit; flat is believed from consecutive reads; floors
/// only rise; every effect has its intent; latches clear by a user only, once verified; nothing is canceled of which
/// nothing is left.
pub fn over_the_journal(world: &World) {
    what_is_canceled_may_rest(world);
    let mut stories: BTreeMap<Option<SessionId>, Story> = BTreeMap::new();
    let mut latched_flat = false;
    for record in &world.records {
        let story = stories.entry(record.session_id.clone()).or_default();
        judge(story, record);
        match &record.decision {
            Decision::Closing(ClosingDecision::VerifiedFlat { .. }) if record.session_id.is_none() => {
                latched_flat = true;
            }
            Decision::Closing(
                ClosingDecision::PanicLatched { .. } | ClosingDecision::Audited { flat: false, .. },
            ) => {
                latched_flat &= record.session_id.is_some();
            }
            Decision::Closing(ClosingDecision::PanicAcknowledged { .. }) => {
                assert!(latched_flat, "I10: a latch is cleared only when verified flat");
            }
            _ => {}
        }
    }
    every_effect_has_its_intent(world);
}

/// No cancel is asked for once fills have brought the whole order.
fn what_is_canceled_may_rest(world: &World) {
    let mut left: BTreeMap<&ClientOrderId, Lots> = BTreeMap::new();
    for decision in world.decisions() {
        match decision {
            Decision::Order(OrderDecision::Submitted(request)) => {
                left.insert(&request.client_order_id, request.lots);
            }
            Decision::Order(OrderDecision::FillBooked(fill)) => {
                if let Some(left) = fill.client_order_id.as_ref().and_then(|id| left.get_mut(id)) {
                    *left -= fill.lots;
                }
            }
            Decision::Order(OrderDecision::CancelRequested { client_order_id: Some(id), .. }) => {
                assert!(left.get(id).is_none_or(|left| *left > 0), "nothing of {id} is left to cancel");
            }
            _ => {}
        }
    }
}

fn judge(story: &mut Story, record: &DecisionRecord) {
    match &record.decision {
        Decision::Closing(ClosingDecision::Started { .. }) => {
            *story = Story { closing: true, floor: story.floor, ..Story::default() };
        }
        Decision::Order(OrderDecision::Submitted(request)) if story.closing => {
            let only = request.reduce_only && request.purpose == Purpose::Close;
            assert!(only, "I1: {request:?} after closing began");
            story.flat.clear();
        }
        // A fill that only comes late happened before the reads that show it.
        Decision::Order(OrderDecision::FillBooked(fill)) => story.flat.retain(|(_, at)| fill.at <= *at),
        Decision::Rules(RulesDecision::FloorRaised { floor, .. }) => {
            assert!(story.floor.is_none_or(|before| *floor > before), "I6: the floor fell to {floor}");
            story.floor = Some(*floor);
        }
        Decision::Closing(ClosingDecision::FlatRefuted { .. }) => story.flat.clear(),
        Decision::Closing(ClosingDecision::FlatSeen { request, requested_at, .. }) => {
            story.flat.push((*request, *requested_at));
        }
        Decision::Closing(ClosingDecision::VerifiedFlat { .. }) => {
            let [.., (first, at), (second, later)] = story.flat[..] else {
                panic!("I2: verified by fewer than two reads: {:?}", story.flat);
            };
            assert!(second > first && later.0 - at.0 >= 400_000, "I2: {:?}", story.flat);
            story.verified = true;
        }
        Decision::Session(SessionDecision::LifecycleChanged { to: Lifecycle::Stopped, .. }) => {
            assert!(story.verified, "I2: STOPPED without being verified flat");
        }
        _ => {}
    }
}

/// I7: what reached the venue was decided, word for word, and journaled before it left; and a zero that was believed
/// was explained.
fn every_effect_has_its_intent(world: &World) {
    let submitted: BTreeMap<&ClientOrderId, &OrderRequest> = world
        .decisions()
        .filter_map(|decision| match decision {
            Decision::Order(OrderDecision::Submitted(request)) => Some((&request.client_order_id, request)),
            _ => None,
        })
        .collect();
    for (id, order) in world.venue.orders.iter().filter(|(_, order)| !order.by_hand) {
        // A journal that was lost or put back knows nothing of what it had sent.
        if let Some(intent) = submitted.get(id) {
            assert_eq!(**intent, order.request, "I7: {id}");
        }
    }
    for decision in world.decisions() {
        if let Decision::Truth(TruthDecision::ZeroExplained { lots, .. }) = decision {
            assert_ne!(*lots, 0);
        }
    }
}

/// The books of sessions that ended and know their result are the venue's, to the cent: only own fills count.
pub fn books(world: &World) {
    for session in world.state().sessions.values() {
        let Some(net) = session.summary.as_ref().and_then(|summary| summary.net) else { continue };
        let prefix = model::ids::order_prefix(&session.id);
        let own = world.venue.fills.iter().filter(|fill| {
            let id = fill.client_order_id.as_ref();
            id.is_some_and(|id| id.as_str().starts_with(&prefix) && session.orders.get(id).is_some())
        });
        let value = |symbol: &Symbol| {
            session.leg(symbol).map(|leg| leg.instrument.contract_value).unwrap_or_default()
        };
        let expected: Money = own
            .map(|fill| {
                let cash = fill.cash(value(&fill.symbol)).unwrap_or_default();
                cash - fill.fee.unwrap_or_default()
            })
            .sum();
        let estimated = session.fills.awaits_charges();
        assert!(
            estimated || (net - expected).abs() < Money::new(1, 6),
            "{}: the summary says {net}, the venue's fills say {expected}",
            session.id
        );
    }
}
