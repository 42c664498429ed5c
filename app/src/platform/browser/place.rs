//! Elements of the page that an island works with: texts and attributes that follow cells, and events. One kind of
//! each, however many use it: every kind is code that travels.

use std::cell::Cell;

use leptos::prelude::{Effect, document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, EventTarget, HtmlElement, HtmlInputElement, KeyboardEvent, PointerEvent};

use super::{find, waking};

/// An element, if it is there: without one nothing is done.
#[derive(Clone)]
pub struct Place(Option<Element>);

impl Place {
    /// The island that is just waking.
    pub fn island() -> Self {
        Self(Some(waking()))
    }

    /// The first of the page.
    pub fn of_page(selector: &str) -> Self {
        Self(find(selector))
    }

    /// What is around an element, or the element itself.
    pub fn within(element: &Element, selector: &str) -> Self {
        Self(element.closest(selector).ok().flatten())
    }

    /// The first inside.
    pub fn part(&self, selector: &str) -> Self {
        Self(self.0.as_ref().and_then(|element| element.query_selector(selector).ok().flatten()))
    }

    /// Its text is what this says, whenever what it reads changes.
    pub fn says(&self, text: impl Fn() -> String + 'static) {
        let Some(element) = self.0.clone() else { return };
        follow(Box::new(move || {
            let text = text();
            // What is said already is not said again: a reader of the screen would read it twice.
            if element.text_content().as_deref() != Some(&text) {
                element.set_text_content(Some(&text));
            }
        }));
    }

    /// Its attribute is what this says; without a value it has none.
    pub fn has(&self, name: &'static str, value: impl Fn() -> Option<String> + 'static) {
        let Some(element) = self.0.clone() else { return };
        follow(Box::new(move || {
            // Names of ours are names.
            let _ = match value() {
                Some(value) => element.set_attribute(name, &value),
                None => element.remove_attribute(name),
            };
        }));
    }

    pub fn on(&self, event: &str, deed: impl Fn(Event) + 'static) {
        if let Some(element) = &self.0 {
            listen(element, event, Box::new(deed));
        }
    }

    pub fn click(&self) {
        if let Some(element) = self.0.as_ref().and_then(|element| element.dyn_ref::<HtmlElement>()) {
            element.click();
        }
    }

    /// What was typed.
    pub fn value(&self) -> String {
        let input = self.0.as_ref().and_then(|element| element.dyn_ref::<HtmlInputElement>());
        input.map(HtmlInputElement::value).unwrap_or_default()
    }

    /// Another element at its end, with a text.
    pub fn add(&self, tag: &str, attributes: &[(&str, &str)], text: &str) -> Self {
        let made = self.0.as_ref().and_then(|parent| {
            let made = document().create_element(tag).ok()?;
            for (name, value) in attributes {
                made.set_attribute(name, value).ok()?;
            }
            made.set_text_content(Some(text));
            parent.append_child(&made).ok()?;
            Some(made)
        });
        Self(made)
    }

    pub fn children(&self) -> u32 {
        self.0.as_ref().map_or(0, Element::child_element_count)
    }

    pub fn remove(&self) {
        if let Some(element) = &self.0 {
            element.remove();
        }
    }
}

/// Something that happened to an element.
pub struct Event(pub web_sys::Event);

impl Event {
    pub fn prevent_default(&self) {
        self.0.prevent_default();
    }

    /// Of a key; empty otherwise.
    pub fn key(&self) -> String {
        self.0.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key).unwrap_or_default()
    }

    pub fn is_shifted(&self) -> bool {
        self.0.dyn_ref::<KeyboardEvent>().is_some_and(KeyboardEvent::shift_key)
    }

    pub fn is_repeated(&self) -> bool {
        self.0.dyn_ref::<KeyboardEvent>().is_some_and(KeyboardEvent::repeat)
    }

    /// By the first button of a mouse, or a touch.
    pub fn is_main_button(&self) -> bool {
        self.0.dyn_ref::<PointerEvent>().is_some_and(|event| event.button() == 0)
    }
}

/// Runs now and whenever a signal that it read has changed.
pub fn follow(run: Box<dyn Fn()>) {
    Effect::new(move |_| run());
}

fn listen(target: &EventTarget, event: &str, deed: Box<dyn Fn(Event)>) {
    let deed = Closure::<dyn Fn(web_sys::Event)>::new(move |event| deed(Event(event)));
    // Fails for no target that there is.
    let _ = target.add_event_listener_with_callback(event, deed.into_js_value().unchecked_ref());
}

/// An event of the window, for as long as the page lives.
pub fn on_window(event: &str, deed: impl Fn(Event) + 'static) {
    listen(&window(), event, Box::new(deed));
}

/// Once, after so many milliseconds.
pub fn later(ms: u32, deed: impl FnOnce() + 'static) {
    timer(false, ms, once(deed));
}

/// Not one that fails when it is called again: a timer that somebody makes run twice is nobody's failure.
fn once(deed: impl FnOnce() + 'static) -> Closure<dyn Fn()> {
    let deed = Cell::new(Some(Box::new(deed) as Box<dyn FnOnce()>));
    Closure::new(move || deed.take().into_iter().for_each(|deed| deed()))
}

/// Again and again, for as long as the page lives.
pub fn every(ms: u32, deed: impl Fn() + 'static) {
    timer(true, ms, Closure::new(deed));
}

fn timer(again: bool, ms: u32, deed: Closure<dyn Fn()>) {
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    let deed = deed.into_js_value();
    // A timer fails for no page that there is.
    let _ = if again {
        window().set_interval_with_callback_and_timeout_and_arguments_0(deed.unchecked_ref(), ms)
    } else {
        window().set_timeout_with_callback_and_timeout_and_arguments_0(deed.unchecked_ref(), ms)
    };
}

/// Before the next picture.
pub fn before_picture(deed: impl FnOnce() + 'static) {
    let deed = once(deed).into_js_value();
    let _ = window().request_animation_frame(deed.unchecked_ref());
}
