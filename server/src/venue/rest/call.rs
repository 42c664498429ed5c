//! One request to the venue, before it is signed: the routes that this client uses, with their weights.

use std::time::Duration;

use model::decision::{OrderDecision, TruthDecision};
use model::ids::{ClientOrderId, OrderId, ProductId, Symbol, Underlying};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use model::{Decision, DecisionRecord, Micros};
use reqwest::Method;
use serde_json::{Map, Value};
use telemetry::Context;

use crate::venue::budget::{Priority, Spender};
use crate::venue::offset::Estimate;

/// What is traded here. Lists of the account are asked for with it where they would hold fractions of spot assets.
const OPTIONS: &str = "call_options,put_options";
/// A read that fails is tried so often in all.
const READ_ATTEMPTS: u32 = 3;
/// A read is given this long.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// The reply to an entry order is awaited this long.
const ENTRY_TIMEOUT: Duration = Duration::from_secs(2);
/// The reply to a close order or a cancel: soon looked up when it does not come (engine design, section 7).
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// A request. `pattern` names the variable parts of the path, for the log.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub pattern: &'static str,
    query: Vec<(&'static str, String)>,
    /// Rows since then, by our clock; asked for by the venue's.
    since: Option<Micros>,
    pub body: Option<Value>,
    pub symbols: Vec<String>,
    /// What it is asked for, where it names no symbol itself: by them it is known whose it is.
    pub for_symbols: Vec<String>,
    /// On behalf of no session, but of the account.
    pub of_account: bool,
    pub client_order_id: Option<String>,
    /// Units of the venue's quota.
    pub weight: u32,
    /// Of a signed request.
    pub priority: Priority,
    pub signed: bool,
    pub timeout: Duration,
    /// How often a read is tried.
    pub attempts: u32,
    pub context: Context,
    /// The decision that asked for it, as `{boot_id}-d{decision_seq}`.
    pub caused_by: Option<String>,
}

