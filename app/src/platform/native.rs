//! The server's side of `platform`: nothing happens, nothing is known.

mod place;

pub use place::{Event, Place, every, follow, later, on_window};

use super::{Answer, Request, Signed};

pub fn now_ms() -> f64 {
    0.0
}

/// Milliseconds of a clock that nobody sets.
pub fn steady_ms() -> f64 {
    0.0
}

pub fn random_bits() -> u128 {
    0
}

pub async fn send(_request: Request) -> Result<Answer, String> {
    Err("no browser".to_owned())
}

/// Gives up whatever waits for an answer.
pub fn make_way() {}

pub async fn sleep_ms(_ms: u32) {}

/// Opens an address with a full page load.
pub fn open(_path: &str) {}

/// Money of the chart, as people read it.
pub fn money(_value: f64, _signed: bool) -> String {
    String::new()
}

/// Opens a dialog of the page.
pub fn open_dialog(_name: &str, _session: &str) {}

/// Whether the page can ask for the password again.
pub fn can_confirm() -> bool {
    false
}

/// Asks for the password again.
pub fn confirm(_what: &str, _then: Box<dyn FnOnce()>) {}

/// A number; NaN when it is none.
pub fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

/// `12:18:44`, UTC, of seconds.
pub fn clock(_seconds: f64) -> String {
    String::new()
}

/// Tells the delivery of the log.
pub async fn signed(_how: Signed) {}

pub fn focus(_selector: &str) {}

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
