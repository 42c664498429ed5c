//! What Kibana's rules and the figures ask, of real engines: the filters of the rules as they stand in the files, and
//! the questions behind the dashboards in the words that engines without ES|QL know.

use reqwest::Method;
use serde_json::{Value, json};
use telemetry::{LogRecord, Source};

use super::engines::{Engine, all, ids_of, tell};

fn told() -> Vec<LogRecord> {
    let record = |n: usize, event: &str, change: &dyn Fn(&mut LogRecord)| {
        let mut record = LogRecord {
            timestamp: telemetry::Micros(server::clock::now().0 + i64::try_from(n).unwrap_or_default()),
            // The id that it comes with is kept, and can be waited for.
            source: Source::Frontend,
            service: telemetry::SERVICE.into(),
            event: event.to_owned().into(),
            event_id: format!("kpi-{n}"),
            ..LogRecord::default()
        };
        change(&mut record);
        record
    };
    let mut records = Vec::new();
    for n in 0..100_usize {
        records.push(record(n, "venue.request", &|record| {
            record.latency_us = Some(1_000 * (1 + n as i64));
            record.endpoint = Some("GET /v2/positions".to_owned());
            record.outcome = Some(if n < 30 { "failed" } else { "ok" }.to_owned());
        }));
    }
    for (n, event) in ["order.submitted", "order.acknowledged", "order.filled"].into_iter().enumerate() {
        records.push(record(200 + n, event, &|record| record.client_order_id = Some("s1-e-c-1".to_owned())));
    }
    for n in 0..3 {
        records.push(record(300 + n, "exit.decided", &|record| {
            record.reason = Some("error".to_owned());
            record.strategy_id = Some("short_strangle".to_owned());
        }));
    }
    records.push(record(400, "ui.error_boundary", &|_| {}));
    records.push(record(401, "stream.gap", &|record| {
        record.stream = Some("prices".to_owned());
        record.gap_ms = Some(2_300);
    }));
    records.push(record(402, "trailing.armed", &|_| {}));
    records
}

async fn search(engine: &Engine, body: Value) -> Value {
    engine.ask(Method::POST, &format!("/{}/_search?size=0", engine.streams()), Some(&body)).await
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn rules_and_figures_find_what_was_told() {
    let rules: Value =
        serde_json::from_str(include_str!("../../../assets/elastic/kibana/rules.json")).expect("JSON");
    for engine in all() {
        let console = engine.console(&[]).await;
        let records = told();
        tell(&console, &records).await;
        engine.until(&ids_of(&records)).await;
        for rule in rules.as_array().expect("rules") {
            let params = &rule["params"];
            let mut body: Value =
                serde_json::from_str(params["esQuery"].as_str().expect("a query")).expect("JSON");
            body["track_total_hits"] = true.into();
            if let Some(field) = params["termField"].as_str() {
                body["aggs"] =
                    json!({ "groups": { "terms": { "field": field, "size": params["termSize"] } } });
            }
            let answer = search(&engine, body).await;
            let count = answer["aggregations"]["groups"]["buckets"][0]["doc_count"]
                .as_u64()
                .or(answer["hits"]["total"]["value"].as_u64())
                .expect("a count");
            let threshold = params["threshold"][0].as_u64().expect("a threshold");
            let fires =
                if params["thresholdComparator"] == ">=" { count >= threshold } else { count > threshold };
            assert!(fires, "{}: {count}", rule["name"]);
        }
        figures(&engine).await;
        console.stop().await;
        engine.clean().await;
    }
}

async fn figures(engine: &Engine) {
    let answer = search(
        engine,
        json!({
            "query": { "term": { "event": "venue.request" } },
            "aggs": { "by": { "terms": { "field": "endpoint" }, "aggs": {
                "latency": { "percentiles": { "field": "latency_us", "percents": [50, 95, 99] } } } } }
        }),
    )
    .await;
    let bucket = &answer["aggregations"]["by"]["buckets"][0];
    let percentile = |p: &str| bucket["latency"]["values"][p].as_f64().expect("a number");
    assert_eq!(bucket["doc_count"], 100);
    assert!((45_000.0..55_000.0).contains(&percentile("50.0")), "{bucket}");
    assert!((93_000.0..=100_000.0).contains(&percentile("95.0")), "{bucket}");

    let answer = search(engine, json!({
        "query": { "prefix": { "event": "order." } },
        "aggs": { "orders": { "terms": { "field": "client_order_id" }, "aggs": {
            "states": { "terms": { "field": "event" } }, "first": { "min": { "field": "timestamp" } } } } }
    }))
    .await;
    let order = &answer["aggregations"]["orders"]["buckets"][0];
    assert_eq!((&order["key"], &order["doc_count"]), (&json!("s1-e-c-1"), &json!(3)));
    assert_eq!(order["states"]["buckets"].as_array().map(Vec::len), Some(3), "{order}");

    let answer = search(engine, json!({
        "aggs": { "streams": { "terms": { "field": "stream" }, "aggs": { "down": { "sum": { "field": "gap_ms" } } } },
            "armed": { "filter": { "term": { "event": "trailing.armed" } } } }
    }))
    .await;
    let streams = answer["aggregations"]["streams"]["buckets"].as_array().expect("streams");
    assert!(
        streams.iter().any(|stream| stream["key"] == "prices" && stream["down"]["value"] == 2_300.0),
        "{answer}"
    );
    assert!(answer["aggregations"]["armed"]["doc_count"].as_u64() >= Some(1));

    // Loss: as many numbers as were given between the first and the last of a process stand in the index.
    let answer = search(
        engine,
        json!({
            "query": { "exists": { "field": "boot_id" } },
            "aggs": { "boots": { "terms": { "field": "boot_id" }, "aggs": {
                "first": { "min": { "field": "seq" } }, "last": { "max": { "field": "seq" } } } } }
        }),
    )
    .await;
    for boot in answer["aggregations"]["boots"]["buckets"].as_array().expect("boots") {
        let n = |key: &str| boot[key]["value"].as_f64().expect("a number");
        let given = n("last") - n("first") + 1.0;
        let indexed = boot["doc_count"].as_f64().expect("a number");
        // What was told in the last moments may still be on its way.
        assert!(given - indexed < 60.0, "{boot}");
    }
}
