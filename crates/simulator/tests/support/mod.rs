//! A small HTTP and WebSocket client for socket-level tests: signs like the venue's own clients and shows
//! exactly what came back, including nothing at all.
#![allow(dead_code)]

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use simulator::auth::sign;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub const KEY: &str = "simulator-key";
pub const SECRET: &str = "simulator-secret";

/// Status, headers (lower case) and body; `None` when the connection ended without an answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub fn result(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["result"].clone()
    }
}

pub fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// One request on its own connection; signed when `signed`.
pub async fn call(url: &str, method: &str, target: &str, body: &str, signed: bool) -> Option<Answer> {
    let address = url.strip_prefix("http://").unwrap();
    let mut headers = format!("host: {address}\r\nuser-agent: test\r\nconnection: close\r\n");
    if signed {
        let timestamp = now_s();
        let signature = sign(SECRET, format!("{method}{timestamp}{target}{body}").as_bytes());
        headers += &format!("api-key: {KEY}\r\ntimestamp: {timestamp}\r\nsignature: {signature}\r\n");
    }
    raw(
        address,
        &format!("{method} {target} HTTP/1.1\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()),
    )
    .await
}

/// Sends a request as it is.
pub async fn raw(address: &str, request: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _reset_counts_as_end = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}

pub async fn get(url: &str, target: &str) -> Value {
    call(url, "GET", target, "", true).await.unwrap().result()
}

pub async fn post(url: &str, target: &str, body: Value) -> Option<Answer> {
    call(url, "POST", target, &body.to_string(), true).await
}

/// A signed-in WebSocket client.
pub struct Feed(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Feed {
    pub async fn open(url: &str) -> Feed {
        Feed(connect_async(format!("{url}/")).await.unwrap().0)
    }

    /// The public host, where nobody signs in.
    pub async fn public(url: &str) -> Feed {
        Feed(connect_async(format!("{url}/public")).await.unwrap().0)
    }

    pub async fn signed_in(url: &str) -> Feed {
        let mut feed = Feed::open(url).await;
        assert_eq!(feed.sign_in().await["status"], "authenticated");
        feed
    }

    /// Asks to be signed in; what the venue says to it.
    pub async fn sign_in(&mut self) -> Value {
        let timestamp = now_s().to_string();
        let signature = sign(SECRET, format!("GET{timestamp}/live").as_bytes());
        let payload = json!({ "api-key": KEY, "timestamp": timestamp, "signature": signature });
        self.send(json!({ "type": "key-auth", "payload": payload })).await;
        self.wait(|frame| frame["type"] == "key-auth").await
    }

    pub async fn send(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, channels: &[(&str, &str)]) {
        let channels: Vec<_> =
            channels.iter().map(|(name, symbol)| json!({ "name": name, "symbols": [symbol] })).collect();
        self.send(json!({ "type": "subscribe", "payload": { "channels": channels } })).await;
    }

    /// Next text frame; `None` at the end of the connection.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_))) => return Some("close frame".to_owned()),
                Some(Ok(_other)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next frame that satisfies `wanted`; others are passed over.
    pub async fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let text = self.next().await.expect("the connection ended");
            if let Ok(frame) = serde_json::from_str::<Value>(&text)
                && wanted(&frame)
            {
                return frame;
            }
        }
    }
}

/// Symbol and product id of the nearest at-the-money call that lives at least a day.
pub async fn call_option(url: &str) -> (String, i64) {
    let day = simulator::time::Date::from_day(now_s() as i64 / 86_400 + 2);
    let date = format!("{:02}-{:02}-{}", day.day, day.month, day.year);
    let query = format!("contract_types=call_options&underlying_asset_symbols=BTC&expiry_date={date}");
    let rows = get(url, &format!("/v2/tickers?{query}")).await;
    let rows = rows.as_array().unwrap().clone();
    let distance = |row: &Value| {
        let number = |name: &str| row[name].as_str().unwrap().parse::<f64>().unwrap();
        (number("strike_price") - number("spot_price")).abs()
    };
    let row = rows.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap();
    (row["symbol"].as_str().unwrap().to_owned(), row["product_id"].as_i64().unwrap())
}
