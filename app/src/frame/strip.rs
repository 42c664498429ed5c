//! The strip: mode, four truths, spot price with its age, PANIC. Same place, same size, every page, above every
//! dialog.

use leptos::prelude::*;
use model::{ExecutionMode, Price};

use super::panic_button::PanicButton;
use super::truths::{Truth, dot, truths};
use crate::format;
use crate::live::{QUOTE_STALE_US, use_live};
use crate::parts::Age;

#[component]
pub fn Strip() -> impl IntoView {
    let live = use_live();
    let truths = Memo::new(move |_| live.strip.with(truths));
    let chips = (0..4)
        .map(|index| chip(Signal::derive(move || truths.with(|truths| truths[index].clone()))))
        .collect_view();
    view! {
        <section class="strip" aria-label="State" data-link=move || live.silent_ms.get().map(|_| "stale")>
            <Mode/>
            <div class="truths">{chips}</div>
            <div class="strip-end"><Spot/><PanicButton/></div>
        </section>
    }
    .into_any()
}

/// With money or without: `SIM` calm, `LIVE` unmistakable.
#[component]
fn Mode() -> impl IntoView {
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
    view! { <span class="mode" data-mode=attribute title=title>{word}</span> }
}

fn chip(truth: Signal<Truth>) -> impl IntoView {
    let name = truth.get_untracked().name;
    let tone = Memo::new(move |_| truth.with(|truth| truth.tone));
    let at = Signal::derive(move || truth.with(|truth| truth.at));
    let stale_us = truth.get_untracked().stale_us;
    view! {
        <div class="truth" role="group" aria-label=name data-tone=move || Some(tone.get()).filter(|tone| !tone.is_empty())>
            <span class="name">{name}" "<Age at stale_us/></span>
            <span class="value">
                <i class="dot" data-tone=move || dot(tone.get()) hidden=move || tone.get() == "doubt"></i>
                <span aria-hidden="true" hidden=move || tone.get() != "doubt">"?"</span>
                <span>{move || truth.with(|truth| truth.value.clone())}</span>
            </span>
        </div>
    }
}

#[component]
fn Spot() -> impl IntoView {
    let live = use_live();
    let price = Memo::new(move |_| live.strip.with(|strip| strip.spot));
    let at = Signal::derive(move || live.strip.with(|strip| strip.spot_at));
    let underlying = Memo::new(move |_| {
        live.strip.with(|strip| {
            strip.underlying.as_ref().map_or_else(|| "spot".to_owned(), |name| format!("{name} index"))
        })
    });
    let state = move || live.strip.with(|strip| if strip.prices_up { "" } else { " · stream down" });
    let text = |price: Option<Price>| price.map_or_else(|| "no price".to_owned(), format::price);
    view! {
        <div class="spot" role="group" aria-label="Spot price">
            <span class="price">{move || text(price.get())}</span>
            <span class="name">{move || underlying.get()}{state}<Age at stale_us=QUOTE_STALE_US before=" · "/></span>
        </div>
    }
    .into_any()
}
