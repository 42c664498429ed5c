//! What the streams have to tell: connections, subscriptions, silence, and the polling that stands in.

use std::collections::BTreeMap;

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

use super::part::PartHappening;

/// The life of one stream, `prices` or `orders`.
#[derive(Clone, Debug)]
pub struct StreamEvent {
    pub stream: &'static str,
    pub what: StreamHappening,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamHappening {
    Connecting {
        endpoint: String,
        attempt: u32,
    },
    Connected {
        latency_us: u64,
    },
    Disconnected {
        reason: String,
        open_ms: u64,
    },
    /// The venue took our key.
    SignedIn {
        latency_us: u64,
    },
    SignInRefused {
        status: String,
    },
    Subscribed {
        channels: Vec<String>,
        symbols: Vec<String>,
        refused: Vec<String>,
    },
    Unsubscribed {
        symbols: Vec<String>,
    },
    /// It lives: shortly after it was connected, then once a minute.
    Heartbeat(Traffic),
    HeartbeatMissed {
        silence_ms: u64,
    },
    DecodeError {
        failure: String,
        frame: String,
        bytes: usize,
    },
    /// Frames that could not be decoded either, and were only counted.
    DecodeErrorsSuppressed {
        count: u64,
    },
    Reconnecting {
        attempt: u32,
        backoff_ms: u64,
    },
    Gap {
        gap_ms: i64,
    },
    FallbackEntered {
        silence_ms: u64,
        symbols: Vec<String>,
    },
    FallbackLeft {
        fallback_ms: u64,
        polls: u64,
        symbols: Vec<String>,
    },
    /// The venue takes no more connections from our address for a while.
    ConnectionLimited {
        wait_ms: u64,
    },
    Part(PartHappening),
}

/// What came over one connection so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub uptime_ms: u64,
    /// Since the last heartbeat that was told.
    pub since_ms: u64,
    /// Frames by what they brought, since the last heartbeat that was told.
    pub frames: BTreeMap<&'static str, u64>,
    pub frame_bytes: u64,
    /// Since the latest frame.
    pub silence_ms: u64,
    /// Frames of this connection.
    pub frames_total: u64,
    pub symbols: usize,
}

