//! A proxy in front of an engine that does harm by script: it delivers a request and cuts the answer, and lets the
//! streams roll over in between.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// What is done with one bulk request; without a script it goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    None,
    /// Delivered, and half of the answer comes back.
    Cut,
    /// The same, and then the streams write to new indices.
    CutAndRollOver,
    /// Not delivered.
    Refuse(u16),
}

#[derive(Clone)]
pub struct Cutting {
    script: Arc<Mutex<VecDeque<Harm>>>,
    /// Everything that went through in both directions, when asked for.
    pub wire: Arc<Mutex<Vec<u8>>>,
    target: String,
    http: reqwest::Client,
    streams: Vec<String>,
    /// What a full queue of the engine turns away is sent again until it is taken.
    patient: bool,
    pub address: SocketAddr,
}

impl Cutting {
    /// Does no harm, and keeps from who stands in front of it that the engine was busy.
    pub async fn patient(target: &str) -> Self {
        Self::open(target, Vec::new(), [], true).await
    }

    /// In front of `target`, with the streams that roll over.
    pub async fn start(target: &str, streams: Vec<String>, script: impl IntoIterator<Item = Harm>) -> Self {
        Self::open(target, streams, script, false).await
    }

    async fn open(
        target: &str,
        streams: Vec<String>,
        script: impl IntoIterator<Item = Harm>,
        patient: bool,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let cutting = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            wire: Arc::default(),
            target: target.to_owned(),
            http: reqwest::Client::new(),
            streams,
            patient,
            address: listener.local_addr().expect("an address"),
        };
        let router = Router::new().fallback(pass).with_state(cutting.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        cutting
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn is_through(&self) -> bool {
        self.script.lock().unwrap().is_empty()
    }

    async fn roll_over(&self) {
        for stream in &self.streams {
            let url = format!("{}/{stream}/_rollover", self.target);
            loop {
                let answer = self.http.post(&url).send().await.expect("an answer");
                // A stream without a record yet has nothing to roll over.
                if answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND {
                    break;
                }
                // An engine whose only writing thread is busy says so.
                assert!(
                    answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.status().is_server_error()
                );
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }

    async fn ask(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Bytes,
    ) -> (StatusCode, Option<HeaderValue>, Bytes) {
        let mut request = self.http.request(method.clone(), format!("{}{uri}", self.target));
        for name in ["content-type", "content-encoding", "authorization"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.body(body).send().await.expect("the engine answers");
        let (status, json) = (answer.status(), answer.headers().get("content-type").cloned());
        (status, json, answer.bytes().await.expect("all of it"))
    }

    fn note(&self, bytes: &[u8]) {
        self.wire.lock().unwrap().extend_from_slice(bytes);
    }
}

async fn pass(
    State(proxy): State<Cutting>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_bulk = uri.path() == "/_bulk";
    let harm = is_bulk.then(|| proxy.script.lock().unwrap().pop_front()).flatten().unwrap_or(Harm::None);
    proxy.note(format!("{method} {uri} {headers:?}\n").as_bytes());
    let packed = headers.get("content-encoding").is_some_and(|value| value == "gzip");
    proxy.note(&if packed { telemetry::inflate(&body, 64 << 20).expect("gzip") } else { body.to_vec() });
    if let Harm::Refuse(status) = harm {
        return StatusCode::from_u16(status).expect("a status").into_response();
    }
    let (status, json, bytes) = loop {
        let answered = proxy.ask(&method, &uri, &headers, body.clone()).await;
        let turned_away = answered.0 == StatusCode::TOO_MANY_REQUESTS
            || memchr::memmem::find(&answered.2, b"\"status\":429").is_some();
        if !(proxy.patient && turned_away) {
            break answered;
        }
        // What was taken already is answered as a conflict then, which means that it is there.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    proxy.note(&bytes);
    let half = bytes.slice(..bytes.len() / 2);
    let bytes = match harm {
        Harm::None | Harm::Refuse(_) => bytes,
        Harm::Cut => half,
        Harm::CutAndRollOver => {
            proxy.roll_over().await;
            half
        }
    };
    let mut response = (status, bytes).into_response();
    if let Some(json) = json {
        response.headers_mut().insert("content-type", json);
    }
    response
}
