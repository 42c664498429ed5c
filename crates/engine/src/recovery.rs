//! After a restart: every order of unknown outcome is looked up, the venue's truth is read with its fills, and
//! only then does the session go on, PAUSED, or with the exit it had decided.

use model::decision::truth::TruthPurpose;
use model::decision::{MarketDecision, OrderDecision, SessionDecision, TruthDecision};
use model::session::{Exposure, Intent, Session};
use model::tell::elapsed_ms;
use model::{Lifecycle, Micros, Stamp, TradingState};

use crate::verdict::{SECOND, Verdict, say, since};
use crate::{entry, truth};

/// Facts of a new process. A session that lived is recovered; what the old process had sent is doubted.
pub(crate) fn booted(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let booted = MarketDecision::Booted { boot_id: stamp.boot_id.clone() };
    let mut verdicts = vec![say(&stamp.correlation_id, booted)];
    let Some(session) = state.active() else { return verdicts };
    let id = &stamp.correlation_id;
    let symbols = session.legs.iter().map(|leg| leg.instrument.symbol.clone()).collect();
    let down_ms = state.market_heard_at.map_or(0, |at| elapsed_ms(at, stamp.at)).max(0);
    verdicts.push(say(id, SessionDecision::Recovering { session_id: session.id.clone(), symbols, down_ms }));
    for order in session.live_orders() {
        let doubted = OrderDecision::Ambiguous {
            client_order_id: order.request.client_order_id.clone(),
            symbol: order.request.symbol.clone(),
            reason: "the process ended".to_owned(),
        };
        verdicts.push(say(&order.correlation_id, doubted));
    }
    if session.exposure != Exposure::Unknown {
        let unknown = SessionDecision::ExposureChanged {
            from: session.exposure,
            to: Exposure::Unknown,
            evidence_at: None,
        };
        verdicts.push(say(id, unknown));
    }
    if session.exit.is_none() && session.lifecycle != Lifecycle::Starting {
        let why = "recovery after a restart".to_owned();
        let starting =
            SessionDecision::LifecycleChanged { from: session.lifecycle, to: Lifecycle::Starting, why };
        verdicts.push(say(id, starting));
    }
    verdicts
}

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    let Some(boot) = &state.boot else { return Vec::new() };
    if session.lifecycle != Lifecycle::Starting || !session.recovering || session.exit.is_some() {
        return Vec::new();
    }
    let id = &stamp.correlation_id;
    if session.legs.is_empty() {
        return vec![leave(session, stamp, "the process ended before strikes were chosen")];
    }
    // Orders first: a fill can be matched only when its order's number is known.
    if session.live_orders().any(|order| order.order_id.is_none() || order.acknowledged_at.is_none()) {
        return Vec::new();
    }
    let known = state.truth.known.as_ref().filter(|known| known.requested_at >= boot.at);
    let Some(known) = known else {
        let failed_ago = state.truth.failed_at.filter(|at| *at >= boot.at).map(|at| since(at, stamp.at));
        if truth::is_pending(state, stamp.at) || failed_ago.is_some_and(|ago| ago < SECOND) {
            return Vec::new();
        }
        return vec![read(state, session, stamp)];
    };
    let differs = session.legs.iter().any(|leg| {
        known.positions.get(&leg.instrument.symbol) != Some(&session.position(&leg.instrument.symbol))
    });
    if differs {
        return mismatch(state, session, stamp, known.read_at);
    }
    let mut verdicts = Vec::new();
    if state.truth.mismatches > 0 {
        verdicts.push(say(id, TruthDecision::Matched));
    }
    verdicts.extend(resume(session, stamp, known.read_at));
    verdicts
}

fn read(state: &TradingState, session: &Session, stamp: &Stamp) -> Verdict {
    truth::request(
        state,
        session,
        TruthPurpose::Recovery,
        Some(truth::fills_since(session)),
        &stamp.correlation_id,
    )
}

/// One differing read may be a venue that lags; after more of them over ten seconds a person decides.
fn mismatch(state: &TradingState, session: &Session, stamp: &Stamp, read_at: Micros) -> Vec<Verdict> {
    let boot_at = state.boot.as_ref().map_or(stamp.at, |boot| boot.at);
    if since(boot_at, stamp.at) < 10 * SECOND {
        let again = !truth::is_pending(state, stamp.at) && since(read_at, stamp.at) >= SECOND / 2;
        return if again { vec![read(state, session, stamp)] } else { Vec::new() };
    }
    let id = &stamp.correlation_id;
    let sentence = "after the restart the venue's positions differ from our fills.".to_owned();
    let why = "recovery could not explain the venue's positions".to_owned();
    vec![
        say(id, SessionDecision::OperatorNeeded { sentence }),
        say(
            id,
            SessionDecision::LifecycleChanged { from: session.lifecycle, to: Lifecycle::NeedsOperator, why },
        ),
    ]
}

/// The books agree: on with it, PAUSED, or out if the entry was cut in half.
fn resume(session: &Session, stamp: &Stamp, read_at: Micros) -> Vec<Verdict> {
    let id = &stamp.correlation_id;
    let entering = session.entry.started_at.is_some() && session.entry.completed_at.is_none();
    let exposure = if session.is_flat_by_fills() { Exposure::Flat } else { Exposure::Open };
    if session.exposure != exposure {
        let evidence_at = Some(read_at);
        return vec![say(
            id,
            SessionDecision::ExposureChanged { from: session.exposure, to: exposure, evidence_at },
        )];
    }
    if entering {
        return vec![leave(session, stamp, "the process ended in the middle of entry")];
    }
    let mut verdicts = Vec::new();
    if session.intent == Intent::Run {
        verdicts.push(say(
            id,
            SessionDecision::IntentChanged { from: Intent::Run, to: Intent::Pause, who: None },
        ));
    }
    let why = "recovered: orders, fills and positions agree with the venue".to_owned();
    verdicts.push(say(
        id,
        SessionDecision::LifecycleChanged { from: session.lifecycle, to: Lifecycle::Paused, why },
    ));
    verdicts
}

fn leave(session: &Session, stamp: &Stamp, why: &str) -> Verdict {
    say(&stamp.correlation_id, entry::leave(session, format!("Leaving: {why}.")))
}
