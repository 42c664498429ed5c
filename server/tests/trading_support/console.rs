//! A console client for tests: signs in, calls the API, follows the live feed. Everything is awaited as an event;
//! a minute without it fails.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub const PASSWORD: &str = "a long enough password";
/// Longer than anything here takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Console {
    address: String,
    cookie: String,
    http: Client,
}

#[derive(Debug)]
#[allow(dead_code)]
pub struct Answer {
    pub status: u16,
    pub correlation_id: String,
    pub body: Value,
}

#[allow(dead_code)]
impl Console {
    pub async fn sign_in(address: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().build().unwrap();
        let body = json!({ "username": "admin", "password": PASSWORD });
        let url = format!("http://{address}/api/v1/sign-in");
        let response = http.post(url).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200, "sign-in");
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { address: address.to_owned(), cookie, http }
    }

    /// What the cookie holds.
    pub fn token(&self) -> &str {
        self.cookie.split_once('=').expect("a cookie").1
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, None).await
    }

    /// Posts under a fresh key.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        let key = uuid::Uuid::new_v4().to_string();
        self.call(Method::POST, path, Some(&key), Some(body)).await
    }

    pub async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = self
            .http
            .request(method, format!("http://{}{path}", self.address))
            .header("cookie", &self.cookie)
            .header("origin", format!("http://{}", self.address));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let correlation_id = response.headers()["x-correlation-id"].to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { status, correlation_id, body }
    }

    /// Waits until a start knows beforehand which instruments it will choose: a second one that would choose the same is
    /// refused from then on.
    pub async fn foresees(&self) {
        let presets = self.get("/api/v1/presets").await.body;
        let body = json!({ "configuration": presets["presets"][0]["configuration"] });
        let path = "/api/v1/configurations/validate";
        let look = async {
            while self.call(Method::POST, path, None, Some(body.clone())).await.body["preview"].is_null() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("a preview");
    }

    /// Starts the default preset and gives the session's id.
    pub async fn start(&self) -> String {
        let body = json!({ "preset": "quick-strangle", "execution_mode": "simulated" });
        let answer = self.post("/api/v1/sessions", body).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.body["session_id"].as_str().unwrap().to_owned()
    }

    /// Records of a log query, newest first.
    pub async fn logs(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/logs?limit=1000&{query}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["records"].as_array().unwrap().clone()
    }

    /// Records of a log query as soon as they are enough: decisions are told after they were made.
    pub async fn logs_until(&self, query: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut latest = Vec::new();
        let look = async {
            loop {
                latest = self.logs(query).await;
                if enough(&latest) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, look).await;
        assert!(found.is_ok(), "never told: {query}: {latest:#?}");
        latest
    }

    pub async fn feed(&self) -> Feed {
        let socket = self.connect(&format!("http://{}", self.address)).await.unwrap();
        Feed {
            socket,
            seq: 0,
            snapshots: 0,
            strip: Value::Null,
            session: Value::Null,
            sessions: BTreeMap::new(),
            points: Vec::new(),
            why: Vec::new(),
        }
    }
}

#[allow(dead_code)]
impl Console {
    /// Opens the feed's socket, signed in, from a page of `origin`; the error is the status of the refusal.
    pub async fn connect(&self, origin: &str) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, u16> {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match connect_async(request).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The live feed with what it has said so far.
pub struct Feed {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub seq: u64,
    pub snapshots: u32,
    pub strip: Value,
    /// The one that was told of last.
    pub session: Value,
    /// By their ids.
    pub sessions: BTreeMap<String, Value>,
    pub points: Vec<Value>,
    pub why: Vec<Value>,
}

#[allow(dead_code)]
impl Feed {
    /// Takes in frames until `reached`; `what` names it when it never comes.
    pub async fn until(&mut self, what: &str, reached: impl Fn(&Feed) -> bool) {
        let wait = async {
            while !reached(self) {
                self.next().await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            let why: Vec<&Value> = self.why.iter().rev().take(20).map(|why| &why["sentence"]).collect();
            panic!("never reached: {what}\nsession: {:#}\nwhy: {why:#?}", self.session);
        }
    }

    pub async fn lifecycle(&mut self, word: &str) {
        self.until(word, |feed| feed.session["lifecycle"] == word).await;
    }

    /// Both legs are sold, as far as they will be.
    pub async fn entered(&mut self) {
        self.until("entry complete", |feed| feed.why.iter().any(|why| why["event"] == "entry.completed"))
            .await;
    }

    pub async fn resync(&mut self) {
        self.socket.send(Message::text(r#"{"resync":true}"#)).await.unwrap();
    }

    pub async fn next(&mut self) {
        let text = loop {
            match self.socket.next().await.expect("the feed goes on").expect("a frame") {
                Message::Text(text) => break text,
                Message::Close(_) => panic!("the feed was closed"),
                _control => {}
            }
        };
        let frame: Value = serde_json::from_str(text.as_str()).unwrap();
        self.seq += 1;
        assert_eq!(frame["seq"], self.seq, "frames are numbered without gaps");
        let snapshot = frame["snapshot"] == true;
        self.snapshots += u32::from(snapshot);
        for delta in frame["deltas"].as_array().unwrap() {
            let value = delta["value"].clone();
            match delta["key"].as_str().unwrap() {
                "strip" => self.strip = value,
                "session" => {
                    let id = value["session_id"].as_str().unwrap().to_owned();
                    self.sessions.insert(id, value.clone());
                    self.session = value;
                }
                "points" => merge(&mut self.points, value["points"].clone(), snapshot),
                "why" => merge(&mut self.why, value, snapshot),
                other => panic!("an unknown key {other}"),
            }
        }
    }
}

fn merge(kept: &mut Vec<Value>, new: Value, replace: bool) {
    if replace {
        kept.clear();
    }
    kept.extend(new.as_array().unwrap().iter().cloned());
}
