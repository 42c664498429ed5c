//! Loss rules: day, session, leg. They run even on stale data, on the worse of what is known, and then wait
//! longer for confirmation.

use model::amount::total;
use model::rules::{Measure, Rule, RuleReading, Verdict};
use model::valuation::{dearest, value};
use model::{Decimal, Micros, Money};

use super::{Judgement, Look, confirmed, near, percent, quiet, waiting};
use crate::confirm::{Confirmation, Confirmed, confirm};
use crate::said::MILLISECOND;

pub(super) fn session(look: &Look<'_>) -> Judgement {
    let limit = look.session.configuration.max_loss;
    match look.worth.loss_side().filter(|_| look.open) {
        Some(value) => judge(look, Rule::MaxLoss, value, Money::ZERO, limit),
        None => waiting(look, Rule::MaxLoss),
    }
}

/// What the day has made and what all that is open would make.
pub(super) fn day(look: &Look<'_>) -> Judgement {
    let Some(limit) = look.session.configuration.day_loss_limit else {
        return quiet(Rule::DayLoss, Verdict::Off);
    };
    let beside = beside(look);
    match look.worth.loss_side().filter(|_| look.open) {
        Some(value) => judge(look, Rule::DayLoss, value, beside, limit),
        None => waiting(look, Rule::DayLoss),
    }
}

/// Result of the day without this session: what ended, and what other sessions would make if they left. Where
/// that is not known, the worse of nothing and what it last was.
fn beside(look: &Look<'_>) -> Money {
    let realized = look.state.realized_today(look.now);
    let others = look.state.active().filter(|other| other.id != look.session.id && !other.fills.is_empty());
    let open = others.map(|other| {
        let known = value(look.state, other, look.now).loss_side();
        known.or(other.ledger.last_loss_side.map(|last| last.min(Money::ZERO))).unwrap_or_default()
    });
    open.fold(realized, |sum, pnl| sum.saturating_add(pnl))
}

/// Buying a leg back costs `multiple` times its credit.
pub(super) fn leg(look: &Look<'_>) -> Judgement {
    let Some(multiple) = look.session.configuration.leg_stop_multiple else {
        return quiet(Rule::LegStop, Verdict::Off);
    };
    let worst = look.session.symbols().filter_map(|symbol| {
        let holding = look.session.ledger.holding(symbol).filter(|holding| holding.position() < 0)?;
        let sold = holding.average().filter(|price| !price.is_zero())?;
        dearest(look.state.market(symbol)?, look.now)?.checked_div(sold)
    });
    let Some(ratio) = worst.max() else { return waiting(look, Rule::LegStop) };
    let used = percent(ratio, multiple);
    let reading = RuleReading {
        rule: Rule::LegStop,
        verdict: near(used),
        measure: Measure::Multiple,
        value: Some(ratio.round_dp(4)),
        threshold: Some(multiple),
        used_percent: used,
    };
    let breach = look.session.rules.breaches.get(&Rule::LegStop);
    let step = confirm(breach, ratio >= multiple, look.now, pace(look));
    confirmed(reading, step, ratio.round_dp(4), multiple)
}

/// Loss half as much again as the session's limit.
pub(super) fn is_far_beyond(look: &Look<'_>) -> bool {
    let far = look.session.configuration.max_loss.saturating_mul(Decimal::new(15, 1));
    look.worth.loss_side().is_some_and(|value| value <= -far)
}

/// `beside` is what counts beside the session itself: nothing, or the rest of the day.
fn judge(look: &Look<'_>, rule: Rule, own: Money, beside: Money, limit: Money) -> Judgement {
    let value = own.saturating_add(beside);
    let threshold = -limit;
    let breaches = value <= threshold;
    let used = percent(-value, limit);
    let reading = RuleReading {
        rule,
        verdict: near(used),
        measure: Measure::Loss,
        value: Some(value),
        threshold: Some(threshold),
        used_percent: used,
    };
    let step = if breaches && is_undoubted(look, value, beside, limit) {
        Confirmed::Fires
    } else {
        confirm(look.session.rules.breaches.get(&rule), breaches, look.now, pace(look))
    };
    confirmed(reading, step, value, threshold)
}

/// Exceeded by a tenth, on trusted data, and the mark says so too: no confirmation is needed.
fn is_undoubted(look: &Look<'_>, value: Money, beside: Money, limit: Money) -> bool {
    let far = limit.saturating_mul(Decimal::new(11, 1));
    let at_mark = total([look.worth.at_mark, Some(beside)]);
    look.worth.fresh && !look.worth.wide && value <= -far && at_mark.is_some_and(|mark| mark <= -limit)
}

/// Two evaluations: 200 ms apart on good data, 400 ms on stale, a second at a wide spread.
fn pace(look: &Look<'_>) -> Confirmation {
    let gap_ms = match (look.worth.fresh, look.worth.wide) {
        (_, true) => 1_000,
        (false, false) => 400,
        (true, false) => 200,
    };
    Confirmation { needed: 2, gap: Micros(gap_ms * MILLISECOND) }
}
