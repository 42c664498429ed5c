//! Where the page stands, as the logger tells it with every batch.

use leptos::prelude::{document, window};
use telemetry::client::Input;
use web_sys::VisibilityState;

/// The route's pattern, never an address.
pub fn page(route: &str) -> Input {
    let size = |value: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
        value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0) as u32
    };
    Input::Page {
        route: route.to_owned(),
        visible: document().visibility_state() == VisibilityState::Visible,
        net: String::new(),
        lang: window().navigator().language().unwrap_or_default(),
        viewport: [size(window().inner_width()), size(window().inner_height())],
    }
}
