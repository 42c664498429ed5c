//! Forms that the server wrote, sent by the browser: sign-in, and the password once more for what costs money. The emergency
//! form works without.

use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use crate::api::{self, Intent};
use crate::dialogs;
use crate::event::{Control, UiEvent};
use crate::json::object;
use crate::platform::{self, Signed};
use crate::tell::tell_correlated;

fn inputs(form: &Element) -> Vec<HtmlInputElement> {
    platform::all_in(form, "input").into_iter().filter_map(|input| input.dyn_into().ok()).collect()
}

fn say(form: &Element, text: &str) {
    if let Ok(Some(place)) = form.query_selector(".refusal") {
        place.set_text_content(Some(text));
    }
}

/// Sends the form to its `data-sends`; one request at a time.
pub fn submit(form: &Element) {
    let Ok(Some(button)) = form.query_selector("button") else { return };
    if button.has_attribute("disabled") {
        return;
    }
    let inputs = inputs(form);
    let value = |name: &str| inputs.iter().find(|input| input.name() == name).map(HtmlInputElement::value);
    if value("again").is_some_and(|again| Some(again) != value("password")) {
        return say(form, "The two passwords differ.");
    }
    let names: Vec<String> =
        inputs.iter().map(HtmlInputElement::name).filter(|name| name != "again").collect();
    let fields = names.iter().map(|name| (name.as_str(), value(name).unwrap_or_default().into()));
    let body = object(fields);
    let route = form.get_attribute("data-sends").unwrap_or_default();
    let has = |name: &str| names.iter().any(|known| known == name);
    let control = if has("token") {
        Control::SetPassword
    } else if has("username") {
        Control::SignIn
    } else {
        Control::StepUp
    };
    let intent = Intent::new();
    tell_correlated(&UiEvent::Click { control, subject: String::new() }, Some(&intent.correlation_id));
    // A name of ours is a name.
    let _ = button.set_attribute("disabled", "");
    let form = form.clone();
    spawn_local(async move {
        let result = api::ask(&route, &body, &intent).await;
        let _ = button.remove_attribute("disabled");
        match result {
            Ok(_) if control == Control::StepUp => dialogs::confirmed(&form),
            Ok(_) => {
                platform::signed(Signed::In).await;
                platform::open(&next());
            }
            Err(error) => {
                crate::draft::mark(&error.fields);
                say(&form, &error.message);
            }
        }
    });
}

/// What was asked for before the sign-in; only pages of this server.
fn next() -> String {
    let asked = platform::query("next");
    let is_ours = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains('\\');
    if is_ours { asked } else { "/".to_owned() }
}

/// Whether a form is one of these.
pub fn is_ours(target: &Element) -> bool {
    target.has_attribute("data-sends")
}
