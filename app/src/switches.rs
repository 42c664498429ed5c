//! The two switches at the end of the bar: theme, and the way out.

use web_sys::Element;

use crate::act::{Act, act};
use crate::cell::new_cell;
use crate::event::{Control, UiEvent};
use crate::json::object;
use crate::platform;
use crate::tell::tell;

/// Dark or light; kept in a cookie so that the server paints it.
pub fn theme(button: &Element) {
    let (next, other) = match button.text_content().as_deref() {
        Some("light") => ("dark", "light"),
        Some(_) | None => ("light", "dark"),
    };
    platform::set_root_attribute("data-theme", next);
    platform::set_cookie(&["theme=", next, "; Path=/; Max-Age=31536000; SameSite=Lax"].concat());
    button.set_text_content(Some(next));
    // A name of ours is a name.
    let _ = button.set_attribute("aria-label", &["Switch to the ", other, " theme"].concat());
    tell(&UiEvent::Click { control: Control::Theme, subject: next.to_owned() });
}

pub fn sign_out() {
    let leave = Act {
        control: Control::SignOut,
        subject: String::new(),
        route: "/api/v1/sign-out".to_owned(),
        path: "/api/v1/sign-out".to_owned(),
        body: object([]),
        accepted: "Signed out".to_owned(),
        name: "Signing out".to_owned(),
    };
    act(leave, new_cell());
}
