//! What of the venue's truth is needed now, by whom, and how fresh: sessions that start, recover, run or close,
//! and the account as a whole. A need is a pure function of the state; pacing is part of it.

use model::decision::truth::TruthPurpose;
use model::input::Link;
use model::state::LIST_LAG;
use model::{Health, Lifecycle, Micros, ProductId, Session, Stamp, Symbol, TradingState};

use super::need::{Need, fills_since, must_wait};
use super::reconcile::SETTLING;
use crate::closing::{self, Closer};
use crate::hearing::Hearing;
use crate::said::{SECOND, since};
use crate::{entry, preparation, sweep};

/// Steady reads while a session runs.
const PERIOD: i64 = 15 * SECOND;
/// The same while a read differed or failed.
const TROUBLED: i64 = SECOND;
/// A list of fills that could not be read is asked for again after this long: it costs as much as five orders.
const FILLS_AGAIN: i64 = SECOND;
/// The same while a person is waited for.
const WAITING: i64 = 5 * SECOND;
/// The whole account is looked at this often while nothing else asks for it: so old is the word "flat" at most, and so
/// late is seen what somebody opens by hand. It costs a few units of the ten thousand of five minutes.
const SWEEP: i64 = 60 * SECOND;
/// The same while it shows what is not ours, and while what was written off may yet show up.
const STRANGERS: i64 = 15 * SECOND;
/// So long after a session's end what it wrote off is looked for.
const WRITTEN_OFF: i64 = 3_600 * SECOND;

/// Every need of now, in the order of sessions, the account's last.
pub(crate) fn all(state: &TradingState, stamp: &Stamp) -> Vec<Need> {
    let sessions = state.sessions.values().map(|session| Hearing { state, session, stamp });
    let mut needs: Vec<Need> = sessions.filter_map(|hearing| of_session(&hearing)).collect();
    needs.extend(sweep::need(state, stamp));
    needs.extend(of_account(state, stamp));
    needs
}

/// Products of a session's legs.
pub(crate) fn products(session: &Session) -> Vec<(ProductId, Symbol)> {
    session.legs().iter().map(|leg| (leg.instrument.product_id, leg.instrument.symbol.clone())).collect()
}

fn of_session(hearing: &Hearing<'_>) -> Option<Need> {
    let session = hearing.session;
    if let Some(closer) = Closer::of_session(hearing) {
        return closing::reads::need(&closer);
    }
    if session.is_over() || must_wait(hearing.state, hearing.now(), false) {
        return None;
    }
    let need = |purpose, since, fills: bool| Need {
        purpose,
        since,
        // Of an entry only the list of open orders is wanted.
        products: if purpose == TruthPurpose::Entry { Vec::new() } else { products(session) },
        fills_since: fills.then(|| fills_since(session)),
        account: false,
        correlation_id: hearing.intent().clone(),
    };
    if session.recovering && session.lifecycle == Lifecycle::Starting {
        return recovering(hearing).map(|since| need(TruthPurpose::Recovery, since, true));
    }
    if session.legs().is_empty() {
        return None;
    }
    if let Some(since) = preparation::first_read(hearing) {
        return Some(need(TruthPurpose::Start, since, false));
    }
    steady(hearing).map(|(purpose, since, fills)| need(purpose, since, fills))
}

/// After a restart: everything since the process began; while it differs, twice a second.
fn recovering(hearing: &Hearing<'_>) -> Option<Micros> {
    let boot = hearing.state.boot.as_ref()?;
    if hearing.session.legs().is_empty() || crate::recovery::waits_for_orders(hearing.session) {
        return None;
    }
    let read = oldest_read(hearing).filter(|at| *at >= boot.at);
    due(hearing, read.map_or(boot.at, |at| Micros(at.0 + SECOND / 2)))
}

/// The moment, once it has come.
fn due(hearing: &Hearing<'_>, at: Micros) -> Option<Micros> {
    (at <= hearing.now()).then_some(at)
}

/// When the oldest of the session's reads was asked for; `None` when one is missing.
fn oldest_read(hearing: &Hearing<'_>) -> Option<Micros> {
    let truth = &hearing.state.account.truth;
    let reads = hearing.session.symbols().map(|symbol| Some(truth.position(symbol)?.mark.requested_at));
    reads.min().flatten()
}

