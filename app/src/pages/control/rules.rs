//! The exit rules in the order in which they act: each a sentence with its raw input, threshold, distance and
//! verdict.

use leptos::prelude::*;
use model::Lifecycle;
use model::rules::Verdict;
use model::view::RuleView;

use crate::live::QUOTE_STALE_US;
use crate::parts::Age;
use crate::shown::use_shown;

#[component]
pub fn Rules() -> impl IntoView {
    let shown = use_shown();
    let rules = shown.part(|session| session.rules.clone());
    // Once it is over nothing is looked at any more: that is no staleness.
    let at = shown.part(|session| session.rules_at.filter(|_| session.lifecycle != Lifecycle::Stopped));
    let at = Signal::derive(move || at.get().flatten());
    // What was read last is no alarm once it is over.
    let over = shown.part(|session| session.lifecycle == Lifecycle::Stopped);
    let over = move || over.get().unwrap_or_default();
    let rows = move || {
        rules
            .get()
            .unwrap_or_default()
            .into_iter()
            .filter(|reading| reading.verdict != Verdict::Off)
            .map(|reading| rule_row(reading, over()))
            .collect_view()
    };
    let none = move || rules.with(|rules| rules.as_ref().is_none_or(Vec::is_empty));
    view! {
        <header><h2>"Exit rules"</h2><span class="end"><Age at stale_us=QUOTE_STALE_US before="evaluated "/><span hidden=move || !over()>"as last read, before the end"</span></span></header>
        <ol data-over=move || over().then_some("")>{rows}</ol>
        <p class="empty" hidden=move || !none()>"Rules are read as soon as something is held: raw value, threshold and distance of each."</p>
    }
    .into_any()
}

/// The words of a verdict.
fn says(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Off => "off",
        Verdict::NotArmed => "not armed",
        Verdict::Holds => "clear",
        Verdict::Near => "near",
        Verdict::Confirming => "confirming",
        Verdict::Blocked => "cannot tell",
        Verdict::Fires => "fires",
    }
}

/// How the row looks.
fn tone(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Off | Verdict::NotArmed | Verdict::Holds => None,
        Verdict::Near | Verdict::Blocked => Some("near"),
        Verdict::Confirming | Verdict::Fires => Some("fired"),
    }
}

fn rule_row(reading: RuleView, over: bool) -> impl IntoView {
    let label = reading.rule.label();
    let meter = reading.used_percent.map(|used| {
        view! { <meter min="0" max="100" low="60" high="99" optimum="0" value=used.to_string() aria-label=format!("{label}: {used} % of the way to firing")>{format!("{used} %")}</meter> }
    });
    // What the verdict says already is not said twice.
    let raw = if reading.raw == says(reading.verdict) { String::new() } else { reading.raw };
    view! {
        <li class="rule" data-verdict=tone(reading.verdict).filter(|_| !over)>
            <span>{label}</span>
            <span class="verdict">{says(reading.verdict)}</span>
            <span class="raw">{raw}</span>
            <span class="left">{reading.left}</span>
            {meter}
        </li>
    }
}
