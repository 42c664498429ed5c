//! The one evaluator: a pure function from what is known to a reading of every rule. All rules are read and
//! told; the first that fires, in their order, acts (engine design, section 6).

mod loss;
mod margin;
mod profit;
mod standing;
pub(crate) mod trailing;

use model::decision::RulesDecision;
use model::rules::{Measure, Rule, RuleReading, Verdict};
use model::valuation::{Valuation, value};
use model::{Decimal, Micros, Money, Session, TradingState};

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
pub(crate) struct Look<'a> {
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
    let look = Look { state, session, worth: &worth, now, open: !session.is_flat_by_fills() };
    let judgements = Rule::ALL.map(|rule| match rule {
        Rule::Latch => standing::latch(&look),
        Rule::Exposure => standing::exposure(&look),
        Rule::Margin => margin::ratio(&look),
        Rule::DayLoss => loss::day(&look),
        Rule::MaxLoss => loss::session(&look),
        Rule::LegStop => loss::leg(&look),
        Rule::Trailing => trailing::read(&look),
        Rule::MaxProfit => profit::max(&look),
        Rule::Time => standing::time(&look),
        Rule::Signal => standing::signal(),
    });
    let far_beyond_max_loss = loss::is_far_beyond(&look);
    let mut readings = Vec::with_capacity(judgements.len());
    let (mut changes, mut fires) = (Vec::new(), Vec::new());
    for judgement in judgements {
        if judgement.fires {
            fires.push(judgement.reading.rule);
        }
        changes.extend(judgement.change);
        readings.push(judgement.reading);
    }
    Evaluation { worth, readings, changes, fires, far_beyond_max_loss }
}

/// The most that profit rules believe of E: a false ask must neither take a profit that is not there nor raise a floor for
/// ever. E may lead M by 1 % of the credit.
pub(crate) fn carried_by_mark(at_mark: Option<Money>, credit: Money) -> Option<Money> {
    Some(at_mark?.saturating_add(credit.saturating_mul(Decimal::new(1, 2))))
}

/// A reading that cannot fire.
pub(crate) fn quiet(rule: Rule, verdict: Verdict) -> Judgement {
    Judgement { reading: RuleReading::bare(rule, verdict), change: None, fires: false }
}

/// A rule that waits for something to be open, or for data it can trust.
pub(crate) fn waiting(look: &Look<'_>, rule: Rule) -> Judgement {
    quiet(rule, if look.open { Verdict::Blocked } else { Verdict::NotArmed })
}

/// Turns a confirmation into a judgement on a numeric rule.
pub(crate) fn confirmed(
    mut reading: RuleReading,
    confirmed: Confirmed,
    value: Money,
    threshold: Money,
) -> Judgement {
    let rule = reading.rule;
    if let Measure::Floor { breaches, .. } = &mut reading.measure {
        // With the look that this is.
        *breaches = match confirmed {
            Confirmed::Holds | Confirmed::Cleared => 0,
            Confirmed::Counted(breach) | Confirmed::Waiting(breach) => breach.count,
            Confirmed::Fires => *breaches + 1,
        };
    }
    let (change, fires) = match confirmed {
        Confirmed::Holds => (None, false),
        Confirmed::Cleared => {
            (Some(RulesDecision::BreachCleared { rule, value: Some(value), threshold }), false)
        }
        Confirmed::Counted(breach) => {
            reading.verdict = Verdict::Confirming;
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
            reading.verdict = Verdict::Confirming;
            (None, false)
        }
        Confirmed::Fires => {
            reading.verdict = Verdict::Fires;
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
    let share = part.checked_div(whole)?.checked_mul(Decimal::ONE_HUNDRED)?;
    let share = share.max(Decimal::ZERO).min(Decimal::ONE_HUNDRED);
    u8::try_from(share.trunc()).ok()
}

/// Near: within a tenth of the range.
pub(crate) fn near(used_percent: Option<u8>) -> Verdict {
    if used_percent.is_some_and(|used| used >= 90) { Verdict::Near } else { Verdict::Holds }
}

#[cfg(test)]
mod tables;
