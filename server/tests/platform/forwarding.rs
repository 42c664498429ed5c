//! Forwarding to a fake Elasticsearch that stops, starts, refuses, and cuts its answers: every record once, none
//! missing, and the books closed at every look.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::fake_engine::{FakeEngine, Step};
use crate::support::{Console, PASSWORD};

async fn console(engine: &FakeEngine) -> Console {
    let mut console = Console::start(&[
        ("ELASTICSEARCH_URL", engine.url().as_str()),
        ("ELASTICSEARCH_API_KEY", "the-key"),
        ("DELTASCOPE__ELASTICSEARCH__NAMESPACE", "test"),
        ("DELTASCOPE__ELASTICSEARCH__BATCH_RECORDS", "7"),
    ])
    .await;
    console.sign_in(PASSWORD).await;
    console
}

/// Looks at the books and checks their law.
async fn books(console: &Console) -> Value {
    let books = console.json("/api/v1/pipeline").await;
    let n = |key: &str| books[key].as_i64().unwrap();
    assert_eq!(n("offered"), n("delivered") + n("quarantined") + n("turned_away") + n("held"), "{books}");
    books
}

/// Ids of every record in the store, by paging through all of them.
async fn ids(console: &Console) -> BTreeSet<String> {
    console.settled().await;
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = console.json(&format!("/api/v1/logs?limit=1000{cursor}")).await;
        ids.extend(
            page["records"].as_array().unwrap().iter().map(|r| r["event_id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

fn indexed(documents: &std::collections::BTreeMap<(String, String), Value>) -> BTreeSet<String> {
    documents.keys().map(|(_, id)| id.clone()).collect()
}

#[tokio::test]
async fn every_record_once_while_the_engine_stops_and_starts() {
    let mut engine = FakeEngine::start().await;
    let mut console = console(&engine).await;
    engine.script([
        Step::Items(vec![201, 429, 503]),
        Step::TakeAndGarble,
        Step::Refuse(503),
        Step::TakeAndShorten,
        Step::Refuse(429),
        Step::Items(vec![500, 201]),
    ]);
    for round in 0..3 {
        for _ in 0..15 {
            console.get("/health").await;
            books(&console).await;
        }
        engine.stop().await;
        for _ in 0..15 {
            console.get("/health").await;
            books(&console).await;
        }
        if round == 1 {
            console = console.restart().await;
        }
        engine.start_again().await;
    }
    let stored = ids(&console).await;
    engine.until(|documents| stored.is_subset(&indexed(documents))).await;
    let later = ids(&console).await;
    assert!(indexed(&engine.documents()).is_subset(&later), "nothing that is not in the store");
    let per_id = engine.documents().len();
    assert_eq!(per_id, indexed(&engine.documents()).len(), "one index for each id");
    let books = books(&console).await;
    assert!(
        books["duplicates"].as_i64().unwrap() > 0,
        "cut answers were told apart from new records: {books}"
    );
    assert_eq!((books["quarantined"].as_i64(), books["turned_away"].as_i64()), (Some(0), Some(0)));
}

#[tokio::test]
async fn records_go_to_the_stream_of_their_source_with_the_key() {
    let engine = FakeEngine::start().await;
    let console = console(&engine).await;
    engine.until(|documents| documents.keys().any(|(index, _)| index == "logs-deltascope.audit-test")).await;
    for ((index, id), document) in engine.documents() {
        let expected = match document["source"].as_str() {
            Some("audit") => "logs-deltascope.audit-test",
            Some("backend") => "logs-deltascope.app-test",
            other => panic!("{other:?}"),
        };
        assert_eq!((index.as_str(), document["event_id"].as_str()), (expected, Some(id.as_str())));
    }
    assert_eq!(engine.authorization().as_deref(), Some("ApiKey the-key"));
    let template = engine.template().expect("a minimal template");
    assert_eq!(template["index_patterns"][0], "logs-deltascope.*-*");
    assert!(template["data_stream"].is_object() && template["template"]["mappings"]["dynamic"] == false);
    let (_, records) = console.stop().await;
    assert!(records.iter().any(|record| record["event"] == "forwarder.template_installed"));
    assert!(records.iter().all(|record| !record.to_string().contains("the-key")), "the key is never told");
}

#[tokio::test]
async fn a_poison_record_becomes_a_dead_letter_and_its_neighbours_arrive() {
    let engine = FakeEngine::start().await;
    engine.refuse_template();
    engine.script([Step::Items(vec![400, 201, 201, 201, 201, 201, 201])]);
    let console = console(&engine).await;
    let stored = ids(&console).await;
    engine.until(|documents| stored.intersection(&indexed(documents)).count() + 1 >= stored.len()).await;
    let (_, records) = console.stop().await;
    let events: Vec<&str> = records.iter().filter_map(|record| record["event"].as_str()).collect();
    assert!(
        events.contains(&"forwarder.template_refused") && events.contains(&"forwarder.quarantined"),
        "{events:?}"
    );
}

#[tokio::test]
async fn without_elasticsearch_the_books_are_off() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let books = books(&console).await;
    assert_eq!(books["forwarder"]["state"], "off");
    assert_eq!(books["offered"], 0);
}
