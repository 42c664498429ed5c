//! `POST /api/logs` from the browser: the fetch that the sentinel kept aside, the page token, and the answer as
//! the logger's machine understands it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use app::platform;
use js_sys::{JsString, Reflect, Uint8Array};
use leptos::prelude::set_timeout;
use telemetry::client::{Input, Outcome};
use telemetry::{LoggerSettings, Receipt, Refusal, Value};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Headers, RequestInit, Response};

use crate::logger;

const PATH: &str = "/api/logs";
const TIMEOUT: Duration = Duration::from_secs(10);

#[wasm_bindgen]
extern "C" {
    /// The fetch of before anybody could wrap it; see the boot script.
    #[wasm_bindgen(js_namespace = deltascope, js_name = fetch, catch)]
    fn pristine_fetch(path: &str, init: &RequestInit) -> Result<js_sys::Promise, JsValue>;
}

thread_local! {
    /// The page's token, or a fresher one that the server sent.
    static TOKEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn token() -> String {
    TOKEN.with_borrow_mut(|known| {
        known.get_or_insert_with(|| platform::meta("log-token").unwrap_or_default()).clone()
    })
}

/// Starts the request at once, so that it leaves even while the page is closing, and reports its end once or
/// twice: as unreachable after ten seconds, and with the answer if one comes.
pub fn send(bid: String, body: &[u8], gzip: bool, keepalive: bool) {
    let started = start(&bid, body, gzip, keepalive);
    let body = body.to_vec();
    spawn_local(async move {
        let settled = Rc::new(Cell::new(false));
        watch(&bid, &settled);
        let first = settle(started).await;
        // A browser refuses a keepalive request over its budget: once again without.
        let outcome = match first {
            Outcome::Unreachable if keepalive => settle(start(&bid, &body, gzip, false)).await,
            Outcome::Accepted(_) | Outcome::Refused { .. } | Outcome::Unreachable => first,
        };
        settled.set(true);
        report(bid, outcome);
    });
}

fn watch(bid: &str, settled: &Rc<Cell<bool>>) {
    let (bid, settled) = (bid.to_owned(), Rc::clone(settled));
    set_timeout(
        move || {
            if !settled.get() {
                report(bid, Outcome::Unreachable);
            }
        },
        TIMEOUT,
    );
}

fn report(bid: String, outcome: Outcome) {
    let jitter = platform::random_bits() as u16;
    logger::on(Input::Settled { bid, outcome, jitter });
}

fn start(bid: &str, body: &[u8], gzip: bool, keepalive: bool) -> Result<js_sys::Promise, JsValue> {
    let headers = Headers::new()?;
    headers.set("Content-Type", "application/json")?;
    headers.set("X-Log-Token", &token())?;
    headers.set("X-Sent-At", &(platform::now_ms() as i64).to_string())?;
    headers.set("Idempotency-Key", bid)?;
    if gzip {
        headers.set("Content-Encoding", "gzip")?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&Uint8Array::from(body));
    Reflect::set(&init, &JsString::from("keepalive"), &JsValue::from_bool(keepalive))?;
    pristine_fetch(PATH, &init)
}

async fn settle(started: Result<js_sys::Promise, JsValue>) -> Outcome {
    answer(started).await.unwrap_or(Outcome::Unreachable)
}

async fn answer(started: Result<js_sys::Promise, JsValue>) -> Result<Outcome, JsValue> {
    let response: Response = JsFuture::from(started?).await?.dyn_into()?;
    let status = response.status();
    let retry_after_ms = response
        .headers()
        .get("retry-after")?
        .and_then(|text| retry_after_ms(&text, platform::now_ms() as i64));
    // Read to the end in any case: only then the request counts as over.
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    if status != 202 {
        return Ok(Outcome::Refused { status, retry_after_ms });
    }
    let Some(receipt) = receipt(&text) else { return Ok(Outcome::Unreachable) };
    if let Some(fresh) = &receipt.token {
        TOKEN.set(Some(fresh.clone()));
    }
    Ok(Outcome::Accepted(receipt))
}

/// The body of a 202, read by the browser.
fn receipt(text: &str) -> Option<Receipt> {
    let value = js_sys::JSON::parse(text).ok()?;
    let value = platform::value_of(&value);
    let refused = |row: &Value| Refusal {
        i: row["i"].as_u64().unwrap_or(0) as usize,
        code: row["code"].as_str().unwrap_or_default().to_owned(),
    };
    let refusals = value["rej"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Receipt {
        bid: value["bid"].as_str()?.to_owned(),
        ok: value["ok"].as_u64()? as usize,
        dup: value["dup"].as_bool()?,
        rej: refusals.iter().map(refused).collect(),
        rej_n: value["rej_n"].as_u64().unwrap_or(0) as usize,
        now: value["now"].as_i64()?,
        cfg: value["cfg"].is_object().then(|| settings(&value["cfg"])),
        token: value["token"].as_str().map(str::to_owned),
    })
}

fn settings(value: &Value) -> LoggerSettings {
    LoggerSettings {
        etag: value["etag"].as_str().map(str::to_owned),
        level: value["level"].as_str().and_then(|word| word.parse().ok()),
        sr_info: value["sr_info"].as_f64(),
        sr_warn: value["sr_warn"].as_f64(),
        flush_ms: value["flush_ms"].as_i64(),
        max_batch: value["max_batch"].as_u64().map(|most| most as usize),
        debug_until: value["debug_until"].as_i64(),
    }
}

/// `Retry-After` in seconds, or as a date that the browser's clock can read.
fn retry_after_ms(text: &str, now_ms: i64) -> Option<i64> {
    if let Ok(seconds) = text.trim().parse::<i64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let at = js_sys::Date::parse(text);
    at.is_finite().then(|| (at as i64 - now_ms).max(0))
}
