//! One WebSocket client as a pure state machine: sign-in, subscriptions with cumulative acknowledgements,
//! heartbeat and ping, and which frames an event becomes for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::auth::{CLIENT_IP, Credentials, Given, Refusal, SignIn};
use super::channel::Name;
use super::frames;
use super::snapshot::{means, snapshots};
use super::wire;
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
use crate::exchange::event::{Channel, VenueEvent};
use crate::exchange::quirks::Quirks;
use crate::exchange::time::Micros;

/// What may go wrong between the venue and a client.
pub trait Trouble {
    /// The error with which a subscription of this channel is refused, if it is.
    fn refuses(&mut self, channel: &str) -> Option<String>;
    /// True if a frame of this channel about this symbol is lost.
    fn loses(&mut self, channel: &str, symbol: &str) -> bool;
    /// How a sign-in is refused, if it is.
    fn refuses_sign_in(&mut self) -> Option<SignIn>;
}

/// Nothing goes wrong.
impl Trouble for () {
    fn refuses(&mut self, _channel: &str) -> Option<String> {
        None
    }

    fn loses(&mut self, _channel: &str, _symbol: &str) -> bool {
        false
    }

    fn refuses_sign_in(&mut self) -> Option<SignIn> {
        None
    }
}

/// One client.
#[derive(Debug, Default)]
pub struct Session {
    public_only: bool,
    authenticated: bool,
    heartbeat: bool,
    /// By the name the client used.
    subscriptions: BTreeMap<String, BTreeSet<String>>,
}

impl Session {
    /// A client of `/` or, with `public_only`, of `/public`.
    pub fn new(public_only: bool) -> Session {
        Session { public_only, ..Session::default() }
    }

    /// It asked for a heartbeat every 30 seconds.
    pub fn wants_heartbeat(&self) -> bool {
        self.heartbeat
    }

    /// What the exchange must publish for it.
    pub fn watched(&self) -> Vec<(Channel, String)> {
        let mut watched = Vec::new();
        for (name, symbols) in &self.subscriptions {
            if let Some(channel) = Name::parse(name, true).and_then(Name::channel) {
                watched.extend(symbols.iter().map(|symbol| (channel, symbol.clone())));
            }
        }
        watched
    }

    /// Answers a text frame of the client. What is no known request is ignored, as the venue does.
    pub fn on_text(
        &mut self,
        text: &str,
        exchange: &mut Exchange,
        keys: &Credentials,
        trouble: &mut impl Trouble,
        now_us: Micros,
    ) -> Vec<Value> {
        let Ok(message) = serde_json::from_str::<Value>(text) else { return Vec::new() };
        let payload = &message["payload"];
        match message["type"].as_str().unwrap_or_default() {
            "ping" => vec![json!({ "type": "pong" })],
            "enable_heartbeat" => {
                self.heartbeat = true;
                Vec::new()
            }
            "disable_heartbeat" => {
                self.heartbeat = false;
                Vec::new()
            }
            "key-auth" => {
                let refused = trouble.refuses_sign_in().or_else(|| {
                    exchange.quirks().address_not_whitelisted.then_some(SignIn::AddressNotAllowed)
                });
                let clock_us = now_us + exchange.clock_error_us();
                vec![self.authenticate(payload, keys, clock_us, refused)]
            }
            "unauth" => {
                self.authenticated = false;
                self.subscriptions.retain(|name, _| !Name::parse(name, true).is_some_and(Name::is_private));
                vec![self.acknowledgement(Vec::new())]
            }
            "subscribe" => self.subscribe(payload, exchange, trouble, now_us),
            "unsubscribe" => {
                self.unsubscribe(payload);
                vec![self.acknowledgement(Vec::new())]
            }
            _unknown => Vec::new(),
        }
    }

