//! What must be there before an entry: the list of options, strikes, the venue's word that nothing is on there,
//! and a priced plan that is young. A session that starts waits ten seconds for it; one that runs without a
//! position prepares anew whenever its plan has grown old.

use std::collections::BTreeMap;

use model::causes::{EntryFailure, LifecycleCause, OperatorCause};
use model::decision::{EntryDecision, SessionDecision};
use model::entry_gate::PLAN_AGE_MAX;
use model::{Exposure, Intent, Lifecycle, Lots, Micros, Symbol};

use crate::entry;
use crate::hearing::Hearing;
use crate::plan::{PricedLeg, credit, warnings};
use crate::said::{MILLISECOND, SECOND, Said, since};

/// How long a start waits for everything.
const PATIENCE: i64 = 10 * SECOND;
/// The list is asked for again after this long, sooner when it failed.
const LIST_AGAIN: i64 = 5 * SECOND;
const LIST_AGAIN_FAILED: i64 = SECOND / 4;

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    if !prepares(hearing) {
        return Vec::new();
    }
    let starting = session.lifecycle == Lifecycle::Starting;
    if starting && since(session.started_at, hearing.now()) > PATIENCE {
        return give_up(hearing);
    }
    let Some(chosen_at) = session.entry().chosen_at else { return list(hearing) };
    if !starting && is_old(hearing, chosen_at) {
        let plan = session.entry().plan.as_ref();
        let age_ms = plan.map(|plan| since(plan.at, hearing.now()) / MILLISECOND);
        return vec![hearing.say(EntryDecision::PlanExpired { age_ms })];
    }
    let truth = first_truth(hearing, chosen_at);
    if !truth.is_empty() || session.exposure != Exposure::Flat {
        return truth;
    }
    if session.entry().plan.is_none() {
        return plan(hearing);
    }
    if starting { run(hearing) } else { Vec::new() }
}

/// Whether the session is on its way to an entry.
fn prepares(hearing: &Hearing<'_>) -> bool {
    let session = hearing.session;
    let lives = match session.lifecycle {
        Lifecycle::Starting => !session.recovering,
        Lifecycle::Running => hearing.state.account.latch.is_none(),
        Lifecycle::Paused
        | Lifecycle::Exiting
        | Lifecycle::Panicking
        | Lifecycle::NeedsOperator
        | Lifecycle::Stopped => false,
    };
    let entry = session.entry();
    lives && session.exit().is_none() && entry.started_at.is_none() && session.is_flat_by_fills()
}

pub(crate) fn waits_for_list(hearing: &Hearing<'_>) -> bool {
    prepares(hearing) && hearing.session.entry().chosen_at.is_none()
}

/// The moment since which the venue must be read before anything is planned, while it is not.
pub(crate) fn first_read(hearing: &Hearing<'_>) -> Option<Micros> {
    let chosen_at = hearing.session.entry().chosen_at.filter(|_| prepares(hearing))?;
    let truth = &hearing.state.account.truth;
    let read = hearing.session.symbols().all(|symbol| truth.position_since(symbol, chosen_at).is_some())
        && truth.open_orders_since(chosen_at).is_some();
    (!read).then_some(chosen_at)
}

fn is_old(hearing: &Hearing<'_>, chosen_at: Micros) -> bool {
    let from = hearing.session.entry().plan.as_ref().map_or(chosen_at, |plan| plan.at);
    since(from, hearing.now()) > PLAN_AGE_MAX.0
}

fn list(hearing: &Hearing<'_>) -> Vec<Said> {
    let underlying = &hearing.session.configuration.underlying;
    if hearing.state.spot_of(hearing.session).is_none() {
        // Strikes are chosen around spot: without it the list would be read for nothing.
        return Vec::new();
    }
    let known = hearing.state.instruments.get(underlying);
    let asked_at = known.and_then(|known| known.requested_at);
    let failed = known.is_some_and(|known| known.failure.is_some());
    let wait = if failed { LIST_AGAIN_FAILED } else { LIST_AGAIN };
    // A list that was asked for before this session wanted one may be gone already.
    let wanted_at = hearing.session.lifecycle_since;
    if asked_at.is_some_and(|at| at >= wanted_at && since(at, hearing.now()) < wait) {
        return Vec::new();
    }
    vec![hearing.say(EntryDecision::InstrumentsRequested { underlying: underlying.clone() })]
}

