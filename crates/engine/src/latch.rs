//! A latch is set: whatever the session was doing, it is closed now, and nothing opens.

use std::collections::BTreeMap;

use model::decision::{ClosingDecision, RulesDecision, SessionDecision};
use model::session::{Intent, Latch, Session};
use model::state::Closing;
use model::{Lifecycle, Stamp, Symbol, TradingState};

use crate::verdict::{Verdict, say};

pub(crate) fn judge(state: &TradingState, _stamp: &Stamp) -> Vec<Verdict> {
    let Some(latch) = working(state) else { return Vec::new() };
    let id = &latch.correlation_id;
    if let Some(session) = state.active()
        && session.lifecycle != Lifecycle::Panicking
    {
        return enter(session, latch);
    }
    let running =
        state.flatten.as_ref().is_some_and(|flatten| flatten.panic_id.as_ref() == Some(&latch.panic_id));
    if running {
        return Vec::new();
    }
    vec![say(
        id,
        ClosingDecision::Started {
            id: latch.panic_id.0.clone(),
            panic: true,
            panic_id: Some(latch.panic_id.clone()),
            who: Some(latch.who.clone()),
            products: products(state),
        },
    )]
}

/// The latch that still has work to do: the account's first.
fn working(state: &TradingState) -> Option<&Latch> {
    let account = state.account.latch.as_ref().filter(|latch| latch.verified_flat_at.is_none());
    account.or_else(|| state.session.as_ref().and_then(|session| session.latch.as_ref()))
}

fn enter(session: &Session, latch: &Latch) -> Vec<Verdict> {
    let id = &latch.correlation_id;
    let mut verdicts = Vec::new();
    if session.exit.is_none() {
        let decided = RulesDecision::ExitDecided {
            reason: latch.reason,
            also_matched: Vec::new(),
            who: Some(latch.who.clone()),
            executable: None,
            readings: session.rules.readings.clone(),
            rationale: format!("Leaving at once: {} latched it ({}).", latch.who, latch.reason),
        };
        verdicts.push(say(id, decided));
    }
    if session.intent != Intent::Panic {
        let who = Some(latch.who.clone());
        verdicts
            .push(say(id, SessionDecision::IntentChanged { from: session.intent, to: Intent::Panic, who }));
    }
    let why = format!("panic {}", latch.panic_id);
    let changed =
        SessionDecision::LifecycleChanged { from: session.lifecycle, to: Lifecycle::Panicking, why };
    verdicts.push(say(id, changed));
    verdicts
}

/// What the session owns, with the size our fills say is on.
pub(crate) fn products(state: &TradingState) -> BTreeMap<Symbol, Closing> {
    let Some(session) = &state.session else { return BTreeMap::new() };
    session
        .legs
        .iter()
        .enumerate()
        .map(|(leg, planned)| {
            let symbol = planned.instrument.symbol.clone();
            let closing = Closing {
                product_id: planned.instrument.product_id,
                leg,
                was: session.position(&symbol),
                attempts: 0,
                next_at: model::Micros(0),
                last_limit: None,
            };
            (symbol, closing)
        })
        .collect()
}
