//! The other rules: latch, exposure, margin, max profit, time, signal.

use model::amount::plain;
use model::market::MarketSource;
use model::rules::{Rule, RuleReading, Verdict as Reading};
use model::{Decimal, Micros, Money};

use super::{Judgement, Scene, confirmed, near, percent, quiet};
use crate::confirm::{Confirmation, confirm};
use crate::verdict::{MILLISECOND, SECOND};

pub(super) fn latch(scene: &Scene<'_>) -> Judgement {
    let set = scene.state.account.latch.is_some() || scene.session.latch.is_some();
    // The latch has a judge of its own that acts before any rule; here it is only read.
    quiet(Rule::Latch, if set { Reading::Fires } else { Reading::Holds }, if set { "set" } else { "clear" })
}

pub(super) fn exposure(scene: &Scene<'_>) -> Judgement {
    let words = |lots: Vec<String>| lots.join(" / ");
    let ours =
        scene.session.legs.iter().map(|leg| scene.session.position(&leg.instrument.symbol).to_string());
    let ours = words(ours.collect());
    let moved = scene.session.orders.values().map(|order| order.updated_at).max();
    let known =
        scene.state.truth.known.as_ref().filter(|known| moved.is_none_or(|at| known.requested_at > at));
    let Some(known) = known else {
        return quiet(
            Rule::Exposure,
            Reading::Confirming,
            format!("ours {ours}, venue not read since the last order"),
        );
    };
    let venue = scene.session.legs.iter().map(|leg| known.positions.get(&leg.instrument.symbol));
    let venue = words(venue.map(|lots| lots.map_or_else(|| "?".to_owned(), ToString::to_string)).collect());
    let (verdict, word) = match scene.state.truth.mismatches {
        0 => (Reading::Holds, "agrees"),
        1 => (Reading::Confirming, "differs, read again"),
        _ => (Reading::Fires, "differs"),
    };
    quiet(Rule::Exposure, verdict, format!("{word}: ours {ours}, venue {venue}"))
}

/// Equity over maintenance margin, at least 1.5.
pub(super) fn margin(scene: &Scene<'_>) -> Judgement {
    let needed = scene.worth.maintenance_margin;
    if !scene.open || needed.is_zero() {
        return quiet(Rule::Margin, Reading::NotArmed, "nothing open short");
    }
    let (Some((wallet, _)), Some(mark)) = (scene.state.account.wallet, scene.worth.at_mark) else {
        return quiet(Rule::Margin, Reading::Blocked, "wallet or marks unknown");
    };
    // The wallet holds the premium already: what is open counts at its mark value alone.
    let open_value = mark - scene.worth.cash + scene.worth.fees_paid;
    let ratio = (wallet + open_value) / needed;
    let least = Decimal::new(15, 1);
    let used = percent(least, ratio);
    let reading = RuleReading {
        rule: Rule::Margin,
        verdict: near(used),
        value: Some(ratio.round_dp(2)),
        threshold: Some(least),
        raw: format!("ratio {}, at least 1.50", plain(ratio)),
        left: format!("{} left", plain(ratio - least)),
        used_percent: used,
    };
    let breach = scene.session.rules.breaches.get(&Rule::Margin);
    let step =
        confirm(breach, ratio < least, scene.now, Confirmation { needed: 2, gap: Micros(400 * MILLISECOND) });
    confirmed(reading, step, ratio.round_dp(2), least)
}

pub(super) fn max_profit(scene: &Scene<'_>) -> Judgement {
    let Some(limit) = scene.session.configuration.max_profit else {
        return quiet(Rule::MaxProfit, Reading::Off, "off");
    };
    let Some(executable) = scene.worth.executable.filter(|_| scene.open && scene.worth.profit_side_trusted())
    else {
        let verdict = if scene.open { Reading::Blocked } else { Reading::NotArmed };
        return quiet(
            Rule::MaxProfit,
            verdict,
            if scene.open { "waits for fresh quotes" } else { "nothing open" },
        );
    };
    let breaches = executable >= limit;
    let used = percent(executable, limit);
    let reading = RuleReading {
        rule: Rule::MaxProfit,
        verdict: near(used),
        value: Some(executable),
        threshold: Some(limit),
        raw: format!("{} {} {}", plain(executable), if breaches { "≥" } else { "<" }, plain(limit)),
        left: format!("{} left", plain((limit - executable).max(Money::ZERO))),
        used_percent: used,
    };
    let breach = scene.session.rules.breaches.get(&Rule::MaxProfit);
    let step =
        confirm(breach, breaches, scene.now, Confirmation { needed: 2, gap: Micros(200 * MILLISECOND) });
    confirmed(reading, step, executable, limit)
}

/// Square-off before expiry and the longest holding time; always judged, whatever the market does.
pub(super) fn time(scene: &Scene<'_>) -> Judgement {
    let configuration = &scene.session.configuration;
    let square_off = scene
        .session
        .legs
        .first()
        .map(|leg| leg.instrument.expiry.0 - configuration.square_off_minutes * 60 * SECOND);
    let held = scene
        .session
        .entry
        .completed_at
        .zip(configuration.holding_minutes_max)
        .map(|(since, minutes)| since.0 + minutes * 60 * SECOND);
    let Some(until) = square_off.into_iter().chain(held).min() else {
        return quiet(Rule::Time, Reading::NotArmed, "no expiry chosen yet");
    };
    let left = Decimal::from((until - scene.now.0).max(0) / SECOND);
    let fires = scene.now.0 >= until;
    let began = scene.session.entry.completed_at.unwrap_or(scene.session.started_at);
    let used = percent(Decimal::from(scene.now.0 - began.0), Decimal::from((until - began.0).max(1)));
    let reading = RuleReading {
        rule: Rule::Time,
        verdict: if fires { Reading::Fires } else { near(used) },
        value: Some(left),
        threshold: Some(Decimal::ZERO),
        raw: format!("until {}", Micros(until).to_rfc3339().get(11..19).unwrap_or_default()),
        left: format!("{} left", duration(until - scene.now.0)),
        used_percent: used,
    };
    Judgement { reading, change: None, fires }
}

/// Short straddle and strangle have no signal of their own.
pub(super) fn signal() -> Judgement {
    quiet(Rule::Signal, Reading::Off, "none")
}

/// `2 h 41 m`, `3 m 5 s`, `12 s`.
fn duration(micros: i64) -> String {
    let seconds = (micros / SECOND).max(0);
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} m {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} m"),
    }
}

/// The word of where a leg's mark came from.
pub(crate) fn source_word(source: Option<MarketSource>, fresh: bool) -> &'static str {
    match (source, fresh) {
        (Some(source), true) => source.word(),
        (Some(_), false) | (None, _) => "last_known",
    }
}
