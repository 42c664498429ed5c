//! One session from click to flat: what came of it, its curve, its story, its orders, and how it was configured.

mod curve;
mod orders;
mod outcome;
mod settings;
mod story;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::past::configuration_name;
use crate::data;
use crate::log_query::LogQuery;
use crate::parts::{Age, Panel, live_tag};
use crate::port::SessionDetail;

#[component]
pub fn SessionPage() -> impl IntoView {
    let params = use_params_map();
    let id = params.with_untracked(|params| params.get("session_id")).unwrap_or_default();
    // Words, not a function: the head is written when the page's values may be gone already.
    let title = format!("Session {id}");
    view! {
        <Title text=title/>
        <Panel name="Session" class="bare">
            {data::session_paint().map(|found| match found {
                Some(detail) => told(detail),
                None => unknown(&id),
            })}
        </Panel>
    }
    .into_any()
}

fn unknown(id: &str) -> AnyView {
    // What somebody typed into an address may be long.
    let id: String = id.chars().take(60).collect();
    view! {
        <section class="panel" aria-label="No such session"><div class="empty">
            <h1 tabindex="-1">"There is no such session"</h1>
            <p>"No session has the id " <span class="num">{id}</span> ". Sessions are listed when they are over; what runs is on Control."</p>
            <p class="buttons"><a class="button" href="/trades">"All trades"</a><a class="button" href="/">"Control"</a></p>
        </div></section>
    }
    .into_any()
}

fn told(detail: SessionDetail) -> AnyView {
    let id = detail.view.session_id.to_string();
    let name = configuration_name(&detail.view.configuration);
    let running = detail.view.ended_at.is_none();
    let control = running.then(
        || view! { <a class="button primary" href=format!("/?session={id}")>"Live state on Control"</a> },
    );
    let as_of = detail.as_of;
    view! {
        <div class="page-head">
            <div>
                <p class="crumb"><a href="/trades">"Trades"</a>" / session "<span class="num">{id.clone()}</span></p>
                <h1 tabindex="-1">{name}{live_tag(detail.view.execution_mode)}</h1>
            </div>
            <div class="actions">
                {control}
                <a class="button" href=LogQuery::session_href(&id)>"All records"</a>
                <Age at=Some(as_of) before="read "/>
            </div>
        </div>
        <div class="session">
            {outcome::outcome(&detail)}
            <div class="column">
                {curve::curve(&detail)}
                {story::story(&detail)}
                {orders::orders(&detail.view)}
            </div>
            <div class="column">
                {outcome::states(&detail)}
                {settings::settings(&detail)}
            </div>
        </div>
    }
    .into_any()
}
