//! Theme and account: the two switches at the end of the bar.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

use super::toasts::use_toasts;
use crate::api::{self, Intent};
use crate::event::{Control, UiEvent};
use crate::platform;
use crate::port::User;
use crate::shell;
use crate::tell::{tell, tell_correlated};

/// Dark or light; kept in a cookie so that the server paints it.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(if shell::theme() == "light" { "light" } else { "dark" });
    let other = move || if theme.get() == "light" { "dark" } else { "light" };
    let switch = move |_| {
        let next = if theme.get_untracked() == "light" { "dark" } else { "light" };
        theme.set(next);
        platform::set_root_attribute("data-theme", next);
        platform::set_cookie(&format!("theme={next}; Path=/; Max-Age=31536000; SameSite=Lax"));
        tell(&UiEvent::Click { control: Control::Theme, subject: next.to_owned() });
    };
    view! {
        <button class="button quiet" type="button" on:click=switch aria-label=move || format!("Switch to the {} theme", other())>
            {move || theme.get()}
        </button>
    }
    .into_any()
}

/// Who is signed in, and the way out.
#[component]
pub fn Account(user: Option<User>) -> impl IntoView {
    let toasts = use_toasts();
    let leave = move |_| {
        let intent = Intent::new();
        tell_correlated(
            &UiEvent::Click { control: Control::SignOut, subject: String::new() },
            Some(&intent.correlation_id),
        );
        spawn_local(async move {
            match api::post("/api/v1/sign-out", "/api/v1/sign-out", &json!({}), &intent, 1).await {
                Ok(_) => platform::open("/login"),
                Err(error) => toasts.error("Not signed out", &error),
            }
        });
    };
    match user {
        Some(user) => view! {
            <span class="wide" title=format!("Role: {}", user.role)>{user.username}</span>
            <button class="button quiet" type="button" on:click=leave>"Sign out"</button>
        }
        .into_any(),
        None => view! { <a href="/login">"Sign in"</a> }.into_any(),
    }
}
