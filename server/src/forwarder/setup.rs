//! Before the first delivery, and again after every outage: which engine is it, and does it know the index template?
//! One is put when there is none, an older one of ours is replaced. Without one nothing is sent: the engine would make
//! indices of its own, with a mapping that refuses half of the records later.

use reqwest::Method;
use serde_json::{Value, json};
use telemetry::Source;

use super::ForwarderEvent;
use super::client::Client;
use super::machine::Destination;

const NAME: &str = "deltascope-logs";
const TEMPLATE: &str = "/_index_template/deltascope-logs";
/// Goes up with every change of the template.
const VERSION: u64 = 2;

/// What was found.
pub(super) struct Found {
    pub destination: Destination,
    pub tell: Option<ForwarderEvent>,
    /// Whether payloads are to be sent as text.
    pub text: bool,
}

impl Found {
    fn ready(tell: Option<ForwarderEvent>) -> Self {
        Self { destination: Destination::Ready, tell, text: false }
    }

    fn refuses(status: u16, reason: String) -> Self {
        Self { destination: Destination::Refuses { status, reason }, tell: None, text: false }
    }
}

/// Asks and puts. `Err`: the engine cannot be reached, or is not ready to answer.
pub(super) async fn run(client: &Client) -> Result<Found, String> {
    let (status, engine) = client.call(Method::GET, "/", None).await.map_err(|why| hint(client, why))?;
    if let Some(refusal) = impossible(status, &engine)? {
        return Ok(refusal);
    }
    let engine = Engine::of(&engine);
    client.requires_data_streams(engine.knows_data_streams);
    let (status, answer) = client.call(Method::GET, TEMPLATE, None).await?;
    if let Some(refusal) = impossible(status, &answer)? {
        return Ok(refusal);
    }
    match status {
        200 => match standing(&answer) {
            Standing::Ours => Ok(Found::ready(None)),
            Standing::Older(version) => put(client, &engine, Some(version)).await,
            Standing::Foreign => Ok(Found::ready(Some(ForwarderEvent::TemplateForeign))),
        },
        404 => put(client, &engine, None).await,
        _ => unseen(client, status).await,
    }
}

/// Answers after which nothing else need be asked. `Err`: not now.
fn impossible(status: u16, answer: &Value) -> Result<Option<Found>, String> {
    if status == 429 || status >= 500 {
        return Err(format!("HTTP {status}"));
    }
    let page = answer.as_str().is_some_and(|text| text.trim_start().starts_with('<'));
    let words = || answer.as_str().map(|text| telemetry::clean(text).into_owned()).unwrap_or_default();
    Ok(match status {
        401 => Some(Found::refuses(status, format!("security_exception: {}", reason(answer)))),
        // What the engine itself says to plain text on an encrypted port, and proxies say as well.
        400 if words().to_lowercase().contains("https") => Some(Found::refuses(status, words())),
        _ if page => Some(Found::refuses(
            status,
            format!("HTTP {status}, a web page instead of a search engine's answer"),
        )),
        _ => None,
    })
}

/// An encrypted port hangs up on plain text without a word.
fn hint(client: &Client, why: String) -> String {
    let hung_up =
        ["closed", "reset", "incomplete", "invalid"].iter().any(|word| why.to_lowercase().contains(word));
    if client.is_plain() && hung_up {
        return format!("{why}; does the port speak https?");
    }
    why
}

/// What the greeting says.
struct Engine {
    open_search: bool,
    name: String,
    /// Whether a request may say that it wants a data stream and nothing else.
    knows_data_streams: bool,
}

impl Engine {
    fn of(greeting: &Value) -> Self {
        let version = &greeting["version"];
        let tagline = greeting["tagline"].as_str().unwrap_or_default();
        // In its compatibility mode it calls itself Elasticsearch 7.10.2.
        let open_search = version["distribution"] == "opensearch" || tagline.contains("OpenSearch");
        let number = version["number"].as_str().unwrap_or("of unknown version");
        let parts: Vec<u32> = number.split('.').filter_map(|part| part.parse().ok()).collect();
        let name = if open_search { "OpenSearch" } else { "Elasticsearch" };
        let knows_data_streams = !open_search && parts.get(..2).is_some_and(|parts| parts >= &[8, 13][..]);
        Self { open_search, name: format!("{name} {number}"), knows_data_streams }
    }
}

