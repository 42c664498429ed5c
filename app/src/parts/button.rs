//! Buttons that do something, as the server writes them: islands, with everything they need in their properties.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::act::Act;
use crate::event::Control;
use crate::islands::{ActButton, CellText, OpenButton, slot};

/// What a button does to a session.
pub struct Deed {
    pub control: Control,
    pub session: String,
    pub verb: &'static str,
    pub accepted: &'static str,
    pub name: &'static str,
}

impl From<Deed> for Act {
    fn from(deed: Deed) -> Act {
        Act {
            control: deed.control,
            route: format!("/api/v1/sessions/{{id}}/{}", deed.verb),
            path: format!("/api/v1/sessions/{}/{}", deed.session, deed.verb),
            subject: deed.session,
            body: json!({}),
            accepted: deed.accepted.to_owned(),
            name: deed.name.to_owned(),
        }
    }
}

/// The start of what the form says.
pub fn start() -> Act {
    Act {
        control: Control::Start,
        subject: String::new(),
        route: "/api/v1/sessions".to_owned(),
        path: "/api/v1/sessions".to_owned(),
        body: Value::Null,
        accepted: "Start accepted".to_owned(),
        name: "Start".to_owned(),
    }
}

/// `why`: the cells that may shut it, the first that says something counts.
pub fn act_button(label: &str, class: &str, why: &str, deed: impl Into<Act>) -> AnyView {
    let deed: Act = deed.into();
    let about = json!({ "label": label, "class": class, "why": why, "deed": deed.write() });
    slot(about, || view! { <ActButton/> }.into_any())
}

/// Opens a dialog about a session.
pub fn open_button(
    label: &str,
    class: &str,
    why: &str,
    dialog: &str,
    control: Control,
    session: &str,
) -> AnyView {
    let about = json!({
        "label": label,
        "class": class,
        "why": why,
        "dialog": dialog,
        "control": control.word(),
        "session": session,
    });
    slot(about, || view! { <OpenButton/> }.into_any())
}

/// A text that the feed or the browser keeps, and what stands there until it says something.
pub fn cell_text(key: &str, until: &str) -> AnyView {
    slot(json!({ "key": key, "until": until }), || view! { <CellText/> }.into_any())
}
