//! What the page tells the logger: it is hidden, it leaves, it is back; and where it stands.

use leptos::prelude::{document, window, window_event_listener_untyped};
use telemetry::client::Input;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::VisibilityState;

use crate::logger;

/// Listens for as long as the page lives.
pub fn listen() {
    let hidden = Closure::<dyn Fn()>::new(|| {
        if document().visibility_state() == VisibilityState::Hidden {
            logger::on(Input::Hide);
        }
    });
    let leaving = Closure::<dyn Fn()>::new(|| logger::on(Input::Hide));
    for (event, closure) in [("visibilitychange", hidden), ("freeze", leaving)] {
        // Without the event only this way of leaving goes unnoticed.
        let _ = document().add_event_listener_with_callback(event, closure.into_js_value().unchecked_ref());
    }
    window_event_listener_untyped("pagehide", |_| logger::on(Input::Hide));
    window_event_listener_untyped("online", |_| logger::on(Input::Online));
    window_event_listener_untyped("pageshow", |_| logger::on(Input::Online));
}

/// Where the page stands: the route's pattern, never an address.
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
