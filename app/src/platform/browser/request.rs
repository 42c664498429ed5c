//! Requests, by gloo-net's fetch. Each ends: with an answer, by its limit, or because PANIC needs the line.

use std::cell::RefCell;

use gloo_net::http::{Method, RequestBuilder};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{AbortController, AbortSignal};

use super::said;
use crate::platform::{Answer, Request};

pub async fn send(request: Request) -> Result<Answer, String> {
    let under_way = UnderWay::begin(request.limit_ms)?;
    let limit_ms = request.limit_ms;
    let answer = ask(request, &under_way.0.signal()).await;
    // What the browser calls an abort was our own limit, or made way for PANIC.
    let is_ours = under_way.0.signal().aborted();
    answer
        .map_err(|error| if is_ours { format!("nothing came within {} s", limit_ms / 1_000) } else { error })
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
        let end = Closure::once_into_js(move || limit.abort());
        let limit_ms = i32::try_from(limit_ms).unwrap_or(i32::MAX);
        let timer =
            window().set_timeout_with_callback_and_timeout_and_arguments_0(end.unchecked_ref(), limit_ms);
        timer.map_err(|error| said(&error))?;
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
    let method = if request.method == "POST" { Method::POST } else { Method::GET };
    let mut builder = RequestBuilder::new(&request.path)
        .method(method)
        .header("traceparent", &request.traceparent)
        .abort_signal(Some(limit));
    if let Some(key) = &request.idempotency_key {
        builder = builder.header("Idempotency-Key", key);
    }
    let built = match request.body {
        Some(body) => builder.header("Content-Type", "application/json").body(body),
        None => builder.build(),
    };
    let response =
        built.map_err(|error| error.to_string())?.send().await.map_err(|error| error.to_string())?;
    let correlation_id = response.headers().get("x-correlation-id");
    let status = response.status();
    let body = response.text().await.map_err(|error| error.to_string())?;
    Ok(Answer { status, body, correlation_id })
}
