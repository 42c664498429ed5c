//! How old something is: written by the browser, which ticks it, from the time that stands beside it.

use leptos::prelude::*;
use model::Micros;

/// The age of `at` by the server's clock, with `before` in front of it; stale above `stale_us`.
#[component]
pub fn Age(
    #[prop(into)] at: Signal<Option<Micros>>,
    /// 0: never stale.
    #[prop(optional)]
    stale_us: i64,
    #[prop(optional)] before: &'static str,
) -> impl IntoView {
    let limit = (stale_us > 0).then(|| stale_us.to_string());
    let before = (!before.is_empty()).then_some(before);
    let at = move || at.get().map_or_else(String::new, |at| at.0.to_string());
    view! { <span class="age" data-at=at data-limit=limit data-before=before></span> }
}
