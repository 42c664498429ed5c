//! Margin: equity over maintenance margin, at least 1.5. The wallet is the account's, so all that is open counts.

use model::amount::total;
use model::market::{MARK_AGE_MAX, SPOT_AGE_MAX};
use model::rules::{Measure, Rule, RuleReading, Verdict};
use model::valuation::{Valuation, value};
use model::{Decimal, Micros, Money};

use super::{Judgement, Look, confirmed, near, percent, quiet};
use crate::confirm::{Confirmation, Confirmed, confirm};
use crate::said::MILLISECOND;

pub(super) fn ratio(look: &Look<'_>) -> Judgement {
    if !look.open || look.worth.maintenance_margin.is_zero() {
        return quiet(Rule::Margin, Verdict::NotArmed);
    }
    let Some(ratio) = equity_over_margin(look) else { return quiet(Rule::Margin, Verdict::Blocked) };
    let least = Decimal::new(15, 1);
    let used = percent(least, ratio);
    let reading = RuleReading {
        rule: Rule::Margin,
        verdict: near(used),
        measure: Measure::Ratio,
        value: Some(ratio.round_dp(2)),
        threshold: Some(least),
        used_percent: used,
    };
    let breach = look.session.rules.breaches.get(&Rule::Margin);
    let pace = Confirmation { needed: 2, gap: Micros(400 * MILLISECOND) };
    let step = match (confirm(breach, ratio < least, look.now, pace), breach) {
        (Confirmed::Fires, Some(breach)) if !is_heard_since(look, breach.first_at) => {
            Confirmed::Waiting(*breach)
        }
        (step, _) => step,
    };
    confirmed(reading, step, ratio.round_dp(2), least)
}

/// Whether every mark and spot price that counts came after that: one absurd number is no margin call. What has fallen
/// silent is not waited for.
fn is_heard_since(look: &Look<'_>, first_at: Micros) -> bool {
    let later = |at: Micros, most: Micros| at > first_at || look.now.0.saturating_sub(at.0) > most.0;
    look.state.active().all(|session| {
        let open = session.symbols().filter(|symbol| session.position(symbol) != 0);
        let mut marks = open.filter_map(|symbol| look.state.market(symbol)?.mark.as_ref());
        let spot = look.state.spot_of(session).is_none_or(|spot| later(spot.at, SPOT_AGE_MAX));
        spot && marks.all(|mark| later(mark.at, MARK_AGE_MAX))
    })
}

/// `None` when the wallet or a mark is not known.
fn equity_over_margin(look: &Look<'_>) -> Option<Decimal> {
    let (wallet, _) = look.state.account.wallet?;
    let others = look.state.active().filter(|other| other.id != look.session.id);
    let others: Vec<Valuation> = others.map(|other| value(look.state, other, look.now)).collect();
    let all = || others.iter().chain([look.worth]);
    let equity = total([Some(wallet), total(all().map(open_value))])?;
    let needed = total(all().map(|worth| Some(worth.maintenance_margin)))?;
    equity.checked_div(needed)
}

/// The wallet holds the premium already: what is open counts at its mark value alone.
fn open_value(worth: &Valuation) -> Option<Money> {
    total([worth.at_worst.or(worth.at_mark), Some(-worth.cash), Some(worth.fees_paid)])
}