impl Event for StreamEvent {
    fn name(&self) -> &'static str {
        match &self.what {
            StreamHappening::Connecting { .. } => "stream.connecting",
            StreamHappening::Connected { .. } => "stream.connected",
            StreamHappening::Disconnected { .. } => "stream.disconnected",
            StreamHappening::SignedIn { .. } => "stream.signed_in",
            StreamHappening::SignInRefused { .. } => "stream.sign_in_refused",
            StreamHappening::Subscribed { .. } => "stream.subscribed",
            StreamHappening::Unsubscribed { .. } => "stream.unsubscribed",
            StreamHappening::Heartbeat(_) => "stream.heartbeat",
            StreamHappening::HeartbeatMissed { .. } => "stream.heartbeat_missed",
            StreamHappening::DecodeError { .. } => "stream.decode_error",
            StreamHappening::DecodeErrorsSuppressed { .. } => "stream.decode_errors_suppressed",
            StreamHappening::Reconnecting { .. } => "stream.reconnecting",
            StreamHappening::Gap { .. } => "stream.gap",
            StreamHappening::FallbackEntered { .. } => "stream.fallback_entered",
            StreamHappening::FallbackLeft { .. } => "stream.fallback_left",
            StreamHappening::ConnectionLimited { .. } => "stream.connection_limited",
            StreamHappening::Part(part) => part.name(),
        }
    }

    fn level(&self) -> Level {
        match &self.what {
            StreamHappening::Subscribed { refused, .. } if !refused.is_empty() => Level::Error,
            StreamHappening::SignInRefused { .. } | StreamHappening::ConnectionLimited { .. } => Level::Error,
            StreamHappening::Part(part) => part.level(),
            StreamHappening::Connecting { .. }
            | StreamHappening::Connected { .. }
            | StreamHappening::SignedIn { .. }
            | StreamHappening::Subscribed { .. }
            | StreamHappening::Unsubscribed { .. }
            | StreamHappening::Heartbeat(_)
            | StreamHappening::FallbackLeft { .. } => Level::Info,
            StreamHappening::Disconnected { .. }
            | StreamHappening::HeartbeatMissed { .. }
            | StreamHappening::DecodeError { .. }
            | StreamHappening::DecodeErrorsSuppressed { .. }
            | StreamHappening::Reconnecting { .. }
            | StreamHappening::Gap { .. }
            | StreamHappening::FallbackEntered { .. } => Level::Warn,
        }
    }

    fn message(&self) -> String {
        let stream = self.stream;
        match &self.what {
            StreamHappening::Connecting { endpoint, attempt } => {
                format!("The {stream} stream connects to {endpoint}, attempt {attempt}")
            }
            StreamHappening::Connected { latency_us } => {
                format!("The {stream} stream is connected after {} ms", latency_us / 1_000)
            }
            StreamHappening::Disconnected { reason, open_ms } => {
                format!("The {stream} stream ended after {open_ms} ms: {reason}")
            }
            StreamHappening::SignedIn { latency_us } => {
                format!("The {stream} stream is signed in after {} ms", latency_us / 1_000)
            }
            StreamHappening::SignInRefused { status } => {
                format!("The venue refused the key of the {stream} stream: {status}")
            }
            StreamHappening::Unsubscribed { symbols } => {
                format!("The {stream} stream is unsubscribed from {}", symbols.join(", "))
            }
            StreamHappening::Heartbeat(traffic) => format!(
                "The {stream} stream lives for {} s, {} frames in the last {} s",
                traffic.uptime_ms / 1_000,
                traffic.frames.values().sum::<u64>(),
                traffic.since_ms / 1_000
            ),
            StreamHappening::Subscribed { channels, refused, .. } if refused.is_empty() => {
                format!("The {stream} stream is subscribed to {}", channels.join(", "))
            }
            StreamHappening::Subscribed { refused, .. } => {
                format!("The {stream} stream was refused: {}", refused.join("; "))
            }
            StreamHappening::HeartbeatMissed { silence_ms } => {
                format!("The {stream} stream was silent for {silence_ms} ms and is given up")
            }
            StreamHappening::DecodeError { failure, bytes, .. } => {
                format!("A frame of {bytes} bytes on the {stream} stream could not be decoded: {failure}")
            }
            StreamHappening::DecodeErrorsSuppressed { count } => {
                format!("{count} more frames on the {stream} stream could not be decoded")
            }
            StreamHappening::Reconnecting { attempt, backoff_ms } => {
                format!("The {stream} stream reconnects in {backoff_ms} ms, attempt {attempt}")
            }
            StreamHappening::Gap { gap_ms } => {
                format!("The {stream} stream has data again after {gap_ms} ms")
            }
            StreamHappening::FallbackEntered { silence_ms, symbols } => {
                let symbols = symbols.join(", ");
                format!("{symbols} polled over REST: the {stream} stream brought nothing for {silence_ms} ms")
            }
            StreamHappening::FallbackLeft { fallback_ms, symbols, .. } => {
                let symbols = symbols.join(", ");
                format!("{symbols} come from the {stream} stream again after {fallback_ms} ms of polling")
            }
            StreamHappening::ConnectionLimited { wait_ms } => {
                format!("The venue takes no more connections; the {stream} stream waits {wait_ms} ms")
            }
            StreamHappening::Part(part) => part.message(stream),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match &self.what {
            StreamHappening::Connecting { endpoint, attempt } => {
                vec![("endpoint", Value::from(endpoint.as_str())), ("attempt", Value::from(*attempt))]
            }
            StreamHappening::Connected { latency_us } | StreamHappening::SignedIn { latency_us } => {
                vec![("latency_us", Value::from(*latency_us))]
            }
            StreamHappening::SignInRefused { status } => vec![("reason", Value::from(status.as_str()))],
            StreamHappening::Unsubscribed { symbols } => named(symbols),
            StreamHappening::Heartbeat(traffic) => traffic.pairs(),
            StreamHappening::Disconnected { reason, open_ms } => {
                vec![("reason", Value::from(reason.as_str())), ("open_ms", Value::from(*open_ms))]
            }
            StreamHappening::Subscribed { channels, symbols, refused } => vec![
                ("channels", Value::from(channels.clone())),
                ("symbols", Value::from(symbols.clone())),
                ("refused", Value::from(refused.clone())),
            ],
            StreamHappening::HeartbeatMissed { silence_ms } => vec![("silence_ms", Value::from(*silence_ms))],
            StreamHappening::DecodeError { failure, frame, bytes } => vec![
                ("error", Value::from(failure.as_str())),
                ("frame", Value::from(frame.as_str())),
                ("frame_bytes", Value::from(*bytes)),
            ],
            StreamHappening::DecodeErrorsSuppressed { count } => vec![("count", Value::from(*count))],
            StreamHappening::Reconnecting { attempt, backoff_ms } => {
                vec![("attempt", Value::from(*attempt)), ("backoff_ms", Value::from(*backoff_ms))]
            }
            StreamHappening::Gap { gap_ms } => vec![("gap_ms", Value::from(*gap_ms))],
            StreamHappening::FallbackEntered { silence_ms, symbols } => {
                let mut pairs = vec![("silence_ms", Value::from(*silence_ms))];
                pairs.extend(named(symbols));
                pairs
            }
            StreamHappening::FallbackLeft { fallback_ms, polls, symbols } => {
                let mut pairs =
                    vec![("fallback_ms", Value::from(*fallback_ms)), ("polls", Value::from(*polls))];
                pairs.extend(named(symbols));
                pairs
            }
            StreamHappening::ConnectionLimited { wait_ms } => vec![("wait_ms", Value::from(*wait_ms))],
            StreamHappening::Part(part) => part.pairs(),
        };
        let stream = [("stream".to_owned(), Value::from(self.stream))];
        stream.into_iter().chain(pairs.into_iter().map(|(key, value)| (key.to_owned(), value))).collect()
    }
}

