//! The "why" feed: decisions as sentences, each leading to its trace.

use leptos::prelude::*;

use super::why_lines::{Line, lead, lines};
use crate::format;
use crate::live::use_live;
use crate::parts::TraceLink;
use crate::shown::{use_shown, use_view};

#[component]
pub fn Why() -> impl IntoView {
    let (live, session) = (use_live(), use_shown());
    let view = use_view();
    let (changes_only, every_session) = (!view.all, view.every);
    let shown = Memo::new(move |_| {
        let of = if every_session { None } else { session.id() };
        live.why.with(|why| lines(why, changes_only, of.as_ref()))
    });
    let button = |pressed: bool, view: &'static str, words: &'static str| {
        view! { <button type="button" aria-pressed=pressed.to_string() data-does="view" data-view=view>{words}</button> }
    };
    let rows = shown.get_untracked().into_iter().map(|line| view! { <WhyLine line every_session/> });
    view! {
        <header>
            <h2>"Why"</h2>
            <span class="end">
            <span class="segments" role="group" aria-label="Of">
                {button(!every_session, "of=this", "This session")}
                {button(every_session, "of=every", "Every session")}
            </span>
            <span class="segments" role="group" aria-label="Show">
                {button(changes_only, "why=changes", "Changes")}
                {button(!changes_only, "why=all", "All")}
            </span>
            </span>
        </header>
        <ol tabindex="0" aria-label="Decisions, newest first; times in UTC">
            {rows.collect_view()}
        </ol>
        <p class="empty" hidden=move || shown.with(|shown| !shown.is_empty())>"Every decision appears here as a sentence, with a link to all that led to it."</p>
    }
    .into_any()
}

#[component]
fn WhyLine(line: Line, every_session: bool) -> impl IntoView {
    let live = use_live();
    let Line { decision, count } = line;
    let of = decision.session_id.clone();
    // Named while it is listed by what it trades, later by its id.
    let whose = move || {
        let of = of.as_ref().filter(|_| every_session)?;
        let listed = live.strip.with(|strip| {
            let chip = strip.sessions.iter().find(|chip| chip.session_id == *of)?;
            Some(format!("{} · {of}", chip.underlying))
        });
        Some(view! { <span class="sub">{listed.unwrap_or_else(|| of.0.clone())}</span> })
    };
    let (bold, rest) = lead(&decision.sentence);
    let (bold, rest) = (bold.to_owned(), rest.to_owned());
    let key = decision.decision_seq.to_string();
    view! {
        <li data-key=key>
            <time title=format::date_clock(decision.at)>{format::clock(decision.at)}</time>
            <span>{(!bold.is_empty()).then(|| view! { <b>{bold}</b> })}{rest}{whose}</span>
            <span class="count">{(count > 1).then(|| format!("×{count}"))}</span>
            <TraceLink id=decision.correlation_id/>
        </li>
    }
    .into_any()
}