    fn authenticate(
        &mut self,
        payload: &Value,
        keys: &Credentials,
        now_us: Micros,
        refused: Option<SignIn>,
    ) -> Value {
        let timestamp = match &payload["timestamp"] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _absent => None,
        };
        let prehash = format!("GET{}/live", timestamp.as_deref().unwrap_or_default());
        let given = Given {
            key: payload["api-key"].as_str(),
            timestamp: timestamp.as_deref(),
            signature: payload["signature"].as_str(),
        };
        if self.public_only {
            return failed(400, "bad_request", "authentication is not available on this host");
        }
        match keys.check(given, prehash.as_bytes(), now_us) {
            Ok(()) if refused.is_some() => refused.map_or(Value::Null, sign_in_refused),
            Ok(()) => {
                self.authenticated = true;
                json!({ "type": "key-auth", "success": true, "status_code": 200, "status": "authenticated" })
            }
            Err(Refusal::MissingKey) => {
                failed(400, "incomplete_payload", "api-key, timestamp and signature are required")
            }
            Err(Refusal::UnknownKey) => sign_in_refused(SignIn::UnknownKey),
            Err(Refusal::Expired { .. }) => sign_in_refused(SignIn::Expired),
            Err(Refusal::Mismatch) => sign_in_refused(SignIn::WrongSignature),
            Err(Refusal::AddressNotAllowed | Refusal::NoPermission) => {
                sign_in_refused(SignIn::AddressNotAllowed)
            }
        }
    }

    fn subscribe(
        &mut self,
        payload: &Value,
        exchange: &mut Exchange,
        trouble: &mut impl Trouble,
        now_us: Micros,
    ) -> Vec<Value> {
        let mut refused = Vec::new();
        let mut first = Vec::new();
        for (channel, symbols) in requested(payload) {
            let admitted = self.admit(&channel, symbols.len(), exchange.quirks());
            let admitted = match trouble.refuses(&channel) {
                Some(error) => Err(error),
                None => admitted.map_err(str::to_owned),
            };
            match admitted {
                Err(error) => refused.push(json!({ "name": channel, "error": error })),
                Ok(name) => {
                    let lost = |symbol: &str| trouble.loses(name.word(), symbol);
                    first.extend(snapshots(name, &symbols, exchange, lost, now_us));
                    self.subscriptions.entry(channel).or_default().extend(symbols);
                }
            }
        }
        let mut replies = vec![self.acknowledgement(refused)];
        replies.append(&mut first);
        replies
    }

    fn admit(&self, channel: &str, symbols: usize, quirks: Quirks) -> Result<Name, &'static str> {
        let name = Name::parse(channel, quirks.legacy_channels);
        let name = name.ok_or("subscription forbidden on this invalid channel")?;
        if name.is_private() && (self.public_only || !self.authenticated) {
            return Err("subscription forbidden on this channel. Unauthorized user");
        }
        if name == Name::Depth && quirks.one_depth_symbol && symbols > 1 {
            return Err("subscription forbidden on this channel with more than 1 symbol");
        }
        Ok(name)
    }

    fn unsubscribe(&mut self, payload: &Value) {
        for (channel, symbols) in requested(payload) {
            let Some(subscribed) = self.subscriptions.get_mut(&channel) else { continue };
            subscribed.retain(|symbol| !symbols.contains(symbol));
            if symbols.is_empty() || subscribed.is_empty() {
                self.subscriptions.remove(&channel);
            }
        }
    }

    /// All subscriptions, then what was refused.
    fn acknowledgement(&self, refused: Vec<Value>) -> Value {
        let held =
            self.subscriptions.iter().map(|(name, symbols)| json!({ "name": name, "symbols": symbols }));
        let channels: Vec<Value> = held.chain(refused).collect();
        json!({ "type": "subscriptions", "channels": channels })
    }

    /// The frames this event becomes for this client.
    pub fn frames(&self, event: &VenueEvent) -> Option<Value> {
        match event {
            VenueEvent::Ticker(row) => {
                let token = self.token(Name::Ticker, &row.product)?;
                Some(frames::ticker(row, &token))
            }
            VenueEvent::TopOfBook(top) => {
                let product = Product::parse(&top.symbol)?;
                self.token(Name::TopOfBook, &product).map(|_| frames::top_of_book(top))
            }
            VenueEvent::Depth(view) => {
                let product = Product::parse(&view.symbol)?;
                self.token(Name::Depth, &product).map(|_| frames::depth(view))
            }
            VenueEvent::Mark { symbol, price, at_us } => {
                let product = Product::parse(symbol)?;
                self.token(Name::Mark, &product).map(|_| frames::mark(symbol, *price, *at_us))
            }
            VenueEvent::Spot { underlying, price, at_us } => self
                .symbols(Name::Spot)
                .any(|symbol| symbol == underlying.index_symbol())
                .then(|| frames::spot(*underlying, *price, *at_us)),
            VenueEvent::Updates(update) => {
                let product = Product::parse(&update.symbol)?;
                self.token(Name::Updates, &product).map(|_| frames::book_update(update))
            }
            VenueEvent::Trade { symbol, print, at_us } => {
                let product = Product::parse(symbol)?;
                self.token(Name::Trades, &product).map(|_| frames::trade(symbol, print, *at_us))
            }
            VenueEvent::Funding { symbol, rate, next_us, at_us } => {
                let product = Product::parse(symbol)?;
                let frame = || frames::funding(symbol, *rate, *next_us, *at_us);
                self.token(Name::Funding, &product).map(|_| frame())
            }
            VenueEvent::Order(update) => {
                let product = Product::from_id(update.order.product_id)?;
                self.token(Name::Orders, &product).map(|_| frames::order(update))
            }
            VenueEvent::Fill(fill) => {
                let product = Product::from_id(fill.product_id)?;
                self.token(Name::UserTrades, &product).map(|_| frames::fill(fill))
            }
            VenueEvent::Position(update) => {
                let product = Product::from_id(update.position.product_id)?;
                self.token(Name::Positions, &product).map(|_| frames::position(update))
            }
            VenueEvent::Wallet(wallet) => self.has(Name::Margins).then(|| {
                let mut row = wire::wallet(wallet);
                row["type"] = json!("margins");
                row
            }),
            VenueEvent::Settled { underlying, expiry_s, mean, at_us } => {
                let frame = || frames::settled(*underlying, *expiry_s, *mean, *at_us);
                self.has(Name::ProductUpdates).then(frame)
            }
            VenueEvent::Status { product, event, status, at_us } => {
                let frame = || frames::status(product, event, status, *at_us);
                self.has(Name::ProductUpdates).then(frame)
            }
            VenueEvent::System { event, status, at_us } => {
                let frame = || frames::system_status(event, status, *at_us);
                self.has(Name::SystemStatus).then(frame)
            }
            VenueEvent::Note(_) => None,
        }
    }

    fn has(&self, wanted: Name) -> bool {
        self.subscriptions.keys().any(|name| Name::parse(name, true) == Some(wanted))
    }

    fn symbols(&self, wanted: Name) -> impl Iterator<Item = &String> {
        let of_name = move |(name, _): &(&String, &BTreeSet<String>)| Name::parse(name, true) == Some(wanted);
        self.subscriptions.iter().filter(of_name).flat_map(|(_, symbols)| symbols)
    }

    /// The subscribed token under which a product reaches this client.
    fn token(&self, name: Name, product: &Product) -> Option<String> {
        let covers = |token: &&String| means(token, product);
        self.symbols(name).find(covers).cloned()
    }
}

