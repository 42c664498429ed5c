//! What the venue client has to tell: one record a request and attempt, and the life of the streams.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// One attempt of one REST request. `latency_us` runs from before signing until the body was read.
#[derive(Clone, Debug, Default)]
pub struct VenueRequest {
    pub method: String,
    /// Path with its variable parts named, such as `/v2/orders/client_order_id/{id}`.
    pub endpoint: &'static str,
    pub symbols: Vec<String>,
    pub client_order_id: Option<String>,
    /// `ok`, `refused`, `limited`, `failed` (the venue's fault), `unreadable` (success, but not what was asked for),
    /// `lost` (no answer), `not_sent`.
    pub outcome: &'static str,
    pub status_code: Option<u16>,
    pub latency_us: u64,
    pub response_bytes: usize,
    /// Beginning of the body, when the answer was no success.
    pub body: Option<String>,
    /// Why there is no answer that can be believed: the word of the cause, and its sentence.
    pub reason: Option<&'static str>,
    pub error: Option<String>,
    /// What the operating system or the parser said.
    pub detail: Option<String>,
    /// `signed`, `unsigned`, or `refused` when the venue did not accept the signature.
    pub auth: &'static str,
    pub attempt: u32,
    /// `X-RATE-LIMIT-RESET` of the answer.
    pub rate_limit_reset_ms: Option<i64>,
    /// Units left of our own count of the quota that it spends: of the account when signed, else of the address.
    pub budget_remaining: u32,
}

/// The bucket that a latency falls into, for counting without arithmetic.
#[must_use]
pub fn latency_bucket(latency_us: u64) -> &'static str {
    const BUCKETS: [(u64, &str); 8] = [
        (5_000, "lt_5ms"),
        (20_000, "lt_20ms"),
        (50_000, "lt_50ms"),
        (100_000, "lt_100ms"),
        (250_000, "lt_250ms"),
        (500_000, "lt_500ms"),
        (1_000_000, "lt_1s"),
        (2_000_000, "lt_2s"),
    ];
    BUCKETS.iter().find(|(limit, _)| latency_us < *limit).map_or("ge_2s", |(_, name)| name)
}

impl Event for VenueRequest {
    fn name(&self) -> &'static str {
        "venue.request"
    }

    fn level(&self) -> Level {
        if self.outcome == "ok" { Level::Info } else { Level::Warn }
    }

    fn message(&self) -> String {
        let answer = match (self.status_code, &self.error) {
            (Some(status), Some(error)) if self.outcome == "unreadable" => {
                format!("answered {status}, but {error}")
            }
            (Some(status), _) => format!("answered {status}"),
            (None, Some(error)) => format!("had no answer ({error})"),
            (None, None) => "had no answer".to_owned(),
        };
        let (method, endpoint) = (&self.method, self.endpoint);
        format!("{method} {endpoint} {answer} after {} ms, attempt {}", self.latency_us / 1_000, self.attempt)
    }

    fn payload(&self) -> Map<String, Value> {
        let mut fields = Map::from_iter([
            ("method".to_owned(), Value::from(self.method.as_str())),
            ("endpoint".to_owned(), Value::from(self.endpoint)),
            ("outcome".to_owned(), Value::from(self.outcome)),
            ("latency_us".to_owned(), Value::from(self.latency_us)),
            ("latency_bucket".to_owned(), Value::from(latency_bucket(self.latency_us))),
            ("response_bytes".to_owned(), Value::from(self.response_bytes)),
            ("auth".to_owned(), Value::from(self.auth)),
            ("attempt".to_owned(), Value::from(self.attempt)),
            ("budget_remaining".to_owned(), Value::from(self.budget_remaining)),
        ]);
        if !self.symbols.is_empty() {
            fields.insert("symbols".to_owned(), Value::from(self.symbols.clone()));
        }
        if let [symbol] = self.symbols.as_slice() {
            fields.insert("symbol".to_owned(), Value::from(symbol.as_str()));
        }
        let optional = [
            ("client_order_id", self.client_order_id.clone().map(Value::from)),
            ("status_code", self.status_code.map(Value::from)),
            ("body", self.body.clone().map(Value::from)),
            ("reason", self.reason.map(Value::from)),
            ("error", self.error.clone().map(Value::from)),
            ("detail", self.detail.clone().map(Value::from)),
            ("rate_limit_reset_ms", self.rate_limit_reset_ms.map(Value::from)),
        ];
        fields.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        fields
    }
}

/// The life of one stream, `prices` or `orders`.
#[derive(Clone, Debug)]
pub struct StreamEvent {
    pub stream: &'static str,
    pub what: StreamHappening,
}

#[derive(Clone, Debug)]
pub enum StreamHappening {
    Connecting { endpoint: String, attempt: u32 },
    Connected { latency_us: u64 },
    Disconnected { reason: String, open_ms: u64 },
    Subscribed { channels: Vec<String>, symbols: Vec<String>, refused: Vec<String> },
    HeartbeatMissed { silence_ms: u64 },
    DecodeError { failure: String, frame: String, bytes: usize },
    Reconnecting { attempt: u32, backoff_ms: u64 },
    Gap { gap_ms: i64 },
    FallbackEntered { silence_ms: u64, symbols: Vec<String> },
    FallbackLeft { fallback_ms: u64, polls: u64 },
}

