//! A button that does something, or says why it is shut, to the eye and to a screen reader, and stays reachable.

use leptos::prelude::*;
use serde_json::Value;

use super::slot::about;
use super::toasts::toasts;
use crate::act::{Act, act};
use crate::cell::first_of;
use crate::json::text;

/// About: label, class, `why` (keys of the cells that may shut it, the first that says something counts), deed.
#[island]
pub fn ActButton() -> impl IntoView {
    let about = about();
    let busy = RwSignal::new(false);
    let shut = first_of(&keys(&about));
    let deed = Act::read(&about["deed"]);
    let on_act = move || act(deed.clone(), toasts(), busy);
    let (label, class) = (text(&about, "label"), text(&about, "class"));
    view! { <ShutButton label class shut busy on_act/> }
}

/// The cells that may shut a button.
pub fn keys(about: &Value) -> Vec<String> {
    text(about, "why").split(' ').map(str::to_owned).collect()
}

/// The button itself.
#[component]
pub fn ShutButton(
    #[prop(into)] label: Signal<String>,
    class: String,
    #[prop(into)] shut: Signal<Option<String>>,
    busy: RwSignal<bool>,
    on_act: impl Fn() + 'static,
) -> impl IntoView {
    let shut = Signal::derive(move || {
        if busy.get() { Some("Waiting for the server's answer.".to_owned()) } else { shut.get() }
    });
    let is_shut = move || shut.with(Option::is_some);
    view! {
        <button class=format!("button {class}") type="button"
            aria-disabled=move || is_shut().then_some("true")
            title=move || shut.get()
            on:click=move |_| if shut.with_untracked(Option::is_none) { on_act() }>
            {move || label.get()}
            <span class="visually-hidden">{move || shut.get().map(|why| format!(": not now. {why}")).unwrap_or_default()}</span>
        </button>
    }
    .into_any()
}
