//! Real engines, and what is asked of them in tests. Their addresses come from the suite that starts them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use telemetry::{LogRecord, Source};

use crate::support::{Console, PASSWORD};

/// Addresses with a comma between them.
const ENGINES: &str = "DELTASCOPE_TEST_ENGINES";
/// Set when the suite started them itself: with a short write queue and small requests.
const TIGHT: &str = "DELTASCOPE_TEST_ENGINES_TIGHT";

/// An engine, and a namespace of one test in it.
pub struct Engine {
    pub url: String,
    pub namespace: String,
    http: reqwest::Client,
}

/// One for each address, each with a namespace of its own.
pub fn all() -> Vec<Engine> {
    server::tls::install();
    let urls = std::env::var(ENGINES).expect("addresses of engines, from `cargo xtask test --only engines`");
    let engine = |url: &str| Engine {
        url: url.trim_end_matches('/').to_owned(),
        namespace: format!("t{}", &uuid::Uuid::new_v4().simple().to_string()[..10]),
        http: reqwest::Client::new(),
    };
    urls.split(',').filter(|url| !url.is_empty()).map(engine).collect()
}

pub fn are_tight() -> bool {
    std::env::var(TIGHT).is_ok()
}

impl Engine {
    /// A JSON call.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status();
        (status, response.json().await.unwrap_or_default())
    }

    /// A call that must succeed.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// The same engine by the address of a proxy.
    pub fn behind(self, url: String) -> Self {
        Self { url, ..self }
    }

    pub async fn is_open_search(&self) -> bool {
        self.ask(Method::GET, "/", None).await["version"]["distribution"] == "opensearch"
    }

    /// All streams of this test.
    pub fn streams(&self) -> String {
        format!("logs-deltascope.*-{}", self.namespace)
    }

    pub fn stream(&self, source: Source) -> String {
        telemetry::data_stream(source, &self.namespace)
    }

    /// A server that forwards to it.
    pub async fn console(&self, settings: &[(&str, &str)]) -> Console {
        self.console_by(&self.url, settings).await
    }

    /// The same by another address.
    pub async fn console_by(&self, url: &str, settings: &[(&str, &str)]) -> Console {
        let mut all = vec![
            ("ELASTICSEARCH_URL", url),
            ("DELTASCOPE__ELASTICSEARCH__NAMESPACE", self.namespace.as_str()),
        ];
        all.extend(settings);
        let mut console = Console::start(&all).await;
        console.sign_in(PASSWORD).await;
        console
    }

    /// What a command says and whether it went well.
    pub async fn command(&self, arguments: &[&str]) -> (bool, String) {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_deltascope"))
            .args(arguments)
            .env("ELASTICSEARCH_URL", &self.url)
            .env("DELTASCOPE__ELASTICSEARCH__NAMESPACE", &self.namespace)
            .output()
            .await
            .expect("the program runs");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.success(), text.concat())
    }

    /// Makes what was delivered visible.
    pub async fn refresh(&self) {
        self.call(Method::POST, &format!("/{}/_refresh", self.streams()), None).await;
    }

    /// Documents by id: how often each stands in all indices of the streams together.
    pub async fn ids(&self) -> BTreeMap<String, usize> {
        self.refresh().await;
        let mut found = BTreeMap::new();
        let mut after = Value::Null;
        loop {
            let mut body = json!({
                "size": 5_000, "_source": false, "sort": [{ "seq": "asc" }, { "event_id": "asc" }],
                "query": { "match_all": {} }
            });
            if !after.is_null() {
                body["search_after"] = after;
            }
            let path = format!("/{}/_search?ignore_unavailable=true", self.streams());
            let (status, answer) = self.call(Method::POST, &path, Some(&body)).await;
            if status == StatusCode::SERVICE_UNAVAILABLE {
                // An index that is just being made.
                return found;
            }
            assert!(status.is_success(), "{path}: {status} {answer}");
            let hits = answer["hits"]["hits"].as_array().expect("hits");
            for hit in hits {
                *found.entry(hit["_id"].as_str().expect("an id").to_owned()).or_insert(0) += 1;
            }
            match hits.last() {
                Some(last) => after = last["sort"].clone(),
                None => return found,
            }
        }
    }

    /// Waits until all of these are there: the engine calls nobody. Gives what stands there.
    pub async fn until(&self, wanted: &BTreeSet<String>) -> BTreeMap<String, usize> {
        for _ in 0..300 {
            let ids = self.ids().await;
            if wanted.iter().all(|id| ids.contains_key(id)) {
                return ids;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let ids = self.ids().await;
        let missing: Vec<&String> = wanted.iter().filter(|id| !ids.contains_key(*id)).take(5).collect();
        panic!("{} of {} are there; missing are {missing:?}", ids.len(), wanted.len());
    }

    /// Takes the streams of this test away again.
    pub async fn clean(&self) {
        self.call(Method::DELETE, &format!("/_data_stream/{}", self.streams()), None).await;
    }
}

/// Records as a browser's, which keep the ids that they come with.
pub fn browser_records(count: usize, bid: &str, change: impl Fn(usize, &mut LogRecord)) -> Vec<LogRecord> {
    let start = server::clock::now();
    let record = |n: usize| {
        let mut record = LogRecord {
            timestamp: telemetry::Micros(start.0 + i64::try_from(n).unwrap_or_default()),
            source: Source::Frontend,
            service: telemetry::SERVICE.into(),
            event: "ui.click".into(),
            message: format!("Clicked {n}"),
            event_id: format!("{bid}-{n}"),
            ..LogRecord::default()
        };
        change(n, &mut record);
        record
    };
    (0..count).map(record).collect()
}

pub fn ids_of(records: &[LogRecord]) -> BTreeSet<String> {
    records.iter().map(|record| record.event_id.clone()).collect()
}

/// Tells them and waits until the store has them.
pub async fn tell(console: &Console, records: &[LogRecord]) {
    for record in records {
        console.running.app.teller.tell_record(record.clone());
    }
    console.settled().await;
}

/// Looks at the books and checks their law.
pub async fn books(console: &Console) -> Value {
    let books = console.json("/api/v1/pipeline").await;
    let n = |key: &str| books[key].as_i64().expect("a number");
    assert_eq!(n("offered"), n("delivered") + n("quarantined") + n("turned_away") + n("held"), "{books}");
    books
}

/// The same until they say something: they are moved a few times a second.
pub async fn books_until(console: &Console, say: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..300 {
        let told = books(console).await;
        if say(&told) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}", books(console).await);
}
