//! Small pieces of text with a meaning: money, a fact with its name, the id of a trace.

use leptos::prelude::*;
use model::Money;

use crate::format;

/// Money with sign, arrow and colour; `unknown` is neither.
#[component]
pub fn SignedMoney(#[prop(into)] money: Signal<Option<Money>>) -> impl IntoView {
    view! {
        <span class="money" data-sign=move || format::sign_of(money.get())>
            {move || format::signed_or_unknown(money.get())}
        </span>
    }
    .into_any()
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
