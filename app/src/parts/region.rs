//! A part of the page that the server keeps up to date over the feed.

use leptos::prelude::*;

/// It takes no place of its own: what stands in it stands where it stands.
pub fn region(name: &'static str, view: impl IntoView) -> impl IntoView {
    view! { <div class="region" data-region=name>{view}</div> }
}
