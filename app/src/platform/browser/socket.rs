//! The feed's socket, by gloo-net.

use std::cell::RefCell;

use futures_util::SinkExt;
use futures_util::future::{Either, select};
use futures_util::stream::{SplitSink, StreamExt};
use gloo_net::websocket::{Message, WebSocketError, futures::WebSocket};
use leptos::prelude::window;

use super::{sleep_ms, steady_ms};

thread_local! {
    static FEED: RefCell<Option<SplitSink<WebSocket, Message>>> = const { RefCell::new(None) };
    /// Said while something else was on its way out.
    static WAITING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Says something to the server, in order; without a connection it is lost.
pub fn feed_send(text: &str) {
    WAITING.with_borrow_mut(|waiting| waiting.push(text.to_owned()));
    let Some(mut sink) = FEED.take() else { return };
    wasm_bindgen_futures::spawn_local(async move {
        loop {
            let waiting = WAITING.take();
            if waiting.is_empty() {
                // A newer connection has a voice of its own.
                return FEED.with_borrow_mut(|feed| {
                    feed.get_or_insert(sink);
                });
            }
            for text in waiting {
                if sink.send(Message::Text(text)).await.is_err() {
                    return;
                }
            }
        }
    });
}

/// How often it is looked whether the feed still speaks.
const FEED_WATCH_MS: u32 = 2_000;

/// Runs one socket to its end and says why it ended. One that says nothing for `silent_ms` has ended, whatever the
/// browser thinks of it: a line that is cut in the middle is open at both ends.
pub async fn feed_run(
    path: &str,
    silent_ms: f64,
    on_open: impl FnOnce(),
    mut on_text: impl FnMut(String),
) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let socket = match WebSocket::open(&format!("{scheme}://{host}{path}")) {
        Ok(socket) => socket,
        Err(error) => return error.to_string(),
    };
    let (sink, mut stream) = socket.split();
    WAITING.take();
    FEED.set(Some(sink));
    let mut on_open = Some(on_open);
    let mut heard_ms = steady_ms();
    let mut watch = Box::pin(sleep_ms(FEED_WATCH_MS));
    let reason = loop {
        let message = match select(stream.next(), watch).await {
            Either::Left((message, kept)) => {
                watch = kept;
                message
            }
            Either::Right(((), _)) if steady_ms() - heard_ms > silent_ms => break "silent".to_owned(),
            Either::Right(((), _)) => {
                watch = Box::pin(sleep_ms(FEED_WATCH_MS));
                continue;
            }
        };
        heard_ms = steady_ms();
        match message {
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
