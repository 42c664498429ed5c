//! A proxy in front of an engine that does harm by script: it delivers a request and cuts the answer, and lets the
//! streams roll over in between.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
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
    pub address: SocketAddr,
}

impl Cutting {
    /// In front of `target`, with the streams that roll over.
    pub async fn start(target: &str, streams: Vec<String>, script: impl IntoIterator<Item = Harm>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let cutting = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            wire: Arc::default(),
            target: target.to_owned(),
            http: reqwest::Client::new(),
            streams,
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
            let answer = self.http.post(url).send().await.expect("an answer");
            // A stream without a record yet has nothing to roll over.
            assert!(answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND);
        }
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
    let mut request = proxy.http.request(method, format!("{}{uri}", proxy.target));
    for name in ["content-type", "content-encoding", "authorization"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    let answer = request.body(body).send().await.expect("the engine answers");
    let status = answer.status();
    let json = answer.headers().get("content-type").cloned();
    let bytes = answer.bytes().await.expect("all of it");
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
