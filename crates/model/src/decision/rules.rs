//! The exit rules at work: evaluations, confirmations, the trailing floor, and the decision to leave.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Value};

use crate::amount::{Money, plain, signed};
use crate::reading_words::raw;
use crate::rules::{Rule, RuleReading, Verdict};
use crate::tell::fields;
use crate::valuation::{LegWorth, Valuation};
use crate::words::ExitReason;

/// How often steady evaluations are told.
pub const SAMPLED: &str = "1/s";

/// What lifted a trailing floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lift {
    Distance,
    Step,
    MinimumLock,
    PreviousFloor,
}

impl Lift {
    pub fn words(self) -> &'static str {
        match self {
            Lift::Distance => "distance",
            Lift::Step => "step",
            Lift::MinimumLock => "minimum lock",
            Lift::PreviousFloor => "previous floor",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesDecision {
    CycleStarted,
    CycleCompleted {
        /// Rules that fire.
        fires: u32,
        previous_step_us: Option<u64>,
    },
    Evaluated {
        worth: Box<Valuation>,
        readings: Vec<RuleReading>,
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
        responsible: Lift,
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
        responsible: Lift,
    },
    /// Irrevocable for the position.
    ExitDecided {
        reason: ExitReason,
        also_matched: Vec<ExitReason>,
        who: Option<String>,
        executable: Option<Money>,
        readings: Vec<RuleReading>,
    },
}

impl Event for RulesDecision {
    fn name(&self) -> &'static str {
        match self {
            RulesDecision::CycleStarted => "cycle.started",
            RulesDecision::CycleCompleted { .. } => "cycle.judged",
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
            // The run loop tells its cycles itself, with the time that each took.
            RulesDecision::CycleStarted | RulesDecision::CycleCompleted { .. } => Level::Trace,
            RulesDecision::Evaluated { .. } | RulesDecision::PeakRaised { .. } => Level::Debug,
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
            RulesDecision::CycleStarted => "An evaluation that is written began.".to_owned(),
            RulesDecision::CycleCompleted { fires: 0, .. } => {
                "The evaluation that is written ended: held.".to_owned()
            }
            RulesDecision::CycleCompleted { fires, .. } => {
                format!("The evaluation that is written ended: {fires} rules fire.")
            }
            RulesDecision::Evaluated { worth, readings } => {
                let executable = worth.executable.map_or_else(|| "unknown".to_owned(), signed);
                let fires = readings.iter().filter(|reading| reading.verdict == Verdict::Fires).count();
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
                "Trailing armed: {} reached activation {}; floor {} ({}).",
                plain(*executable),
                plain(*activation),
                plain(*floor),
                responsible.words()
            ),
            RulesDecision::PeakRaised { peak, floor, .. } => {
                format!("New peak {}; the floor stays {}.", plain(*peak), plain(*floor))
            }
            RulesDecision::FloorRaised { previous_floor, floor, peak, responsible } => {
                format!(
                    "Floor raised {} → {}: peak {} ({}).",
                    plain(*previous_floor),
                    plain(*floor),
                    plain(*peak),
                    responsible.words()
                )
            }
            RulesDecision::ExitDecided { reason, who, readings, .. } => {
                leaving(*reason, who.as_deref(), readings)
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            RulesDecision::CycleStarted => fields().put("sampled", SAMPLED).map(),
            RulesDecision::CycleCompleted { fires, previous_step_us } => fields()
                .put("outcome", if *fires == 0 { "held" } else { "rules_fire" })
                .put("fires", fires)
                .put("previous_step_us", previous_step_us)
                .put("sampled", SAMPLED)
                .map(),
            RulesDecision::Evaluated { worth, readings } => fields()
                .merge(worth)
                .put("legs", worth.legs.iter().map(leg).collect::<Vec<_>>())
                .put("rules", told(readings))
                .put("sampled", SAMPLED)
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
            RulesDecision::ExitDecided { reason, also_matched, who, executable, readings } => fields()
                .put("reason", reason)
                .put("also_matched", also_matched)
                .put("user", who)
                .put("executable", executable)
                .put("rules", told(readings))
                .map(),
        }
    }
}

/// Why it leaves, with the comparison of the rule that fired.
fn leaving(reason: ExitReason, who: Option<&str>, readings: &[RuleReading]) -> String {
    let fired = readings.iter().find(|reading| reading.rule.reason() == reason);
    match (reason, who) {
        (ExitReason::Error, None) => {
            "Leaving: prices have been stale for too long and no stop rests at the venue.".to_owned()
        }
        (ExitReason::EntryFailed, _) => "Leaving: entry failed.".to_owned(),
        (_, Some(who)) => format!("Leaving: {who} asked for it ({reason})."),
        (_, None) => match fired.filter(|reading| reading.verdict == Verdict::Fires) {
            Some(reading) => format!("Leaving by rule {reason}: {}.", raw(reading)),
            None => format!("Leaving: {reason}."),
        },
    }
}

/// Readings as they are told: with the raw comparison beside its numbers.
fn told(readings: &[RuleReading]) -> Vec<Value> {
    let told = readings.iter().map(|reading| fields().merge(reading).put("raw", raw(reading)).map());
    told.map(Value::Object).collect()
}

/// A leg with where its numbers come from by their age.
fn leg(leg: &LegWorth) -> Value {
    let sources = fields().put("quote_source", leg.quote_from()).put("mark_source", leg.mark_from()).map();
    Value::Object(fields().merge(leg).merge(sources).map())
}