fn failed(code: u16, status: &str, message: &str) -> Value {
    json!({ "type": "key-auth", "success": false, "status_code": code, "status": status, "message": message })
}

/// The documented answers to a sign-in that fails.
fn sign_in_refused(why: SignIn) -> Value {
    match why {
        SignIn::AddressNotAllowed => {
            let message = format!("IP address not whitelisted. Your IP: {CLIENT_IP}");
            failed(401, "ip_not_whitelisted", &message)
        }
        SignIn::UnknownKey => failed(404, "api_key_not_found", "Api Key not found"),
        SignIn::Expired => failed(408, "request_expired", "Timestamp header outside of allowed time window"),
        SignIn::WrongSignature => failed(401, "invalid_signature", "Signature Mismatch"),
        SignIn::ServerError => failed(500, "internal_server_error", "Internal Server Error"),
    }
}

/// Channels and symbols of a subscribe or unsubscribe payload.
fn requested(payload: &Value) -> Vec<(String, BTreeSet<String>)> {
    let rows = payload["channels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |row: &Value| {
        let symbols = row["symbols"].as_array().map(Vec::as_slice).unwrap_or_default();
        let symbols = symbols.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        row["name"].as_str().map(|name| (name.to_owned(), symbols))
    };
    rows.iter().filter_map(of).collect()
}
