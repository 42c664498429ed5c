//! A signed client of the venue as a pure function: REST and one WebSocket session in virtual time, without a socket.
#![allow(dead_code)]

use serde_json::{Value, json};
use simulator::auth::{Credentials, Given, Quotas, sign};
use simulator::dialect::session::Session;
use simulator::rest::{Gate, Reply, Request, respond};
use simulator::{Exchange, Quirks, Setup, Source, Tape, TapeEnd};

pub const SECOND: i64 = 1_000_000;
/// One second after an expiry.
pub const START: i64 = 1_789_992_001 * SECOND;

pub struct Client {
    pub exchange: Exchange,
    pub gate: Gate,
    pub now_us: i64,
    pub session: Session,
}

impl Client {
    pub fn new() -> Client {
        Client::with(Quirks::default())
    }

    pub fn with(quirks: Quirks) -> Client {
        let source = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
        let exchange = Exchange::new(Setup { quirks, ..Setup::new(1, source, START) });
        let credentials = Credentials { key: "k".to_owned(), secret: "s".to_owned() };
        let gate = Gate { credentials, quotas: Quotas::default() };
        Client { exchange, gate, now_us: START, session: Session::new(false) }
    }

    pub fn send(&mut self, method: &str, target: &str, body: &str) -> Reply {
        self.send_as("s", method, target, body)
    }

    pub fn send_as(&mut self, secret: &str, method: &str, target: &str, body: &str) -> Reply {
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let timestamp = (self.now_us / SECOND).to_string();
        let signature = sign(secret, format!("{method}{timestamp}{target}{body}").as_bytes());
        let given = Given { key: Some("k"), timestamp: Some(&timestamp), signature: Some(&signature) };
        let request = Request {
            method,
            path,
            query,
            user_agent: Some("t"),
            given,
            address: "a",
            body: body.as_bytes(),
        };
        respond(&mut self.exchange, &mut self.gate, self.now_us, &request)
    }

    pub fn get(&mut self, target: &str) -> Value {
        let reply = self.send("GET", target, "");
        assert_eq!(reply.status, 200, "{target}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    /// The result of a call that must succeed.
    pub fn call(&mut self, method: &str, target: &str, body: Value) -> Value {
        let reply = self.send(method, target, &body.to_string());
        assert_eq!(reply.status, 200, "{target} {body}: {}", reply.body);
        serde_json::from_str::<Value>(&reply.body).unwrap()["result"].clone()
    }

    /// The code of a call that must be refused.
    pub fn refused(&mut self, method: &str, target: &str, body: Value) -> (u16, String) {
        let reply = self.send(method, target, &body.to_string());
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        (reply.status, answer["error"]["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned())
    }

    /// Signs the session in and subscribes it; the frames that come at once.
    pub fn subscribe(&mut self, channels: &[(&str, &[&str])]) -> Vec<Value> {
        let timestamp = (self.now_us / SECOND).to_string();
        let signature = sign("s", format!("GET{timestamp}/live").as_bytes());
        let payload = json!({ "api-key": "k", "timestamp": timestamp, "signature": signature });
        let hello = json!({ "type": "key-auth", "payload": payload });
        let named = |(name, symbols): &(&str, &[&str])| json!({ "name": name, "symbols": symbols });
        let channels: Vec<Value> = channels.iter().map(named).collect();
        let wanted = json!({ "type": "subscribe", "payload": { "channels": channels } });
        let mut frames = Vec::new();
        for frame in [hello, wanted] {
            let keys = self.gate.credentials.clone();
            let text = frame.to_string();
            frames = self.session.on_text(&text, &mut self.exchange, &keys, &mut (), self.now_us);
        }
        frames
    }

    /// What the session gets until so many milliseconds later.
    pub fn frames(&mut self, ms: i64) -> Vec<Value> {
        self.now_us += ms * 1_000;
        let events = self.exchange.advance(self.now_us);
        events.iter().filter_map(|event| self.session.frames(event)).collect()
    }

    /// A resting purchase far below the market.
    pub fn rests(&mut self, symbol: &str, size: i64) -> Value {
        let product = self.exchange.product(symbol).unwrap();
        let mark = self.exchange.ticker(self.now_us, &product).mark;
        let far = (mark * rust_decimal::Decimal::new(8, 1)).round_dp(1).to_string();
        let body = json!({ "product_symbol": symbol, "size": size, "side": "buy", "order_type": "limit_order",
            "limit_price": far, "post_only": "true" });
        self.call("POST", "/v2/orders", body)
    }

    pub fn market(&mut self, symbol: &str, side: &str, size: i64) -> Value {
        let body =
            json!({ "product_symbol": symbol, "size": size, "side": side, "order_type": "market_order" });
        self.call("POST", "/v2/orders", body)
    }
}
