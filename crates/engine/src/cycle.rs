//! Steady evaluations, told once a second per session: cycle start and end, worth with the age of each number, and
//! every rule's reading.

use model::Lifecycle;
use model::decision::RulesDecision;

use crate::hearing::Hearing;
use crate::rules::evaluate;
use crate::said::{SECOND, Said, since};

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let sampled = session.rules.sampled_at;
    let due = sampled.is_none_or(|at| since(at, hearing.now()) >= SECOND);
    let idle = session.is_over() || session.lifecycle == Lifecycle::Starting || session.legs().is_empty();
    if !due || idle {
        return Vec::new();
    }
    let evaluation = evaluate(hearing.state, session, hearing.now());
    let fires = u32::try_from(evaluation.fires.len()).unwrap_or(u32::MAX);
    let previous_step_us = hearing.stamp.previous_step_us;
    vec![
        hearing.note(RulesDecision::CycleStarted),
        hearing.note(RulesDecision::Evaluated {
            worth: Box::new(evaluation.worth),
            readings: evaluation.readings,
        }),
        hearing.note(RulesDecision::CycleCompleted { fires, previous_step_us }),
    ]
}