enum Standing {
    Ours,
    Older(u64),
    Foreign,
}

fn standing(answer: &Value) -> Standing {
    let meta = &answer["index_templates"][0]["index_template"]["_meta"];
    let ours = meta["owner"].is_null() || meta["owner"] == "deltascope";
    match meta["version"].as_u64() {
        Some(version) if ours && version < VERSION => Standing::Older(version),
        Some(_) if ours => Standing::Ours,
        Some(_) | None => Standing::Foreign,
    }
}

async fn put(client: &Client, engine: &Engine, replaced: Option<u64>) -> Result<Found, String> {
    let mut refusal = (0, Value::Null);
    // An engine that hides what it is refuses the types of the other one.
    for open_search in [engine.open_search, !engine.open_search] {
        let (status, answer) = client.call(Method::PUT, TEMPLATE, Some(&template(open_search))).await?;
        if let Some(refusal) = impossible(status, &answer)? {
            return Ok(refusal);
        }
        if status == 200 {
            let engine = engine.name.clone();
            return Ok(Found::ready(Some(ForwarderEvent::TemplateInstalled { engine, replaced })));
        }
        refusal = (status, answer);
        if status != 400 {
            break;
        }
    }
    let (status, reason) = (refusal.0, reason(&refusal.1));
    let tell = Some(ForwarderEvent::TemplateRefused { status, reason: reason.clone() });
    if replaced.is_some() {
        // The older one is good enough to go on with.
        return Ok(Found::ready(tell));
    }
    let reason = format!(
        "index template {NAME} is missing and cannot be put ({reason}): put it with credentials that have manage_index_templates"
    );
    Ok(Found { tell, ..Found::refuses(status, reason) })
}

/// Credentials that may only write. Whose template made the stream tells whether ours is there.
async fn unseen(client: &Client, status: u16) -> Result<Found, String> {
    let stream = client.stream(Source::Backend);
    let (answered, answer) = client.call(Method::GET, &format!("/_data_stream/{stream}"), None).await?;
    if answered == 200 && answer["data_streams"][0]["template"] == NAME {
        return Ok(Found::ready(None));
    }
    let tell = Some(ForwarderEvent::TemplateUnseen { status });
    Ok(Found { text: true, ..Found::ready(tell) })
}

fn reason(answer: &Value) -> String {
    let error = &answer["error"];
    let words = error["reason"].as_str().or(error.as_str()).unwrap_or("no reason given");
    telemetry::clean(words).chars().take(300).collect()
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
        "payload_text": { "type": "match_only_text" },
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
        "_meta": { "owner": "deltascope", "version": VERSION }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_known_by_what_it_cannot_hide() {
        let table = [
            (json!({ "version": { "number": "9.5.3" }, "tagline": "You Know, for Search" }), false, true),
            (json!({ "version": { "number": "8.12.0" } }), false, false),
            (json!({ "version": { "number": "3.5.0", "distribution": "opensearch" } }), true, false),
            (
                json!({ "version": { "number": "7.10.2" }, "tagline": "The OpenSearch Project: https://opensearch.org/" }),
                true,
                false,
            ),
            (Value::Null, false, false),
        ];
        for (greeting, open_search, knows) in table {
            let engine = Engine::of(&greeting);
            assert_eq!((engine.open_search, engine.knows_data_streams), (open_search, knows), "{greeting}");
        }
    }

    #[test]
    fn an_older_template_of_ours_is_told_from_one_that_is_not() {
        let with =
            |meta: Value| standing(&json!({ "index_templates": [{ "index_template": { "_meta": meta } }] }));
        assert!(matches!(with(json!({ "owner": "deltascope", "version": VERSION })), Standing::Ours));
        assert!(matches!(with(json!({ "owner": "deltascope", "version": VERSION + 1 })), Standing::Ours));
        assert!(matches!(with(json!({ "version": 0 })), Standing::Older(0)));
        assert!(matches!(with(json!({ "owner": "somebody", "version": 0 })), Standing::Foreign));
        assert!(matches!(with(Value::Null), Standing::Foreign));
    }
}
