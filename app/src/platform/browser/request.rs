//! Requests. Each ends: with an answer, by its limit, or because PANIC needs the line.

use std::cell::RefCell;

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, Headers, RequestInit, Response};

use super::place::later;
use super::said;
use crate::platform::{Answer, Request};

pub async fn send(request: Request) -> Result<Answer, String> {
    let under_way = UnderWay::begin(request.limit_ms)?;
    let limit_ms = request.limit_ms;
    let answer = ask(request, &under_way.0.signal()).await;
    // What the browser calls an abort was our own limit, or made way for PANIC.
    let is_ours = under_way.0.signal().aborted();
    answer.map_err(|error| {
        if is_ours { ["nothing came within ", &(limit_ms / 1_000).to_string(), " s"].concat() } else { error }
    })
}

thread_local! {
    /// Requests that wait for an answer.
    static UNDER_WAY: RefCell<Vec<AbortController>> = const { RefCell::new(Vec::new()) };
}

/// One request that waits: it ends by its limit, and makes way when asked to.
struct UnderWay(AbortController);

impl UnderWay {
    fn begin(limit_ms: u32) -> Result<Self, String> {
        let controller = AbortController::new().map_err(|error| said(&error))?;
        let limit = controller.clone();
        later(limit_ms, move || limit.abort());
        UNDER_WAY.with_borrow_mut(|list| list.push(controller.clone()));
        Ok(Self(controller))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.with_borrow_mut(|list| list.retain(|known| known != &self.0));
    }
}

/// Gives up whatever waits for an answer. A browser has few connections for a server: one that hangs must not keep the
/// next request from leaving.
pub fn make_way() {
    for controller in UNDER_WAY.take() {
        controller.abort();
    }
}

async fn ask(request: Request, limit: &AbortSignal) -> Result<Answer, String> {
    answer(request, limit).await.map_err(|error| said(&error))
}

async fn answer(request: Request, limit: &AbortSignal) -> Result<Answer, JsValue> {
    let headers = Headers::new()?;
    headers.set("traceparent", &request.traceparent)?;
    if let Some(key) = &request.idempotency_key {
        headers.set("Idempotency-Key", key)?;
    }
    let init = RequestInit::new();
    init.set_method(request.method);
    init.set_signal(Some(limit));
    if let Some(body) = &request.body {
        headers.set("Content-Type", "application/json")?;
        init.set_body(&body.into());
    }
    init.set_headers(&headers);
    let response = JsFuture::from(window().fetch_with_str_and_init(&request.path, &init)).await?;
    let response: Response = response.dyn_into()?;
    let correlation_id = response.headers().get("x-correlation-id")?;
    let status = response.status();
    let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Answer { status, body, correlation_id })
}
