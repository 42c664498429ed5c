//! The judges, in the order in which they are asked. The first that speaks is heard, then all are asked again.
//! A judge that fails on a session sets that session apart and nothing else; closing and panic are asked on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use model::decision::{AccountDecision, SessionDecision};
use model::{Session, Stamp, TradingState};

use crate::hearing::Hearing;
use crate::said::{Said, say};
use crate::{
    clock, closing, cycle, day, entry, exits, health, latch, lookups, orphans, preparation, recovery, sweep,
    truth, watch,
};

/// What should happen next, given what is known. Empty: nothing.
enum Judge {
    /// Of the account as a whole.
    Account(&'static str, fn(&TradingState, &Stamp) -> Vec<Said>),
    /// Of each session, ended ones as well.
    Session(&'static str, fn(&Hearing<'_>) -> Vec<Said>),
    /// Of each session, even of one that was set apart: what gets one out.
    Exit(&'static str, fn(&Hearing<'_>) -> Vec<Said>),
}

/// Top to bottom: what was lost is looked for, a latch comes before exits, exits before closing, closing before
/// anything that could open risk; then what is read, watched and told.
const JUDGES: [Judge; 17] = [
    Judge::Account("day", day::judge),
    Judge::Account("clock", clock::judge),
    Judge::Exit("lookups", lookups::judge),
    Judge::Account("orphans", orphans::judge),
    Judge::Exit("latch", latch::judge),
    Judge::Session("exits", exits::judge),
    Judge::Exit("leaving", exits::leave),
    Judge::Exit("closing", closing::judge),
    Judge::Account("sweep", sweep::judge),
    Judge::Session("recovery", recovery::judge),
    Judge::Session("preparation", preparation::judge),
    Judge::Session("entry", entry::judge),
    Judge::Session("reconciliation", truth::reconcile::judge),
    Judge::Account("truth", truth::judge),
    Judge::Account("witness", truth::witness::judge),
    Judge::Account("watch", watch::judge),
    Judge::Session("health", health::judge),
];

/// Told last, and never before anything else.
const TELLERS: [Judge; 2] =
    [Judge::Account("account_health", health::account), Judge::Session("cycle", cycle::judge)];

/// The first that speaks.
pub(crate) fn ask(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let judges = JUDGES.iter().chain(&TELLERS);
    judges.map(|judge| hear(judge, state, stamp)).find(|said| !said.is_empty()).unwrap_or_default()
}

fn hear(judge: &Judge, state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    match judge {
        Judge::Account(name, _) if state.failed_judges.contains(*name) => Vec::new(),
        Judge::Account(name, judge) => {
            // Judges only look: what they looked at when they failed is as it was.
            catch_unwind(AssertUnwindSafe(|| judge(state, stamp))).unwrap_or_else(|_| {
                let failed = AccountDecision::JudgeFailed { judge: (*name).to_owned() };
                vec![say(&stamp.correlation_id, failed)]
            })
        }
        Judge::Session(name, judge) => {
            first(state, stamp, name, *judge, |session| session.quarantined.is_none())
        }
        Judge::Exit(name, judge) => first(state, stamp, name, *judge, |_| true),
    }
}

fn first(
    state: &TradingState,
    stamp: &Stamp,
    name: &str,
    judge: fn(&Hearing<'_>) -> Vec<Said>,
    asked: fn(&Session) -> bool,
) -> Vec<Said> {
    let sessions = state.sessions.values().filter(|session| asked(session));
    let said = sessions.map(|session| {
        let hearing = Hearing { state, session, stamp };
        let said = catch_unwind(AssertUnwindSafe(|| judge(&hearing)));
        let said = said.unwrap_or_else(|_| set_apart(&hearing, name));
        // What is said of a session is of the session that was asked about.
        said.into_iter().map(|said| said.of(&session.id)).collect::<Vec<_>>()
    });
    said.into_iter().find(|said| !said.is_empty()).unwrap_or_default()
}

/// Told once; a judge that fails on a session that is set apart already says nothing.
fn set_apart(hearing: &Hearing<'_>, judge: &str) -> Vec<Said> {
    if hearing.session.quarantined.is_some() {
        return Vec::new();
    }
    vec![hearing.note(SessionDecision::Quarantined { judge: judge.to_owned() })]
}

#[cfg(test)]
mod tests;
