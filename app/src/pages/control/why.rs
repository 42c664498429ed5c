//! The "why" feed: decisions as sentences, each leading to its trace.

use leptos::prelude::*;

use super::why_lines::{Line, lead, lines};
use crate::format;
use crate::live::use_live;
use crate::parts::TraceLink;

#[component]
pub fn Why() -> impl IntoView {
    let live = use_live();
    let changes_only = RwSignal::new(true);
    let shown = Memo::new(move |_| live.why.with(|why| lines(why, changes_only.get())));
    let press = move |value: bool| move || (changes_only.get() == value).to_string();
    view! {
        <header>
            <h2>"Why"</h2>
            <span class="end"><span class="segments" role="group" aria-label="Show">
                <button type="button" aria-pressed=press(true) on:click=move |_| changes_only.set(true)>"Changes"</button>
                <button type="button" aria-pressed=press(false) on:click=move |_| changes_only.set(false)>"All"</button>
            </span></span>
        </header>
        <ol tabindex="0" aria-label="Decisions, newest first; times in UTC">
            <For each=move || shown.get() key=|line| (line.decision.decision_seq, line.count) let:line><WhyLine line/></For>
        </ol>
        <p class="empty" hidden=move || shown.with(|shown| !shown.is_empty())>"Every decision appears here as a sentence, with a link to all that led to it."</p>
    }
    .into_any()
}

#[component]
fn WhyLine(line: Line) -> impl IntoView {
    let Line { decision, count } = line;
    let (bold, rest) = lead(&decision.sentence);
    let (bold, rest) = (bold.to_owned(), rest.to_owned());
    view! {
        <li>
            <time title=format::date_clock(decision.at)>{format::clock(decision.at)}</time>
            <span>{(!bold.is_empty()).then(|| view! { <b>{bold}</b> })}{rest}</span>
            <span class="count">{(count > 1).then(|| format!("×{count}"))}</span>
            <TraceLink id=decision.correlation_id/>
        </li>
    }
    .into_any()
}
