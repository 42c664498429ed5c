//! From the start request to both legs sold.

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Value};

use crate::amount::{Money, Price, plain};
use crate::causes::{EntryFailure, Warning};
use crate::gate::Gate;
use crate::ids::{Code, Symbol, Underlying};
use crate::session::Leg;
use crate::tell::{fields, grouped};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryDecision {
    InstrumentsRequested {
        underlying: Underlying,
    },
    InstrumentsUnknown {
        underlying: Underlying,
        code: Code,
    },
    StrikesChosen {
        legs: Vec<Leg>,
        spot: Price,
        expiry: Micros,
        listed: usize,
    },
    /// The plan, at the bids of now: what entry is held against.
    Planned {
        bids: Vec<(Symbol, Price)>,
        credit: Money,
        warnings: Vec<Warning>,
    },
    /// The plan is too old to be followed: strikes are chosen again.
    PlanExpired {
        age_ms: Option<i64>,
    },
    GateChanged {
        gate: Gate,
    },
    Started {
        plan_credit: Money,
        executable_credit: Money,
        guard: Money,
    },
    Completed {
        credit: Money,
        plan_credit: Option<Money>,
        elapsed_ms: i64,
    },
    /// Paused before anything was sold: the orders are gone, the session stays.
    Withdrawn,
    Failed {
        cause: EntryFailure,
    },
}

impl Event for EntryDecision {
    fn name(&self) -> &'static str {
        match self {
            EntryDecision::InstrumentsRequested { .. } => "entry.instruments_requested",
            EntryDecision::InstrumentsUnknown { .. } => "entry.instruments_unknown",
            EntryDecision::StrikesChosen { .. } => "entry.strikes_chosen",
            EntryDecision::Planned { .. } => "entry.planned",
            EntryDecision::PlanExpired { .. } => "entry.plan_expired",
            EntryDecision::GateChanged { .. } => "entry.gate_changed",
            EntryDecision::Started { .. } => "entry.started",
            EntryDecision::Completed { .. } => "entry.completed",
            EntryDecision::Withdrawn => "entry.withdrawn",
            EntryDecision::Failed { .. } => "entry.failed",
        }
    }

    fn level(&self) -> Level {
        match self {
            EntryDecision::InstrumentsUnknown { .. } | EntryDecision::Failed { .. } => Level::Warn,
            EntryDecision::Planned { warnings, .. } if !warnings.is_empty() => Level::Warn,
            EntryDecision::InstrumentsRequested { .. } => Level::Debug,
            EntryDecision::StrikesChosen { .. }
            | EntryDecision::Planned { .. }
            | EntryDecision::PlanExpired { .. }
            | EntryDecision::GateChanged { .. }
            | EntryDecision::Started { .. }
            | EntryDecision::Completed { .. }
            | EntryDecision::Withdrawn => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            EntryDecision::InstrumentsRequested { underlying } => {
                format!("Asked the venue what {underlying} options it lists.")
            }
            EntryDecision::InstrumentsUnknown { underlying, code } => {
                format!("The list of {underlying} options could not be read: {}.", code.words())
            }
            EntryDecision::StrikesChosen { legs, spot, .. } => {
                let names: Vec<_> = legs.iter().map(|leg| leg.instrument.symbol.as_str()).collect();
                format!("Chose {} with spot at {spot}.", names.join(" and "))
            }
            EntryDecision::Planned { credit, warnings, .. } => {
                let note = warnings.first().map(|warning| format!(" {}", warning.sentence()));
                format!("Planned a credit of {} at the bids.{}", plain(*credit), note.unwrap_or_default())
            }
            EntryDecision::PlanExpired { age_ms: Some(age_ms) } => {
                format!("The plan is {} s old: strikes are chosen again.", grouped(age_ms / 1_000))
            }
            EntryDecision::PlanExpired { age_ms: None } => {
                "There is no plan to follow: strikes are chosen again.".to_owned()
            }
            EntryDecision::GateChanged { gate: Gate::Open } => "Entry gate open.".to_owned(),
            EntryDecision::GateChanged { gate } => format!("Entry gate shut: {}", gate.sentence()),
            EntryDecision::Started { executable_credit, guard, .. } => {
                format!(
                    "Entered: executable credit {} meets the guard {}.",
                    plain(*executable_credit),
                    plain(*guard)
                )
            }
            EntryDecision::Completed { credit, elapsed_ms, .. } => {
                format!(
                    "Entry complete: sold all legs for {} in {} ms.",
                    plain(*credit),
                    grouped(*elapsed_ms)
                )
            }
            EntryDecision::Withdrawn => {
                "Entry was withdrawn before anything was sold; the session stays paused.".to_owned()
            }
            EntryDecision::Failed { cause } => format!("Entry failed: {}.", cause.sentence()),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            EntryDecision::InstrumentsRequested { underlying } => {
                fields().put("underlying", underlying).map()
            }
            EntryDecision::InstrumentsUnknown { underlying, code } => {
                fields().put("underlying", underlying).put("reason", code).map()
            }
            EntryDecision::StrikesChosen { legs, spot, expiry, listed } => fields()
                .put("symbols", legs.iter().map(|leg| &leg.instrument.symbol).collect::<Vec<_>>())
                .put("spot", spot)
                .put("expiry", expiry)
                .put("listed", listed)
                .map(),
            EntryDecision::Planned { bids, credit, warnings } => {
                fields().put("bids", bids).put("credit", credit).put("warnings", warnings).map()
            }
            EntryDecision::PlanExpired { age_ms } => fields().put("age_ms", age_ms).map(),
            EntryDecision::GateChanged { gate } => fields().put("gate", gate).map(),
            EntryDecision::Started { plan_credit, executable_credit, guard } => fields()
                .put("plan_credit", plan_credit)
                .put("executable_credit", executable_credit)
                .put("guard", guard)
                .map(),
            EntryDecision::Completed { credit, plan_credit, elapsed_ms } => fields()
                .put("credit", credit)
                .put("plan_credit", plan_credit)
                .put("elapsed_ms", elapsed_ms)
                .map(),
            EntryDecision::Withdrawn => Map::new(),
            EntryDecision::Failed { cause } => {
                fields().put("cause", cause).put("why", cause.sentence()).map()
            }
        }
    }
}
