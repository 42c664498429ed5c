//! The WASM entry: starts the client logger and the panic hook, then wakes the page that the server wrote; the loader
//! starts its islands.

#[cfg(feature = "bench")]
pub mod bench;
mod logger;
mod page_events;
mod panic;
mod subscriber;
#[cfg(test)]
mod tests;
mod transport;

use app::{Measured, UiEvent, platform};
use leptos::prelude::window;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's loader once the module is there.
#[wasm_bindgen]
pub fn hydrate() {
    panic::install();
    logger::start();
    subscriber::install();
    leptos::mount::hydrate_islands();
    app::tell(&UiEvent::Navigated { route: platform::route() });
    app::wake();
    let boot_ms = window().performance().map_or(0.0, |clock| clock.now());
    app::tell(&UiEvent::Booted { boot_ms: boot_ms as i64 });
}

/// Where the page's guard finds what was not told yet, in the memory of this module. Asked once, after `hydrate`.
#[wasm_bindgen]
pub fn black_box() -> u32 {
    logger::black_box()
}

/// What `measure.js` measured.
#[wasm_bindgen]
pub fn measured(kind: u32, text: String, numbers: Vec<f64>) {
    if let Some(measured) = Measured::read(kind, text, numbers) {
        app::tell(&UiEvent::Measured(measured));
    }
}
