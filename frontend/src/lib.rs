//! The WASM entry: starts the client logger and the panic hook, then hydrates the pages that the server
//! rendered.

// The view types of the app nest deeply.
#![recursion_limit = "512"]

mod logger;
mod page_events;
mod panic;
mod subscriber;
mod translate;
mod transport;

use app::UiEvent;
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's loader once the module is there.
#[wasm_bindgen]
pub fn hydrate() {
    panic::install();
    logger::start();
    subscriber::install();
    page_events::listen();
    let place = document().get_element_by_id("app").and_then(|place| place.dyn_into().ok());
    if let Some(place) = place {
        leptos::mount::hydrate_from(place, app::App).forget();
        let boot_ms = window().performance().map_or(0.0, |clock| clock.now());
        app::tell(&UiEvent::Booted { boot_ms: boot_ms as i64 });
    }
}
