//! The configuration form in the browser: what is typed goes to the server a moment after the last key, and comes back
//! as messages beside the fields, a preview, a check list, and whether a start is open. The form itself is the
//! server's: fields are found by `data-field`, presets by `data-preset`.

use serde_json::Value;

#[cfg(feature = "hydrate")]
pub use browser::{again, ask, begin, chosen, chosen_again, edited, mark};

/// Body of a start: the preset as it is, or what was made of it and last checked. With it the preset's id.
#[cfg(feature = "hydrate")]
pub fn start_of(_subject: String, _body: Value) -> (String, Value) {
    let (preset, configuration) = browser::checked();
    let what = match configuration {
        Some(configuration) => ("configuration", configuration),
        None => ("preset", preset.as_str().into()),
    };
    // What the strip says is what is started: the server refuses the other.
    let mode = leptos::prelude::GetUntracked::get_untracked(&crate::cell::cell("active.mode"));
    let mode = if mode == "live" { "live" } else { "simulated" };
    let body = crate::json::object([what, ("execution_mode", mode.into())]);
    (preset, body)
}

/// A session was started: it is shown, and where others run the address names it.
#[cfg(feature = "hydrate")]
pub fn started(id: &str) {
    use crate::feed::view;
    use crate::platform;
    let beside = crate::cell::cell("running");
    let beside = leptos::prelude::GetUntracked::get_untracked(&beside);
    let alone = matches!(beside.as_str(), "" | "0") && !platform::address().1.contains("session=");
    if alone {
        view::choose("session", id);
    } else {
        platform::push_address(&format!("/?session={id}"));
        view::follow_address();
    }
}

#[cfg(not(feature = "hydrate"))]
pub fn start_of(subject: String, body: Value) -> (String, Value) {
    (subject, body)
}

#[cfg(not(feature = "hydrate"))]
pub fn started(_id: &str) {}

#[cfg(not(feature = "hydrate"))]
pub fn mark(_fields: &Value) {}

#[cfg(feature = "hydrate")]
mod browser {
    use std::cell::RefCell;

