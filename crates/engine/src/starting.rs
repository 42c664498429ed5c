//! STARTING: what is listed, which strikes, what the venue says is on, fresh quotes; then RUNNING.

use model::decision::truth::TruthPurpose;
use model::decision::{EntryDecision, SessionDecision};
use model::session::{Exposure, Intent, Session};
use model::tell::positions;
use model::{Lifecycle, Stamp, TradingState};

use crate::plan::{PricedLeg, credit, warnings};
use crate::verdict::{SECOND, Verdict, say, since};
use crate::{entry, truth};

/// How long a start waits for fresh quotes.
const PATIENCE: i64 = 10 * SECOND;
const RETRY: i64 = SECOND;

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    if session.lifecycle != Lifecycle::Starting || session.recovering || session.exit.is_some() {
        return Vec::new();
    }
    if since(session.started_at, stamp.at) > PATIENCE {
        return give_up(state, session);
    }
    if session.legs.is_empty() {
        return list(state, session, stamp);
    }
    let truth = first_truth(state, session, stamp);
    if !truth.is_empty() {
        return truth;
    }
    if session.entry.plan_credit.is_none() {
        return plan(state, session, stamp);
    }
    if session.exposure == Exposure::Flat { run(session) } else { Vec::new() }
}

fn list(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    if state.session_spot().is_none() {
        // Strikes are chosen around spot: without it the list would be read for nothing.
        return Vec::new();
    }
    let asked_ago = state.instruments.requested_at.map(|at| since(at, stamp.at));
    let wait = if state.instruments.failure.is_some() { RETRY / 4 } else { 5 * RETRY };
    if asked_ago.is_some_and(|ago| ago < wait) {
        return Vec::new();
    }
    let underlying = session.configuration.underlying.clone();
    vec![say(&session.correlation_id, EntryDecision::InstrumentsRequested { underlying })]
}

/// A start is from flat: something on under our own instruments is a person's to explain.
fn first_truth(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let id = &session.correlation_id;
    let known = state.truth.known.as_ref().filter(|known| known.requested_at >= session.started_at);
    let Some(known) = known else {
        let failed_ago = state.truth.failed_at.map(|at| since(at, stamp.at));
        if truth::is_pending(state, stamp.at) || failed_ago.is_some_and(|ago| ago < RETRY) {
            return Vec::new();
        }
        return vec![truth::request(state, session, TruthPurpose::Start, None, id)];
    };
    if known.positions.values().any(|lots| *lots != 0) || known.own_open_orders > 0 {
        let sentence = format!(
            "the venue shows {} and {} open orders of ours before anything was sent.",
            positions(&known.positions),
            known.own_open_orders
        );
        return vec![
            say(id, SessionDecision::OperatorNeeded { sentence }),
            say(
                id,
                SessionDecision::LifecycleChanged {
                    from: session.lifecycle,
                    to: Lifecycle::NeedsOperator,
                    why: "the account is not flat".to_owned(),
                },
            ),
        ];
    }
    if session.exposure != Exposure::Flat {
        let evidence_at = Some(known.read_at);
        return vec![say(
            id,
            SessionDecision::ExposureChanged { from: session.exposure, to: Exposure::Flat, evidence_at },
        )];
    }
    Vec::new()
}

/// Quotes of all legs are fresh and two-sided: the plan is priced.
fn plan(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let Some(spot) = state.session_spot() else { return Vec::new() };
    let priced: Option<Vec<PricedLeg<'_>>> = session
        .legs
        .iter()
        .map(|leg| {
            let market = state.market(&leg.instrument.symbol).filter(|market| market.is_fresh(stamp.at))?;
            Some(PricedLeg {
                instrument: &leg.instrument,
                lots: leg.lots,
                bid: market.bid()?.price,
                ask: market.ask()?.price,
            })
        })
        .collect();
    let Some(priced) = priced else { return Vec::new() };
    let planned = EntryDecision::Planned {
        bids: priced.iter().map(|leg| (leg.instrument.symbol.clone(), leg.bid)).collect(),
        credit: credit(&priced),
        warnings: warnings(&session.configuration, &priced, spot.price),
    };
    vec![say(&session.correlation_id, planned)]
}

fn run(session: &Session) -> Vec<Verdict> {
    let to = if session.intent == Intent::Pause { Lifecycle::Paused } else { Lifecycle::Running };
    let why = "flat by the venue's word, quotes fresh, plan priced".to_owned();
    let id = &session.correlation_id;
    vec![say(id, SessionDecision::LifecycleChanged { from: session.lifecycle, to, why })]
}

/// Ten seconds have passed: say what was missing and leave.
fn give_up(state: &TradingState, session: &Session) -> Vec<Verdict> {
    let why = if session.legs.is_empty() {
        state.instruments.failure.clone().unwrap_or_else(|| "the list of options did not arrive".to_owned())
    } else if session.exposure != Exposure::Flat {
        state.truth.unknown.as_ref().map_or_else(
            || "the venue's positions could not be read".to_owned(),
            |(_, reason)| reason.clone(),
        )
    } else {
        "no fresh two-sided quotes within ten seconds".to_owned()
    };
    entry::failed(session, why)
}
