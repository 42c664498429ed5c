//! One WebSocket connection: text in, text out, an end with a reason.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use telemetry::Micros;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::Quote;
use super::offset::{Freshness, Reading, http_date_seconds};
use crate::clock;

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A longer message ends the connection. A snapshot of all open orders has some hundred kB.
const FRAME_MAX: usize = 8 << 20;

pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>, Quote);

impl Socket {
    /// Connects; with what the answer to the handshake says of the venue's clock, if it does.
    pub(super) async fn open(url: &str) -> Result<(Self, Option<Reading>), String> {
        let sent = clock::now();
        let limits =
            WebSocketConfig::default().max_message_size(Some(FRAME_MAX)).max_frame_size(Some(FRAME_MAX));
        // Small frames must not wait for each other: an order's state is one.
        match tokio::time::timeout(HANDSHAKE, connect_async_with_config(url, Some(limits), true)).await {
            Ok(Ok((stream, response))) => {
                let date = response.headers().get("date").and_then(|date| date.to_str().ok());
                Ok((Self(stream, Quote::default()), date.and_then(|date| reading(sent, date))))
            }
            Ok(Err(error)) => Err(format!("no connection: {error}")),
            Err(_) => Err(format!("no connection within {} ms", HANDSHAKE.as_millis())),
        }
    }

    /// Speaks in the venue's names from here on; inside, everything is called by its name in USD.
    pub(super) fn speaking(self, quote: Quote) -> Self {
        Self(self.0, quote)
    }

    pub(super) async fn send(&mut self, message: &Value) -> Result<(), String> {
        let text = self.1.outward(&message.to_string()).into_owned();
        self.0.send(Message::text(text)).await.map_err(|error| format!("cannot send: {error}"))
    }

    /// The next frame with content. Bytes that are no text are given as far as they can be read: they will not
    /// decode, and are told. Safe to drop while it waits.
    pub(super) async fn next(&mut self) -> Result<String, String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(self.1.inward(text.as_str().to_owned())),
                Some(Ok(Message::Binary(bytes))) => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
                Some(Ok(Message::Close(frame))) => {
                    let words = frame.map(|frame| format!("{} {}", frame.code, frame.reason));
                    return Err(format!(
                        "closed by the venue: {}",
                        words.unwrap_or_else(|| "no reason".to_owned())
                    ));
                }
                // Pings are answered by the library.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("closed without a close frame".to_owned()),
            }
        }
    }
}

fn reading(sent: Micros, date: &str) -> Option<Reading> {
    let date_s = http_date_seconds(date)?;
    Some(Reading { sent, received: clock::now(), date_s, freshness: Freshness::Made })
}
