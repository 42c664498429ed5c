//! What the HTTP side has to tell: one line per request.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

use crate::lengths;

/// The line of a request, told when its answer begins.
#[derive(Clone, Debug)]
pub(super) struct RequestLine {
    pub method: String,
    /// The pattern, never the path: paths carry ids.
    pub route: String,
    pub status_code: u16,
    pub latency_us: u64,
    pub request_bytes: Option<u64>,
    pub response_bytes: Option<u64>,
    pub user: Option<String>,
    pub address: Option<String>,
    pub error_code: Option<&'static str>,
    pub error: Option<String>,
}

impl Event for RequestLine {
    fn name(&self) -> &'static str {
        "http.request"
    }

    fn level(&self) -> Level {
        match self.status_code {
            500.. => Level::Error,
            400..=499 => Level::Warn,
            0..=399 => Level::Info,
        }
    }

    fn message(&self) -> String {
        let took = lengths::micros(self.latency_us);
        format!("{} {} answered {} in {took}", self.method, self.route, self.status_code)
    }

    fn payload(&self) -> Map<String, Value> {
        let mut payload = Map::from_iter([
            ("method".to_owned(), Value::from(self.method.as_str())),
            ("route".to_owned(), Value::from(self.route.as_str())),
            ("status_code".to_owned(), Value::from(self.status_code)),
            ("latency_us".to_owned(), Value::from(self.latency_us)),
        ]);
        let optional = [
            ("request_bytes", self.request_bytes.map(Value::from)),
            ("response_bytes", self.response_bytes.map(Value::from)),
            ("user", self.user.as_deref().map(Value::from)),
            ("address", self.address.as_deref().map(Value::from)),
            ("error_code", self.error_code.map(Value::from)),
            ("error", self.error.as_deref().map(Value::from)),
        ];
        payload.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        payload
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let line = |status_code, error_code, error: Option<&str>| RequestLine {
        method: "GET".to_owned(),
        route: "/api/v1/logs".to_owned(),
        status_code,
        latency_us: 812,
        request_bytes: Some(0),
        response_bytes: Some(5_120),
        user: Some("admin".to_owned()),
        address: Some("127.0.0.1".to_owned()),
        error_code,
        error: error.map(str::to_owned),
    };
    vec![
        CatalogueEntry::from_sample(&line(200, None, None))
            .with_doc("once per request; warn from 400, error from 500"),
        CatalogueEntry::from_sample(&line(404, Some("NOT_FOUND"), None)),
        CatalogueEntry::from_sample(&line(503, Some("UNAVAILABLE"), Some("database is locked"))),
    ]
}
