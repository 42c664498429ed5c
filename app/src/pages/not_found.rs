//! What stands where no page is.

use leptos::prelude::*;
use leptos_meta::Title;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found"/>
        <div class="empty">
            <h1 tabindex="-1">"There is no such page"</h1>
            <p>"Go to " <a href="/">"Control"</a> " or " <a href="/telemetry">"Telemetry"</a> "."</p>
        </div>
    }
    .into_any()
}
