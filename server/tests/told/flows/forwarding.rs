//! A search engine that stands still, refuses, holds a foreign template, and takes everything in the end.

use serde_json::Value;

use crate::console::fake_engine::{FakeEngine, Step};
use crate::console::{Console, PASSWORD};

async fn console(url: &str) -> Console {
    let mut console = Console::start(&[
        ("ELASTICSEARCH_URL", url),
        ("ELASTICSEARCH_API_KEY", "the-key"),
        ("DELTASCOPE__ELASTICSEARCH__BATCH_RECORDS", "7"),
    ])
    .await;
    console.sign_in(PASSWORD).await;
    console
}

/// Asks for something, so that there is something to forward, until a record of that name was told.
async fn until(console: &Console, event: &str) {
    for _ in 0..600 {
        if console.lines.records().iter().any(|record| record["event"] == event) {
            return;
        }
        console.get("/api/v1/me").await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{event} was never told");
}

pub async fn engine_that_refuses() -> Vec<Value> {
    let mut engine = FakeEngine::start().await;
    let first = console(&engine.url()).await;
    until(&first, "forwarder.template_installed").await;
    engine.poison(Some("answered 404"));
    first.get("/nothing/there").await;
    first.get("/api/v1/nothing-there").await;
    until(&first, "forwarder.quarantined").await;
    engine.poison(None);
    engine.always(Some(Step::Refuse(503)));
    until(&first, "forwarder.resting").await;
    engine.always(Some(Step::Refuse(401)));
    until(&first, "forwarder.held").await;
    engine.always(None);
    until(&first, "forwarder.recovered").await;
    engine.stop().await;
    let records = first.stop().await.1;
    [records, odd_template().await, hidden_template().await, nothing_usable().await].concat()
}

/// Somebody else's template stands there, or ours may not be put.
async fn odd_template() -> Vec<Value> {
    let engine = FakeEngine::start().await;
    engine.put_template(serde_json::json!({ "index_patterns": ["logs-deltascope.*"], "template": {} }));
    let foreign = console(&engine.url()).await;
    until(&foreign, "forwarder.template_foreign").await;
    let records = foreign.stop().await.1;
    let engine = FakeEngine::start().await;
    engine.refuse_template();
    let refused = console(&engine.url()).await;
    until(&refused, "forwarder.template_refused").await;
    [records, refused.stop().await.1].concat()
}

/// Nobody may look whether there is a template: payloads go as text, which any mapping takes.
async fn hidden_template() -> Vec<Value> {
    let engine = FakeEngine::start().await;
    engine.hide_template();
    let console = console(&engine.url()).await;
    until(&console, "forwarder.template_unseen").await;
    console.get("/api/v1/me").await;
    engine.until(|documents| documents.values().any(|document| document["event"] == "http.request")).await;
    for document in engine.documents().values() {
        let payload = document["payload_text"].as_str().and_then(|text| serde_json::from_str(text).ok());
        assert!(payload.is_some_and(|payload: Value| payload.is_object()), "{document:#}");
        assert!(document.get("payload").is_none(), "{document:#}");
    }
    console.stop().await.1
}

/// The certificate that is to be trusted is not there.
async fn nothing_usable() -> Vec<Value> {
    let settings = [
        ("ELASTICSEARCH_URL", "https://127.0.0.1:9"),
        ("DELTASCOPE__ELASTICSEARCH__CA_FILE", "/nothing/ca.pem"),
    ];
    let console = Console::start(&settings).await;
    console.settled().await;
    console.stop().await.1
}
