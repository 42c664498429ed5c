//! Max profit: waits for data that it can trust, believes the book only as far as the mark carries it, and is confirmed
//! once.

use model::Micros;
use model::rules::{Measure, Rule, RuleReading, Verdict};

use super::{Judgement, Look, carried_by_mark, confirmed, near, percent, quiet, waiting};
use crate::confirm::{Confirmation, confirm};
use crate::said::MILLISECOND;

pub(super) fn max(look: &Look<'_>) -> Judgement {
    let Some(limit) = look.session.configuration.max_profit else {
        return quiet(Rule::MaxProfit, Verdict::Off);
    };
    let trusted = look.open && look.worth.profit_side_trusted();
    let Some(executable) = look.worth.executable.filter(|_| trusted) else {
        return waiting(look, Rule::MaxProfit);
    };
    let used = percent(executable, limit);
    let reading = RuleReading {
        rule: Rule::MaxProfit,
        verdict: near(used),
        measure: Measure::Profit,
        value: Some(executable),
        threshold: Some(limit),
        used_percent: used,
    };
    let breach = look.session.rules.breaches.get(&Rule::MaxProfit);
    let pace = Confirmation { needed: 2, gap: Micros(200 * MILLISECOND) };
    let carried = carried_by_mark(look.worth.at_mark, look.worth.credit).is_some_and(|most| most >= limit);
    let step = confirm(breach, executable >= limit && carried, look.now, pace);
    confirmed(reading, step, executable, limit)
}
