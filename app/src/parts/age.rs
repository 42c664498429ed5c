//! How old something is: silent on the server, ticking in the browser, amber when stale.

use leptos::prelude::*;
use model::Micros;

use crate::format;
use crate::live::use_live;

/// The age of `at` by the server's clock, with `before` in front of it; stale above `stale_us`.
#[component]
pub fn Age(
    #[prop(into)] at: Signal<Option<Micros>>,
    /// 0: never stale.
    #[prop(optional)]
    stale_us: i64,
    #[prop(optional)] before: &'static str,
) -> impl IntoView {
    let now = use_live().now;
    let is_stale = Memo::new(move |_| {
        stale_us > 0 && at.get().zip(now.get()).is_some_and(|(at, now)| now.0 - at.0 > stale_us)
    });
    let text = Memo::new(move |_| {
        let Some((at, now)) = at.get().zip(now.get()) else { return String::new() };
        let stale = if stale_us > 0 && now.0 - at.0 > stale_us { "stale " } else { "" };
        [before, stale, &format::age(now, at)].concat()
    });
    view! { <span class="age" data-stale=move || is_stale.get().then_some("")>{move || text.get()}</span> }
}
