//! Protect: looks at every exit rule, remembers breaches, and decides to leave. Runs before anything that could
//! open risk. Once an exit is decided it is irrevocable, and only seen to be carried out.

use model::causes::LifecycleCause;
use model::decision::closing::PanicScope;
use model::decision::{ClosingDecision, RulesDecision, SessionDecision};
use model::ids::{PanicId, base36, fnv1a};
use model::rules::Rule;
use model::{ExitReason, Intent, Lifecycle, Session, Stamp};

use crate::hearing::Hearing;
use crate::rules::{Evaluation, evaluate};
use crate::said::Said;

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let waits = session.lifecycle == Lifecycle::Starting && session.fills.is_empty();
    if session.is_over() || session.exit().is_some() || waits {
        return Vec::new();
    }
    let evaluation = evaluate(hearing.state, session, hearing.now());
    if !evaluation.changes.is_empty() {
        return evaluation.changes.into_iter().map(|change| hearing.note(change)).collect();
    }
    if let Some(natural) = ended_by_itself(session) {
        return vec![decide(hearing, &evaluation, natural, Vec::new())];
    }
    fire(hearing, &evaluation)
}

/// Carries a decided exit into EXITING and begins to close.
pub(crate) fn leave(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let Some(exit) = session.exit().filter(|_| !session.is_over()) else { return Vec::new() };
    let mut said = Vec::new();
    if session.intent < Intent::Exit {
        let who = exit.who.clone();
        said.push(hearing.say(SessionDecision::IntentChanged {
            from: session.intent,
            to: Intent::Exit,
            who,
        }));
    }
    if !session.is_closing() {
        // What is on is read first after a crash: closing does that itself.
        let cause = LifecycleCause::ExitDecided { reason: exit.reason };
        said.push(hearing.say(hearing.lifecycle(Lifecycle::Exiting, cause)));
    } else if session.flatten().is_none() {
        let started = ClosingDecision::Started {
            id: base36(fnv1a(&format!("{}{}", session.id, exit.decided_at.0)), 10),
            panic: false,
            panic_id: None,
            of_account: false,
            who: exit.who.clone(),
            products: crate::latch::products(hearing.state, session),
        };
        said.push(hearing.say(started));
    }
    said
}

/// Everything was closed without us: it settled, or a stop at the venue did it.
fn ended_by_itself(session: &Session) -> Option<ExitReason> {
    if session.entry().completed_at.is_none() || !session.is_flat_by_fills() {
        let idle = session.fills.is_empty() && session.orders.working().next().is_none();
        return (session.drain && idle).then_some(ExitReason::Drained);
    }
    let last = session.fills.iter().next_back();
    Some(if last.is_some_and(|fill| fill.settlement) {
        ExitReason::Settlement
    } else {
        ExitReason::VenueStop
    })
}

fn fire(hearing: &Hearing<'_>, evaluation: &Evaluation) -> Vec<Said> {
    let restored = hearing.session.rules.trailing.restored;
    let mut reasons = evaluation.fires.iter().map(|rule| match rule {
        Rule::Trailing if restored => ExitReason::TrailingRestart,
        rule => rule.reason(),
    });
    let Some(reason) = reasons.next() else { return Vec::new() };
    let also_matched: Vec<_> = reasons.collect();
    let latch = match reason {
        // The account's day is over: everything is closed and nothing opens until a user says so.
        ExitReason::DayLoss => Some(PanicScope::Account),
        ExitReason::Margin => Some(PanicScope::Session),
        ExitReason::MaxLoss if evaluation.far_beyond_max_loss => Some(PanicScope::Session),
        _ => None,
    };
    let mut said = vec![decide(hearing, evaluation, reason, also_matched)];
    if let Some(scope) = latch {
        said.push(hearing.note(latched(scope, reason, hearing.stamp)));
    }
    said
}

/// A latch that a rule sets: its id comes from the step's, so that replay makes the same.
pub(crate) fn latched(scope: PanicScope, reason: ExitReason, stamp: &Stamp) -> ClosingDecision {
    let panic_id = PanicId(format!("p-{}", base36(fnv1a(stamp.correlation_id.as_str()), 10)));
    ClosingDecision::PanicLatched { scope, panic_id, who: "engine".to_owned(), reason }
}

fn decide(
    hearing: &Hearing<'_>,
    evaluation: &Evaluation,
    reason: ExitReason,
    also_matched: Vec<ExitReason>,
) -> Said {
    hearing.note(RulesDecision::ExitDecided {
        reason,
        also_matched,
        who: None,
        executable: evaluation.worth.executable,
        readings: evaluation.readings.clone(),
    })
}
