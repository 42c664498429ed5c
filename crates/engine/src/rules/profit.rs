//! Max profit: waits for data that it can trust, and is confirmed once.

use model::Micros;
use model::rules::{Measure, Rule, RuleReading, Verdict};

use super::{Judgement, Look, confirmed, near, percent, quiet, waiting};
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
    let step = confirm(breach, executable >= limit, look.now, pace);
    confirmed(reading, step, executable, limit)
}
