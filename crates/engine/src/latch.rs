//! A latch is set: whatever the session was doing, it is closed now, and nothing opens. Pressed again once it is
//! verified flat, the venue is looked at anew.

use std::collections::BTreeMap;

use model::causes::LifecycleCause;
use model::closing::{Closing, Latch};
use model::decision::{ClosingDecision, RulesDecision, SessionDecision};
use model::{Intent, Lifecycle, Session, Symbol, TradingState};

use crate::hearing::Hearing;
use crate::said::{Said, say};

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let Some((latch, of_account)) = working(hearing.state, session) else { return Vec::new() };
    if !session.is_over() && session.lifecycle != Lifecycle::Panicking {
        return enter(session, latch);
    }
    let id = close_id(latch);
    if session.flatten().is_some_and(|flatten| flatten.id == id) {
        return Vec::new();
    }
    let started = ClosingDecision::Started {
        id,
        panic: true,
        panic_id: Some(latch.panic_id.clone()),
        of_account,
        who: Some(latch.who.clone()),
        products: products(hearing.state, session),
    };
    vec![say(&latch.correlation_id, started).of(&session.id)]
}

/// The latch that still has work to do on a session: the account's first, for sessions that are not over; what
/// is left of those that are is the sweep's.
fn working<'a>(state: &'a TradingState, session: &'a Session) -> Option<(&'a Latch, bool)> {
    let account = state.account.latch.as_ref().filter(|latch| latch.verified_flat_at.is_none());
    let account = account.filter(|_| !session.is_over()).map(|latch| (latch, true));
    account.or_else(|| session.latch.as_ref().map(|latch| (latch, false)))
}

/// Names the orders of a close: the panic's id, with the number of the press from the second on.
pub(crate) fn close_id(latch: &Latch) -> String {
    match latch.presses {
        0 | 1 => latch.panic_id.0.clone(),
        press => format!("{}.{press}", latch.panic_id),
    }
}

fn enter(session: &Session, latch: &Latch) -> Vec<Said> {
    let id = &latch.correlation_id;
    let mut said = Vec::new();
    if session.exit().is_none() {
        let decided = RulesDecision::ExitDecided {
            reason: latch.reason,
            also_matched: Vec::new(),
            who: Some(latch.who.clone()),
            executable: None,
            readings: session.rules.readings.clone(),
        };
        said.push(say(id, decided));
    }
    if session.intent != Intent::Panic {
        let who = Some(latch.who.clone());
        said.push(say(id, SessionDecision::IntentChanged { from: session.intent, to: Intent::Panic, who }));
    }
    let changed = SessionDecision::LifecycleChanged {
        from: session.lifecycle,
        to: Lifecycle::Panicking,
        cause: LifecycleCause::Panic { panic_id: latch.panic_id.clone() },
    };
    said.push(say(id, changed));
    said.into_iter().map(|said| said.of(&session.id)).collect()
}

/// What the session owns, with the size that is on by all that is known. An instrument that another session
/// holds by now is that session's to close.
pub(crate) fn products(state: &TradingState, session: &Session) -> BTreeMap<Symbol, Closing> {
    let leases = &state.account.leases;
    session
        .legs()
        .iter()
        .enumerate()
        .filter(|(_, planned)| {
            leases.get(&planned.instrument.symbol).is_none_or(|holder| holder == &session.id)
        })
        .map(|(leg, planned)| {
            let symbol = planned.instrument.symbol.clone();
            let was = session.expected(&symbol);
            (symbol, Closing::new(planned.instrument.product_id, leg, was))
        })
        .collect()
}
