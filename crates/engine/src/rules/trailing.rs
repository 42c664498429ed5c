//! The trailing floor over portfolio P&L (engine design, section 6): arms at an activation, follows the peak at
//! a distance on a grid, never falls, and fires when P&L is at or below it twice.

use model::configuration::TrailingRule;
use model::decision::RulesDecision;
use model::decision::rules::Lift;
use model::rules::{Measure, Rule, RuleReading, Verdict};
use model::session::{Breach, Trailing};
use model::{Micros, Money};

use super::{Judgement, Look, carried_by_mark, confirmed, percent, quiet, waiting};
use crate::confirm::{Confirmation, Confirmed, confirm};
use crate::said::MILLISECOND;

/// What the floor is judged on, once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// E, executable net P&L, USD.
    pub executable: Money,
    /// M, P&L at mark, USD: the peak is not raised on an E that the mark does not carry.
    pub at_mark: Option<Money>,
    pub credit: Money,
    pub entry_complete: bool,
    pub now: Micros,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    NotArmed,
    Arms { peak: Money, floor: Money, responsible: Lift },
    RaisesPeak { peak: Money },
    RaisesFloor { peak: Money, floor: Money, responsible: Lift },
    Breach(Confirmed),
}

/// The rule itself, pure: every arm of the worked table comes out of here.
pub(crate) fn judge(
    rule: &TrailingRule,
    known: &Trailing,
    breach: Option<&Breach>,
    look: Numbers,
) -> Outcome {
    let carried = carried_by_mark(look.at_mark, look.credit).is_some_and(|most| look.executable <= most);
    let (Some(peak), Some(floor)) = (known.peak.filter(|_| known.active), known.floor) else {
        let arms = look.entry_complete && carried && look.executable >= rule.activation;
        if !arms {
            return Outcome::NotArmed;
        }
        let (floor, responsible) = raised(rule, Money::MIN, look.executable);
        return Outcome::Arms { peak: look.executable, floor, responsible };
    };
    if look.executable > peak && carried {
        let (next, responsible) = raised(rule, floor, look.executable);
        return if next > floor {
            Outcome::RaisesFloor { peak: look.executable, floor: next, responsible }
        } else {
            Outcome::RaisesPeak { peak: look.executable }
        };
    }
    let breaches = look.executable <= floor;
    let at_once = known.restored || look.executable <= floor.saturating_sub(rule.gap_override);
    if breaches && at_once {
        return Outcome::Breach(Confirmed::Fires);
    }
    let pace =
        Confirmation { needed: rule.confirmations, gap: Micros(rule.confirmation_gap_ms * MILLISECOND) };
    Outcome::Breach(confirm(breach, breaches, look.now, pace))
}

/// `max(floor, L, S·⌊(peak − D)/S⌋)` and which of them it was.
fn raised(rule: &TrailingRule, floor: Money, peak: Money) -> (Money, Lift) {
    let raw = peak.saturating_sub(rule.distance);
    let steps = raw.checked_div(rule.step).map(|steps| steps.floor());
    let on_grid = steps.and_then(|steps| steps.checked_mul(rule.step)).unwrap_or(raw);
    if on_grid > floor.max(rule.minimum_lock) {
        return (on_grid, if rule.step.is_zero() { Lift::Distance } else { Lift::Step });
    }
    if rule.minimum_lock > floor {
        (rule.minimum_lock, Lift::MinimumLock)
    } else {
        (floor, Lift::PreviousFloor)
    }
}

/// The rule on a session.
pub(super) fn read(look: &Look<'_>) -> Judgement {
    let Some(rule) = &look.session.configuration.trailing else {
        return quiet(Rule::Trailing, Verdict::Off);
    };
    let known = &look.session.rules.trailing;
    let trusted = look.open && look.worth.profit_side_trusted();
    let Some(executable) = look.worth.executable.filter(|_| trusted) else {
        // Stale data freezes the count: nothing is cleared and nothing counted.
        return waiting(look, Rule::Trailing);
    };
    let numbers = Numbers {
        executable,
        at_mark: look.worth.at_mark,
        credit: look.worth.credit,
        entry_complete: look.session.entry().completed_at.is_some(),
        now: look.now,
    };
    let breach = look.session.rules.breaches.get(&Rule::Trailing);
    let reading = reading(rule, known, breach, executable);
    let floor = known.floor.unwrap_or_default();
    match judge(rule, known, breach, numbers) {
        Outcome::NotArmed => Judgement { reading, change: None, fires: false },
        Outcome::Breach(step) => confirmed(reading, step, executable, floor),
        outcome => Judgement { reading, change: change(rule, known, executable, outcome), fires: false },
    }
}

fn change(
    rule: &TrailingRule,
    known: &Trailing,
    executable: Money,
    outcome: Outcome,
) -> Option<RulesDecision> {
    let previous_peak = known.peak.unwrap_or_default();
    let floor_now = known.floor.unwrap_or_default();
    match outcome {
        Outcome::Arms { peak, floor, responsible } => Some(RulesDecision::TrailingArmed {
            executable,
            activation: rule.activation,
            peak,
            floor,
            responsible,
        }),
        Outcome::RaisesPeak { peak } => {
            Some(RulesDecision::PeakRaised { previous_peak, peak, floor: floor_now })
        }
        Outcome::RaisesFloor { peak, floor, responsible } => {
            Some(RulesDecision::FloorRaised { previous_floor: floor_now, floor, peak, responsible })
        }
        Outcome::NotArmed | Outcome::Breach(_) => None,
    }
}

fn reading(rule: &TrailingRule, known: &Trailing, breach: Option<&Breach>, executable: Money) -> RuleReading {
    let Some((peak, floor)) = known.peak.zip(known.floor).filter(|_| known.active) else {
        return RuleReading {
            rule: Rule::Trailing,
            verdict: Verdict::NotArmed,
            measure: Measure::Activation,
            value: Some(executable),
            threshold: Some(rule.activation),
            used_percent: None,
        };
    };
    let used = percent(peak.saturating_sub(executable), peak.saturating_sub(floor));
    let holds = executable > floor;
    let near = holds && used.is_some_and(|used| used >= 90);
    let breaches = breach.map_or(0, |breach| breach.count);
    RuleReading {
        rule: Rule::Trailing,
        verdict: if near { Verdict::Near } else { Verdict::Holds },
        measure: Measure::Floor { breaches, needed: rule.confirmations },
        value: Some(executable),
        threshold: Some(floor),
        used_percent: used,
    }
}

#[cfg(test)]
mod tests;
