//! The trailing floor over portfolio P&L (engine design, section 6): arms at an activation, follows the peak at
//! a distance on a grid, never falls, and fires when P&L is at or below it twice.

use model::amount::plain;
use model::configuration::TrailingRule;
use model::decision::RulesDecision;
use model::rules::{Rule, RuleReading, Verdict as Reading};
use model::session::{Breach, Trailing};
use model::{Decimal, Micros, Money};

use super::{Judgement, Scene, confirmed, percent, quiet};
use crate::confirm::{Confirmation, Confirmed, confirm};
use crate::verdict::MILLISECOND;

/// What the floor is judged on, once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
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
    Arms { peak: Money, floor: Money, responsible: &'static str },
    RaisesPeak { peak: Money },
    RaisesFloor { peak: Money, floor: Money, responsible: &'static str },
    Breach(Confirmed),
}

/// The rule itself, pure: every arm of the worked table comes out of here.
pub(crate) fn judge(rule: &TrailingRule, known: &Trailing, breach: Option<&Breach>, look: Look) -> Outcome {
    // One false ask must not raise the floor for ever: E may lead M by 1 % of the credit at most.
    let carried = look.at_mark.is_some_and(|mark| look.executable <= mark + look.credit * Decimal::new(1, 2));
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
    let at_once = known.restored || look.executable <= floor - rule.gap_override;
    if breaches && at_once {
        return Outcome::Breach(Confirmed::Fires);
    }
    let pace =
        Confirmation { needed: rule.confirmations, gap: Micros(rule.confirmation_gap_ms * MILLISECOND) };
    Outcome::Breach(confirm(breach, breaches, look.now, pace))
}

/// `max(floor, L, S·⌊(peak − D)/S⌋)` and which of them it was.
fn raised(rule: &TrailingRule, floor: Money, peak: Money) -> (Money, &'static str) {
    let raw = peak - rule.distance;
    let on_grid = if rule.step.is_zero() { raw } else { (raw / rule.step).floor() * rule.step };
    if on_grid > floor.max(rule.minimum_lock) {
        return (on_grid, if rule.step.is_zero() { "distance" } else { "step" });
    }
    if rule.minimum_lock > floor { (rule.minimum_lock, "minimum_lock") } else { (floor, "previous_floor") }
}

/// The rule in its scene.
pub(super) fn read(scene: &Scene<'_>) -> Judgement {
    let Some(rule) = &scene.session.configuration.trailing else {
        return quiet(Rule::Trailing, Reading::Off, "off");
    };
    let known = &scene.session.rules.trailing;
    let Some(executable) = scene.worth.executable.filter(|_| scene.open && scene.worth.profit_side_trusted())
    else {
        // Stale data freezes the count: nothing is cleared and nothing counted.
        let verdict = if scene.open { Reading::Blocked } else { Reading::NotArmed };
        return quiet(
            Rule::Trailing,
            verdict,
            if scene.open { "waits for fresh quotes" } else { "nothing open" },
        );
    };
    let look = Look {
        executable,
        at_mark: scene.worth.at_mark,
        credit: scene.worth.credit,
        entry_complete: scene.session.entry.completed_at.is_some(),
        now: scene.now,
    };
    let breach = scene.session.rules.breaches.get(&Rule::Trailing);
    let reading = reading(rule, known, breach, executable);
    let floor = known.floor.unwrap_or_default();
    match judge(rule, known, breach, look) {
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
            responsible: responsible.to_owned(),
        }),
        Outcome::RaisesPeak { peak } => {
            Some(RulesDecision::PeakRaised { previous_peak, peak, floor: floor_now })
        }
        Outcome::RaisesFloor { peak, floor, responsible } => Some(RulesDecision::FloorRaised {
            previous_floor: floor_now,
            floor,
            peak,
            responsible: responsible.to_owned(),
        }),
        Outcome::NotArmed | Outcome::Breach(_) => None,
    }
}

fn reading(rule: &TrailingRule, known: &Trailing, breach: Option<&Breach>, executable: Money) -> RuleReading {
    let count = breach.map_or(0, |breach| breach.count);
    let Some((peak, floor)) = known.peak.zip(known.floor).filter(|_| known.active) else {
        return RuleReading {
            rule: Rule::Trailing,
            verdict: Reading::NotArmed,
            value: Some(executable),
            threshold: Some(rule.activation),
            raw: format!("arms at {}", plain(rule.activation)),
            left: format!("{} to go", plain(rule.activation - executable)),
            used_percent: None,
        };
    };
    let used = percent(peak - executable, peak - floor);
    let holds = executable > floor;
    RuleReading {
        rule: Rule::Trailing,
        verdict: if holds && used.is_some_and(|used| used >= 90) { Reading::Near } else { Reading::Holds },
        value: Some(executable),
        threshold: Some(floor),
        raw: format!(
            "{} {} {} · {count} of {} breaches",
            plain(executable),
            if holds { ">" } else { "≤" },
            plain(floor),
            rule.confirmations
        ),
        left: format!("{} left", plain((executable - floor).max(Money::ZERO))),
        used_percent: used,
    }
}

#[cfg(test)]
mod tests;
