//! Forwarding to a fake Elasticsearch that stops, starts, refuses, and cuts its answers: every record once, none
//! missing, and the books closed at every look.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::fake_engine::{FakeEngine, Greeting, Step};
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
    let template = engine.template().expect("a template");
    assert_eq!(template["index_patterns"][0], "logs-deltascope.*-*");
    assert!(template["data_stream"].is_object());
    let mappings = engine.component("deltascope-logs@mappings").expect("its mappings");
    assert_eq!(mappings["template"]["mappings"]["dynamic"], false);
    let (_, records) = console.stop().await;
    assert!(records.iter().any(|record| record["event"] == "forwarder.template_installed"));
    assert!(records.iter().all(|record| !record.to_string().contains("the-key")), "the key is never told");
}

/// A refusal was told, and the telling refused: 14 records became 14,977 dead letters in a minute.
#[tokio::test]
async fn refusals_are_told_together_and_their_telling_makes_no_dead_letter() {
    let engine = FakeEngine::start().await;
    engine.poison(Some("/health/ready"));
    let console = console(&engine).await;
    for _ in 0..60 {
        console.get("/health/ready").await;
        console.get("/health").await;
    }
    let refused = until(&console, |books| books["dead_letters"].as_i64() == Some(60)).await;
    assert_ne!(refused["forwarder"]["state"], "held", "others are taken: {refused}");
    // Now what tells of it is refused as well.
    engine.poison(Some("forwarder.quarantined"));
    console.get("/health").await;
    let stored = ids(&console).await.len();
    until(&console, |books| books["delivered"].as_i64() > Some(stored as i64 - 61)).await;
    assert_eq!(books(&console).await["dead_letters"], 60);
    let (_, records) = console.stop().await;
    let told = records.iter().filter(|record| record["event"] == "forwarder.quarantined").count();
    assert!((1..=2).contains(&told), "told {told} times within a minute");
}

/// Dead letters can be sent again once the engine takes them.
#[tokio::test]
async fn dead_letters_are_sent_again_when_somebody_asks() {
    let engine = FakeEngine::start().await;
    engine.poison(Some("/health/ready"));
    let console = console(&engine).await;
    for _ in 0..20 {
        console.get("/health/ready").await;
        console.get("/health").await;
    }
    let before = until(&console, |books| books["dead_letters"].as_i64() == Some(20)).await;
    engine.poison(None);
    let output = console.command(&["logs", "replay-dead-letters"]).await;
    assert!(output.contains("are sent again"), "{output}");
    console.get("/health").await;
    let books = until(&console, |books| books["dead_letters"] == 0 && books["quarantined"] == 0).await;
    assert!(books["delivered"].as_i64() >= before["delivered"].as_i64().map(|n| n + 20), "{books}");
    let stored = ids(&console).await;
    engine.until(|documents| stored.is_subset(&indexed(documents))).await;
}

/// What every document meets alike is the destination's fault: held with one sentence, nothing lost, all goes out
/// when it is put right.
#[tokio::test]
async fn a_destination_that_refuses_everything_is_held_in_one_sentence() {
    let table = [
        (
            Step::AllRefused(
                "illegal_argument_exception",
                "Document ID is not supported in create/index operation request",
            ),
            Greeting::Nothing,
            "needs document ids",
        ),
        (
            Step::AllRefused(
                "validation_exception",
                "Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;",
            ),
            Greeting::Elasticsearch,
            "no shard left",
        ),
        (Step::AllRefused("index_closed_exception", "closed"), Greeting::Elasticsearch, "index is closed"),
        (Step::Page(400), Greeting::Elasticsearch, "something else than a search engine"),
    ];
    for (step, greeting, words) in table {
        let engine = FakeEngine::start().await;
        engine.greet(greeting);
        engine.always(Some(step.clone()));
        let console = console(&engine).await;
        for _ in 0..20 {
            console.get("/health").await;
        }
        let books = until(&console, |books| books["forwarder"]["state"] == "held").await;
        assert!(books["forwarder"]["last_error"].as_str().unwrap().contains(words), "{books}");
        let health = console.json("/health").await;
        assert_eq!(health["status"], "degraded", "who looks at health hears of it: {health}");
        let before = engine.bulks();
        assert!(before < 40, "{before} requests for {step:?}");
        engine.always(None);
        let stored = ids(&console).await;
        engine.until(|documents| stored.is_subset(&indexed(documents))).await;
        let books = until(&console, |books| books["forwarder"]["state"] != "held").await;
        assert_eq!(
            (books["dead_letters"].as_i64(), books["quarantined"].as_i64()),
            (Some(0), Some(0)),
            "{books}"
        );
        let (_, records) = console.stop().await;
        let held = records.iter().filter(|record| record["event"] == "forwarder.held").count();
        assert!((1..=3).contains(&held), "told {held} times: once for a cause");
    }
}

