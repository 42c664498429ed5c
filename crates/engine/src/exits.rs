//! Protect: looks at every exit rule, remembers breaches, and decides to leave. Runs before anything that could
//! open risk. Once an exit is decided it is irrevocable, and this judge only sees to it that it is carried out.

use model::decision::closing::PanicScope;
use model::decision::{ClosingDecision, RulesDecision, SessionDecision};
use model::ids::{PanicId, base36, fnv1a};
use model::rules::Rule;
use model::session::{ExitReason, Intent, Session};
use model::{Lifecycle, Stamp, TradingState};

use crate::rules::{Evaluation, evaluate};
use crate::verdict::{Verdict, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    if session.exit.is_some() {
        return leave(session, state);
    }
    if matches!(session.lifecycle, Lifecycle::Starting) && session.fills.is_empty() {
        return Vec::new();
    }
    let evaluation = evaluate(state, session, stamp.at);
    if !evaluation.changes.is_empty() {
        return evaluation.changes.into_iter().map(|change| say(&stamp.correlation_id, change)).collect();
    }
    if let Some(natural) = ended_by_itself(session) {
        return vec![decide(&evaluation, stamp, natural, Vec::new())];
    }
    fire(session, &evaluation, stamp)
}

/// Carries a decided exit into EXITING and begins to close.
fn leave(session: &Session, state: &TradingState) -> Vec<Verdict> {
    let Some(exit) = &session.exit else { return Vec::new() };
    let id = &exit.correlation_id;
    let mut verdicts = Vec::new();
    if session.intent < Intent::Exit {
        let changed =
            SessionDecision::IntentChanged { from: session.intent, to: Intent::Exit, who: exit.who.clone() };
        verdicts.push(say(id, changed));
    }
    if !matches!(session.lifecycle, Lifecycle::Exiting | Lifecycle::Panicking) {
        // What is on is read first after a crash: closing does that itself.
        let why = format!("exit decided: {}", exit.reason);
        let changed =
            SessionDecision::LifecycleChanged { from: session.lifecycle, to: Lifecycle::Exiting, why };
        verdicts.push(say(id, changed));
    } else if state.flatten.is_none() {
        let started = ClosingDecision::Started {
            id: base36(fnv1a(&format!("{}{}", session.id, exit.decided_at.0)), 10),
            panic: false,
            panic_id: None,
            who: exit.who.clone(),
            products: crate::latch::products(state),
        };
        verdicts.push(say(id, started));
    }
    verdicts
}

/// Everything was closed without us: it settled, or somebody else closed it.
fn ended_by_itself(session: &Session) -> Option<ExitReason> {
    if session.entry.completed_at.is_none() || !session.is_flat_by_fills() {
        return (session.drain && session.fills.is_empty() && session.live_orders().next().is_none())
            .then_some(ExitReason::Drained);
    }
    let settled = session.fills.iter().any(|fill| fill.settlement);
    Some(if settled { ExitReason::Settlement } else { ExitReason::VenueStop })
}

fn fire(session: &Session, evaluation: &Evaluation, stamp: &Stamp) -> Vec<Verdict> {
    let mut reasons = evaluation.fires.iter().map(|rule| match rule {
        Rule::Trailing if session.rules.trailing.restored => ExitReason::TrailingRestart,
        rule => rule.reason(),
    });
    let Some(reason) = reasons.next() else { return Vec::new() };
    let also_matched: Vec<_> = reasons.collect();
    let mut verdicts = Vec::new();
    let latch = match reason {
        // The account's day is over: everything is closed and nothing opens until a user says so.
        ExitReason::DayLoss => Some(PanicScope::Account),
        ExitReason::Margin => Some(PanicScope::Session),
        ExitReason::MaxLoss if evaluation.far_beyond_max_loss => Some(PanicScope::Session),
        _ => None,
    };
    verdicts.push(decide(evaluation, stamp, reason, also_matched));
    if let Some(scope) = latch {
        verdicts.push(say(&stamp.correlation_id, latched(scope, reason, stamp)));
    }
    verdicts
}

/// A latch that a rule sets: its id comes from the step's, so that replay makes the same.
pub(crate) fn latched(scope: PanicScope, reason: ExitReason, stamp: &Stamp) -> ClosingDecision {
    let panic_id = PanicId(format!("p-{}", base36(fnv1a(stamp.correlation_id.as_str()), 10)));
    ClosingDecision::PanicLatched { scope, panic_id, who: "engine".to_owned(), reason }
}

fn decide(
    evaluation: &Evaluation,
    stamp: &Stamp,
    reason: ExitReason,
    also_matched: Vec<ExitReason>,
) -> Verdict {
    let reading = evaluation.readings.iter().find(|reading| reading.rule.reason() == reason);
    let raw = reading.map(|reading| format!(" {}", reading.raw)).unwrap_or_default();
    let rationale = format!("Leaving by rule {reason}:{raw}.");
    say(
        &stamp.correlation_id,
        RulesDecision::ExitDecided {
            reason,
            also_matched,
            who: None,
            executable: evaluation.worth.executable,
            readings: evaluation.readings.clone(),
            rationale,
        },
    )
}
