//! What an island is about: the server writes it beside the island, in an element around it, and the browser finds it
//! there. The framework's own properties bring a reader of JSON for each kind of island.

#[cfg(not(feature = "hydrate"))]
use leptos::prelude::*;
use serde_json::Value;

#[cfg(not(feature = "hydrate"))]
#[derive(Clone)]
struct About(Value);

/// Writes an island with what it is about.
#[cfg(not(feature = "hydrate"))]
pub fn slot(about: Value, island: impl FnOnce() -> AnyView) -> AnyView {
    let text = crate::json::write(&about);
    provide_context(About(about));
    view! { <span class="region" data-is=text>{island()}</span> }.into_any()
}

/// What the island that is just made is about.
#[cfg(feature = "hydrate")]
pub fn about() -> Value {
    crate::json::read(&crate::platform::beside_island())
}

/// What the island that is just made is about.
#[cfg(not(feature = "hydrate"))]
pub fn about() -> Value {
    use_context::<About>().map(|about| about.0).unwrap_or_default()
}
