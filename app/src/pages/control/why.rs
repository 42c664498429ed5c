//! The "why" feed: decisions as sentences, each leading to its trace.

use leptos::prelude::*;

use super::why_lines::{Line, lead, lines};
use crate::format;
use crate::live::use_live;
use crate::parts::TraceLink;
use crate::shown::use_shown;

#[component]
pub fn Why() -> impl IntoView {
    let (live, session) = (use_live(), use_shown());
    let (changes_only, every_session) = (RwSignal::new(true), RwSignal::new(false));
    let shown = Memo::new(move |_| {
        let of = if every_session.get() { None } else { session.id() };
        live.why.with(|why| lines(why, changes_only.get(), of.as_ref()))
    });
    let press = move |value: bool| move || (changes_only.get() == value).to_string();
    let whose = move |value: bool| move || (every_session.get() == value).to_string();
    view! {
        <header>
            <h2>"Why"</h2>
            <span class="end">
            <span class="segments" role="group" aria-label="Of">
                <button type="button" aria-pressed=whose(false) on:click=move |_| every_session.set(false)>"This session"</button>
                <button type="button" aria-pressed=whose(true) on:click=move |_| every_session.set(true)>"Every session"</button>
            </span>
            <span class="segments" role="group" aria-label="Show">
                <button type="button" aria-pressed=press(true) on:click=move |_| changes_only.set(true)>"Changes"</button>
                <button type="button" aria-pressed=press(false) on:click=move |_| changes_only.set(false)>"All"</button>
            </span>
            </span>
        </header>
        <ol tabindex="0" aria-label="Decisions, newest first; times in UTC">
            <For each=move || shown.get() key=|line| (line.decision.decision_seq, line.count) let:line><WhyLine line every_session/></For>
        </ol>
        <p class="empty" hidden=move || shown.with(|shown| !shown.is_empty())>"Every decision appears here as a sentence, with a link to all that led to it."</p>
    }
    .into_any()
}

#[component]
fn WhyLine(line: Line, every_session: RwSignal<bool>) -> impl IntoView {
    let live = use_live();
    let Line { decision, count } = line;
    let of = decision.session_id.clone();
    // Named while it is listed by what it trades, later by its id.
    let whose = move || {
        let of = of.as_ref().filter(|_| every_session.get())?;
        let listed = live.strip.with(|strip| {
            let chip = strip.sessions.iter().find(|chip| chip.session_id == *of)?;
            Some(format!("{} · {of}", chip.underlying))
        });
        Some(view! { <span class="sub">{listed.unwrap_or_else(|| of.0.clone())}</span> })
    };
    let (bold, rest) = lead(&decision.sentence);
    let (bold, rest) = (bold.to_owned(), rest.to_owned());
    view! {
        <li>
            <time title=format::date_clock(decision.at)>{format::clock(decision.at)}</time>
            <span>{(!bold.is_empty()).then(|| view! { <b>{bold}</b> })}{rest}{whose}</span>
            <span class="count">{(count > 1).then(|| format!("×{count}"))}</span>
            <TraceLink id=decision.correlation_id/>
        </li>
    }
    .into_any()
}
