//! Samples of an entry.

use super::{call, instrument, price, put, usd};
use crate::causes::{EntryFailure, Warning};
use crate::decision::EntryDecision;
use crate::gate::Gate;
use crate::ids::{Code, Underlying};
use crate::instrument::OptionKind;
use crate::session::Leg;

pub(super) fn samples() -> Vec<EntryDecision> {
    let leg = |kind, tenths| Leg { instrument: instrument(kind), lots: 200, plan_bid: Some(price(tenths)) };
    let planned = |warnings| EntryDecision::Planned {
        bids: vec![(call(), price(3_100)), (put(), price(2_950))],
        credit: usd(12_100),
        warnings,
    };
    vec![
        EntryDecision::InstrumentsRequested { underlying: Underlying::from("BTC") },
        EntryDecision::InstrumentsUnknown {
            underlying: Underlying::from("BTC"),
            code: Code::from("http_503"),
        },
        EntryDecision::StrikesChosen {
            legs: vec![leg(OptionKind::Call, 3_100), leg(OptionKind::Put, 2_950)],
            spot: price(461_235),
            expiry: instrument(OptionKind::Call).expiry,
            listed: 312,
        },
        planned(Vec::new()),
        planned(vec![Warning::DistanceInsideSpread { distance: usd(600), least: usd(640) }]),
        EntryDecision::PlanExpired { age_ms: Some(64_000) },
        EntryDecision::PlanExpired { age_ms: None },
        EntryDecision::GateChanged { gate: Gate::CreditBelowGuard },
        EntryDecision::GateChanged { gate: Gate::Open },
        EntryDecision::Started {
            plan_credit: usd(12_100),
            executable_credit: usd(12_060),
            guard: usd(11_737),
        },
        EntryDecision::Completed { credit: usd(12_048), plan_credit: Some(usd(12_100)), elapsed_ms: 412 },
        EntryDecision::Withdrawn,
        EntryDecision::Failed { cause: EntryFailure::LegMissing },
    ]
}

pub(super) fn doc(decision: &EntryDecision) -> &'static str {
    match decision {
        EntryDecision::InstrumentsRequested { .. } => "a starting session needs the list of options",
        EntryDecision::InstrumentsUnknown { .. } => "the list could not be read; it is asked for again",
        EntryDecision::StrikesChosen { .. } => "the list is here and spot is known",
        EntryDecision::Planned { .. } => "all legs have fresh two-sided quotes; with warnings, a warning",
        EntryDecision::PlanExpired { .. } => "a plan older than a minute, or lost with the process",
        EntryDecision::Withdrawn => "paused while entry orders worked and nothing was sold",
        EntryDecision::GateChanged { .. } => "another gate, or none, is now the first that shuts entry",
        EntryDecision::Started { .. } => "the gate opened; the orders of all legs follow",
        EntryDecision::Completed { .. } => "all legs are sold",
        EntryDecision::Failed { .. } => "the entry is given up; what was sold is closed",
    }
}
