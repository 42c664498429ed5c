//! The way out: what the sentinel's script (`public/guard.js`) does for the logger, and what it tells of it. It owns
//! the requests, the spool and what is shared with other tabs; it lives on when this module has died.

use std::sync::Arc;

use app::platform;
use telemetry::client::{Effect, Input, Outcome};
use telemetry::{Level, LoggerSettings, Receipt, Refusal};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{logger, page_events};

#[wasm_bindgen]
extern "C" {
    /// Sends the bytes at once, so that they leave even while the page is closing, and calls [`settled`].
    #[wasm_bindgen(js_namespace = deltascope, catch)]
    fn post(bid: &str, body: &[u8], gzip: bool, outlives: bool, level: u8) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = deltascope, catch)]
    fn spool(bid: &str, body: &[u8], gzip: bool, level: u8, lowest: u8) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = deltascope, catch)]
    fn unspool(bid: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = deltascope, catch)]
    fn wipe() -> Result<(), JsValue>;

    /// The browser session of all tabs, known before the module starts; nothing without the sentinel's script.
    #[wasm_bindgen(js_namespace = deltascope, thread_local_v2, js_name = sid)]
    static SID: Option<String>;

    /// Set by a drill before anything runs: no limits, no sampling.
    #[wasm_bindgen(js_namespace = deltascope, thread_local_v2, js_name = unlimited)]
    static UNLIMITED: Option<bool>;
}

/// False in drills that count every call.
pub fn is_limited() -> bool {
    UNLIMITED.with(|drill| *drill != Some(true))
}

/// The browser session.
pub fn client_session_id() -> String {
    SID.with(Clone::clone).unwrap_or_else(|| format!("{:032x}", platform::random_bits()))
}

/// Hands over what leaves the module. Without the sentinel's script nothing leaves: it is tried again in a while.
pub fn hand_over(effect: Effect) {
    let _ = match effect {
        Effect::Send { bid, body, gzip, keepalive, level } => {
            post(&bid, bytes(&body), gzip, keepalive, level.severity())
        }
        Effect::Spool { bid, body, gzip, level, lowest } => {
            spool(&bid, bytes(&body), gzip, level.severity(), lowest.severity())
        }
        Effect::Unspool { bid } => unspool(&bid),
        Effect::WipeSpool => wipe(),
        // Timers are the driver's; halted: the machine asks for nothing more.
        Effect::QueueMicrotask | Effect::WakeAt(_) | Effect::Halted(_) => Ok(()),
    };
}

fn bytes(body: &Arc<[u8]>) -> &[u8] {
    body
}

/// How a request ended: status 0 is no answer, `wait_ms` what `Retry-After` asks for (below 0: nothing), `flags` bit 0
/// a batch that was known, bit 1 one of which a part needs a sign-in. Gives until when nothing is sent; 0: it may.
#[wasm_bindgen]
pub fn settled(
    bid: String,
    status: u16,
    wait_ms: f64,
    now_ms: f64,
    flags: u8,
    refused: &[u32],
    refusals: u32,
) -> f64 {
    let outcome = match status {
        0 => Outcome::Unreachable,
        202 => Outcome::Accepted(receipt(&bid, now_ms, flags, refused, refusals)),
        status => Outcome::Refused { status, retry_after_ms: (wait_ms >= 0.0).then_some(wait_ms as i64) },
    };
    let jitter = platform::random_bits() as u16;
    logger::on(Input::Settled { bid, outcome, jitter });
    logger::held_until_ms() as f64
}

fn receipt(bid: &str, now_ms: f64, flags: u8, refused: &[u32], refusals: u32) -> Receipt {
    let code = if flags & 2 == 0 { "" } else { "tier" };
    let refusal = |&position: &u32| Refusal { i: position as usize, code: code.to_owned() };
    Receipt {
        bid: bid.to_owned(),
        dup: flags & 1 != 0,
        rej: refused.iter().map(refusal).collect(),
        rej_n: refusals as usize,
        now: now_ms as i64,
        ..Receipt::default()
    }
}

/// What the server has set; a level of 0 and what is not a number stay as they are.
#[wasm_bindgen]
pub fn configure(
    level: u8,
    info_share: f64,
    warn_share: f64,
    flush_ms: f64,
    max_batch: f64,
    debug_until_ms: f64,
) {
    let told = |value: f64| value.is_finite().then_some(value);
    logger::on(Input::Settings(LoggerSettings {
        etag: None,
        level: Level::from_severity(u64::from(level)),
        sr_info: told(info_share),
        sr_warn: told(warn_share),
        flush_ms: told(flush_ms).map(|ms| ms as i64),
        max_batch: told(max_batch).map(|most| most as usize),
        debug_until: told(debug_until_ms).map(|at_ms| at_ms as i64),
    }));
}

/// The browser session is another one from now on.
#[wasm_bindgen]
pub fn session(id: String) {
    logger::on(Input::Session(id));
}

/// What happened to the page or in another tab; the numbers stand in the sentinel's script.
#[wasm_bindgen]
pub fn signal(code: u8, value: f64) {
    logger::on(match code {
        0 => Input::Hide,
        1 => Input::Online,
        2 => Input::Hold { until_ms: value as i64 },
        3 => Input::SignedIn,
        4 => Input::SignedOut,
        5 => page_events::page(platform::route()),
        6 => Input::MemoryOnly,
        7 => Input::Halt,
        _ => return,
    });
}
