//! After a restart: every order of unknown outcome is looked up, the venue's truth is read with its fills, and
//! only then does the session go on, PAUSED, or with the exit it had decided. What cannot be read within ten
//! seconds, or not explained, is a person's; exits keep running meanwhile.

use std::collections::BTreeMap;

use model::causes::{AmbiguousCause, EntryFailure, LifecycleCause, OperatorCause};
use model::decision::{AccountDecision, SessionDecision};
use model::tell::elapsed_ms;
use model::{Exposure, Intent, Lifecycle, Lots, Micros, Session, Stamp, Symbol, TradingState};

use crate::entry;
use crate::hearing::Hearing;
use crate::lookups::ambiguous;
use crate::said::{SECOND, Said, say, since};

/// How long recovery waits for the venue before a person is asked.
const PATIENCE: i64 = 10 * SECOND;

/// Facts of a new process. Sessions that lived are recovered; what the old process had sent is doubted.
pub(crate) fn booted(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let booted = AccountDecision::Booted { boot_id: stamp.boot_id.clone() };
    let mut said = vec![say(&stamp.correlation_id, booted)];
    for session in state.active() {
        said.extend(recovering(state, session, stamp));
    }
    for session in state.sessions.values() {
        let doubted = session.orders.live().map(|order| {
            say(&order.correlation_id, ambiguous(order, AmbiguousCause::ProcessEnded)).of(&session.id)
        });
        said.extend(doubted);
    }
    let of_account = state.account.orders.live();
    said.extend(
        of_account.map(|order| say(&order.correlation_id, ambiguous(order, AmbiguousCause::ProcessEnded))),
    );
    said
}

fn recovering(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Said> {
    let hearing = Hearing { state, session, stamp };
    let down_ms = state.decided_at.map_or(0, |at| elapsed_ms(at, stamp.at)).max(0);
    let mut said = vec![hearing.note(SessionDecision::Recovering {
        session_id: session.id.clone(),
        symbols: session.symbols().cloned().collect(),
        down_ms,
    })];
    if session.exposure != Exposure::Unknown {
        said.push(hearing.note(hearing.exposure(Exposure::Unknown, None)));
    }
    if session.exit().is_none() && session.lifecycle != Lifecycle::Starting {
        said.push(hearing.note(hearing.lifecycle(Lifecycle::Starting, LifecycleCause::Restarted)));
    }
    said
}

/// Orders first: a fill can be matched only when its order's number is known.
pub(crate) fn waits_for_orders(session: &Session) -> bool {
    session.orders.working().any(|order| order.order_id.is_none() || order.acknowledged_at.is_none())
}

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let Some(boot) = &hearing.state.boot else { return Vec::new() };
    if session.lifecycle != Lifecycle::Starting || !session.recovering || session.exit().is_some() {
        return Vec::new();
    }
    if session.legs().is_empty() {
        return entry::failed(hearing, EntryFailure::BeforeStrikes);
    }
    let late = since(boot.at, hearing.now()) >= PATIENCE;
    let read = read_since(hearing, boot.at);
    let Some((venue, read_at)) = read.filter(|_| !waits_for_orders(session)) else {
        return if late { unread(hearing) } else { Vec::new() };
    };
    let ours: BTreeMap<Symbol, Lots> = session.positions();
    if session.adopted > 0 && venue == ours {
        let cause = OperatorCause::JournalOlder { fills: session.adopted, ours };
        return operator_needed(hearing, cause, LifecycleCause::Unexplained);
    }
    let whole = session.orders.missing_fills().next().is_none() && strangers_are_accepted(session);
    if venue == ours && whole {
        return resume(hearing, read_at);
    }
    if !late {
        // One differing read may be a venue that lags.
        return Vec::new();
    }
    operator_needed(hearing, OperatorCause::Unexplained { ours, venue }, LifecycleCause::Unexplained)
}

/// Trades in our instruments that no order of the journal explains are somebody else's, or of a journal that was
/// newer than this one: agreement with the venue's positions is then no agreement.
fn strangers_are_accepted(session: &Session) -> bool {
    session.symbols().all(|symbol| {
        let accepted = session.foreign.accepted.get(symbol).copied().unwrap_or_default();
        session.foreign_lots(symbol) == accepted
    })
}

/// The venue's positions, read since the process began together with orders and fills.
fn read_since(hearing: &Hearing<'_>, boot: Micros) -> Option<(BTreeMap<Symbol, Lots>, Micros)> {
    let truth = &hearing.state.account.truth;
    truth.open_orders_since(boot)?;
    truth.fills_read_at.filter(|at| *at >= boot)?;
    let mut venue = BTreeMap::new();
    let mut read_at = boot;
    for symbol in hearing.session.symbols() {
        let read = truth.position_since(symbol, boot)?;
        read_at = read_at.max(read.mark.read_at);
        venue.insert(symbol.clone(), read.lots);
    }
    Some((venue, read_at))
}

fn unread(hearing: &Hearing<'_>) -> Vec<Said> {
    let unknown = hearing.state.account.truth.unknown.as_ref();
    let code = unknown.map_or_else(|| "no_answer".into(), |(_, code)| code.clone());
    operator_needed(hearing, OperatorCause::Unread { code }, LifecycleCause::Unread)
}

fn operator_needed(hearing: &Hearing<'_>, cause: OperatorCause, why: LifecycleCause) -> Vec<Said> {
    vec![
        hearing.note(SessionDecision::OperatorNeeded { cause }),
        hearing.note(hearing.lifecycle(Lifecycle::NeedsOperator, why)),
    ]
}

/// The books agree: on with it, PAUSED, or out if the entry was cut in half.
fn resume(hearing: &Hearing<'_>, read_at: Micros) -> Vec<Said> {
    let session = hearing.session;
    let exposure = if session.is_flat_by_fills() { Exposure::Flat } else { Exposure::Open };
    if session.exposure != exposure {
        return vec![hearing.note(hearing.exposure(exposure, Some(read_at)))];
    }
    if session.is_entering() {
        return entry::failed(hearing, EntryFailure::CutInHalf);
    }
    let mut said = Vec::new();
    if session.intent == Intent::Run {
        let paused = SessionDecision::IntentChanged { from: Intent::Run, to: Intent::Pause, who: None };
        said.push(hearing.note(paused));
    }
    said.push(hearing.note(hearing.lifecycle(Lifecycle::Paused, LifecycleCause::Recovered)));
    said
}
