//! The two switches at the end of the bar: theme, and the way out.

use leptos::prelude::*;

use super::slot::about;
use super::toasts::toasts;
use crate::act::{Act, act};
use crate::event::{Control, UiEvent};
use crate::json::{object, text};
use crate::platform;
use crate::tell::tell;

/// Dark or light; kept in a cookie so that the server paints it.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let is_light = RwSignal::new(text(&about(), "theme") == "light");
    let name = |light: bool| if light { "light" } else { "dark" };
    let switch = move |_| {
        let next = !is_light.get_untracked();
        is_light.set(next);
        let next = name(next);
        platform::set_root_attribute("data-theme", next);
        platform::set_cookie(&format!("theme={next}; Path=/; Max-Age=31536000; SameSite=Lax"));
        tell(&UiEvent::Click { control: Control::Theme, subject: next.to_owned() });
    };
    view! {
        <button class="button quiet" type="button" on:click=switch aria-label=move || format!("Switch to the {} theme", name(!is_light.get()))>
            {move || name(is_light.get())}
        </button>
    }
}

#[island]
pub fn SignOut() -> impl IntoView {
    let busy = RwSignal::new(false);
    let leave = move |_| {
        let leave = Act {
            control: Control::SignOut,
            subject: String::new(),
            route: "/api/v1/sign-out".to_owned(),
            path: "/api/v1/sign-out".to_owned(),
            body: object([]),
            accepted: "Signed out".to_owned(),
            name: "Signing out".to_owned(),
        };
        act(leave, toasts(), busy);
    };
    view! { <button class="button quiet" type="button" on:click=leave>"Sign out"</button> }
}
