//! Delivery to real engines: every record once, whatever happens on the way.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use telemetry::Source;

use super::cutting::{Cutting, Harm};
use super::engines::{Engine, all, are_tight, books, books_until, browser_records, ids_of, tell};

fn once(ids: &BTreeMap<String, usize>) {
    let twice: Vec<_> = ids.iter().filter(|(_, count)| **count != 1).take(5).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn set_up_twice_then_check() {
    for engine in all() {
        let (done, told) = engine.command(&["elastic", "setup"]).await;
        assert!(done, "{told}");
        let (done, told) = engine.command(&["elastic", "setup"]).await;
        assert!(done && !told.contains("made ") && !told.contains("replaced "), "{told}");
        let (good, told) = engine.command(&["elastic", "check"]).await;
        assert!(good, "{told}");
        assert!(told.contains("there          index template      deltascope-logs"), "{told}");
        // Somebody changes a setting by hand.
        let part = "/_component_template/deltascope-logs@settings";
        let mut found =
            engine.ask(Method::GET, part, None).await["component_templates"][0]["component_template"].clone();
        for made_by_the_engine in
            ["created_date_millis", "modified_date_millis", "created_date", "modified_date"]
        {
            found.as_object_mut().unwrap().remove(made_by_the_engine);
        }
        found["template"]["settings"]["index"]["refresh_interval"] = "30s".into();
        engine.ask(Method::PUT, part, Some(&found)).await;
        let (good, told) = engine.command(&["elastic", "check"]).await;
        assert!(!good && told.contains("refresh_interval is \"30s\", not \"5s\""), "{told}");
        let (done, told) = engine.command(&["elastic", "setup"]).await;
        assert!(done && told.contains("replaced "), "{told}");
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn duplicates_poison_and_ten_thousand_odd_keys_leave_everybody_else_searchable() {
    for engine in all() {
        let odd =
            |n: usize| ["a.b", "", " ", "ü", "$x", "..", "_id", ".a."][n % 8].to_owned() + &n.to_string();
        let records = browser_records(1_500, "odd", |n, record| {
            if n % 300 == 7 {
                // Refused for good: deeper than the index goes, and a word longer than an index takes.
                let deep = (0..40).fold(json!({ "bottom": n }), |inner, _| json!({ "d": inner }));
                record.payload.insert("deep".to_owned(), deep);
                record.event = "e".repeat(40_000).into();
            } else if n == 20 {
                let keys = (0..10_000).map(|key| (odd(key), json!(key)));
                record.payload.extend(keys);
            }
        });
        let poison = |id: &String| {
            id.rsplit('-').next().and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n % 300 == 7)
        };
        let console = engine.console(&[]).await;
        tell(&console, &records).await;
        let wanted = ids_of(&records).into_iter().filter(|id| !poison(id)).collect();
        engine.until(&wanted).await;
        // What is too deep is taken as text by an engine that passes over long words, and refused for good by one that does
        // not: until that is known of all five, some may still come.
        let odd_ones =
            |found: &BTreeMap<String, usize>| found.keys().filter(|id| id.starts_with("odd-")).count();
        let (mut before, mut refused) = (0, 0);
        for _ in 0..100 {
            refused = books(&console).await["quarantined"].as_i64().unwrap();
            let found = engine.ids().await;
            once(&found);
            before = odd_ones(&found);
            if i64::try_from(before).unwrap() + refused == 1_500 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        assert_eq!(i64::try_from(before).unwrap() + refused, 1_500, "each is there or a dead letter");
        console.stop().await;

        // Another server with the same records: everything is sent again, and nothing is added.
        let again = engine.console(&[]).await;
        tell(&again, &records).await;
        let there = i64::try_from(before).unwrap();
        books_until(&again, |books| {
            books["duplicates"].as_i64() >= Some(there) && books["quarantined"].as_i64() >= Some(refused)
        })
        .await;
        let found = engine.ids().await;
        once(&found);
        assert_eq!(odd_ones(&found), before);
        again.stop().await;
        engine.clean().await;
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn what_does_not_fit_goes_into_the_failure_store_or_becomes_a_dead_letter() {
    for engine in all() {
        let console = engine.console(&[]).await;
        // A first one makes the stream.
        let fine = browser_records(1, "fine", |_, _| {});
        tell(&console, &fine).await;
        engine.until(&ids_of(&fine)).await;
        let bad = browser_records(3, "bad", |n, record| {
            record.payload.insert("a\u{0}b".to_owned(), n.into());
        });
        let after = browser_records(20, "after", |_, _| {});
        tell(&console, &bad).await;
        tell(&console, &after).await;
        let found = engine.until(&ids_of(&after)).await;
        let kept = found.keys().filter(|id| id.starts_with("bad-")).count();
        if engine.is_open_search().await {
            // It takes what Elasticsearch does not.
            assert_eq!(kept, 3);
        } else {
            assert_eq!(kept, 0);
            let told = books_until(&console, |books| books["quarantined"] == 3).await;
            assert_eq!(told["dead_letters"], 0, "the engine keeps them, not we: {told}");
            let failures = format!("/{}::failures", engine.stream(Source::Frontend));
            engine.call(Method::POST, &format!("{failures}/_refresh"), None).await;
            let stored = engine.ask(Method::POST, &format!("{failures}/_search"), Some(&json!({}))).await;
            assert_eq!(stored["hits"]["total"]["value"], 3, "{stored}");
        }
        console.stop().await;
        engine.clean().await;
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn answers_that_are_cut_and_rollovers_between_tries_leave_everything_once() {
    for engine in all() {
        let streams = [Source::Backend, Source::Frontend, Source::Audit].map(|source| engine.stream(source));
        let script = [
            Harm::None,
            Harm::CutAndRollOver,
            Harm::Refuse(503),
            Harm::Cut,
            Harm::CutAndRollOver,
            Harm::CutAndRollOver,
            Harm::Refuse(429),
            Harm::None,
            Harm::CutAndRollOver,
        ];
        let proxy = Cutting::start(&engine.url, streams.to_vec(), script).await;
        let batch = [("DELTASCOPE__ELASTICSEARCH__BATCH_RECORDS", "40")];
        let console = engine.console_by(&proxy.url(), &batch).await;
        let records = browser_records(600, "cut", |_, _| {});
        tell(&console, &records).await;
        let found = engine.until(&ids_of(&records)).await;
        assert!(proxy.is_through(), "all harm was done");
        once(&found);
        books(&console).await;
        console.stop().await;
        engine.clean().await;
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn requests_that_are_too_large_are_split() {
    for engine in all() {
        let console = engine.console(&[]).await;
        let records = browser_records(900, "large", |n, record| {
            // Different in every record, so that it does not pack.
            let words = (0..60).map(|_| uuid::Uuid::new_v4().to_string());
            record.message = words.collect::<String>() + &n.to_string();
        });
        if are_tight() {
            let (status, _) = engine.call(Method::POST, "/_bulk", Some(&json!("x".repeat(1_200_000)))).await;
            assert_eq!(status.as_u16(), 413, "the engine was started with a small limit");
        }
        tell(&console, &records).await;
        once(&engine.until(&ids_of(&records)).await);
        let told = books(&console).await;
        assert_eq!(told["dead_letters"], 0, "{told}");
        console.stop().await;
        engine.clean().await;
    }
}

/// Requests of others that fill the write queue; how many were turned away.
async fn flood(engine: &Engine, requests: usize) -> usize {
    let line =
        "{\"create\":{}}\n{\"@timestamp\":\"2026-01-05T00:00:00Z\",\"message\":\"flood\"}\n".repeat(300);
    let http = reqwest::Client::new();
    let url = format!("{}/flood-{}/_bulk", engine.url, engine.namespace);
    let one = || {
        let request = http.post(&url).header("content-type", "application/x-ndjson").body(line.clone());
        async move {
            let answer = request.send().await.expect("an answer");
            let whole = answer.status().as_u16() == 429;
            let told: Value = answer.json().await.unwrap_or_default();
            let of_items = told["items"]
                .as_array()
                .is_some_and(|items| items.iter().any(|item| item["create"]["status"] == 429));
            usize::from(whole || of_items)
        }
    };
    futures_util::future::join_all((0..requests).map(|_| one())).await.into_iter().sum()
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn a_full_write_queue_delays_and_loses_nothing() {
    for engine in all() {
        let console = engine.console(&[("DELTASCOPE__ELASTICSEARCH__BATCH_RECORDS", "25")]).await;
        let records = browser_records(1_000, "busy", |_, _| {});
        let (turned_away, ()) = tokio::join!(flood(&engine, 60), tell(&console, &records));
        once(&engine.until(&ids_of(&records)).await);
        if are_tight() {
            assert!(turned_away > 0, "the engine was started with a short queue");
        }
        books(&console).await;
        console.stop().await;
        engine.call(Method::DELETE, &format!("/flood-{}", engine.namespace), None).await;
        engine.clean().await;
    }
}

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn an_engine_without_templates_gets_them_before_the_first_record() {
    for engine in all() {
        engine.call(Method::DELETE, "/_index_template/deltascope-logs", None).await;
        for part in ["settings", "mappings"] {
            engine.call(Method::DELETE, &format!("/_component_template/deltascope-logs@{part}"), None).await;
        }
        let console = engine.console(&[]).await;
        let records = browser_records(50, "first", |_, _| {});
        tell(&console, &records).await;
        once(&engine.until(&ids_of(&records)).await);
        let path = format!("/_data_stream/{}", engine.stream(Source::Frontend));
        let stream = &engine.ask(Method::GET, &path, None).await["data_streams"][0].clone();
        assert_eq!(stream["template"], "deltascope-logs", "{stream}");
        let index = stream["indices"][0]["index_name"].as_str().unwrap();
        let mapping = engine.ask(Method::GET, &format!("/{index}/_mapping"), None).await;
        let properties = &mapping[index]["mappings"]["properties"];
        assert_eq!(properties["timestamp"]["type"], "date_nanos", "{properties}");
        let settings = engine.ask(Method::GET, &format!("/{index}/_settings"), None).await;
        if !engine.is_open_search().await {
            assert_eq!(settings[index]["settings"]["index"]["mode"], "logsdb", "{settings}");
            assert_eq!(settings[index]["settings"]["index"]["mapping"]["source"]["mode"], "stored");
        }
        let (good, told) = engine.command(&["elastic", "check"]).await;
        assert!(good && told.contains("there          data stream"), "{told}");
        console.stop().await;
        engine.clean().await;
    }
}
