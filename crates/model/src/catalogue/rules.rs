//! Samples of the exit rules at work.

use super::{after, call, put, reading, usd};
use crate::decision::RulesDecision;
use crate::decision::rules::Lift;
use crate::market::MarketSource;
use crate::rules::{Measure, Rule, RuleReading, Verdict};
use crate::valuation::{LegWorth, Valuation};
use crate::words::ExitReason;

pub(super) fn samples() -> Vec<RulesDecision> {
    // Most of the time nothing speaks against the marks.
    let evaluated = |readings| RulesDecision::Evaluated {
        worth: Box::new(Valuation { at_worst: None, ..worth() }),
        readings,
    };
    let mut samples = vec![
        RulesDecision::CycleStarted,
        evaluated(vec![reading()]),
        evaluated(vec![RuleReading { verdict: Verdict::Fires, ..reading() }]),
        RulesDecision::Evaluated { worth: Box::new(worth()), readings: vec![reading()] },
        RulesDecision::CycleCompleted { fires: 0, previous_step_us: Some(84) },
        RulesDecision::CycleCompleted { fires: 1, previous_step_us: Some(84) },
        RulesDecision::BreachCounted {
            rule: Rule::Trailing,
            count: 1,
            value: usd(890),
            threshold: usd(900),
            first_at: after(221_000),
        },
        RulesDecision::BreachCleared { rule: Rule::Trailing, value: Some(usd(930)), threshold: usd(900) },
    ];
    samples.extend(floor());
    samples.extend(exits());
    samples
}

fn floor() -> [RulesDecision; 3] {
    [
        RulesDecision::TrailingArmed {
            executable: usd(1_210),
            activation: usd(1_200),
            peak: usd(1_210),
            floor: usd(600),
            responsible: Lift::Step,
        },
        RulesDecision::PeakRaised { previous_peak: usd(1_210), peak: usd(1_320), floor: usd(600) },
        RulesDecision::FloorRaised {
            previous_floor: usd(600),
            floor: usd(900),
            peak: usd(1_530),
            responsible: Lift::Step,
        },
    ]
}

fn exits() -> [RulesDecision; 3] {
    let asked = RulesDecision::ExitDecided {
        reason: ExitReason::Operator,
        also_matched: Vec::new(),
        who: Some("ada".to_owned()),
        executable: None,
        readings: vec![reading()],
    };
    let decided = |reason| RulesDecision::ExitDecided {
        reason,
        also_matched: Vec::new(),
        who: None,
        executable: Some(usd(890)),
        readings: vec![RuleReading {
            verdict: Verdict::Fires,
            value: Some(usd(890)),
            measure: Measure::Floor { breaches: 2, needed: 2 },
            ..reading()
        }],
    };
    [decided(ExitReason::Trailing), decided(ExitReason::Error), asked]
}

fn leg(symbol: crate::ids::Symbol, quote_age_ms: i64, mark_age_ms: i64) -> LegWorth {
    LegWorth {
        symbol,
        qty: -200,
        executable: Some(usd(710)),
        at_mark: Some(usd(826)),
        quote_age_ms: Some(quote_age_ms),
        mark_age_ms: Some(mark_age_ms),
        quote_source: Some(MarketSource::Stream),
        mark_source: Some(MarketSource::Stream),
        fresh: true,
    }
}

fn worth() -> Valuation {
    Valuation {
        cash: usd(12_048),
        fees_paid: usd(217),
        credit: usd(12_048),
        buy_back: Some(usd(10_194)),
        exit_fees: Some(usd(217)),
        executable: Some(usd(1_420)),
        at_mark: Some(usd(1_652)),
        at_worst: Some(usd(1_310)),
        notional: usd(1_844_940),
        maintenance_margin: usd(9_225),
        beyond_depth: false,
        wide: false,
        fresh: true,
        legs: vec![leg(call(), 120, 340), leg(put(), 180, 410)],
    }
}

pub(super) fn doc(decision: &RulesDecision) -> &'static str {
    match decision {
        RulesDecision::CycleStarted => "beside each evaluation in the journal",
        RulesDecision::CycleCompleted { .. } => {
            "with it, the time that the step before took; the run loop tells its own as cycle.completed"
        }
        RulesDecision::Evaluated { .. } => {
            "once a second: worth, every rule's reading, the age of each number"
        }
        RulesDecision::BreachCounted { .. } => "a rule that needs confirmation was crossed",
        RulesDecision::BreachCleared { .. } => "the crossing was over before it was confirmed",
        RulesDecision::TrailingArmed { .. } => "executable P&L reached the activation",
        RulesDecision::PeakRaised { .. } => "a new peak that does not lift the floor to its next step",
        RulesDecision::FloorRaised { .. } => "a new peak that lifts the floor",
        RulesDecision::ExitDecided { .. } => "irrevocable: the position is closed",
    }
}
