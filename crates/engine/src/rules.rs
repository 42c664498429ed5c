//! The one evaluator: a pure function from what is known to a reading of every rule. All rules are read and
//! told; the first that fires, in their order, acts (engine design, section 6).

mod loss;
mod other;
pub(crate) use other::source_word;
pub(crate) mod trailing;

use model::decision::RulesDecision;
use model::rules::{Rule, RuleReading, Verdict as Reading};
use model::session::Session;
use model::valuation::{Valuation, value};
use model::{Decimal, Micros, Money, TradingState};

use crate::confirm::Confirmed;

/// All rules, looked at once.
#[derive(Debug)]
pub(crate) struct Evaluation {
    pub worth: Valuation,
    pub readings: Vec<RuleReading>,
    /// What the evaluator must remember before it may decide: each is recorded, then rules are read again.
    pub changes: Vec<RulesDecision>,
    /// Rules that fire, in the order in which they act.
    pub fires: Vec<Rule>,
    /// The session's loss is half as much again as its limit.
    pub far_beyond_max_loss: bool,
}

/// What every rule looks at.
pub(crate) struct Scene<'a> {
    pub state: &'a TradingState,
    pub session: &'a Session,
    pub worth: &'a Valuation,
    pub now: Micros,
    /// Something is on, by our fills.
    pub open: bool,
}

/// One rule's judgement.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub reading: RuleReading,
    pub change: Option<RulesDecision>,
    pub fires: bool,
}

pub(crate) fn evaluate(state: &TradingState, session: &Session, now: Micros) -> Evaluation {
    let worth = value(state, session, now);
    let scene = Scene { state, session, worth: &worth, now, open: !session.is_flat_by_fills() };
    let judgements = Rule::ALL.map(|rule| match rule {
        Rule::Latch => other::latch(&scene),
        Rule::Exposure => other::exposure(&scene),
        Rule::Margin => other::margin(&scene),
        Rule::DayLoss => loss::day(&scene),
        Rule::MaxLoss => loss::session(&scene),
        Rule::LegStop => loss::leg(&scene),
        Rule::Trailing => trailing::read(&scene),
        Rule::MaxProfit => other::max_profit(&scene),
        Rule::Time => other::time(&scene),
        Rule::Signal => other::signal(),
    });
    let far_beyond_max_loss = loss::is_far_beyond(&scene);
    let mut evaluation = Evaluation {
        worth: worth.clone(),
        readings: Vec::new(),
        changes: Vec::new(),
        fires: Vec::new(),
        far_beyond_max_loss,
    };
    for judgement in judgements {
        if judgement.fires {
            evaluation.fires.push(judgement.reading.rule);
        }
        evaluation.changes.extend(judgement.change);
        evaluation.readings.push(judgement.reading);
    }
    evaluation
}

/// A reading that cannot fire.
pub(crate) fn quiet(rule: Rule, verdict: Reading, raw: impl Into<String>) -> Judgement {
    Judgement {
        reading: RuleReading {
            rule,
            verdict,
            value: None,
            threshold: None,
            raw: raw.into(),
            left: String::new(),
            used_percent: None,
        },
        change: None,
        fires: false,
    }
}

/// Turns a confirmation into a judgement on a numeric rule.
pub(crate) fn confirmed(
    mut reading: RuleReading,
    confirmed: Confirmed,
    value: Money,
    threshold: Money,
) -> Judgement {
    let rule = reading.rule;
    let (change, fires) = match confirmed {
        Confirmed::Holds => (None, false),
        Confirmed::Cleared => {
            (Some(RulesDecision::BreachCleared { rule, value: Some(value), threshold }), false)
        }
        Confirmed::Counted(breach) => {
            reading.verdict = Reading::Confirming;
            let counted = RulesDecision::BreachCounted {
                rule,
                count: breach.count,
                value,
                threshold,
                first_at: breach.first_at,
            };
            (Some(counted), false)
        }
        Confirmed::Waiting(_) => {
            reading.verdict = Reading::Confirming;
            (None, false)
        }
        Confirmed::Fires => {
            reading.verdict = Reading::Fires;
            (None, true)
        }
    };
    Judgement { reading, change, fires }
}

/// Whole percent of `part` in `whole`, 0 to 100.
pub(crate) fn percent(part: Decimal, whole: Decimal) -> Option<u8> {
    if whole <= Decimal::ZERO {
        return None;
    }
    let share = (part / whole * Decimal::ONE_HUNDRED).max(Decimal::ZERO).min(Decimal::ONE_HUNDRED);
    u8::try_from(share.trunc().mantissa() / 10_i128.pow(share.trunc().scale())).ok()
}

/// Near: within a tenth of the range.
pub(crate) fn near(used_percent: Option<u8>) -> Reading {
    if used_percent.is_some_and(|used| used >= 90) { Reading::Near } else { Reading::Holds }
}
