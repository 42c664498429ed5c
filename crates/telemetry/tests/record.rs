//! The record and the catalogue: what always stands in a line, what is promoted, what EVENTS.md looks like.

use serde_json::{Map, Value, json};
use telemetry::{
    CatalogueEntry, Context, Event, Level, LogRecord, Micros, Source, catalogue_markdown, data_stream,
    index_document,
};

enum Told {
    Filled { price: &'static str, qty: u32 },
    Failed,
    SignedIn,
}

impl Event for Told {
    fn name(&self) -> &'static str {
        match self {
            Self::Filled { .. } => "order.filled",
            Self::Failed => "venue.request",
            Self::SignedIn => "auth.signed_in",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Failed => Level::Error,
            Self::Filled { .. } | Self::SignedIn => Level::Info,
        }
    }

    fn source(&self) -> Source {
        match self {
            Self::SignedIn => Source::Audit,
            Self::Filled { .. } | Self::Failed => Source::Backend,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Filled { qty, price } => format!("Order filled: {qty} at {price}"),
            Self::Failed => "GET /v2/products failed | timed out".to_owned(),
            Self::SignedIn => "admin signed in".to_owned(),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let payload = match self {
            Self::Filled { price, qty } => {
                json!({ "price": price, "qty": qty, "side": "buy", "latency_us": 12 })
            }
            Self::Failed => json!({ "status_code": 70_000, "latency_us": "slow", "endpoint": "/v2/products",
                "error": { "type": "timeout", "message": "too late", "attempt": 2 } }),
            Self::SignedIn => json!({}),
        };
        payload.as_object().cloned().unwrap_or_default()
    }
}

fn build(event: &Told) -> LogRecord {
    let context = Context { session_id: Some("ses_1".to_owned()), ..Context::correlated("c0ffee00c0ffee00") };
    LogRecord::build(event, &context, Micros(1_795_509_333_123_456), "boot", 7, "0.1.0")
}

#[test]
fn a_line_carries_what_every_record_must() {
    let plain = LogRecord::build(&Told::SignedIn, &Context::default(), Micros(0), "boot", 1, "0.1.0");
    let line: Value = serde_json::from_str(&plain.to_line()).unwrap();
    let expected = json!({ "timestamp": "1970-01-01T00:00:00.000000Z", "level": "info", "service": "deltascope",
        "version": "0.1.0", "source": "audit", "event": "auth.signed_in", "message": "admin signed in",
        "correlation_id": null, "payload": {}, "boot_id": "boot", "seq": 1, "event_id": "boot-1" });
    assert_eq!(line, expected);
    assert!(!plain.to_line().contains('\n'));
    assert_eq!(LogRecord::from_line(&plain.to_line()).unwrap(), plain);
}

#[test]
fn known_keys_are_promoted_by_type() {
    let filled = build(&Told::Filled { price: "120.50", qty: 3 });
    assert_eq!((filled.price.as_deref(), filled.qty.as_deref()), (Some("120.50"), Some("3")));
    assert_eq!((filled.side.as_deref(), filled.latency_us), (Some("buy"), Some(12)));
    assert_eq!(filled.session_id.as_deref(), Some("ses_1"));
    let failed = build(&Told::Failed);
    assert_eq!((failed.status_code, failed.latency_us), (None, None), "a wrong type is not promoted");
    let error = failed.error.as_ref().unwrap();
    assert_eq!((error.kind.as_deref(), error.message.as_deref()), (Some("timeout"), Some("too late")));
    assert_eq!(failed.payload["error"], json!({ "attempt": 2 }), "what has no field of its own stays");
    assert_eq!(
        serde_json::to_value(&failed).unwrap()["error"],
        json!({ "type": "timeout", "message": "too late" })
    );
}

#[test]
fn the_index_gets_objects_and_a_time_of_its_own() {
    let document = index_document(&build(&Told::SignedIn));
    assert_eq!(document["@timestamp"], "2026-11-24T08:35:33.123456Z");
    assert_eq!((&document["payload"], &document["correlation_id"]), (&json!({}), &json!("c0ffee00c0ffee00")));
    for (source, stream) in [
        (Source::Backend, "logs-deltascope.app-prod"),
        (Source::Frontend, "logs-deltascope.web-prod"),
        (Source::Audit, "logs-deltascope.audit-prod"),
    ] {
        assert_eq!(data_stream(source, "prod"), stream);
        assert_eq!(Source::parse(source.as_str()), Some(source));
    }
    let line = build(&Told::SignedIn).to_line().replace("\"payload\":{}", "\"payload\":[1]");
    assert_eq!(
        LogRecord::from_line(&line).unwrap().payload,
        json!({ "value": [1] }).as_object().cloned().unwrap()
    );
}

#[test]
fn numbers_come_with_the_queue() {
    let mut record =
        LogRecord { source: Source::Frontend, event_id: "bid-0".to_owned(), ..LogRecord::default() };
    record.number("boot", 9);
    assert_eq!((record.event_id.as_str(), record.boot_id.as_str(), record.seq), ("bid-0", "boot", 9));
    let mut own = LogRecord::default();
    own.number("boot", 9);
    assert_eq!(own.event_id, "boot-9");
}

#[test]
fn levels_know_their_numbers() {
    let numbers: Vec<u8> = Level::ALL.iter().map(|level| level.severity()).collect();
    assert_eq!(numbers, [1, 5, 9, 13, 17, 21]);
    for level in Level::ALL {
        assert_eq!(Level::from_severity(u64::from(level.severity()) + 3), Some(level));
        assert_eq!(level.as_str().to_uppercase().parse(), Ok(level));
    }
    assert_eq!((Level::from_severity(0), Level::from_severity(25), Level::parse("loud")), (None, None, None));
    assert!(Level::Trace < Level::Debug && Level::Error < Level::Fatal);
}

/// Catches: an order that depends on the order of the samples, a name that stands twice, a broken table cell.
#[test]
fn the_catalogue_is_stable() {
    let samples = [
        CatalogueEntry::from_sample(&Told::Failed),
        CatalogueEntry::from_sample(&Told::Filled { price: "1", qty: 1 }).with_doc("each fill"),
        CatalogueEntry::from_sample(&Told::SignedIn),
        CatalogueEntry { levels: vec![Level::Warn], ..CatalogueEntry::from_sample(&Told::Failed) },
    ];
    let text = catalogue_markdown(&samples);
    let reordered = [&samples[2..3], &samples[0..2], &samples[3..]].concat();
    assert_eq!(text, catalogue_markdown(&reordered));
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("## ") || line.starts_with("| `")).collect();
    let expected = [
        "## auth",
        "| `auth.signed_in` | info | audit |  | admin signed in |",
        "## order",
        "| `order.filled` | info | backend | `latency_us` `price` `qty` `side` | Order filled: 1 at 1<br>*each fill* |",
        "## venue",
        "| `venue.request` | warn, error | backend | `endpoint` `error` `latency_us` `status_code` | GET /v2/products failed \\| timed out |",
    ];
    assert_eq!(rows, expected);
}