/// Without the template the engine would make indices of its own.
#[tokio::test]
async fn without_the_template_nothing_is_sent() {
    let engine = FakeEngine::start().await;
    engine.refuse_template();
    let console = console(&engine).await;
    let books = until(&console, |books| books["forwarder"]["state"] == "held").await;
    assert!(
        books["forwarder"]["last_error"].as_str().unwrap().contains("deltascope-logs is missing"),
        "{books}"
    );
    assert_eq!(engine.bulks(), 0);
    engine.allow_template();
    let stored = ids(&console).await;
    engine.until(|documents| stored.is_subset(&indexed(documents))).await;
    assert!(engine.template().is_some());
}

/// It got plain indices without a template, and refused half of the records later.
#[tokio::test]
async fn an_engine_that_comes_back_empty_gets_its_template_before_any_record() {
    for stops in [true, false] {
        let mut engine = FakeEngine::start().await;
        let console = console(&engine).await;
        engine.until(|documents| !documents.is_empty()).await;
        if stops {
            engine.stop().await;
        }
        engine.forget();
        // What it had is gone; what it has not had yet must come.
        let before = ids(&console).await;
        console.get("/health/ready").await;
        if stops {
            engine.start_again().await;
        }
        let after: BTreeSet<String> = ids(&console).await.difference(&before).cloned().collect();
        let there = engine.until(|documents| after.is_subset(&indexed(documents)));
        let there = tokio::time::timeout(std::time::Duration::from_secs(40), there).await;
        assert!(there.is_ok(), "{}", console.json("/api/v1/pipeline").await);
        assert!(engine.template().is_some() && engine.component("deltascope-logs@mappings").is_some());
        let books = books(&console).await;
        assert_eq!(
            (books["quarantined"].as_i64(), books["turned_away"].as_i64()),
            (Some(0), Some(0)),
            "{books}"
        );
        console.stop().await;
    }
}

#[tokio::test]
async fn an_older_template_of_ours_is_replaced_and_a_foreign_one_is_left() {
    let engine = FakeEngine::start().await;
    engine.put_template(serde_json::json!({ "_meta": { "version": 0 }, "template": {} }));
    let console = console(&engine).await;
    engine.until(|documents| !documents.is_empty()).await;
    assert_eq!(engine.template().unwrap()["_meta"]["owner"], "deltascope");
    let (_, records) = console.stop().await;
    assert!(records.iter().any(
        |record| record["event"] == "forwarder.template_installed" && record["payload"]["replaced"] == 0
    ));

    let engine = FakeEngine::start().await;
    let foreign = serde_json::json!({ "_meta": { "owner": "somebody" }, "template": { "mine": true } });
    engine.put_template(foreign.clone());
    let console = self::console(&engine).await;
    engine.until(|documents| !documents.is_empty()).await;
    assert_eq!(engine.template(), Some(foreign));
    let (_, records) = console.stop().await;
    assert!(records.iter().any(|record| record["event"] == "forwarder.template_foreign"));
}

#[tokio::test]
async fn opensearch_that_says_it_is_elasticsearch_gets_its_own_template() {
    let engine = FakeEngine::start().await;
    engine.greet(Greeting::Compatible);
    let console = console(&engine).await;
    engine.until(|documents| !documents.is_empty()).await;
    assert_eq!(
        engine.component("deltascope-logs@mappings").unwrap()["template"]["mappings"]["properties"]["payload"]
            ["type"],
        "flat_object"
    );
    drop(console);
}

/// The password in the address is used, and stands nowhere.
#[tokio::test]
async fn credentials_in_the_address_are_used_and_never_written() {
    let engine = FakeEngine::start().await;
    let url = engine.url().replace("http://", "http://elastic:s3cretPassw0rd@");
    let mut console = Console::start(&[("ELASTICSEARCH_URL", url.as_str())]).await;
    console.sign_in(PASSWORD).await;
    engine.until(|documents| !documents.is_empty()).await;
    assert!(engine.authorization().is_some_and(|value| value.starts_with("Basic ")));
    let shown = console.command(&["config", "show"]).await;
    assert!(shown.contains("***@") && !shown.contains("s3cretPassw0rd"), "{shown}");
    assert!(!console.json("/api/v1/logs?limit=1000").await.to_string().contains("s3cretPassw0rd"));
    assert!(!format!("{:?}", engine.documents()).contains("s3cretPassw0rd"));
    let (_, records) = console.stop().await;
    assert!(records.iter().all(|record| !record.to_string().contains("s3cretPassw0rd")));
}

/// Waits until the books say so, looking again whenever the engine was asked something.
async fn until(console: &Console, condition: impl Fn(&Value) -> bool) -> Value {
    let wait = async {
        loop {
            let books = books(console).await;
            if condition(&books) {
                return books;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect("within a minute")
}

#[tokio::test]
async fn without_elasticsearch_the_books_are_off() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let books = books(&console).await;
    assert_eq!(books["forwarder"]["state"], "off");
    assert_eq!(books["offered"], 0);
}
