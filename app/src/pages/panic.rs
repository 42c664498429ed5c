//! One panic: its real state, session by session and leg by leg, whenever it is looked at, and what was recorded of it.
//! Where the plain form leads to, so it says everything without the browser's program.

use leptos::prelude::*;
use leptos_meta::Title;
use model::view::LatchView;

use super::control::Rescue;
use super::trace::told;
use crate::data;
use crate::format;
use crate::live::use_live;
use crate::parts::{Panel, region};
use crate::shown::use_view;

/// Its address: `/panic/{correlation id of the press}`.
#[component]
pub fn PanicPage() -> impl IntoView {
    let live = use_live();
    view! {
        <Title text="Panic"/>
        <noscript><meta http-equiv="refresh" content="2"/></noscript>
        <div class="page-head">
            <h1 tabindex="-1">"Panic"</h1>
            <div class="actions"><a class="button" href="">"Look again"</a><a class="button primary" href="/">"Back to the console"</a></div>
        </div>
        <Panel name="State of the panic" class="bare">
            {data::control_paint().map(|paint| {
                live.seed(&paint);
                region("panic", view! { <PanicState/> }.into_any())
            })}
        </Panel>
        <Panel name="What was recorded" class="bare">
            {data::trace_paint().map(told)}
        </Panel>
    }
    .into_any()
}

/// What the panic that the address names has come to; kept up to date by the feed.
#[component]
pub fn PanicState() -> impl IntoView {
    let path = use_view().path;
    let id = path.trim_start_matches("/panic/").to_owned();
    let latch = use_live().strip.with_untracked(|strip| strip.latch.clone());
    let (title, words) = said(latch.as_ref(), &id);
    let open = latch.is_some_and(|latch| latch.verified_flat_at.is_none());
    view! {
        <section class="panel" aria-label="In short" data-still=if open { "again" } else { "" }><div class="body"><h2>{title}</h2><p>{words}</p></div></section>
        <Rescue/>
    }
    .into_any()
}

fn said(latch: Option<&LatchView>, id: &str) -> (&'static str, String) {
    let Some(latch) = latch else {
        let words = "No panic latch is set now: this panic was acknowledged, or it was never taken. What was recorded of it stands below.";
        return ("It is over", words.to_owned());
    };
    let since = format::clock_ms(latch.since);
    let own = if latch.correlation_id == id {
        ""
    } else {
        "Another press came first, and this one is part of it. "
    };
    match latch.verified_flat_at {
        Some(at) => (
            "Verified flat",
            format!(
                "{own}Accepted {since} UTC, verified flat by two reads of the venue {} UTC. Nothing opens again until the latch is cleared on Control.",
                format::clock_ms(at)
            ),
        ),
        None => (
            "Panic accepted",
            format!(
                "{own}Accepted {since} UTC. Everything is being closed, on the server, whether or not this page is open; nothing opens again until the latch is cleared."
            ),
        ),
    }
}