    use leptos::prelude::GetUntracked;
    use leptos::task::spawn_local;
    use serde_json::Value;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlInputElement, HtmlSelectElement};

    use crate::api::{self, Intent};
    use crate::cell::{cell, set_cell};
    use crate::event::{Control, UiEvent};
    use crate::feed::put_region;
    use crate::json;
    use crate::platform::{self, all, find};
    use crate::tell::tell;

    const ROUTE: &str = "/api/v1/configurations/draft";
    const FAILED: &str = "#preview-failed";
    const CHECKING: &str = "What you typed is being checked.";
    const UNCHECKED: &str = "What you typed could not be checked yet.";

    #[derive(Default)]
    struct Draft {
        /// Counts what was asked, so that an older answer does not replace a newer one.
        asked: u32,
        /// What the last answer made of the form; `None` when it is the preset.
        configuration: Option<Value>,
    }

    thread_local! {
        static DRAFT: RefCell<Draft> = RefCell::default();
    }

    fn value(field: &Element) -> String {
        let input = field.dyn_ref::<HtmlInputElement>().map(HtmlInputElement::value);
        input
            .or_else(|| field.dyn_ref::<HtmlSelectElement>().map(HtmlSelectElement::value))
            .unwrap_or_default()
    }

    fn set_value(field: &Element, text: &str) {
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.set_value(text);
        } else if let Some(select) = field.dyn_ref::<HtmlSelectElement>() {
            select.set_value(text);
        }
    }

    fn preset() -> Option<Element> {
        find("[data-preset][aria-pressed=\"true\"]")
    }

    /// The chosen preset, and the configuration that the form makes of it.
    pub fn checked() -> (String, Option<Value>) {
        let preset = preset().and_then(|preset| preset.get_attribute("data-preset")).unwrap_or_default();
        (preset, DRAFT.with_borrow(|draft| draft.configuration.clone()))
    }

    /// Asks now, and again every five seconds while the form is there and looked at.
    pub fn begin() {
        ask();
        platform::every(5_000, || {
            if !platform::is_hidden() {
                ask();
            }
        });
    }

    /// Something was typed: a start waits until it is checked.
    pub fn edited() {
        set_cell("why.draft", CHECKING.to_owned());
        let asked = next();
        platform::later(250, move || {
            if DRAFT.with_borrow(|draft| draft.asked == asked) {
                ask();
            }
        });
    }

    /// A preset was chosen: its values go into the fields.
    pub fn chosen(button: &Element) {
        for other in all("[data-preset]") {
            let pressed = if other == *button { "true" } else { "false" };
            let _ = other.set_attribute("aria-pressed", pressed);
        }
        let values = button.get_attribute("data-values").unwrap_or_default();
        let values = json::read(&values);
        for field in all("[data-field]") {
            let name = field.get_attribute("data-field").unwrap_or_default();
            set_value(&field, &json::text(&values, &name));
        }
        edited();
    }

    /// The chosen preset's values once more.
    pub fn chosen_again() {
        if let Some(preset) = preset() {
            chosen(&preset);
        }
    }

    fn next() -> u32 {
        DRAFT.with_borrow_mut(|draft| {
            draft.asked = draft.asked.wrapping_add(1);
            draft.asked
        })
    }

    /// Sends the form, if there is one.
    pub fn ask() {
        let Some(preset) = preset().and_then(|preset| preset.get_attribute("data-preset")) else { return };
        let asked = next();
        let fields = all("[data-field]");
        let names: Vec<String> =
            fields.iter().map(|field| field.get_attribute("data-field").unwrap_or_default()).collect();
        let fields = names.iter().zip(&fields).map(|(name, field)| (name.as_str(), value(field).into()));
        let body = json::object([("preset", preset.into()), ("fields", json::object(fields))]);
        spawn_local(async move {
            let answer = api::ask(ROUTE, &body, &Intent::new()).await;
            // An older answer is worth nothing any more.
            if DRAFT.with_borrow(|draft| draft.asked != asked) {
                return;
            }
            match answer {
                Ok(answer) => {
                    platform::show_failure(FAILED, None);
                    show(json::read(&answer.body));
                }
                Err(error) => failed(&error.message),
            }
        });
    }

    /// What was shown stays, with its age; what was typed stays and starts nothing.
    fn failed(error: &str) {
        platform::show_failure(FAILED, Some(&format!("The preview could not be made. {error}")));
        if cell("why.draft").get_untracked() == CHECKING {
            set_cell("why.draft", UNCHECKED.to_owned());
        }
    }

    /// After a failure.
    pub fn again() {
        tell(&UiEvent::Click { control: Control::Retry, subject: "Preview".to_owned() });
        ask();
    }

    fn show(mut said: Value) {
        let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        set_cell("why.draft", text("why"));
        set_cell("draft.state", text("state"));
        put_region("preview", &text("preview"));
        put_region("ready", &text("ready"));
        for field in all("[data-field]") {
            let name = field.get_attribute("data-field").unwrap_or_default();
            tell_field(&field, said["problems"][&name].as_str());
        }
        DRAFT.with_borrow_mut(|draft| {
            draft.configuration = Some(said["configuration"].take()).filter(|made| !made.is_null());
        });
    }

    /// A request was refused for some fields: they are marked, whichever form they stand in.
    pub fn mark(fields: &Value) {
        for (name, why) in fields.as_object().into_iter().flatten() {
            if let Some(field) = find(&["[data-field=\"", name, "\"],input[name=\"", name, "\"]"].concat()) {
                tell_field(&field, why.as_str());
            }
        }
    }

    /// What is wrong stands beside the field, in place of its hint.
    fn tell_field(field: &Element, problem: Option<&str>) {
        let place = field.parent_element();
        for (element, name, value) in
            [(Some(field), "aria-invalid", "true"), (place.as_ref(), "data-invalid", "")]
        {
            let Some(element) = element else { continue };
            // Names of ours are names.
            let _ = match problem {
                Some(_) => element.set_attribute(name, value),
                None => element.remove_attribute(name),
            };
        }
        let hint = place.and_then(|place| place.query_selector(".hint").ok().flatten());
        if let Some(hint) = hint {
            let told = problem.map(str::to_owned).or_else(|| hint.get_attribute("data-hint"));
            hint.set_text_content(told.as_deref());
        }
    }
}
