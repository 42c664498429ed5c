//! The same questions to the log and to a real engine have the same answers.

use serde_json::Value;
use telemetry::{ErrorDetail, Level, LogRecord, Micros, Source};

use super::engines::{Engine, all, tell};
use crate::support::Console;

const SESSION: &str = "s-01jf3k9x2m";

/// Records of all kinds at known times, several at each moment, some of them odd.
fn records() -> Vec<LogRecord> {
    let start = Micros::parse_rfc3339("2026-01-05T00:00:00.000001Z").expect("a time");
    let sources = [Source::Backend, Source::Frontend, Source::Audit];
    let record = |n: usize| {
        let mut record = LogRecord {
            // Steps of a few microseconds: an index of milliseconds would mix them up.
            timestamp: Micros(start.0 + i64::try_from(n / 3).unwrap_or_default() * 7_001),
            level: Level::ALL[2 + n % 4],
            service: telemetry::SERVICE.into(),
            source: sources[n % 3],
            event: ["order.filled", "cycle.started", "ui.panic"][n % 3].into(),
            message: match n % 5 {
                0 => format!("Record {n} of 100% a_b"),
                1 => format!("ÄRGER mit * und ? und \\ Nummer {n}"),
                _ => "The same again".to_owned(),
            },
            session_id: (n.is_multiple_of(4)).then(|| SESSION.to_owned()),
            correlation_id: Some(format!("intent-{:04}", n % 5)),
            event_id: if n % 3 == 1 { format!("answers-{n}") } else { String::new() },
            ..LogRecord::default()
        };
        record.payload.insert("n".to_owned(), n.into());
        record.payload.insert("deep".to_owned(), serde_json::json!({ "list": [1, 2.5, "x"], "truth": true }));
        record.price = Some("309.80".to_owned());
        record.qty = Some("200".to_owned());
        if record.source == Source::Frontend {
            record.client_session_id = Some(format!("browser-{}", n % 7));
            record.build_id = Some(format!("build-{}", n % 2));
            record.count = Some(1 + n as u64 % 3);
            record.error = Some(ErrorDetail {
                kind: Some("RuntimeError".to_owned()),
                message: Some("unreachable".to_owned()),
                stack_trace: Some(format!("at place_{} (app.wasm)", n % 2)),
            });
        }
        record
    };
    (0..300).map(record).collect()
}

const DAY: &str = "from=2026-01-05T00:00:00Z&to=2026-01-05T00:00:02Z";

/// Both answers to one question.
async fn both(console: &Console, path: &str) -> (Value, Value) {
    let divider = if path.contains('?') { '&' } else { '?' };
    (console.json(path).await, console.json(&format!("{path}{divider}ask=elastic")).await)
}

