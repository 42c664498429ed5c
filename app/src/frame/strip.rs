//! The strip: mode, four truths, spot prices with their age, PANIC. Same place, same size, every page, above every
//! dialog.

use leptos::prelude::*;
use model::view::StripView;
use model::{ExecutionMode, Underlying};

use super::truths::{Truth, dot, truths};
use crate::format;
use crate::islands::PanicButton;
use crate::live::{QUOTE_STALE_US, running, use_live};
use crate::parts::{Age, When, region};

#[component]
pub fn Strip() -> impl IntoView {
    view! {
        <section class="strip" aria-label="State">
            {region("mode", mode())}
            <div class="truths" data-region="truths">{chips()}</div>
            {region("beside", beside())}
            <div class="strip-end">
                <div class="spots" role="group" aria-label="Spot price" data-region="spots">{spots()}</div>
                <PanicButton/>
            </div>
        </section>
    }
    .into_any()
}

/// The parts of the frame that the feed keeps.
pub fn frame_regions(outdated: bool) -> Vec<(&'static str, AnyView)> {
    let of_build = if outdated { of_another_build() } else { ().into_any() };
    vec![("mode", mode()), ("truths", chips()), ("beside", beside()), ("spots", spots()), ("build", of_build)]
}

/// A page that was open while the server was updated.
fn of_another_build() -> AnyView {
    view! {
        <p class="note outdated" role="status">
            <span><b>"The server was updated. "</b>"This page is of the version before; load it again to see all that is new. What runs goes on."</span>
            <a class="button" href="">"Load again"</a>
        </p>
    }
    .into_any()
}

fn chips() -> AnyView {
    let live = use_live();
    let truths = Memo::new(move |_| live.strip.with(truths));
    (0..4)
        .map(|index| chip(Signal::derive(move || truths.with(|truths| truths[index].clone()))))
        .collect_view()
        .into_any()
}

/// With money or without: `SIM` calm, `LIVE` unmistakable and with the account that it is.
fn mode() -> AnyView {
    let live = use_live();
    let mode = Memo::new(move |_| live.strip.with(|strip| strip.execution_mode));
    let title = move || {
        live.strip.with(|strip| {
            format!(
                "{}{}",
                strip.venue,
                strip.market_note.as_ref().map(|note| format!(" · {note}")).unwrap_or_default()
            )
        })
    };
    let (attribute, word) = (
        move || match mode.get() {
            ExecutionMode::Simulated => "sim",
            ExecutionMode::Live => "live",
        },
        move || match mode.get() {
            ExecutionMode::Simulated => "SIM",
            ExecutionMode::Live => "LIVE",
        },
    );
    let account = live.strip.with_untracked(account_words);
    view! { <span class="mode" data-mode=attribute title=title><b>{word}</b>{account.map(|words| view! { <small>{words}</small> })}</span> }
        .into_any()
}

/// Whose money it is, where it is any.
fn account_words(strip: &StripView) -> Option<String> {
    let live = strip.live.as_ref()?;
    let money = if live.real_money { "real money" } else { "play money" };
    Some(format!("{money} · {}", live.account))
}

fn chip(truth: Signal<Truth>) -> impl IntoView {
    let name = truth.get_untracked().name;
    let tone = Memo::new(move |_| truth.with(|truth| truth.tone));
    let at = Signal::derive(move || truth.with(|truth| truth.at));
    let stale_us = truth.get_untracked().stale_us;
    let running = use_live().running();
    let title = move || (running.get() > 1).then(|| format!("The most severe of {} sessions", running.get()));
    view! {
        <div class="truth" role="group" aria-label=name title=title data-tone=move || Some(tone.get()).filter(|tone| !tone.is_empty())>
            <span class="name">{name}" "<Age at stale_us/></span>
            <span class="value">
                <i class="dot" data-tone=move || dot(tone.get()) hidden=move || tone.get() == "doubt"></i>
                <span aria-hidden="true" hidden=move || tone.get() != "doubt">"?"</span>
                <span>{move || truth.with(|truth| truth.value.clone())}</span>
            </span>
        </div>
    }
}

/// Every price that is known, each with its age.
fn spots() -> AnyView {
    let live = use_live();
    let names = Memo::new(move |_| {
        live.strip.with(|strip| strip.spots.iter().map(|spot| spot.underlying.clone()).collect::<Vec<_>>())
    });
    let down = move || live.strip.with(|strip| if strip.prices_up { "" } else { " · stream down" });
    view! {
        {names.get_untracked().into_iter().map(|name| view! { <Spot name/> }).collect_view()}
        <div class="spot" hidden=move || names.with(|names| !names.is_empty())>
            <span class="price">{format::UNKNOWN}</span>
            <span class="name">"no price yet"{down}</span>
        </div>
    }
    .into_any()
}