/// At once when fills are missing or something moved, steadily otherwise.
fn steady(hearing: &Hearing<'_>) -> Option<(TruthPurpose, Micros, bool)> {
    let session = hearing.session;
    let truth = &hearing.state.account.truth;
    let steady =
        matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator);
    if !steady || session.exit().is_some() {
        return None;
    }
    if let Some(reported) = session.orders.missing_fills().map(|order| order.updated_at).min() {
        let asked = truth.fills_read_at.filter(|at| *at >= reported).unwrap_or(reported);
        let again = truth.fills_failed_at.map_or(0, |failed| failed.0 + FILLS_AGAIN);
        let at = Micros(asked.0 + SECOND / 3);
        return due(hearing, Micros(again.max(at.0))).map(|_| (TruthPurpose::MissingFills, at, true));
    }
    if let Some(since) = entry::list_needed(hearing) {
        let listed = truth.open_orders_since(since).map(|read| Micros(read.mark.requested_at.0 + SECOND / 3));
        return due(hearing, listed.unwrap_or(since)).map(|at| (TruthPurpose::Entry, at, false));
    }
    let read = oldest_read(hearing).or(session.entry().chosen_at)?;
    let settled = session.orders.moved_at().map(|at| Micros(at.0 + SETTLING));
    let working = session.orders.working().next().is_some();
    if let Some(settled) = settled.filter(|at| read < *at && !working) {
        // What our orders did is confirmed by the venue's own word, not only by its stream.
        return due(hearing, settled).map(|at| (TruthPurpose::Periodic, at, false));
    }
    if let Some(back) = orders_back(hearing).filter(|back| read < *back || truth.fills_read_at < Some(*back))
    {
        // What the private stream did not say while it was away is nowhere but in the venue's lists.
        let again = truth.fills_failed_at.map_or(back, |failed| Micros(failed.0 + FILLS_AGAIN).max(back));
        return due(hearing, again).map(|at| (TruthPurpose::Periodic, at, true));
    }
    let account = &hearing.state.account;
    let troubled = session.mismatches > 0 || truth.unknown.is_some() || account.wallet_claimed.is_some();
    let pause = match session.lifecycle {
        Lifecycle::NeedsOperator => WAITING,
        _ if troubled => TROUBLED,
        _ => PERIOD,
    };
    // A difference is often a fill that did not reach us (a settlement, a venue stop): fills are read as well. And
    // what the venue charged is only in its list of fills.
    let fills = troubled || session.fills.awaits_charges() || session.lifecycle == Lifecycle::NeedsOperator;
    due(hearing, Micros(read.0 + pause)).map(|at| (TruthPurpose::Periodic, at, fills))
}

/// Since when the private stream is there, if that is after the session began: it has been away.
fn orders_back(hearing: &Hearing<'_>) -> Option<Micros> {
    let link = hearing.state.links.get(&Link::Orders).filter(|link| link.up)?;
    Some(link.since).filter(|since| *since > hearing.session.started_at)
}

/// The account's own list: after each start of the process, and every minute.
fn of_account(state: &TradingState, stamp: &Stamp) -> Option<Need> {
    let boot = state.boot.as_ref()?;
    if must_wait(state, stamp.at, false) {
        return None;
    }
    let read = state.account.truth.account.as_ref().map(|read| read.mark.requested_at);
    let marked = state.account.health.contains(&Health::Unreconciled);
    let pause = if marked || has_written_off(state, stamp) { STRANGERS } else { SWEEP };
    let periodic = read.filter(|at| *at >= boot.at).map_or(boot.at, |at| Micros(at.0 + pause));
    // What a session left behind is seen as soon as the list can no longer lag behind its end.
    let ended = state.sessions.values().filter_map(|session| session.ended_at).max();
    let settled =
        ended.map(|ended| Micros(ended.0 + LIST_LAG.0)).filter(|at| read.is_none_or(|read| read < *at));
    let since = settled.map_or(periodic, |at| at.min(periodic));
    if since > stamp.at {
        return None;
    }
    Some(Need {
        purpose: TruthPurpose::Periodic,
        since,
        products: Vec::new(),
        fills_since: None,
        account: true,
        correlation_id: stamp.correlation_id.clone(),
    })
}

/// A session that ended lately has lots that left without a fill of ours. The venue said that they are gone, and a venue
/// that lied to it may be of another mind soon.
fn has_written_off(state: &TradingState, stamp: &Stamp) -> bool {
    let lately = |ended: Micros| since(ended, stamp.at) < WRITTEN_OFF;
    state.sessions.values().any(|session| session.ended_at.is_some_and(lately) && !session.ledger.is_known())
}