impl Call {
    fn get(path: &str, pattern: &'static str, weight: u32, signed: bool) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            pattern,
            query: Vec::new(),
            since: None,
            body: None,
            symbols: Vec::new(),
            for_symbols: Vec::new(),
            of_account: false,
            client_order_id: None,
            weight,
            priority: Priority::Normal,
            signed,
            timeout: READ_TIMEOUT,
            attempts: READ_ATTEMPTS,
            context: Context::default(),
            caused_by: None,
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    fn of(mut self, symbol: &Symbol) -> Self {
        self.symbols.push(symbol.0.clone());
        self
    }

    fn for_truth(mut self) -> Self {
        self.priority = Priority::Read;
        self
    }

    fn for_closing(mut self) -> Self {
        self.priority = Priority::Close;
        self
    }

    /// Whose quota it spends.
    #[must_use]
    pub fn spender(&self) -> Spender {
        if self.signed { Spender::Account(self.priority) } else { Spender::Public }
    }

    /// On behalf of a decision: its context and correlation id.
    #[must_use]
    pub fn behalf(mut self, record: &DecisionRecord) -> Self {
        self.context = record.context();
        match &record.decision {
            Decision::Truth(TruthDecision::Requested { products, .. }) => {
                self.for_symbols = products.iter().map(|(_, symbol)| symbol.0.clone()).collect();
            }
            Decision::Order(OrderDecision::CancelRequested { symbol, .. })
            | Decision::Order(OrderDecision::LookupRequested { symbol, .. }) => {
                self.symbols = vec![symbol.0.clone()];
            }
            Decision::Account(_)
            | Decision::Market(_)
            | Decision::Session(_)
            | Decision::Entry(_)
            | Decision::Order(_)
            | Decision::Truth(_)
            | Decision::Rules(_)
            | Decision::Closing(_) => {}
        }
        // Without a session an order or a close is the account's own, whatever runs.
        self.of_account = match &record.decision {
            Decision::Order(_) | Decision::Closing(_) => record.session_id.is_none(),
            Decision::Account(_)
            | Decision::Market(_)
            | Decision::Session(_)
            | Decision::Entry(_)
            | Decision::Truth(_)
            | Decision::Rules(_) => false,
        };
        self.caused_by = Some(format!("{}-d{}", record.boot_id, record.seq));
        self
    }

    /// On behalf of whatever `context` says.
    #[must_use]
    pub fn under(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    pub(super) fn set_query(&mut self, name: &'static str, value: String) {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
    }

    /// Tried once only: whoever asks again anyway.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.attempts = 1;
        self
    }

    /// Rows that a page was asked to have.
    pub(super) fn page_size(&self) -> Option<usize> {
        let (_, size) = self.query.iter().find(|(name, _)| *name == "page_size")?;
        size.parse().ok()
    }

    /// Path and query exactly as they are signed and sent, by what is known of the venue's clock.
    pub(super) fn path_and_query(&self, clock: &Estimate) -> String {
        // The earlier of both clocks: rows too many are known by their ids, rows too few by nothing.
        let start = self.since.map(|since| since.min(clock.venue_time(since)).0.max(0).to_string());
        let mut text = self.path.clone();
        let query = self.query.iter().map(|(name, value)| (*name, value));
        for (index, (name, value)) in query.chain(start.iter().map(|start| ("start_time", start))).enumerate()
        {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(&encoded(value));
        }
        text
    }

    /// Live options of all underlyings; the answer is filtered, the venue has no parameter for it.
    #[must_use]
    pub fn options() -> Self {
        Self::get("/v2/products", "/v2/products", 3, false)
            .with("contract_types", OPTIONS)
            .with("states", "live")
            .with("page_size", "500")
    }

    /// One product by its symbol, listed or expired.
    #[must_use]
    pub fn product(symbol: &Symbol) -> Self {
        Self::get(&format!("/v2/products/{}", encoded(symbol.as_str())), "/v2/products/{symbol}", 3, false)
            .of(symbol)
    }

    #[must_use]
    pub fn ticker(symbol: &Symbol) -> Self {
        Self::get(&format!("/v2/tickers/{}", encoded(symbol.as_str())), "/v2/tickers/{symbol}", 3, false)
            .of(symbol)
    }

    /// Tickers of an underlying's options that settle on a day, given as `DD-MM-YYYY`.
    #[must_use]
    pub fn chain(underlying: &Underlying, day: &str) -> Self {
        Self::get("/v2/tickers", "/v2/tickers", 3, false)
            .with("contract_types", OPTIONS)
            .with("underlying_asset_symbols", underlying.as_str())
            .with("expiry_date", day)
    }

    #[must_use]
    pub fn position(product: ProductId, symbol: &Symbol) -> Self {
        Self::get("/v2/positions", "/v2/positions", 3, true)
            .with("product_id", product.0.to_string())
            .of(symbol)
            .for_truth()
    }

    /// All option positions of the account, whoever opened them. It may lag by up to ten seconds (venue facts, section
    /// 7): it finds what nobody knew of, and proves no zero.
    #[must_use]
    pub fn account_positions() -> Self {
        Self::get("/v2/positions/margined", "/v2/positions/margined", 3, true)
            .with("contract_types", OPTIONS)
            .for_truth()
    }

    /// All positions of the account, in whatever contracts.
    #[must_use]
    pub fn every_position() -> Self {
        Self::get("/v2/positions/margined", "/v2/positions/margined", 3, true).for_truth()
    }

    #[must_use]
    pub fn open_orders() -> Self {
        Self::get("/v2/orders", "/v2/orders", 3, true)
            .with("states", "open,pending")
            .with("page_size", "50")
            .for_truth()
    }

    #[must_use]
    pub fn fills(since: Micros, products: &[(ProductId, Symbol)]) -> Self {
        let mut call = Self::get("/v2/fills", "/v2/fills", 10, true)
            .with("contract_types", OPTIONS)
            .with("page_size", "50")
            .for_truth();
        // The venue takes at most ten.
        if (1..=10).contains(&products.len()) {
            let ids: Vec<String> = products.iter().map(|(id, _)| id.0.to_string()).collect();
            call = call.with("product_ids", ids.join(","));
        }
        call.since = Some(since);
        call.symbols = products.iter().map(|(_, symbol)| symbol.0.clone()).collect();
        call
    }

    #[must_use]
    pub fn wallet() -> Self {
        Self::get("/v2/wallet/balances", "/v2/wallet/balances", 3, true).for_truth()
    }

    #[must_use]
    pub fn lookup(id: &ClientOrderId) -> Self {
        let path = format!("/v2/orders/client_order_id/{}", encoded(id.as_str()));
        let mut call = Self::get(&path, "/v2/orders/client_order_id/{id}", 1, true).for_closing();
        call.client_order_id = Some(id.0.clone());
        call
    }

    #[must_use]
    pub fn place(order: &OrderRequest) -> Self {
        let mut call = Self::get("/v2/orders", "/v2/orders", 5, true).of(&order.symbol);
        call.method = Method::POST;
        call.body = Some(place_body(order));
        call.client_order_id = Some(order.client_order_id.0.clone());
        call.timeout = match order.purpose {
            Purpose::Entry => ENTRY_TIMEOUT,
            Purpose::Close | Purpose::Protect => CLOSE_TIMEOUT,
        };
        if order.reduce_only { call.for_closing() } else { call }
    }

    #[must_use]
    pub fn cancel(id: Option<&ClientOrderId>, order_id: Option<&OrderId>, product: ProductId) -> Self {
        let mut call = Self::get("/v2/orders", "/v2/orders", 5, true).for_closing();
        call.method = Method::DELETE;
        call.timeout = CLOSE_TIMEOUT;
        call.client_order_id = id.map(|id| id.0.clone());
        let mut body = Map::new();
        match (order_id.and_then(|id| id.as_str().parse::<u64>().ok()), order_id, id) {
            (Some(number), _, _) => body.insert("id".to_owned(), Value::from(number)),
            (None, _, Some(id)) => body.insert("client_order_id".to_owned(), Value::from(id.as_str())),
            // Of somebody else's order we know nothing but the venue's id, whatever it looks like.
            (None, Some(id), None) => body.insert("id".to_owned(), Value::from(id.as_str())),
            (None, None, None) => None,
        };
        body.insert("product_id".to_owned(), Value::from(product.0));
        call.body = Some(Value::Object(body));
        call
    }
}

/// The body of an order: prices as text, sizes and ids as integers, booleans as JSON booleans.
fn place_body(order: &OrderRequest) -> Value {
    let mut body = Map::from_iter([
        ("product_id".to_owned(), Value::from(order.product_id.0)),
        ("size".to_owned(), Value::from(order.lots)),
        (
            "side".to_owned(),
            Value::from(match order.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            }),
        ),
        ("reduce_only".to_owned(), Value::from(order.reduce_only)),
        ("client_order_id".to_owned(), Value::from(order.client_order_id.as_str())),
    ]);
    match order.limit {
        Some(limit) => {
            body.insert("order_type".to_owned(), Value::from("limit_order"));
            body.insert("limit_price".to_owned(), Value::from(limit.normalize().to_string()));
            let word = match order.time_in_force {
                TimeInForce::Gtc => "gtc",
                TimeInForce::Ioc => "ioc",
            };
            body.insert("time_in_force".to_owned(), Value::from(word));
        }
        None => {
            body.insert("order_type".to_owned(), Value::from("market_order"));
        }
    }
    Value::Object(body)
}

/// Percent-encodes everything but letters, digits and `-_.~`: the comma too, because what is signed must be what
/// is sent.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

mod identity;
mod raw;

#[cfg(test)]
mod tests;
