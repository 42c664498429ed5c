//! The button that opens a dialog, or says why it is shut.

use leptos::prelude::*;

use super::act_button::{ShutButton, keys};
use super::slot::about;
use crate::cell::first_of;
use crate::event::{Control, UiEvent};
use crate::json::text;
use crate::tell::tell;

/// About: label, class, why, dialog, control, session.
#[island]
pub fn OpenButton() -> impl IntoView {
    let about = about();
    let shut = first_of(&keys(&about));
    let control = Control::of(&text(&about, "control"));
    let (dialog, session) = (text(&about, "dialog"), text(&about, "session"));
    let on_act = move || {
        if let Some(control) = control {
            tell(&UiEvent::Click { control, subject: session.clone() });
        }
        crate::platform::open_dialog(&dialog, &session);
    };
    let busy = RwSignal::new(false);
    let (label, class) = (text(&about, "label"), text(&about, "class"));
    view! { <ShutButton label class shut busy on_act/> }
}
