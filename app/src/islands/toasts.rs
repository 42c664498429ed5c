//! Results of what the user did: said politely in the corner that the server painted, kept until closed when they are
//! errors.

use std::cell::Cell;

use crate::error::AppError;
use crate::event::UiEvent;
use crate::plain::short_id;
use crate::platform::{self, Place};
use crate::tell::tell_correlated;

const MOST: u32 = 4;
const GOES_AFTER_MS: u32 = 6_000;

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(1) };
}

/// Says that something worked; goes by itself.
pub fn done(title: &str) {
    let id = push(title, "", false, "");
    platform::later(GOES_AFTER_MS, move || close(id));
}

/// Says that something has not happened yet; `close` it by its number.
pub fn waits(title: &str, text: &str) -> u32 {
    push(title, text, true, "")
}

/// Says that something failed or was refused, with the id under which the server told it.
pub fn error(title: &str, error: &AppError) {
    tell_correlated(
        &UiEvent::Toast { code: error.code.clone(), text: error.message.clone() },
        error.correlation_id.as_deref(),
    );
    push(title, &error.message, true, error.correlation_id.as_deref().unwrap_or_default());
}

pub fn close(id: u32) {
    Place::of_page(&["[data-toast=\"", &id.to_string(), "\"]"].concat()).remove();
}

fn push(title: &str, text: &str, failed: bool, correlation_id: &str) -> u32 {
    let id = NEXT.get();
    NEXT.set(id + 1);
    let list = Place::of_page(".toasts");
    let number = id.to_string();
    let attributes = [("class", "toast"), ("data-toast", number.as_str()), ("data-failed", "")];
    let toast = list.add("div", if failed { &attributes } else { &attributes[..2] }, "");
    toast.add("b", &[], title);
    toast.add("span", &[], text);
    if !correlation_id.is_empty() {
        trace(&toast, correlation_id);
    }
    let close = [
        ("class", "button quiet close"),
        ("type", "button"),
        ("aria-label", "Close message"),
        ("data-does", "toast"),
    ];
    toast.add("button", &close, "×");
    if list.children() > MOST {
        list.part(".toast").remove();
    }
    id
}

/// The way to all that belongs to it.
fn trace(toast: &Place, id: &str) {
    let short = short_id(id);
    let buttons = toast.add("span", &[("class", "buttons")], "Trace ");
    let (address, name) = (["/trace/", id].concat(), ["Trace ", &short].concat());
    buttons.add("a", &[("class", "id"), ("href", &address), ("aria-label", &name), ("title", id)], &short);
    let copy = [("class", "button quiet"), ("type", "button"), ("data-does", "copy"), ("data-copy", id)];
    buttons.add("button", &copy, "Copy id");
}
