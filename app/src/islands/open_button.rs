//! The button that opens a dialog, or says why it is shut.

use leptos::prelude::*;

use super::act_button::{keys, shut_button, wake_button};
use super::painted::painted;
use super::slot::about;
use crate::cell::first_of;
use crate::event::{Control, UiEvent};
use crate::json::text;
use crate::tell::tell;

/// About: label, class, why, dialog, control, session.
#[island]
pub fn OpenButton() -> impl IntoView {
    let about = about();
    let why = keys(&about);
    painted(
        || shut_button(&about, &untrack(|| first_of(&why))),
        |place| {
            let why = why.clone();
            let control = Control::of(&text(&about, "control"));
            let (dialog, session) = (text(&about, "dialog"), text(&about, "session"));
            wake_button(
                &place,
                move || first_of(&why),
                move |_| {
                    if let Some(control) = control {
                        tell(&UiEvent::Click { control, subject: session.clone() });
                    }
                    crate::platform::open_dialog(&dialog, &session);
                },
            );
        },
    )
}
