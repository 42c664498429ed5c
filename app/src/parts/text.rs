//! Small pieces of text with a meaning: money, what is known and what is not, a fact with its name, the id of a
//! trace.

use leptos::prelude::*;
use model::{ExecutionMode, Money};

use crate::format;

/// Money with sign, arrow and colour. What is not known has none of them, and says why.
#[component]
pub fn SignedMoney(
    #[prop(into)] money: Signal<Option<Money>>,
    /// Why it is not known, when it is not.
    #[prop(into)]
    why: Signal<&'static str>,
) -> impl IntoView {
    let unknown = move || money.with(Option::is_none);
    view! {
        <span class="money" data-sign=move || format::sign_of(money.get()) title=move || unknown().then(|| why.get())>
            {move || format::signed_or_unknown(money.get())}<Why unknown=Signal::derive(unknown) why/>
        </span>
    }
    .into_any()
}

/// A value, or the dash of what is not known with its reason.
#[component]
pub fn Known(
    #[prop(into)] text: Signal<Option<String>>,
    #[prop(into)] why: Signal<&'static str>,
) -> impl IntoView {
    let unknown = move || text.with(Option::is_none);
    view! {
        <span title=move || unknown().then(|| why.get())>
            {move || text.get().unwrap_or_else(|| format::UNKNOWN.to_owned())}<Why unknown=Signal::derive(unknown) why/>
        </span>
    }
    .into_any()
}

/// The reason for who cannot hover.
#[component]
fn Why(unknown: Signal<bool>, why: Signal<&'static str>) -> impl IntoView {
    let text = move || unknown.get().then(|| format!(" unknown: {}", why.get()));
    view! { <span class="visually-hidden">{text}</span> }
}

/// A name and a value, for a `dl`.
pub fn fact(name: &'static str, value: impl IntoView) -> impl IntoView {
    view! { <div class="fact"><dt>{name}</dt><dd>{value}</dd></div> }
}

/// A correlation id in short, leading to its story.
#[component]
pub fn TraceLink(#[prop(into)] id: String) -> impl IntoView {
    let short = format::short_id(&id);
    (!id.is_empty()).then(|| {
        view! { <a class="id" href=format!("/trace/{id}") aria-label=format!("Trace {short}") title=id>{short.clone()}</a> }
    })
}

/// A session's id, leading to its records.
pub fn session_link(id: String) -> impl IntoView {
    let href = crate::log_query::LogQuery::session_href(&id);
    view! { <a class="id" href=href>{id}</a> }
}

/// Beside what a session is called where it traded on a real account.
pub fn live_tag(mode: ExecutionMode) -> Option<AnyView> {
    (mode == ExecutionMode::Live)
        .then(|| view! { " " <span class="tag" data-mode="live">"LIVE"</span> }.into_any())
}
