//! Loss rules: day, session, leg. They run even on stale data, on the worse of what is known, and then wait
//! longer for confirmation.

use model::amount::{plain, signed};
use model::rules::{Rule, RuleReading, Verdict as Reading};
use model::{Decimal, Micros, Money};

use super::{Judgement, Scene, confirmed, near, percent, quiet};
use crate::confirm::{Confirmation, Confirmed, confirm};
use crate::verdict::MILLISECOND;

pub(super) fn session(scene: &Scene<'_>) -> Judgement {
    let limit = scene.session.configuration.max_loss;
    match scene.worth.loss_side().filter(|_| scene.open) {
        Some(value) => judge(scene, Rule::MaxLoss, value, limit),
        None => unknown(scene, Rule::MaxLoss),
    }
}

pub(super) fn day(scene: &Scene<'_>) -> Judgement {
    let Some(limit) = scene.session.configuration.day_loss_limit else {
        return quiet(Rule::DayLoss, Reading::Off, "off");
    };
    let realized = scene.state.realized_on(model::state::day_of(scene.now));
    match scene.worth.loss_side().filter(|_| scene.open) {
        Some(value) => judge(scene, Rule::DayLoss, realized + value, limit),
        None => unknown(scene, Rule::DayLoss),
    }
}

/// Buying a leg back costs `multiple` times its credit.
pub(super) fn leg(scene: &Scene<'_>) -> Judgement {
    let Some(multiple) = scene.session.configuration.leg_stop_multiple else {
        return quiet(Rule::LegStop, Reading::Off, "off");
    };
    let worst = scene.session.legs.iter().filter_map(|leg| {
        let symbol = &leg.instrument.symbol;
        let sold =
            scene.session.average_price(symbol, model::order::Side::Sell).filter(|price| !price.is_zero())?;
        (scene.session.position(symbol) < 0).then_some(())?;
        let market = scene.state.market(symbol)?;
        let ask = market.ask().map(|level| level.price).or_else(|| market.mark_price())?;
        Some(ask / sold)
    });
    let Some(ratio) = worst.max() else {
        return quiet(
            Rule::LegStop,
            if scene.open { Reading::Blocked } else { Reading::NotArmed },
            "no open leg",
        );
    };
    let used = percent(ratio, multiple);
    let reading = RuleReading {
        rule: Rule::LegStop,
        verdict: near(used),
        value: Some(ratio.round_dp(4)),
        threshold: Some(multiple),
        raw: format!("{} of {} times its credit", plain(ratio), plain(multiple)),
        left: format!("{} left", plain(multiple - ratio)),
        used_percent: used,
    };
    let breach = scene.session.rules.breaches.get(&Rule::LegStop);
    let step = confirm(breach, ratio >= multiple, scene.now, pace(scene));
    confirmed(reading, step, ratio.round_dp(4), multiple)
}

/// Loss half as much again as the session's limit.
pub(super) fn is_far_beyond(scene: &Scene<'_>) -> bool {
    let far = scene.session.configuration.max_loss * Decimal::new(15, 1);
    scene.worth.loss_side().is_some_and(|value| value <= -far)
}

fn judge(scene: &Scene<'_>, rule: Rule, value: Money, limit: Money) -> Judgement {
    let threshold = -limit;
    let breaches = value <= threshold;
    let used = percent(-value, limit);
    let sign = if breaches { "≤" } else { ">" };
    let reading = RuleReading {
        rule,
        verdict: near(used),
        value: Some(value),
        threshold: Some(threshold),
        raw: format!("{} {sign} {}", signed(value), signed(threshold)),
        left: format!("{} left", plain((value - threshold).max(Money::ZERO))),
        used_percent: used,
    };
    let step = if breaches && is_undoubted(scene, rule, value, limit) {
        Confirmed::Fires
    } else {
        confirm(scene.session.rules.breaches.get(&rule), breaches, scene.now, pace(scene))
    };
    confirmed(reading, step, value, threshold)
}

/// Exceeded by a tenth, on trusted data, and the mark says so too: no confirmation is needed.
fn is_undoubted(scene: &Scene<'_>, rule: Rule, value: Money, limit: Money) -> bool {
    let offset = match rule {
        Rule::DayLoss => scene.state.realized_on(model::state::day_of(scene.now)),
        _ => Money::ZERO,
    };
    scene.worth.fresh
        && !scene.worth.wide
        && value <= -(limit * Decimal::new(11, 1))
        && scene.worth.at_mark.is_some_and(|mark| mark + offset <= -limit)
}

/// Two evaluations: 200 ms apart on good data, 400 ms on stale, a second at a wide spread.
fn pace(scene: &Scene<'_>) -> Confirmation {
    let gap_ms = match (scene.worth.fresh, scene.worth.wide) {
        (_, true) => 1_000,
        (false, false) => 400,
        (true, false) => 200,
    };
    Confirmation { needed: 2, gap: Micros(gap_ms * MILLISECOND) }
}

fn unknown(scene: &Scene<'_>, rule: Rule) -> Judgement {
    if scene.open {
        quiet(rule, Reading::Blocked, "P&L unknown")
    } else {
        quiet(rule, Reading::NotArmed, "nothing open")
    }
}
