//! Dialogs in the browser. They stand in the page from the beginning, hidden, as the server wrote them; each is opened
//! for one session, closed by Escape, by its own button, and when it is no longer about that session.

use std::cell::Cell;

use leptos::prelude::GetUntracked;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use crate::act::{Act, then};
use crate::cell::{cell, new_cell};
use crate::event::Control;
use crate::json::object;
use crate::platform::{self, Event, all_in};

/// Opens the dialog of that name for a session, with its first choice.
pub fn open(name: &str, session: &str) {
    let Some(dialog) = platform::find(&format!("[data-dialog=\"{name}\"]")) else { return };
    for (at, input) in all_in(&dialog, "input").into_iter().enumerate() {
        if let Ok(input) = input.dyn_into::<HtmlInputElement>() {
            input.set_checked(at == 0);
            if input.type_() == "password" {
                input.set_value("");
            }
        }
    }
    frees(&dialog);
    // Names of ours are names.
    let _ = dialog.set_attribute("data-session", session);
    let _ = dialog.remove_attribute("hidden");
    let heading = ["#", name].concat();
    platform::before_picture(move || platform::focus(&heading));
}

type Waits = Box<dyn FnOnce()>;

thread_local! {
    /// What is done once the password was given again.
    static WAITS: Cell<Option<Waits>> = const { Cell::new(None) };
}

const CONFIRM: &str = "[data-dialog=\"confirm\"]";

/// Whether this page can ask for the password again.
pub fn can_confirm() -> bool {
    platform::find(CONFIRM).is_some()
}

/// Asks for the password again and does `then` once it was right; `what` is its name.
pub fn confirm(what: &str, then: Waits) {
    WAITS.set(Some(then));
    let preset = platform::find(".presets [aria-pressed=\"true\"]").and_then(|preset| preset.text_content());
    let what = match preset {
        Some(preset) if what == "Start" => [what, " ", &preset].concat(),
        _ => what.to_owned(),
    };
    for (place, text) in [(".what-waits", what.as_str()), (".refusal", "")] {
        if let Some(place) = platform::find(&[CONFIRM, " ", place].concat()) {
            place.set_text_content(Some(text));
        }
    }
    open("confirm", "");
}

/// The password was right.
pub fn confirmed(form: &Element) {
    close(form);
    if let Some(then) = WAITS.take() {
        then();
    }
}

const OPEN: &str = "[data-dialog]:not([hidden])";
/// Where Tab stops in a dialog: of choices that exclude each other the one that is made.
const STOPS: &str = "a[href], button:not([disabled]), input:not([type=\"radio\"]), input:checked";

/// Closes the dialog around an element.
pub fn close(inside: &Element) {
    if let Ok(Some(dialog)) = inside.closest("[data-dialog]") {
        shut(&dialog);
    }
}

/// Closes the one that is open, wherever the focus is.
pub fn escape() {
    platform::find(OPEN).iter().for_each(shut);
}

/// What opened it gets the focus back.
fn shut(dialog: &Element) {
    // A name of ours is a name.
    let _ = dialog.set_attribute("hidden", "");
    platform::focus(&dialog.get_attribute("data-back").unwrap_or_default());
}

/// Tab goes around in the dialog that is open, with PANIC, which stays above it, among its stops.
pub fn tab(event: &Event) {
    let Some(dialog) = platform::find(OPEN) else { return };
    let stops = all_in(&dialog, STOPS).into_iter().chain(platform::find(".panic"));
    let stops: Vec<HtmlElement> = stops
        .filter_map(|stop| stop.dyn_into().ok())
        .filter(|stop: &HtmlElement| stop.offset_width() > 0)
        .collect();
    let here = event.0.target();
    let at = stops.iter().position(|stop| here.as_ref() == Some(stop.as_ref()));
    let (count, back) = (stops.len(), event.is_shifted());
    let next = match at {
        Some(at) if back => (at + count - 1) % count,
        Some(at) => (at + 1) % count,
        None if back => count - 1,
        None => 0,
    };
    event.prevent_default();
    // Without the focus the next key finds it where it was.
    let _ = stops[next].focus();
}

/// Closes what is about another session than its cell names now.
pub fn check() {
    for dialog in platform::all(OPEN) {
        let about = cell(&dialog.get_attribute("data-while").unwrap_or_default()).get_untracked();
        if dialog.get_attribute("data-session") != Some(about) {
            // A name of ours is a name.
            let _ = dialog.set_attribute("hidden", "");
        }
    }
}

/// A word of consent frees the buttons that wait for it.
pub fn frees(inside: &Element) {
    let Ok(Some(dialog)) = inside.closest("[data-dialog]") else { return };
    let consents = all_in(&dialog, "[data-consent]");
    let given = consents
        .iter()
        .filter_map(|input| input.dyn_ref::<HtmlInputElement>())
        .all(HtmlInputElement::checked);
    for button in all_in(&dialog, "[data-waits]") {
        let why = if given { String::new() } else { button.get_attribute("data-waits").unwrap_or_default() };
        // Names of ours are names.
        let _ = if given {
            button.remove_attribute("aria-disabled")
        } else {
            button.set_attribute("aria-disabled", "true")
        };
        let _ = button.set_attribute("title", &why);
        if let Ok(Some(told)) = button.query_selector(".visually-hidden") {
            told.set_text_content((!given).then(|| format!(": not now. {why}")).as_deref());
        }
    }
}

/// Does what a dialog is for, to the session that it was opened for.
pub fn send(button: &Element) {
    let Ok(Some(dialog)) = button.closest("[data-dialog]") else { return };
    let text = |name: &str| button.get_attribute(name).unwrap_or_default();
    let Some(control) = Control::of(&text("data-control")) else { return };
    if button.has_attribute("aria-disabled") || button.has_attribute("disabled") {
        return;
    }
    let session = dialog.get_attribute("data-session").unwrap_or_default();
    let choice = text("data-choice");
    let body = object((!choice.is_empty()).then(|| ("choice", choice.into())));
    let act = Act {
        control,
        route: format!("/api/v1/sessions/{{id}}/{}", text("data-verb")),
        path: format!("/api/v1/sessions/{session}/{}", text("data-verb")),
        subject: session,
        body,
        accepted: text("data-accepted"),
        name: text("data-name"),
    };
    // A name of ours is a name.
    let _ = button.set_attribute("disabled", "");
    let button = button.clone();
    then(act, new_cell(), move |answer| {
        let _ = button.remove_attribute("disabled");
        if answer.is_some() {
            close(&button);
        }
    });
}
