//! Clicks and keys on what the server wrote, heard once for the whole page: what a control does stands in its `data-`
//! attributes, so that it works however often the server writes it anew.

use leptos::ev;
use leptos::prelude::{event_target, window_event_listener};
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::event::{Control, UiEvent};
use crate::feed::view;
use crate::tell::tell;
use crate::{charts, dialogs, draft, follow, forms, keys, platform, spans};

/// Begins to listen, for as long as the page lives.
pub fn listen() {
    let _ = window_event_listener(ev::click, |event| {
        let target = event_target::<web_sys::EventTarget>(&event);
        let Some(target) = target.dyn_ref::<Element>() else { return };
        if let Ok(Some(control)) = target.closest("[data-does]") {
            does(&control);
        }
    });
    let _ = window_event_listener(ev::input, |event| {
        let target = event_target::<web_sys::EventTarget>(&event);
        if target.dyn_ref::<Element>().is_some_and(|target| target.has_attribute("data-field")) {
            draft::edited();
        }
    });
    let _ = window_event_listener(ev::submit, |event| {
        let target = event_target::<web_sys::EventTarget>(&event);
        if let Some(form) = target.dyn_ref::<Element>().filter(|form| forms::is_ours(form)) {
            event.prevent_default();
            forms::submit(form);
        }
    });
    let _ = window_event_listener(ev::keydown, |event| {
        let target = event_target::<web_sys::EventTarget>(&event);
        match event.key().as_str() {
            "Escape" if !event.shift_key() => dialogs::escape(),
            "Tab" => dialogs::tab(&event),
            _ => {}
        }
        if let Some(target) = target.dyn_ref::<Element>() {
            if target.id() == "pnl-chart" {
                charts::key(&event);
            }
            spans::key(target, &event);
        }
        keys::pressed(&event);
    });
    let _ = window_event_listener(ev::popstate, |_| view::follow_address());
}

fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

fn does(control: &Element) {
    let of = |name: &str| attribute(control, name);
    match of("data-does").as_str() {
        "preset" => draft::chosen(control),
        "preset-again" => draft::chosen_again(),
        "view" => {
            if let Some((name, value)) = of("data-view").split_once('=') {
                view::choose(name, value);
            }
            tell_click(control);
            let back = of("data-back");
            if !back.is_empty() {
                platform::focus(&back);
            }
        }
        "close" => dialogs::close(control),
        "send" => dialogs::send(control),
        "consent" => dialogs::frees(control),
        "chart-again" => charts::again(),
        "preview-again" => draft::again(),
        "toggle" => toggle(control, &of("aria-controls")),
        "copy" => platform::copy(&of("data-copy")),
        "tell" => tell_click(control),
        "follow" => {
            follow::set(of("data-follow") == "on");
            tell_click(control);
        }
        _ => {}
    }
}

/// The click is told when the control says as what.
fn tell_click(control: &Element) {
    let subject = attribute(control, "data-subject");
    if let Some(control) = Control::of(&attribute(control, "data-control")) {
        tell(&UiEvent::Click { control, subject });
    }
}

/// Shows or hides what the control is for.
fn toggle(control: &Element, id: &str) {
    let Some(target) = leptos::prelude::document().get_element_by_id(id) else { return };
    let open = !target.has_attribute("hidden");
    // Names of ours are names.
    let _ = target.toggle_attribute_with_force("hidden", open);
    let _ = control.set_attribute("aria-expanded", if open { "false" } else { "true" });
    if let Ok(Some(row)) = control.closest("tr") {
        let _ = row.class_list().toggle_with_force("picked", !open);
    }
}
