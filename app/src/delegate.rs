//! Clicks and keys on what the server wrote, heard once for the whole page: what a control does stands in its `data-`
//! attributes, so that it works however often the server writes it anew.

use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::event::{Control, UiEvent};
use crate::feed::view;
use crate::platform::{self, Event, Place, on_window};
use crate::tell::tell;
use crate::{charts, dialogs, draft, follow, forms, keys, spans, switches};

/// Begins to listen, for as long as the page lives.
pub fn listen() {
    on_window("click", |event| {
        if let Some(control) = target(&event).and_then(|target| target.closest("[data-does]").ok().flatten())
        {
            does(&control);
        }
    });
    on_window("input", |event| {
        if target(&event).is_some_and(|target| target.has_attribute("data-field")) {
            draft::edited();
        }
    });
    on_window("submit", |event| {
        if let Some(form) = target(&event).filter(forms::is_ours) {
            event.prevent_default();
            forms::submit(&form);
        }
    });
    on_window("keydown", |event| {
        match event.key().as_str() {
            "Escape" if !event.is_shifted() => dialogs::escape(),
            "Tab" => dialogs::tab(&event),
            _ => {}
        }
        if let Some(target) = target(&event) {
            if target.id() == "pnl-chart" {
                charts::key(&event);
            }
            spans::key(&target, &event);
        }
        keys::pressed(&event);
    });
    on_window("popstate", |_| view::follow_address());
}

fn target(event: &Event) -> Option<Element> {
    event.0.target().and_then(|target| target.dyn_into().ok())
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
        "toast" => Place::within(control, ".toast").remove(),
        "theme" => switches::theme(control),
        "sign-out" => switches::sign_out(),
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
