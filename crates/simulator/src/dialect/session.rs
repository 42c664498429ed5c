//! One WebSocket client as a pure state machine: sign-in, subscriptions with cumulative acknowledgements,
//! heartbeat and ping, and which frames an event becomes for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::auth::{Credentials, Given, Refusal};
use super::frames;
use super::wire;
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
use crate::exchange::event::{Channel, VenueEvent};
use crate::exchange::market::Underlying;
use crate::exchange::time::Micros;

/// Channel names that this venue serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Ticker,
    TopOfBook,
    Depth,
    Mark,
    Spot,
    ProductUpdates,
    SystemStatus,
    Orders,
    Positions,
    UserTrades,
    Margins,
}

impl Name {
    fn parse(name: &str, legacy: bool) -> Option<Name> {
        Some(match name {
            "ticker" => Name::Ticker,
            "ob_l1" => Name::TopOfBook,
            "ob_l2" => Name::Depth,
            "mark_price" => Name::Mark,
            "spot_price" => Name::Spot,
            "product_updates" => Name::ProductUpdates,
            "system_status" => Name::SystemStatus,
            "orders" => Name::Orders,
            "positions" => Name::Positions,
            "v2/user_trades" => Name::UserTrades,
            "margins" => Name::Margins,
            "v2/ticker" if legacy => Name::Ticker,
            "l1_orderbook" if legacy => Name::TopOfBook,
            "l2_orderbook" if legacy => Name::Depth,
            "v2/spot_price" if legacy => Name::Spot,
            _unknown => return None,
        })
    }

    fn is_private(self) -> bool {
        match self {
            Name::Orders | Name::Positions | Name::UserTrades | Name::Margins => true,
            Name::Ticker
            | Name::TopOfBook
            | Name::Depth
            | Name::Mark
            | Name::Spot
            | Name::ProductUpdates
            | Name::SystemStatus => false,
        }
    }

