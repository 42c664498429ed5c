//! Clearing the panic latch: with a reason, when verified flat.

use leptos::prelude::*;

use super::act_button::ShutButton;
use super::toasts::toasts;
use crate::act::{Act, then};
use crate::cell::cell;
use crate::event::Control;
use crate::json::object;

#[island]
pub fn ClearLatch() -> impl IntoView {
    let why = cell("why.clear");
    let reason = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let shut = Signal::derive(move || {
        let why = why.get();
        if !why.is_empty() {
            Some(why)
        } else if reason.with(|reason| reason.trim().is_empty()) {
            Some("Say why first: the reason is recorded with your name.".to_owned())
        } else {
            None
        }
    });
    let clear = move || {
        let clear = Act {
            control: Control::ClearLatch,
            subject: String::new(),
            route: "/api/v1/panic/acknowledge".to_owned(),
            path: "/api/v1/panic/acknowledge".to_owned(),
            body: object([("reason", reason.get_untracked().trim().into())]),
            accepted: "Latch cleared".to_owned(),
            name: "Clearing the latch".to_owned(),
        };
        then(clear, toasts(), busy, |_| {});
    };
    view! {
        <span class="end latch-form">
            <label class="field">"Reason"<input autocomplete="off" prop:value=move || reason.get() on:input=move |event| reason.set(event_target_value(&event))
                on:keydown=move |event| if event.key() == "Enter" && shut.with_untracked(Option::is_none) { clear() }/></label>
            <ShutButton label="Clear latch".to_owned() class=String::new() shut busy on_act=clear/>
        </span>
    }
}
