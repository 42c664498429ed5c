//! From an input to what it means: facts, before anybody judges them.

use model::decision::{AccountDecision, MarketDecision};
use model::input::{HealthReport, LinkChange};
use model::restriction::Restrictions;
use model::{Input, Stamp, TradingState};

use crate::said::{Said, say};
use crate::{clock, instruments, operator, recovery, reports, truth};

pub(crate) fn of(state: &TradingState, stamp: &Stamp, input: Input) -> Vec<Said> {
    match input {
        // The engine itself takes prices in; they are facts without being decisions.
        Input::Market { .. } => Vec::new(),
        Input::Execution(report) => reports::report(state, stamp, report),
        Input::Truth(read) => truth::read::facts(state, stamp, read),
        Input::Witness(witness) => truth::witness::facts(state, stamp, witness),
        Input::Instruments(read) => instruments::read(state, stamp, &read),
        Input::Operator(request) => operator::request(state, stamp, &request),
        Input::Link(change) => link(state, stamp, change),
        Input::Health(report) => health(state, stamp, report),
        Input::Restrictions(now) => restrictions(state, stamp, now),
        Input::Clock(report) => clock::report(state, stamp, report),
        Input::Booted => recovery::booted(state, stamp),
        Input::Live(account) => vec![say(&stamp.correlation_id, AccountDecision::LiveOpened(account))],
        Input::Timer => Vec::new(),
    }
}

fn link(state: &TradingState, stamp: &Stamp, change: LinkChange) -> Vec<Said> {
    if state.links.get(&change.link).is_some_and(|known| known.up == change.up) {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, MarketDecision::LinkChanged(change))]
}

fn restrictions(state: &TradingState, stamp: &Stamp, now: Restrictions) -> Vec<Said> {
    if state.restricted.now == now {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, MarketDecision::Restricted(now))]
}

/// A monitor outside speaks of the whole account.
fn health(state: &TradingState, stamp: &Stamp, report: HealthReport) -> Vec<Said> {
    if state.account.health.contains(&report.health) == report.on {
        return Vec::new();
    }
    let HealthReport { health, on, cause } = report;
    vec![say(&stamp.correlation_id, AccountDecision::HealthChanged { health, on, cause })]
}
