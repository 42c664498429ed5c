//! Follows the evaluation cycles of each session: what is told of a cycle, at which level, and when a leg's prices come
//! from elsewhere than the stream. Pure; the driver tells what it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::decision::RulesDecision;
use model::rules::{RuleReading, Verdict};
use model::valuation::{Valuation, value};
use model::{Decision, DecisionRecord, Micros, Session, SessionId, Symbol, TradingState};
use telemetry::{Context, Level};

use crate::trading::cycle_events::{CycleCompleted, LegSource, Sources};

/// A steady outcome is told at info so often, and at debug with each sample.
const INFO_EVERY: i64 = 60_000_000;

/// One turn of the run loop, after it.
pub(super) struct Turn<'a> {
    pub started_at: Micros,
    pub latency_us: u64,
    pub state: &'a TradingState,
    pub decisions: &'a [Arc<DecisionRecord>],
    /// Whether anybody hears of a cycle at debug: one that nobody hears of is counted with the next that is told.
    pub debug: bool,
}

/// What is told of a turn.
#[derive(Default)]
pub(super) struct Said {
    pub cycles: Vec<(CycleCompleted, Context)>,
    pub legs: Vec<(LegSource, Context)>,
}

/// What was told before, of each session that is evaluated.
#[derive(Default)]
pub(super) struct Cycles(BTreeMap<SessionId, Seen>);

#[derive(Default)]
struct Seen {
    outcome: Option<&'static str>,
    info_at: Option<Micros>,
    /// Turns since the last record.
    turns: u64,
    sources: BTreeMap<Symbol, Sources>,
}

impl Cycles {
    pub fn on(&mut self, turn: &Turn<'_>) -> Said {
        let mut said = Said::default();
        self.0.retain(|id, _| turn.state.session(id).is_some_and(|session| !session.is_over()));
        for session in turn.state.active().filter(|session| !session.legs().is_empty()) {
            // At each tick of the market: an id is copied for the first turn only.
            match self.0.get_mut(&session.id) {
                Some(seen) => seen.turns += 1,
                None => {
                    self.0.insert(session.id.clone(), Seen { turns: 1, ..Seen::default() });
                }
            }
        }
        for record in turn.decisions {
            let (Some(id), Decision::Rules(decision)) = (&record.session_id, &record.decision) else {
                continue;
            };
            let Some(session) = turn.state.session(id) else { continue };
            match decision {
                RulesDecision::Evaluated { worth, readings } => {
                    let seen = self.0.entry(id.clone()).or_default();
                    seen.sources(session, worth, record, &mut said);
                    said.cycles.extend(seen.cycle(turn, record, session, worth, readings));
                }
                RulesDecision::ExitDecided { readings, .. } => {
                    let worth = value(turn.state, session, turn.started_at);
                    let seen = self.0.entry(id.clone()).or_default();
                    said.cycles.extend(seen.cycle(turn, record, session, &worth, readings));
                }
                RulesDecision::CycleStarted
                | RulesDecision::CycleCompleted { .. }
                | RulesDecision::BreachCounted { .. }
                | RulesDecision::BreachCleared { .. }
                | RulesDecision::TrailingArmed { .. }
                | RulesDecision::PeakRaised { .. }
                | RulesDecision::FloorRaised { .. } => {}
            }
        }
        said
    }
}

impl Seen {
    fn cycle(
        &mut self,
        turn: &Turn<'_>,
        record: &DecisionRecord,
        session: &Session,
        worth: &Valuation,
        readings: &[RuleReading],
    ) -> Option<(CycleCompleted, Context)> {
        let outcome = outcome(record, session, readings);
        let due = self.info_at.is_none_or(|at| turn.started_at.0 - at.0 >= INFO_EVERY);
        let level = if due || self.outcome != Some(outcome) { Level::Info } else { Level::Debug };
        if level == Level::Debug && !turn.debug {
            return None;
        }
        if level == Level::Info {
            (self.info_at, self.outcome) = (Some(turn.started_at), Some(outcome));
        }
        let event = CycleCompleted {
            level,
            started_at: turn.started_at,
            latency_us: turn.latency_us,
            turns: std::mem::take(&mut self.turns).max(1),
            outcome,
            reason: session.exit().map(|exit| exit.reason),
            notional: worth.notional,
            executable: worth.executable,
            at_mark: worth.at_mark,
            fees_paid: worth.fees_paid,
            fresh: worth.fresh,
            readings: readings.to_vec(),
            legs: worth.legs.clone(),
        };
        Some((event, record.context()))
    }

    /// Notes from where each open leg has its prices; a change is told.
    fn sources(&mut self, session: &Session, worth: &Valuation, record: &DecisionRecord, said: &mut Said) {
        self.sources.retain(|symbol, _| session.leg(symbol).is_some());
        for leg in &worth.legs {
            let now = Sources::of(leg);
            let before = self.sources.insert(leg.symbol.clone(), now);
            if before.unwrap_or(Sources::STREAM) != now {
                said.legs.push((LegSource { before, now, leg: leg.clone() }, record.context()));
            }
        }
    }
}

/// What the cycle came to.
fn outcome(record: &DecisionRecord, session: &Session, readings: &[RuleReading]) -> &'static str {
    if let Decision::Rules(RulesDecision::ExitDecided { .. }) = record.decision {
        return "exit_decided";
    }
    let any = |verdict| readings.iter().any(|reading| reading.verdict == verdict);
    if session.is_closing() || session.exit().is_some() {
        "closing"
    } else if any(Verdict::Fires) {
        "rules_fire"
    } else if any(Verdict::Confirming) {
        "confirming"
    } else if any(Verdict::Blocked) {
        "blocked"
    } else {
        "held"
    }
}

#[cfg(test)]
mod tests;
