//! What the venue client has to tell: one record a request and attempt, and the life of the streams.

mod clock;
mod part;
mod quota;
mod stream;
mod switch;

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

pub use clock::ClockMeasured;
pub use part::PartHappening;
pub use quota::QuotaRead;
pub use stream::{StreamEvent, StreamHappening, Traffic};
pub use switch::{SwitchEvent, SwitchHappening};

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
    /// Why there is no answer that can be believed, or why the venue refused; `other` is none of its known words.
    pub reason: Option<&'static str>,
    pub error: Option<String>,
    /// What the operating system or the parser said.
    pub detail: Option<String>,
    /// What the answer says of our signature: `accepted`, `refused`, `unknown`; `unsigned` where there is none.
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
        match self.outcome {
            "ok" => Level::Info,
            // A success that says nothing: the venue speaks another language than ours.
            "unreadable" => Level::Error,
            _failed => Level::Warn,
        }
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
        auth: "accepted",
        attempt: 1,
        budget_remaining: 9_871,
        ..VenueRequest::default()
    };
    let failed = VenueRequest {
        outcome: "limited",
        auth: "unknown",
        status_code: Some(429),
        body: Some("{}".to_owned()),
        rate_limit_reset_ms: Some(1_200),
        ..request.clone()
    };
    let lost = VenueRequest {
        outcome: "lost",
        auth: "unknown",
        status_code: None,
        response_bytes: 0,
        reason: Some("broke_off"),
        error: Some("the answer broke off".to_owned()),
        detail: Some("connection reset by peer".to_owned()),
        ..request.clone()
    };
    let unreadable = VenueRequest {
        outcome: "unreadable",
        auth: "unknown",
        reason: Some("unreadable"),
        error: Some("the answer could not be read".to_owned()),
        detail: Some("no size".to_owned()),
        body: Some("{}".to_owned()),
        ..request.clone()
    };
    let mut entries = vec![
        CatalogueEntry::from_sample(&request).with_doc("every attempt of every request to the venue"),
        CatalogueEntry::from_sample(&failed),
        CatalogueEntry::from_sample(&lost),
        CatalogueEntry::from_sample(&unreadable),
    ];
    entries.extend(stream::catalogue());
    entries.extend(clock::catalogue());
    entries.extend(quota::catalogue());
    entries.extend(switch::catalogue());
    entries
}
