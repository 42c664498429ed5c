//! Clearing the panic latch: with a reason, when verified flat.

use leptos::prelude::*;

use super::act_button::{shut_button, wake_button};
use super::painted::painted;
use crate::act::{Act, then};
use crate::cell::{cell, new_cell};
use crate::event::Control;
use crate::json::object;

const SAY_WHY: &str = "Say why first: the reason is recorded with your name.";

#[island]
pub fn ClearLatch() -> impl IntoView {
    let why = cell("why.clear");
    let painted_why = why.clone();
    painted(
        move || {
            let why = Some(painted_why.get_untracked()).filter(|why| !why.is_empty());
            view! {
                <span class="end latch-form">
                    <label class="field">"Reason"<input name="reason" autocomplete="off" maxlength="500"/></label>
                    {shut_button(&object([("label", "Clear latch".into())]), &why.unwrap_or_else(|| SAY_WHY.to_owned()))}
                </span>
            }
        },
        move |place| {
            let reason = new_cell();
            let (typed, said, input) = (reason.clone(), reason.clone(), place.part("input"));
            let read = input.clone();
            input.on("input", move |_| typed.set(read.value().trim().to_owned()));
            let button = place.part("button");
            input.on("keydown", move |event| {
                if event.key() == "Enter" {
                    button.click();
                }
            });
            let shut = move || {
                let why = why.get();
                if why.is_empty() && reason.with(String::is_empty) { SAY_WHY.to_owned() } else { why }
            };
            wake_button(&place, shut, move |busy| {
                let clear = Act {
                    control: Control::ClearLatch,
                    subject: String::new(),
                    route: "/api/v1/panic/acknowledge".to_owned(),
                    path: "/api/v1/panic/acknowledge".to_owned(),
                    body: object([("reason", said.get_untracked().into())]),
                    accepted: "Latch cleared".to_owned(),
                    name: "Clearing the latch".to_owned(),
                };
                then(clear, busy, |_| {});
            });
        },
    )
}
