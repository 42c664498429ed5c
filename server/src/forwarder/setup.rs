//! Before the first delivery, and again after every outage: which engine is it, and does it know the index template?
//! One is put when there is none, an older one of ours is replaced. Without one nothing is sent: the engine would make
//! indices of its own, with a mapping that refuses half of the records later.

use reqwest::Method;
use serde_json::Value;
use telemetry::Source;

use super::ForwarderEvent;
use super::client::Client;
use super::machine::Destination;
use crate::elastic::{Engine, NAME, Retention, VERSION, for_engine};

const TEMPLATE: &str = "/_index_template/deltascope-logs";

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
pub(super) async fn run(client: &Client, retention: Retention) -> Result<Found, String> {
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
            Standing::Older(version) => put(client, engine, retention, Some(version)).await,
            Standing::Foreign => Ok(Found::ready(Some(ForwarderEvent::TemplateForeign))),
            Standing::Missing => put(client, engine, retention, None).await,
        },
        404 => put(client, engine, retention, None).await,
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
    if client.connection().is_plain() && hung_up {
        return format!("{why}; does the port speak https?");
    }
    why
}

enum Standing {
    Ours,
    Older(u64),
    Foreign,
    /// An answer of success with no template in it.
    Missing,
}

fn standing(answer: &Value) -> Standing {
    let Some(template) = answer.pointer("/index_templates/0/index_template") else {
        return Standing::Missing;
    };
    let meta = &template["_meta"];
    let ours = meta["owner"].is_null() || meta["owner"] == "deltascope";
    match meta["version"].as_u64() {
        Some(version) if ours && version < VERSION => Standing::Older(version),
        Some(_) if ours => Standing::Ours,
        Some(_) | None => Standing::Foreign,
    }
}

async fn put(
    client: &Client,
    engine: Engine,
    retention: Retention,
    replaced: Option<u64>,
) -> Result<Found, String> {
    let name = engine.name.clone();
    let other = engine.other();
    let mut refusal = (0, Value::Null);
    // An engine that hides what it is refuses the types of the other one.
    for engine in [engine.probe(client.connection()).await?, other] {
        match put_all(client, &engine, retention).await? {
            Put::All => {
                return Ok(Found::ready(Some(ForwarderEvent::TemplateInstalled { engine: name, replaced })));
            }
            Put::Impossible(found) => return Ok(found),
            Put::Refused(status, answer) => {
                refusal = (status, answer);
                if status != 400 {
                    break;
                }
            }
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

enum Put {
    All,
    Refused(u16, Value),
    Impossible(Found),
}

/// Everything that `elastic setup` puts into an engine; what is not needed for a delivery may be refused.
async fn put_all(client: &Client, engine: &Engine, retention: Retention) -> Result<Put, String> {
    for asset in for_engine(engine, retention) {
        let (status, answer) = asset.put_blindly(client.connection()).await?;
        if status == 200 || status == 201 || !asset.is_needed {
            continue;
        }
        return Ok(match impossible(status, &answer)? {
            Some(found) => Put::Impossible(found),
            None => Put::Refused(status, answer),
        });
    }
    Ok(Put::All)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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

    /// Without a template payloads go into a mapping of their own making; "somebody else's" was said of one that is not there.
    #[test]
    fn a_list_without_a_template_is_no_template_of_somebody_else() {
        for answer in [json!({ "index_templates": [] }), json!({}), Value::Null] {
            assert!(matches!(standing(&answer), Standing::Missing), "{answer}");
        }
    }
}
