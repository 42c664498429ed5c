//! One WebSocket connection: text in, text out, an end with a reason.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use telemetry::Micros;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Quote;
use super::offset::{Freshness, Reading, http_date_seconds};
use crate::{clock, tls};

/// A handshake that takes longer is given up.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// So is a message that cannot be sent.
const SEND: Duration = Duration::from_secs(5);

/// A longer message ends the connection. A snapshot of all open orders has some hundred kB.
const FRAME_MAX: usize = 8 << 20;

/// A connection limit is over after this long, where the venue does not say when.
const LIMITED_FOR: Duration = Duration::from_secs(300);
/// However long it says.
const LIMITED_MOST: Duration = Duration::from_secs(600);

/// Why there is no connection.
pub(super) struct NoSocket {
    pub reason: String,
    /// The venue takes no more of them for so long.
    pub wait: Option<Duration>,
}

pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>, Quote);

impl Socket {
    /// Connects; with what the answer to the handshake says of the venue's clock, if it does.
    pub(super) async fn open(url: &str) -> Result<(Self, Option<Reading>), NoSocket> {
        let sent = clock::now();
        let limits =
            WebSocketConfig::default().max_message_size(Some(FRAME_MAX)).max_frame_size(Some(FRAME_MAX));
        match tokio::time::timeout(HANDSHAKE, tls::web_socket(url, Some(limits))).await {
            Ok(Ok((stream, response))) => {
                let date = response.headers().get("date").and_then(|date| date.to_str().ok());
                Ok((Self(stream, Quote::default()), date.and_then(|date| reading(sent, date))))
            }
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => {
                let reason = format!("no connection within {} ms", HANDSHAKE.as_millis());
                Err(NoSocket { reason, wait: None })
            }
        }
    }

    /// Speaks in the venue's names from here on; inside, everything is called by its name in USD.
    pub(super) fn speaking(self, quote: Quote) -> Self {
        Self(self.0, quote)
    }

    /// Sends a message. A connection that takes nothing for seconds is none.
    pub(super) async fn send(&mut self, message: &Value) -> Result<(), String> {
        let text = self.1.outward(&message.to_string()).into_owned();
        match tokio::time::timeout(SEND, self.0.send(Message::text(text))).await {
            Ok(sent) => sent.map_err(|error| format!("cannot send: {error}")),
            Err(_) => Err(format!("cannot send within {} ms", SEND.as_millis())),
        }
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

fn refused(error: &Error) -> NoSocket {
    let wait = match error {
        Error::Http(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
            Some(reset(answer.headers()).unwrap_or(LIMITED_FOR).min(LIMITED_MOST))
        }
        _other => None,
    };
    NoSocket { reason: format!("no connection: {error}"), wait }
}

/// `X-RATE-LIMIT-RESET`, milliseconds.
fn reset(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("x-rate-limit-reset")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_millis)
}

fn reading(sent: Micros, date: &str) -> Option<Reading> {
    let date_s = http_date_seconds(date)?;
    Some(Reading { sent, received: clock::now(), date_s, freshness: Freshness::Made })
}