#[component]
fn Spot(name: Underlying) -> impl IntoView {
    let live = use_live();
    let of = name.clone();
    let spot = Memo::new(move |_| {
        live.strip.with(|strip| strip.spots.iter().find(|spot| spot.underlying == of).cloned())
    });
    let price = move || spot.get().map(|spot| format::price(spot.price));
    let at = Signal::derive(move || spot.get().map(|spot| spot.at));
    let state = move || live.strip.with(|strip| if strip.prices_up { "" } else { " · stream down" });
    let key = name.to_string();
    view! {
        <div class="spot" data-key=key>
            <span class="price">{price}</span>
            <span class="name">{format!("{name} index")}<span class="down">{state}</span><Age at stale_us=QUOTE_STALE_US before=" · "/></span>
        </div>
    }
    .into_any()
}

/// What stands behind the four truths and beside them: several sessions, and what belongs to none.
fn beside() -> AnyView {
    let live = use_live();
    let running = live.running();
    let foreign = Memo::new(move |_| live.strip.with(foreign_words));
    let unread = Memo::new(move |_| live.alerts.with(|alerts| alerts.unread));
    let critical = Memo::new(move |_| live.alerts.with(|alerts| alerts.critical));
    view! {
        <div class="beside" hidden=move || running.get() < 2 && foreign.with(Option::is_none) && unread.get() == 0>
            <When when=move || { unread.get() > 0 }>
                <a class="tag" data-tone=move || if critical.get() { "alarm" } else { "doubt" } href="/alerts" title="Alerts that nobody has acknowledged">{move || format::counted(unread.get(), "alert")}</a>
            </When>
            <When when=move || { running.get() > 1 }>
                <a class="tag" data-tone="act" href="/" title="The chips show the most severe of each over all of them">{move || format::counted(running.get(), "session")}</a>
            </When>
            <When when=move || foreign.with(Option::is_some)>
                <a class="tag" data-tone="doubt" href="/" title="Positions and orders of the account that belong to no session">{move || foreign.get()}</a>
            </When>
        </div>
    }
    .into_any()
}

/// What a press would close, as far as it is known.
pub fn scope(strip: &StripView) -> String {
    let count = |count: usize, one: &str| (count > 0).then(|| format::counted(count, one));
    let foreign = count(strip.foreign.len(), "position").map(|words| format!("{words} of no session"));
    let parts: Vec<String> = count(running(strip), "session").into_iter().chain(foreign).collect();
    if parts.is_empty() {
        "Nothing is known to be on: PANIC closes whatever the venue shows.".to_owned()
    } else {
        format!("PANIC closes {}, and whatever else the venue shows.", parts.join(" and "))
    }
}

/// The badge of what is on the account and not ours.
fn foreign_words(strip: &StripView) -> Option<String> {
    let count = |count: usize, one: &str| (count > 0).then(|| format::counted(count, one));
    let words = [count(strip.foreign.len(), "position"), count(strip.foreign_open_orders, "order")];
    let words: Vec<String> = words.into_iter().flatten().collect();
    (!words.is_empty()).then(|| format!("{} not ours", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use model::view::SessionChip;
    use model::{Exposure, Lifecycle, Micros, SessionId, Symbol};

    use super::*;

    #[test]
    fn what_is_not_ours_is_counted() {
        let mut strip = StripView::default();
        assert_eq!(foreign_words(&strip), None);
        strip.foreign_open_orders = 1;
        assert_eq!(foreign_words(&strip).as_deref(), Some("1 order not ours"));
        strip.foreign = [(Symbol::new("A"), 1), (Symbol::new("B"), -2)].into();
        assert_eq!(foreign_words(&strip).as_deref(), Some("2 positions, 1 order not ours"));
    }

    #[test]
    fn the_button_says_how_much_it_closes() {
        let chip = |lifecycle| SessionChip {
            session_id: SessionId::new("s-1"),
            configuration: String::new(),
            underlying: Underlying::new("BTC"),
            lifecycle,
            exposure: Exposure::Open,
            health: vec![],
            started_at: Micros(0),
            pnl: None,
        };
        let mut strip = StripView { sessions: vec![chip(Lifecycle::Stopped)], ..StripView::default() };
        assert!(scope(&strip).starts_with("Nothing is known to be on"));
        strip.sessions = vec![chip(Lifecycle::Running), chip(Lifecycle::Paused)];
        strip.foreign = [(Symbol::new("C-BTC-50000-140122"), 50)].into();
        assert_eq!(
            scope(&strip),
            "PANIC closes 2 sessions and 1 position of no session, and whatever else the venue shows."
        );
    }
}