impl Traffic {
    fn pairs(&self) -> Vec<(&'static str, Value)> {
        let frames = self.frames.iter().map(|(kind, count)| ((*kind).to_owned(), Value::from(*count)));
        vec![
            ("uptime_ms", Value::from(self.uptime_ms)),
            ("since_ms", Value::from(self.since_ms)),
            ("frames", Value::from(self.frames.values().sum::<u64>())),
            ("frames_by_kind", Value::Object(frames.collect())),
            ("frame_bytes", Value::from(self.frame_bytes)),
            ("frames_total", Value::from(self.frames_total)),
            ("silence_ms", Value::from(self.silence_ms)),
            ("symbols_subscribed", Value::from(self.symbols)),
        ]
    }
}

impl StreamHappening {
    /// The instruments that it is about, where it is about some and not about the stream.
    pub fn about(&self) -> &[String] {
        match self {
            StreamHappening::Unsubscribed { symbols } => symbols,
            StreamHappening::Part(part) => part.symbols(),
            StreamHappening::Connecting { .. }
            | StreamHappening::Connected { .. }
            | StreamHappening::Disconnected { .. }
            | StreamHappening::SignedIn { .. }
            | StreamHappening::SignInRefused { .. }
            | StreamHappening::Subscribed { .. }
            | StreamHappening::Heartbeat(_)
            | StreamHappening::HeartbeatMissed { .. }
            | StreamHappening::DecodeError { .. }
            | StreamHappening::DecodeErrorsSuppressed { .. }
            | StreamHappening::Reconnecting { .. }
            | StreamHappening::Gap { .. }
            | StreamHappening::FallbackEntered { .. }
            | StreamHappening::FallbackLeft { .. }
            | StreamHappening::ConnectionLimited { .. } => &[],
        }
    }
}

/// The symbols, and the symbol when it is one.
pub(super) fn named(symbols: &[String]) -> Vec<(&'static str, Value)> {
    let mut pairs = vec![("symbols", Value::from(symbols.to_vec()))];
    if let [symbol] = symbols {
        pairs.push(("symbol", Value::from(symbol.as_str())));
    }
    pairs
}

/// Samples for EVENTS.md.
pub(super) fn catalogue() -> Vec<CatalogueEntry> {
    let entry = |what| CatalogueEntry::from_sample(&StreamEvent { stream: "prices", what });
    samples().into_iter().map(entry).collect()
}

fn samples() -> Vec<StreamHappening> {
    let symbols = vec!["C-BTC-48000-070122".to_owned()];
    vec![
        StreamHappening::Connecting { endpoint: "ws://127.0.0.1:9000/".to_owned(), attempt: 1 },
        StreamHappening::Connected { latency_us: 3_100 },
        StreamHappening::Disconnected { reason: "connection reset".to_owned(), open_ms: 52_000 },
        StreamHappening::SignedIn { latency_us: 4_200 },
        StreamHappening::SignInRefused { status: "invalid_api_key".to_owned() },
        StreamHappening::Unsubscribed { symbols: symbols.clone() },
        StreamHappening::Unsubscribed { symbols: [symbols.clone(), symbols.clone()].concat() },
        StreamHappening::Heartbeat(Traffic {
            uptime_ms: 305_000,
            since_ms: 60_000,
            frames: BTreeMap::from([("data", 2_410), ("heartbeat", 12)]),
            frame_bytes: 412_000,
            silence_ms: 40,
            frames_total: 12_100,
            symbols: 2,
        }),
        StreamHappening::Subscribed {
            channels: vec!["ticker".to_owned()],
            symbols: symbols.clone(),
            refused: Vec::new(),
        },
        StreamHappening::HeartbeatMissed { silence_ms: 35_000 },
        StreamHappening::DecodeError {
            failure: "expected value at line 1 column 1".to_owned(),
            frame: "garbage".to_owned(),
            bytes: 7,
        },
        StreamHappening::DecodeErrorsSuppressed { count: 4_990 },
        StreamHappening::Reconnecting { attempt: 1, backoff_ms: 150 },
        StreamHappening::Gap { gap_ms: 2_300 },
        StreamHappening::FallbackEntered { silence_ms: 3_000, symbols: symbols.clone() },
        StreamHappening::FallbackLeft { fallback_ms: 8_000, polls: 8, symbols },
        StreamHappening::ConnectionLimited { wait_ms: 300_000 },
    ]
    .into_iter()
    .chain(super::part::samples().into_iter().map(StreamHappening::Part))
    .collect()
}
