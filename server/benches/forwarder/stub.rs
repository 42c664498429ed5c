//! A search engine that keeps nothing: it unpacks each `_bulk`, reads the id of every record, answers with a result for
//! each, and knows afterwards how often each record came and when. A process of its own.

use std::io::Read as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse, Json};
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use crate::records::{BOOT, ERROR_EVERY};

/// What came so far.
#[derive(Default)]
struct Figures {
    /// How often each of the records came that were there before.
    times: Vec<u8>,
    distinct: u64,
    bulks: u64,
    bytes: u64,
    first_bulk_us: u64,
    /// When the last record came for the first time.
    last_us: u64,
    /// The same of those that are errors.
    last_error_us: u64,
    /// Of errors that browsers told: when, and how long it took to come here.
    errors: Vec<(u64, u64)>,
}

type Shared = Arc<Mutex<Figures>>;

/// Microseconds since 1970.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Serves until it is ended.
pub async fn serve(port: u16) {
    let figures = Shared::default();
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                Json(json!({ "version": { "number": "9.5.3" }, "tagline": "You Know, for Search" }))
            }),
        )
        .route("/_index_template/deltascope-logs", get(|| async { Json(template()) }))
        .route("/_bulk", post(bulk))
        .route("/_figures", get(told))
        .fallback(any(|| async { Json(json!({ "acknowledged": true })) }))
        .layer(DefaultBodyLimit::disable())
        .with_state(figures);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
    eprintln!("ready on http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, app).await.expect("a server");
}

/// Newer than any of ours, so that nothing is put.
fn template() -> Value {
    let meta = json!({ "owner": "deltascope", "version": 1_000_000 });
    json!({ "index_templates": [{ "index_template": { "_meta": meta } }] })
}

async fn told(State(figures): State<Shared>) -> Json<Value> {
    let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
    let twice = figures.times.iter().filter(|times| **times > 1).count();
    Json(json!({
        "distinct": figures.distinct, "twice": twice, "bulks": figures.bulks, "bytes": figures.bytes,
        "first_bulk_us": figures.first_bulk_us, "last_us": figures.last_us,
        "last_error_us": figures.last_error_us, "errors": figures.errors,
    }))
}

async fn bulk(State(figures): State<Shared>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let at = now_us();
    let packed = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
    let answer = tokio::task::spawn_blocking(move || {
        let mut unpacked = Vec::new();
        let text: &[u8] = match packed {
            true => {
                flate2::read::GzDecoder::new(&*body).read_to_end(&mut unpacked).expect("gzip");
                &unpacked
            }
            false => &body,
        };
        let records = looked_at(text);
        let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.enter(&records, at, body.len() as u64);
        answer_for(records.len())
    });
    ([(CONTENT_TYPE, "application/json")], answer.await.expect("read"))
}

/// A record in a request: which of those that were there before, and when it was told if it is an error of a browser.
#[derive(Default)]
struct Record {
    number: Option<usize>,
    error_of_us: Option<u64>,
}

fn looked_at(text: &[u8]) -> Vec<Record> {
    let (mut records, mut from) = (Vec::new(), 0);
    for (n, end) in memchr::memchr_iter(b'\n', text).enumerate() {
        let line = &text[from..end];
        from = end + 1;
        if n % 2 == 0 {
            records.push(Record { number: after(line, BOOT), error_of_us: None });
        } else if let Some(record) = records.last_mut()
            && memchr::memmem::find(&line[..line.len().min(140)], b"\"level\":\"error\"").is_some()
        {
            record.error_of_us = after(line, "\"sent_us\":").map(|us| us as u64);
        }
    }
    records
}

/// The number behind these words.
fn after(line: &[u8], words: &str) -> Option<usize> {
    let at = memchr::memmem::find(line, words.as_bytes())? + words.len();
    let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&line[at..at + digits]).ok()?.parse().ok()
}

fn answer_for(records: usize) -> String {
    const ITEM: &str = r#"{"create":{"_index":".ds-logs-deltascope.app-default-000001","status":201}}"#;
    let mut answer = String::with_capacity(records * (ITEM.len() + 1) + 40);
    answer.push_str(r#"{"errors":false,"items":["#);
    for n in 0..records {
        answer.push_str(if n == 0 { "" } else { "," });
        answer.push_str(ITEM);
    }
    answer.push_str("]}");
    answer
}

impl Figures {
    fn enter(&mut self, records: &[Record], at: u64, bytes: u64) {
        if self.bulks == 0 {
            self.first_bulk_us = at;
        }
        self.bulks += 1;
        self.bytes += bytes;
        for record in records {
            if let Some(number) = record.number {
                if self.times.len() <= number {
                    self.times.resize(number + 1, 0);
                }
                self.times[number] = self.times[number].saturating_add(1);
                if self.times[number] == 1 {
                    (self.distinct, self.last_us) = (self.distinct + 1, at);
                    if number.is_multiple_of(ERROR_EVERY) {
                        self.last_error_us = at;
                    }
                }
            }
            self.errors.extend(record.error_of_us.map(|told| (told, at.saturating_sub(told))));
        }
    }
}
