//! The browser's side of `platform`: fetch and WebSocket through gloo-net, the document through web-sys.

use std::cell::RefCell;

use futures_util::SinkExt;
use futures_util::stream::{SplitSink, StreamExt};
use gloo_net::http::{Method, RequestBuilder};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use leptos::prelude::{document, window};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{Answer, Request};

pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

pub fn random_bits() -> u128 {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        // Fails only above 65,536 bytes.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u128::from_le_bytes(bytes)
}

pub async fn send(request: Request) -> Result<Answer, String> {
    let method = if request.method == "POST" { Method::POST } else { Method::GET };
    let mut builder =
        RequestBuilder::new(&request.path).method(method).header("traceparent", &request.traceparent);
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

pub async fn sleep_ms(ms: u32) {
    let ms = i32::try_from(ms).unwrap_or(i32::MAX);
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // Without a timer the promise would never resolve: then there is no page to wait for either.
        let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
    });
    let _ = JsFuture::from(promise).await;
}

pub fn meta(name: &str) -> Option<String> {
    let element = document().query_selector(&format!("meta[name='{name}']")).ok()??;
    element.get_attribute("content").filter(|content| !content.is_empty())
}

pub fn root_attribute(name: &str) -> Option<String> {
    document().document_element()?.get_attribute(name)
}

pub fn set_root_attribute(name: &str, value: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute(name, value);
    }
}

pub fn set_cookie(cookie: &str) {
    if let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = page.set_cookie(cookie);
    }
}

pub fn open(path: &str) {
    let _ = window().location().set_href(path);
}

pub fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

pub fn copy(text: &str) {
    let promise = window().navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        // Refused without permission or focus; the id stays on the screen to be selected.
        let _ = JsFuture::from(promise).await;
    });
}

pub fn is_hidden() -> bool {
    document().hidden()
}

pub fn form_field(form: &web_sys::EventTarget, name: &str) -> String {
    let data = form
        .dyn_ref::<web_sys::HtmlFormElement>()
        .and_then(|form| web_sys::FormData::new_with_form(form).ok());
    data.and_then(|data| data.get(name).as_string()).unwrap_or_default()
}

thread_local! {
    static FEED: RefCell<Option<SplitSink<WebSocket, Message>>> = const { RefCell::new(None) };
}

pub fn feed_send(text: &str) {
    let message = Message::Text(text.to_owned());
    wasm_bindgen_futures::spawn_local(async move {
        let Some(mut sink) = FEED.take() else { return };
        if sink.send(message).await.is_ok() {
            FEED.set(Some(sink));
        }
    });
}

pub async fn feed_run(path: &str, on_open: impl FnOnce(), mut on_text: impl FnMut(String)) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let socket = match WebSocket::open(&format!("{scheme}://{host}{path}")) {
        Ok(socket) => socket,
        Err(error) => return error.to_string(),
    };
    let (sink, mut stream) = socket.split();
    FEED.set(Some(sink));
    let mut on_open = Some(on_open);
    let reason = loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                if let Some(opened) = on_open.take() {
                    opened();
                }
                on_text(text);
            }
            Some(Ok(Message::Bytes(_))) => {}
            Some(Err(WebSocketError::ConnectionClose(close))) => break format!("code {}", close.code),
            Some(Err(error)) => break error.to_string(),
            None => break "ended".to_owned(),
        }
    };
    FEED.set(None);
    reason
}

#[wasm_bindgen]
extern "C" {
    /// Set by the boot script: loads `public/chart.js`.
    #[wasm_bindgen(js_namespace = deltascope, js_name = chart, catch)]
    fn load_chart() -> Result<js_sys::Promise, JsValue>;

    type ChartModule;
    #[wasm_bindgen(method, catch)]
    fn create(this: &ChartModule, element: &web_sys::Element) -> Result<ChartHandle, JsValue>;

    #[derive(Clone)]
    type ChartHandle;
    #[wasm_bindgen(method)]
    fn set(this: &ChartHandle, rows: &[f64]);
    #[wasm_bindgen(method)]
    fn append(this: &ChartHandle, rows: &[f64]);
    #[wasm_bindgen(method)]
    fn limits(this: &ChartHandle, max_loss: f64, max_profit: f64);
    #[wasm_bindgen(method)]
    fn point(this: &ChartHandle, seconds: f64, value: f64);
    #[wasm_bindgen(method)]
    fn destroy(this: &ChartHandle);
}

fn said(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| "the chart library failed".to_owned(), |error| String::from(error.message()))
}

#[derive(Clone)]
pub struct Chart(SendWrapper<ChartHandle>);

impl Chart {
    pub async fn create(selector: &str) -> Result<Chart, String> {
        let promise = load_chart().map_err(|error| said(&error))?;
        let module = JsFuture::from(promise).await.map_err(|error| said(&error))?;
        let element = document()
            .query_selector(selector)
            .ok()
            .flatten()
            .ok_or_else(|| "the chart's place is gone".to_owned())?;
        let handle = module.unchecked_into::<ChartModule>().create(&element).map_err(|error| said(&error))?;
        // One thread in a browser; the wrapper only lets an ordinary signal hold it, on the server too.
        Ok(Chart(SendWrapper::new(handle)))
    }

    pub fn set(&self, rows: &[f64]) {
        self.0.set(rows);
    }

    pub fn append(&self, rows: &[f64]) {
        self.0.append(rows);
    }

    pub fn limits(&self, max_loss: f64, max_profit: f64) {
        self.0.limits(max_loss, max_profit);
    }

    pub fn point(&self, seconds: f64, value: f64) {
        self.0.point(seconds, value);
    }

    pub fn destroy(&self) {
        self.0.destroy();
    }
}