impl Event for StreamEvent {
    fn name(&self) -> &'static str {
        match self.what {
            StreamHappening::Connecting { .. } => "stream.connecting",
            StreamHappening::Connected { .. } => "stream.connected",
            StreamHappening::Disconnected { .. } => "stream.disconnected",
            StreamHappening::Subscribed { .. } => "stream.subscribed",
            StreamHappening::HeartbeatMissed { .. } => "stream.heartbeat_missed",
            StreamHappening::DecodeError { .. } => "stream.decode_error",
            StreamHappening::Reconnecting { .. } => "stream.reconnecting",
            StreamHappening::Gap { .. } => "stream.gap",
            StreamHappening::FallbackEntered { .. } => "stream.fallback_entered",
            StreamHappening::FallbackLeft { .. } => "stream.fallback_left",
        }
    }

    fn level(&self) -> Level {
        match &self.what {
            StreamHappening::Subscribed { refused, .. } if !refused.is_empty() => Level::Error,
            StreamHappening::Connecting { .. }
            | StreamHappening::Connected { .. }
            | StreamHappening::Subscribed { .. }
            | StreamHappening::FallbackLeft { .. } => Level::Info,
            StreamHappening::Disconnected { .. }
            | StreamHappening::HeartbeatMissed { .. }
            | StreamHappening::DecodeError { .. }
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
            StreamHappening::Reconnecting { attempt, backoff_ms } => {
                format!("The {stream} stream reconnects in {backoff_ms} ms, attempt {attempt}")
            }
            StreamHappening::Gap { gap_ms } => {
                format!("The {stream} stream has data again after {gap_ms} ms")
            }
            StreamHappening::FallbackEntered { silence_ms, .. } => {
                format!("Prices are polled over REST: the {stream} stream is away for {silence_ms} ms")
            }
            StreamHappening::FallbackLeft { fallback_ms, .. } => {
                format!("Prices come from the {stream} stream again after {fallback_ms} ms of polling")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match &self.what {
            StreamHappening::Connecting { endpoint, attempt } => {
                vec![("endpoint", Value::from(endpoint.as_str())), ("attempt", Value::from(*attempt))]
            }
            StreamHappening::Connected { latency_us } => vec![("latency_us", Value::from(*latency_us))],
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
            StreamHappening::Reconnecting { attempt, backoff_ms } => {
                vec![("attempt", Value::from(*attempt)), ("backoff_ms", Value::from(*backoff_ms))]
            }
            StreamHappening::Gap { gap_ms } => vec![("gap_ms", Value::from(*gap_ms))],
            StreamHappening::FallbackEntered { silence_ms, symbols } => {
                vec![("silence_ms", Value::from(*silence_ms)), ("symbols", Value::from(symbols.clone()))]
            }
            StreamHappening::FallbackLeft { fallback_ms, polls } => {
                vec![("fallback_ms", Value::from(*fallback_ms)), ("polls", Value::from(*polls))]
            }
        };
        let stream = [("stream".to_owned(), Value::from(self.stream))];
        stream.into_iter().chain(pairs.into_iter().map(|(key, value)| (key.to_owned(), value))).collect()
    }
}

/// The beginning of a frame or body, cut at a character.
#[must_use]
pub fn truncated(text: &str) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let request = VenueRequest {
        method: "POST".to_owned(),
        endpoint: "/v2/orders",
        symbols: vec!["C-BTC-48000-070122".to_owned()],
        client_order_id: Some("s3k9x2mp0a1b2cl00a0017".to_owned()),
        outcome: "ok",
        status_code: Some(200),
        latency_us: 6_200,
        response_bytes: 914,
        auth: "signed",
        attempt: 1,
        budget_remaining: 9_871,
        ..VenueRequest::default()
    };
    let failed = VenueRequest {
        outcome: "limited",
        status_code: Some(429),
        body: Some("{}".to_owned()),
        rate_limit_reset_ms: Some(1_200),
        ..request.clone()
    };
    let lost = VenueRequest {
        outcome: "lost",
        status_code: None,
        response_bytes: 0,
        reason: Some("broke_off"),
        error: Some("the answer broke off".to_owned()),
        detail: Some("connection reset by peer".to_owned()),
        ..request.clone()
    };
    let mut entries = vec![
        CatalogueEntry::from_sample(&request).with_doc("every attempt of every request to the venue"),
        CatalogueEntry::from_sample(&failed),
        CatalogueEntry::from_sample(&lost),
    ];
    entries.extend(
        stream_samples()
            .into_iter()
            .map(|what| CatalogueEntry::from_sample(&StreamEvent { stream: "prices", what })),
    );
    entries
}

fn stream_samples() -> Vec<StreamHappening> {
    let symbols = vec!["C-BTC-48000-070122".to_owned()];
    vec![
        StreamHappening::Connecting { endpoint: "ws://127.0.0.1:9000/".to_owned(), attempt: 1 },
        StreamHappening::Connected { latency_us: 3_100 },
        StreamHappening::Disconnected { reason: "connection reset".to_owned(), open_ms: 52_000 },
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
        StreamHappening::Reconnecting { attempt: 1, backoff_ms: 150 },
        StreamHappening::Gap { gap_ms: 2_300 },
        StreamHappening::FallbackEntered { silence_ms: 3_000, symbols },
        StreamHappening::FallbackLeft { fallback_ms: 8_000, polls: 8 },
    ]
}