    /// The exchange channel that feeds it.
    fn channel(self) -> Option<Channel> {
        match self {
            Name::Ticker => Some(Channel::Ticker),
            Name::TopOfBook => Some(Channel::TopOfBook),
            Name::Depth => Some(Channel::Depth),
            Name::Mark => Some(Channel::Mark),
            Name::Spot => Some(Channel::Spot),
            Name::ProductUpdates
            | Name::SystemStatus
            | Name::Orders
            | Name::Positions
            | Name::UserTrades
            | Name::Margins => None,
        }
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
            "key-auth" => vec![self.authenticate(payload, keys, now_us)],
            "unauth" => {
                self.authenticated = false;
                self.subscriptions.retain(|name, _| !Name::parse(name, true).is_some_and(Name::is_private));
                vec![self.acknowledgement(Vec::new())]
            }
            "subscribe" => self.subscribe(payload, exchange, now_us),
            "unsubscribe" => {
                self.unsubscribe(payload);
                vec![self.acknowledgement(Vec::new())]
            }
            _unknown => Vec::new(),
        }
    }

    fn authenticate(&mut self, payload: &Value, keys: &Credentials, now_us: Micros) -> Value {
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
        let failed = |code: u16, status: &str, message: &str| json!({ "type": "key-auth", "success": false, "status_code": code, "status": status, "message": message });
        if self.public_only {
            return failed(400, "bad_request", "authentication is not available on this host");
        }
        match keys.check(given, prehash.as_bytes(), now_us) {
            Ok(()) => {
                self.authenticated = true;
                json!({ "type": "key-auth", "success": true, "status_code": 200, "status": "authenticated" })
            }
            Err(Refusal::MissingKey) => {
                failed(400, "incomplete_payload", "api-key, timestamp and signature are required")
            }
            Err(Refusal::UnknownKey) => failed(404, "api_key_not_found", "Api Key not found"),
            Err(Refusal::Expired { .. }) => {
                failed(408, "request_expired", "Timestamp header outside of allowed time window")
            }
            Err(Refusal::Mismatch) => failed(401, "invalid_signature", "Signature Mismatch"),
        }
    }

    fn subscribe(&mut self, payload: &Value, exchange: &mut Exchange, now_us: Micros) -> Vec<Value> {
        let mut refused = Vec::new();
        let mut first = Vec::new();
        for (channel, symbols) in requested(payload) {
            match self.admit(&channel, exchange.quirks().legacy_channels) {
                Err(error) => refused.push(json!({ "name": channel, "error": error })),
                Ok(name) => {
                    first.extend(snapshots(name, &symbols, exchange, now_us));
                    self.subscriptions.entry(channel).or_default().extend(symbols);
                }
            }
        }
        let mut replies = vec![self.acknowledgement(refused)];
        replies.append(&mut first);
        replies
    }

    fn admit(&self, channel: &str, legacy: bool) -> Result<Name, &'static str> {
        let name = Name::parse(channel, legacy).ok_or("subscription forbidden on this invalid channel")?;
        if name.is_private() && (self.public_only || !self.authenticated) {
            return Err("subscription forbidden on this channel. Unauthorized user");
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
                let frame = || frames::position(&update.position, update.margin);
                self.token(Name::Positions, &product).map(|_| frame())
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
        let covers = |token: &&String| {
            let token = token.strip_prefix("MARK:").unwrap_or(token);
            token == product.symbol
                || token == "all"
                || token == product.contract_type()
                || product.chain_token().as_deref() == Some(token)
        };
        self.symbols(name).find(covers).cloned()
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

/// What a new subscription starts with: the present state of what was named, nothing for `all`.
fn snapshots(name: Name, symbols: &BTreeSet<String>, exchange: &mut Exchange, now_us: Micros) -> Vec<Value> {
    exchange.run_to(now_us);
    let mut named = Vec::new();
    for token in symbols.iter().filter(|token| *token != "all") {
        named.extend(exchange.products_of(token).into_iter().map(|product| (token.clone(), product)));
    }
    let mut each = |make: &mut dyn FnMut(&mut Exchange, &str, &Product) -> Value| {
        named.iter().map(|(token, product)| make(exchange, token, product)).collect::<Vec<_>>()
    };
    match name {
        Name::Ticker => {
            each(&mut |venue, token, product| frames::ticker(&venue.ticker(now_us, product), token))
        }
        Name::TopOfBook => {
            each(&mut |venue, _, product| frames::top_of_book(&venue.top_of_book(now_us, product)))
        }
        Name::Depth => each(&mut |venue, _, product| frames::depth(&venue.book(now_us, product))),
        Name::Mark => each(&mut |venue, _, product| {
            frames::mark(&product.symbol, venue.mark_by_id(product.id).unwrap_or_default(), now_us)
        }),
        Name::Spot => {
            let named = Underlying::ALL.into_iter().filter(|each| symbols.contains(each.index_symbol()));
            named.map(|each| frames::spot(each, exchange.spot(now_us, each), now_us)).collect()
        }
        Name::ProductUpdates | Name::UserTrades | Name::Margins => Vec::new(),
        Name::SystemStatus => vec![frames::system_status(now_us)],
        Name::Orders | Name::Positions if symbols.contains("all") => Vec::new(),
        Name::Orders => {
            let rows = exchange.open_orders(now_us);
            let rows = rows.iter().filter(|order| symbols.contains(&order.symbol)).map(wire::order);
            vec![frames::snapshot("orders", rows.collect(), now_us)]
        }
        Name::Positions => {
            let rows = exchange.positions(now_us);
            let rows = rows.iter().filter(|position| symbols.contains(&position.symbol));
            vec![frames::snapshot(
                "positions",
                rows.map(|row| frames::position(row, exchange.margin_of(row))).collect(),
                now_us,
            )]
        }
    }
}
