//! The exit rules at work: evaluations, confirmations, the trailing floor, and the decision to leave.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Value};

use crate::amount::{Money, plain, signed};
use crate::rules::{Rule, RuleReading};
use crate::session::ExitReason;
use crate::tell::fields;
use crate::valuation::Valuation;

/// Where one leg's numbers came from and how old they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegFreshness {
    pub symbol: crate::ids::Symbol,
    pub quote_age_ms: Option<i64>,
    pub mark_age_ms: Option<i64>,
    /// `stream`, `rest_fallback`, or `last_known` when stale.
    pub mark_source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesDecision {
    CycleStarted {
        sample_rate: String,
    },
    CycleCompleted {
        outcome: String,
        previous_step_us: Option<u64>,
        sample_rate: String,
    },
    Evaluated {
        worth: Box<Valuation>,
        readings: Vec<RuleReading>,
        legs: Vec<LegFreshness>,
        sample_rate: String,
    },
    BreachCounted {
        rule: Rule,
        count: u32,
        value: Money,
        threshold: Money,
        first_at: Micros,
    },
    BreachCleared {
        rule: Rule,
        value: Option<Money>,
        threshold: Money,
    },
    TrailingArmed {
        executable: Money,
        activation: Money,
        peak: Money,
        floor: Money,
        responsible: String,
    },
    PeakRaised {
        previous_peak: Money,
        peak: Money,
        floor: Money,
    },
    FloorRaised {
        previous_floor: Money,
        floor: Money,
        peak: Money,
        responsible: String,
    },
    /// Irrevocable for the position.
    ExitDecided {
        reason: ExitReason,
        also_matched: Vec<ExitReason>,
        who: Option<String>,
        executable: Option<Money>,
        readings: Vec<RuleReading>,
        rationale: String,
    },
}

impl Event for RulesDecision {
    fn name(&self) -> &'static str {
        match self {
            RulesDecision::CycleStarted { .. } => "cycle.started",
            RulesDecision::CycleCompleted { .. } => "cycle.completed",
            RulesDecision::Evaluated { .. } => "exit.evaluated",
            RulesDecision::BreachCounted { .. } => "rules.breach_counted",
            RulesDecision::BreachCleared { .. } => "rules.breach_cleared",
            RulesDecision::TrailingArmed { .. } => "trailing.armed",
            RulesDecision::PeakRaised { .. } => "trailing.peak_raised",
            RulesDecision::FloorRaised { .. } => "trailing.floor_raised",
            RulesDecision::ExitDecided { .. } => "exit.decided",
        }
    }

    fn level(&self) -> Level {
        match self {
            RulesDecision::CycleStarted { .. }
            | RulesDecision::CycleCompleted { .. }
            | RulesDecision::Evaluated { .. }
            | RulesDecision::PeakRaised { .. } => Level::Debug,
            RulesDecision::BreachCounted { .. }
            | RulesDecision::BreachCleared { .. }
            | RulesDecision::TrailingArmed { .. }
            | RulesDecision::FloorRaised { .. } => Level::Info,
            RulesDecision::ExitDecided { reason: ExitReason::Error, .. } => Level::Error,
            RulesDecision::ExitDecided { .. } => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            RulesDecision::CycleStarted { .. } => "An evaluation cycle began.".to_owned(),
            RulesDecision::CycleCompleted { outcome, .. } => {
                format!("The evaluation cycle ended: {outcome}.")
            }
            RulesDecision::Evaluated { worth, readings, .. } => {
                let executable = worth.executable.map_or_else(|| "unknown".to_owned(), signed);
                let fires =
                    readings.iter().filter(|reading| reading.verdict == crate::rules::Verdict::Fires).count();
                if fires == 0 {
                    format!("Held at {executable}: no rule fires.")
                } else {
                    format!("At {executable}, {fires} rules fire.")
                }
            }
            RulesDecision::BreachCounted { rule, count, value, threshold, .. } => {
                format!(
                    "{} crossed: {} against {}, breach {count}.",
                    rule.label(),
                    plain(*value),
                    plain(*threshold)
                )
            }
            RulesDecision::BreachCleared { rule, threshold, .. } => {
                format!("{} holds again against {}; the count is back at 0.", rule.label(), plain(*threshold))
            }
            RulesDecision::TrailingArmed { executable, activation, floor, responsible, .. } => format!(
                "Trailing armed: {} reached activation {}; floor {} ({responsible}).",
                plain(*executable),
                plain(*activation),
                plain(*floor)
            ),
            RulesDecision::PeakRaised { peak, floor, .. } => {
                format!("New peak {}; the floor stays {}.", plain(*peak), plain(*floor))
            }
            RulesDecision::FloorRaised { previous_floor, floor, peak, responsible } => {
                format!(
                    "Floor raised {} → {}: peak {} ({responsible}).",
                    plain(*previous_floor),
                    plain(*floor),
                    plain(*peak)
                )
            }
            RulesDecision::ExitDecided { rationale, .. } => rationale.clone(),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            RulesDecision::CycleStarted { sample_rate } => fields().put("sampled", sample_rate).map(),
            RulesDecision::CycleCompleted { outcome, previous_step_us, sample_rate } => fields()
                .put("outcome", outcome)
                .put("latency_us", previous_step_us)
                .put("sampled", sample_rate)
                .map(),
            RulesDecision::Evaluated { worth, readings, legs, sample_rate } => fields()
                .merge(worth)
                .put("rules", readings)
                .put("legs", legs)
                .put("sampled", sample_rate)
                .map(),
            RulesDecision::BreachCounted { rule, count, value, threshold, first_at } => fields()
                .put("rule", rule)
                .put("count", count)
                .put("value", value)
                .put("threshold", threshold)
                .put("first_at", first_at)
                .map(),
            RulesDecision::BreachCleared { rule, value, threshold } => {
                fields().put("rule", rule).put("value", value).put("threshold", threshold).map()
            }
            RulesDecision::TrailingArmed { executable, activation, peak, floor, responsible } => fields()
                .put("executable", executable)
                .put("activation", activation)
                .put("peak", peak)
                .put("floor", floor)
                .put("responsible", responsible)
                .map(),
            RulesDecision::PeakRaised { previous_peak, peak, floor } => {
                fields().put("previous_peak", previous_peak).put("peak", peak).put("floor", floor).map()
            }
            RulesDecision::FloorRaised { previous_floor, floor, peak, responsible } => fields()
                .put("previous_floor", previous_floor)
                .put("floor", floor)
                .put("peak", peak)
                .put("responsible", responsible)
                .map(),
            RulesDecision::ExitDecided { reason, also_matched, who, executable, readings, .. } => fields()
                .put("reason", reason)
                .put("also_matched", also_matched)
                .put("user", who)
                .put("executable", executable)
                .put("rules", readings)
                .map(),
        }
    }
}
