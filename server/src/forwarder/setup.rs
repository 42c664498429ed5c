//! Before the first delivery: which engine is it, and does it know the index template? A minimal one is put when
//! there is none; a refusal is told, and sending goes on.

use reqwest::Method;
use serde_json::{Value, json};

use super::ForwarderEvent;
use super::client::Client;

const TEMPLATE: &str = "/_index_template/deltascope-logs";

/// Asks and puts. `Err`: the engine cannot be reached, or is not ready to answer.
pub(super) async fn run(client: &Client) -> Result<Option<ForwarderEvent>, String> {
    let (status, engine) = client.call(Method::GET, "/", None).await?;
    not_now(status)?;
    let (status, _) = client.call(Method::GET, TEMPLATE, None).await?;
    not_now(status)?;
    match status {
        200 => return Ok(None),
        404 => {}
        _ => return Ok(Some(refused(status, &Value::Null))),
    }
    let open_search = engine["version"]["distribution"] == "opensearch";
    let (status, answer) = client.call(Method::PUT, TEMPLATE, Some(&template(open_search))).await?;
    not_now(status)?;
    if status != 200 {
        return Ok(Some(refused(status, &answer)));
    }
    let name = if open_search { "OpenSearch" } else { "Elasticsearch" };
    let version = engine["version"]["number"].as_str().unwrap_or("of unknown version");
    Ok(Some(ForwarderEvent::TemplateInstalled { engine: format!("{name} {version}") }))
}

fn not_now(status: u16) -> Result<(), String> {
    if status == 429 || status >= 500 { Err(format!("HTTP {status}")) } else { Ok(()) }
}

fn refused(status: u16, answer: &Value) -> ForwarderEvent {
    let error = &answer["error"];
    let reason = error["reason"].as_str().or(error.as_str()).unwrap_or("no reason given");
    ForwarderEvent::TemplateRefused { status, reason: telemetry::clean(reason).chars().take(300).collect() }
}

fn template(open_search: bool) -> Value {
    // The same type under the name that each engine has for it.
    let payload = if open_search {
        json!({ "type": "flat_object" })
    } else {
        json!({ "type": "flattened", "depth_limit": 20, "ignore_above": 1024 })
    };
    let mut properties = json!({
        "@timestamp": { "type": "date" },
        "timestamp": { "type": "date_nanos", "format": "strict_date_optional_time_nanos||strict_date_optional_time" },
        "message": { "type": "match_only_text" },
        "payload": payload,
        "status_code": { "type": "short" },
        "session_bound": { "type": "boolean" },
        "error": { "properties": {
            "type": { "type": "keyword" },
            "message": { "type": "match_only_text" },
            "stack_trace": { "type": "keyword", "index": false, "doc_values": false, "ignore_above": 32000 }
        } }
    });
    let typed: [(&str, &[&str]); 4] = [
        ("keyword", &KEYWORDS),
        ("long", &["seq", "decision_seq", "count", "record_no", "skew_ms", "latency_us", "gap_ms"]),
        ("double", &["sample_rate", "price", "qty"]),
        ("date", &["client_timestamp", "received_at"]),
    ];
    for (kind, names) in typed {
        for name in names {
            properties[*name] = json!({ "type": kind });
        }
    }
    json!({
        "index_patterns": ["logs-deltascope.*-*"],
        "data_stream": {},
        "priority": 500,
        "template": {
            "settings": { "index": { "number_of_replicas": 0, "mapping": { "ignore_malformed": true } } },
            "mappings": { "dynamic": false, "properties": properties }
        },
        "_meta": { "owner": "deltascope", "version": 1 }
    })
}

const KEYWORDS: [&str; 29] = [
    "level",
    "service",
    "source",
    "strategy_id",
    "session_id",
    "configuration",
    "execution_mode",
    "correlation_id",
    "event",
    "event_id",
    "boot_id",
    "caused_by",
    "version",
    "build_id",
    "user_id",
    "route",
    "client_session_id",
    "tab_id",
    "provenance",
    "endpoint",
    "symbol",
    "order_id",
    "client_order_id",
    "side",
    "outcome",
    "reason",
    "stream",
    "target",
    "callsite",
];
