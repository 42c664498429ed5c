//! A button that does something, or says why it is shut, to the eye and to a screen reader, and stays reachable.

use std::rc::Rc;

use leptos::prelude::*;
use serde_json::Value;

use super::painted::painted;
use super::slot::about;
use crate::act::{Act, act};
use crate::cell::{Cell, first_of, new_cell};
use crate::json::text;
use crate::platform::Place;

/// About: label, class, `why` (keys of the cells that may shut it, the first that says something counts), deed.
#[island]
pub fn ActButton() -> impl IntoView {
    let about = about();
    let why = keys(&about);
    painted(
        || shut_button(&about, &untrack(|| first_of(&why))),
        |place| {
            let (deed, why) = (Act::read(&about["deed"]), why.clone());
            wake_button(&place, move || first_of(&why), move |busy| act(deed.clone(), busy));
        },
    )
}

/// The cells that may shut a button.
pub fn keys(about: &Value) -> Vec<String> {
    text(about, "why").split(' ').map(str::to_owned).collect()
}

/// The button itself, by its label and class; `shut` is empty while it is open.
pub fn shut_button(about: &Value, shut: &str) -> AnyView {
    let (label, class) = (text(about, "label"), text(about, "class"));
    let is_shut = !shut.is_empty();
    view! {
        <button class=format!("button {class}") type="button"
            aria-disabled=is_shut.then_some("true")
            title=is_shut.then(|| shut.to_owned())>
            {label}
            <span class="visually-hidden">{not_now(shut)}</span>
        </button>
    }
    .into_any()
}

fn not_now(shut: &str) -> String {
    if shut.is_empty() { String::new() } else { [": not now. ", shut].concat() }
}

/// Makes the button inside work. While it is shut, or a click is under way, another does nothing.
pub fn wake_button(place: &Place, shut: impl Fn() -> String + 'static, on_act: impl Fn(Cell) + 'static) {
    let (button, busy) = (place.part("button"), new_cell());
    let waits = busy.clone();
    let why = Rc::new(move || {
        let waits = waits.get();
        if waits.is_empty() { shut() } else { waits }
    });
    let open = why.clone();
    button.on("click", move |_| {
        if untrack(|| open().is_empty()) {
            on_act(busy.clone());
        }
    });
    let (title, told) = (why.clone(), why.clone());
    button.has("aria-disabled", move || (!why().is_empty()).then(|| "true".to_owned()));
    button.has("title", move || Some(title()).filter(|why| !why.is_empty()));
    button.part("span").says(move || not_now(&told()));
}
