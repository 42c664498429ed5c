//! The server's side of an island's elements: there are none.

/// An element of the page.
#[derive(Clone)]
pub struct Place;

impl Place {
    /// The first of the page.
    pub fn of_page(_selector: &str) -> Self {
        Self
    }

    /// The first inside.
    pub fn part(&self, _selector: &str) -> Self {
        Self
    }

    pub fn says(&self, _text: impl Fn() -> String + 'static) {}

    pub fn has(&self, _name: &'static str, _value: impl Fn() -> Option<String> + 'static) {}

    pub fn on(&self, _event: &str, _deed: impl Fn(Event) + 'static) {}

    pub fn click(&self) {}

    /// What was typed.
    pub fn value(&self) -> String {
        String::new()
    }

    /// Another element at its end, with a text.
    pub fn add(&self, _tag: &str, _attributes: &[(&str, &str)], _text: &str) -> Self {
        Self
    }

    pub fn children(&self) -> u32 {
        0
    }

    pub fn remove(&self) {}
}

/// Something that happened to an element.
pub struct Event;

impl Event {
    pub fn prevent_default(&self) {}

    /// Of a key; empty otherwise.
    pub fn key(&self) -> String {
        String::new()
    }

    pub fn is_shifted(&self) -> bool {
        false
    }

    pub fn is_repeated(&self) -> bool {
        false
    }

    /// By the first button of a mouse, or a touch.
    pub fn is_main_button(&self) -> bool {
        false
    }
}

/// Runs whenever a signal that it read has changed: here never.
pub fn follow(_run: Box<dyn Fn()>) {}

/// An event of the window.
pub fn on_window(_event: &str, _deed: impl Fn(Event) + 'static) {}

/// Once, after so many milliseconds.
pub fn later(_ms: u32, _deed: impl FnOnce() + 'static) {}

/// Again and again.
pub fn every(_ms: u32, _deed: impl Fn() + 'static) {}
