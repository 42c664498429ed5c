//! Log queries: pages by cursor, filters, histogram, groups of errors, traces, the command line.

use std::collections::BTreeSet;

use serde_json::Value;
use telemetry::{Level, LogRecord, Micros, Source};

use crate::support::{Console, PASSWORD};

/// 250 records at known times, two of them at each moment: what a cursor must not lose or repeat.
async fn with_records() -> Console {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let start = Micros::parse_rfc3339("2026-01-05T00:00:00Z").unwrap();
    for n in 0..250_i64 {
        let level = if n % 50 == 0 { Level::Error } else { Level::Info };
        console.running.app.teller.tell_record(LogRecord {
            timestamp: Micros(start.0 + n / 2 * 1_000_000),
            level,
            source: Source::Backend,
            event: if n % 2 == 0 { "order.filled".into() } else { "cycle.started".into() },
            message: format!("Record number {n} of 100% a_b"),
            correlation_id: Some(format!("intent-{:04}", n % 5)),
            ..LogRecord::default()
        });
    }
    console.settled().await;
    console
}

const DAY: &str = "from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z";

fn records(page: &Value) -> &Vec<Value> {
    page["records"].as_array().unwrap()
}

#[tokio::test]
async fn pages_hold_every_record_once_newest_first() {
    let console = with_records().await;
    let (mut seen, mut cursor, mut sizes) = (Vec::new(), String::new(), Vec::new());
    loop {
        let page = console.json(&format!("/api/v1/logs?{DAY}&limit=70{cursor}")).await;
        sizes.push(records(&page).len());
        seen.extend(records(&page).iter().map(|r| {
            (
                r["timestamp"].as_str().unwrap().to_owned(),
                r["seq"].as_u64().unwrap(),
                r["message"].to_string(),
            )
        }));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(sizes, [70, 70, 70, 40]);
    assert!(seen.windows(2).all(|pair| (&pair[0].0, pair[0].1) > (&pair[1].0, pair[1].1)), "newest first");
    assert_eq!(seen.iter().map(|(_, _, message)| message).collect::<BTreeSet<_>>().len(), 250);
}

#[tokio::test]
async fn filters_narrow_what_is_listed() {
    let console = with_records().await;
    for (filter, expected) in [
        ("", 250),
        ("&level=warn", 5),
        ("&event=order.filled", 125),
        ("&correlation_id=intent-0003", 50),
        ("&q=NUMBER%2024%20", 1),
        ("&q=ORDER.fill", 125),
        ("&q=100%25%20a_b", 250),
        ("&q=100%25%20aXb", 0),
        ("&source=audit", 0),
        ("&session_id=nobody", 0),
    ] {
        let page = console.json(&format!("/api/v1/logs?{DAY}&limit=1000{filter}")).await;
        assert_eq!(records(&page).len(), expected, "{filter}");
    }
    assert_eq!(records(&console.json(&format!("/api/v1/logs?{DAY}")).await).len(), 100, "the default limit");
}

#[tokio::test]
async fn the_histogram_adds_up_and_errors_are_grouped() {
    let console = with_records().await;
    // Asked again and again while the index follows: what it covers and what it does not is never counted twice.
    let mut histogram = Value::Null;
    for _ in 0..20 {
        histogram = console.json(&format!("/api/v1/logs/histogram?{DAY}&columns=24")).await;
        let counts = histogram["buckets"].as_array().unwrap().iter();
        let counts = counts.flat_map(|bucket| bucket["counts"].as_object().unwrap().values());
        assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 250);
    }
    let counts = histogram["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|b| b["counts"].as_object().unwrap().values());
    assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 250);
    let errors = console.json(&format!("/api/v1/logs/errors?{DAY}")).await;
    let groups = errors["errors"].as_array().unwrap();
    assert_eq!(groups.len(), 5, "one for each message");
    assert_eq!((groups[0]["count"].as_u64(), groups[0]["level"].as_str()), (Some(1), Some("error")));
}

#[tokio::test]
async fn a_trace_stands_in_order_of_time() {
    let console = with_records().await;
    let trace = console.json("/api/v1/traces/intent-0002").await;
    let times: Vec<&str> = records(&trace).iter().filter_map(|r| r["timestamp"].as_str()).collect();
    assert_eq!((trace["correlation_id"].as_str(), times.len()), (Some("intent-0002"), 50));
    assert!(times.is_sorted());
}

#[tokio::test]
async fn the_last_minutes_are_counted_from_now_and_only_without_a_beginning() {
    let console = with_records().await;
    let count = async |query: &str| records(&console.json(&format!("/api/v1/logs?{query}")).await).len();
    assert_eq!(count("event=order.filled&range=60").await, 0, "they are older");
    assert_eq!(
        count(&format!("event=order.filled&{DAY}&range=60")).await,
        100,
        "a beginning is meant as it is said"
    );
    assert!(count("range=60").await > 0, "what the server told just now");
    let buckets = console.json("/api/v1/logs/histogram?event=order.filled&range=60").await;
    assert_eq!(buckets["buckets"].as_array().map(Vec::len), Some(0));
    for wrong in ["0", "44641", "an hour"] {
        let answer = console.get(&format!("/api/v1/logs?range={wrong}")).await;
        assert_eq!(answer.status(), 400, "{wrong}");
        let told: Value = answer.json().await.unwrap();
        assert!(told["error"]["fields"]["range"].is_string(), "{told}");
    }
}
