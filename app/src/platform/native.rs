//! The server's side of `platform`: nothing happens, nothing is known.

use super::{Answer, Request};

pub fn now_ms() -> f64 {
    0.0
}

pub fn random_bits() -> u128 {
    0
}

pub async fn send(_request: Request) -> Result<Answer, String> {
    Err("no browser".to_owned())
}

pub async fn sleep_ms(_ms: u32) {}

/// Content of a `<meta>` of the page.
pub fn meta(_name: &str) -> Option<String> {
    None
}

pub fn root_attribute(_name: &str) -> Option<String> {
    None
}

pub fn set_root_attribute(_name: &str, _value: &str) {}

pub fn set_cookie(_cookie: &str) {}

/// Opens an address with a full page load.
pub fn open(_path: &str) {}

pub fn focus(_selector: &str) {}

pub fn copy(_text: &str) {}

pub fn is_hidden() -> bool {
    false
}

/// Fields of a form by name.
pub fn form_field(_form: &leptos::web_sys::EventTarget, _name: &str) -> String {
    String::new()
}

/// Sends one message over the feed's socket, if it is open.
pub fn feed_send(_text: &str) {}

/// Opens the feed's socket and hands on what it says; ends when the socket does, with the reason.
pub async fn feed_run(_path: &str, _on_open: impl FnOnce(), _on_text: impl FnMut(String)) -> String {
    String::new()
}

/// The P&L chart of the page, drawn by the chart library.
#[derive(Clone)]
pub struct Chart;

impl Chart {
    /// Loads the library and draws into the element; an error is a sentence.
    pub async fn create(_selector: &str) -> Result<Chart, String> {
        Err("no browser".to_owned())
    }

    /// Replaces all points: rows of `seconds, executable, peak, floor`, missing ones NaN.
    pub fn set(&self, _rows: &[f64]) {}

    /// Appends points, in the same rows.
    pub fn append(&self, _rows: &[f64]) {}

    /// Draws the lines of max loss and max profit; NaN draws none.
    pub fn limits(&self, _max_loss: f64, _max_profit: f64) {}

    /// Puts the cursor on a point.
    pub fn point(&self, _seconds: f64, _value: f64) {}

    pub fn destroy(&self) {}
}