async fn paged(console: &Console, ask: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = console.json(&format!("/api/v1/logs?{DAY}&limit=37{ask}{cursor}")).await;
        all.extend(page["records"].as_array().expect("records").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn the_log_and_the_engine_answer_alike() {
    for engine in all() {
        let console = engine.console(&[]).await;
        let told = records();
        tell(&console, &told).await;
        let page = console.json(&format!("/api/v1/logs?{DAY}&limit=1000")).await;
        let stored = page["records"].as_array().expect("records");
        assert_eq!(stored.len(), told.len());
        let ids =
            stored.iter().map(|record| record["event_id"].as_str().expect("an id").to_owned()).collect();
        engine.until(&ids).await;
        pages_alike(&console).await;
        figures_alike(&console).await;
        on_the_command_line(&engine, &console).await;
        console.stop().await;
        engine.clean().await;
    }
}

async fn pages_alike(console: &Console) {
    let filters = [
        "",
        "&level=warn",
        "&level=fatal",
        "&source=audit",
        "&source=frontend&level=error",
        "&event=ui.panic",
        "&session_id=s-01jf3k9x2m",
        "&correlation_id=intent-0003",
        "&q=SAME%20again",
        "&q=100%25%20a_b",
        "&q=mit%20*%20und%20%3F%20und%20%5C",
        "&q=order.FILLED",
        "&q=a%3Fb",
        "&q=nowhere",
        "&q=record&level=error&source=backend&correlation_id=intent-0000",
        "&limit=1",
        "&limit=299",
        "&limit=300",
    ];
    for filter in filters {
        let (log, index) = both(console, &format!("/api/v1/logs?{DAY}{filter}")).await;
        assert_eq!(log["records"], index["records"], "{filter}");
        assert_eq!(log["next_cursor"].is_null(), index["next_cursor"].is_null(), "{filter}");
    }
    for span in [
        "from=2026-01-05T00:00:00.007002Z&to=2026-01-05T00:00:00.014003Z",
        "from=2026-01-05T00:00:00.007003Z&to=2026-01-05T00:00:00.014004Z",
    ] {
        let (log, index) = both(console, &format!("/api/v1/logs?{span}")).await;
        assert!(!log["records"].as_array().expect("records").is_empty());
        assert_eq!(log["records"], index["records"], "{span}");
    }
    assert_eq!(paged(console, "").await, paged(console, "&ask=elastic").await);
    let (log, index) = both(console, "/api/v1/traces/intent-0002").await;
    assert_eq!(log, index);
}

async fn figures_alike(console: &Console) {
    for filter in ["", "&columns=7", "&columns=1000", "&level=error&columns=13", "&q=same&columns=3"] {
        let (log, index) = both(console, &format!("/api/v1/logs/histogram?{DAY}{filter}")).await;
        assert_eq!(log, index, "{filter}");
    }
    let (log, index) = both(console, &format!("/api/v1/logs/errors?{DAY}")).await;
    let sorted = |of: &Value| {
        let mut groups = of["errors"].as_array().expect("errors").clone();
        // Which of the sentences of one fingerprint is shown is nobody's promise.
        for group in groups.iter_mut().filter(|group| group["fingerprint"].is_string()) {
            group["message"] = Value::Null;
        }
        groups.sort_by_key(ToString::to_string);
        groups
    };
    assert!(sorted(&log).iter().any(|group| group["fingerprint"].is_string()), "{log}");
    assert_eq!(sorted(&log), sorted(&index));
}

async fn on_the_command_line(engine: &Engine, console: &Console) {
    let arguments = [
        "logs",
        "query",
        "--level",
        "error",
        "--from",
        "2026-01-05T00:00:00Z",
        "--to",
        "2026-01-05T00:00:02Z",
    ];
    let log = console.command(&arguments).await;
    let index = console.command(&[&arguments[..], &["--from", "elastic"]].concat()).await;
    assert!(log.lines().count() > 10);
    assert_eq!(log, index);
    // Without a data directory too: the engine is enough.
    let (good, told) =
        engine.command(&["logs", "query", "--from", "elastic", "--event", "ui.panic", "--limit", "2"]).await;
    assert!(good && told.lines().count() == 2, "{told}");
    let page = console
        .get(&format!("/telemetry?ask=elastic&q=%C3%84RGER&{DAY}"))
        .await
        .text()
        .await
        .expect("a page");
    assert!(
        page.contains("ÄRGER mit") && page.contains("Elasticsearch"),
        "the page shows it, and the switch"
    );
}

#[tokio::test]
async fn who_has_no_engine_is_told_so() {
    let mut console = Console::start(&[]).await;
    console.sign_in(crate::support::PASSWORD).await;
    let answer = console.get("/api/v1/logs?ask=elastic").await;
    assert_eq!(answer.status(), 400);
    let told: Value = answer.json().await.expect("JSON");
    assert_eq!(told["error"]["fields"]["ask"], "log: no search engine is configured");
    let page = console.get("/telemetry").await.text().await.expect("a page");
    assert!(!page.contains("name=\"ask\""), "no switch where there is nothing to switch to");

    let mut console = Console::start(&[("ELASTICSEARCH_URL", "http://127.0.0.1:9")]).await;
    console.sign_in(crate::support::PASSWORD).await;
    let answer = console.get("/api/v1/logs?ask=elastic").await;
    assert_eq!(answer.status(), 503);
    let told: Value = answer.json().await.expect("JSON");
    assert_eq!(told["error"]["code"], "INDEX_UNAVAILABLE");
    assert!(console.get("/api/v1/logs").await.status().is_success(), "the log answers as ever");
    let page = console.get("/telemetry?ask=elastic").await.text().await.expect("a page");
    assert!(
        page.contains("cannot be asked") && page.contains("name=\"ask\""),
        "a sentence, and the way back"
    );
}