/// A start is from flat: something on under our own instruments is a person's to explain.
fn first_truth(hearing: &Hearing<'_>, chosen_at: Micros) -> Vec<Said> {
    let truth = &hearing.state.account.truth;
    let mut venue: BTreeMap<Symbol, Lots> = BTreeMap::new();
    let mut read_at = None;
    for symbol in hearing.session.symbols() {
        let Some(read) = truth.position_since(symbol, chosen_at) else { return Vec::new() };
        read_at = read_at.max(Some(read.mark.read_at));
        venue.insert(symbol.clone(), read.lots);
    }
    let Some(orders) = truth.open_orders_since(chosen_at) else { return Vec::new() };
    let own = orders.own.iter().filter(|open| venue.contains_key(&open.symbol)).count();
    let own_open_orders = u32::try_from(own).unwrap_or(u32::MAX);
    if venue.values().any(|lots| *lots != 0) || own_open_orders > 0 {
        let cause = OperatorCause::NotFlatAtStart { venue, own_open_orders };
        return vec![
            hearing.say(SessionDecision::OperatorNeeded { cause }),
            hearing.say(hearing.lifecycle(Lifecycle::NeedsOperator, LifecycleCause::NotFlatAtStart)),
        ];
    }
    if hearing.session.exposure == Exposure::Flat {
        return Vec::new();
    }
    vec![hearing.say(hearing.exposure(Exposure::Flat, read_at))]
}

/// Quotes of all legs are fresh and two-sided: the plan is priced.
fn plan(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let Some(spot) = hearing.state.spot_of(session) else { return Vec::new() };
    let priced = session.legs().iter().map(|leg| {
        let market = hearing.state.market(&leg.instrument.symbol);
        let market = market.filter(|market| market.is_fresh(hearing.now()))?;
        let (bid, ask) = (market.bid()?.price, market.ask()?.price);
        Some(PricedLeg { instrument: &leg.instrument, lots: leg.lots, bid, ask })
    });
    let Some(priced) = priced.collect::<Option<Vec<PricedLeg<'_>>>>() else { return Vec::new() };
    let Some(credit) = credit(&priced) else { return Vec::new() };
    let planned = EntryDecision::Planned {
        bids: priced.iter().map(|leg| (leg.instrument.symbol.clone(), leg.bid)).collect(),
        credit,
        warnings: warnings(&session.configuration, &priced, spot.price),
    };
    vec![hearing.say(planned)]
}

fn run(hearing: &Hearing<'_>) -> Vec<Said> {
    let paused = hearing.session.intent == Intent::Pause;
    let to = if paused { Lifecycle::Paused } else { Lifecycle::Running };
    vec![hearing.say(hearing.lifecycle(to, LifecycleCause::Ready))]
}

/// Ten seconds have passed: say what was missing and leave.
fn give_up(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let cause = if session.legs().is_empty() {
        let known = hearing.state.instruments.get(&session.configuration.underlying);
        match known.and_then(|known| known.failure.clone()) {
            Some(code) => EntryFailure::ListUnread { code },
            None => EntryFailure::ListMissing,
        }
    } else if session.exposure != Exposure::Flat {
        let unknown = hearing.state.account.truth.unknown.as_ref();
        let code = unknown.map_or_else(|| "no_answer".into(), |(_, code)| code.clone());
        EntryFailure::PositionsUnread { code }
    } else {
        EntryFailure::NoQuotes
    };
    entry::failed(hearing, cause)
}
