//! Keys of the whole page: `g` and a letter goes to a page, `?` lists them. Where something is typed they are letters.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::dialogs;
use crate::platform::{self, Event};

/// The second key comes so soon after `g`, milliseconds.
const WITHIN_MS: f64 = 1_500.0;

thread_local! {
    static WENT_MS: Cell<f64> = const { Cell::new(f64::NEG_INFINITY) };
}

fn is_typed(event: &Event) -> bool {
    let place = event.0.target().and_then(|target| target.dyn_into::<Element>().ok());
    place.is_some_and(|place| matches!(place.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA"))
}

/// Takes a key of the page.
pub fn pressed(event: &Event) {
    let Some(pressed) = event.0.dyn_ref::<KeyboardEvent>() else { return };
    if is_typed(event) || pressed.ctrl_key() || pressed.alt_key() || pressed.meta_key() {
        return;
    }
    let key = event.key();
    let after_g = platform::steady_ms() - WENT_MS.replace(f64::NEG_INFINITY) < WITHIN_MS;
    if after_g {
        let link = platform::find(&format!(".nav [data-key=\"{key}\"]"));
        if let Some(address) = link.filter(|_| key.len() == 1).and_then(|link| link.get_attribute("href")) {
            platform::open(&address);
        }
    } else if key == "g" {
        WENT_MS.set(platform::steady_ms());
    } else if key == "?" {
        dialogs::open("keys", "");
    }
}
