//! The REST dialect as a pure function: route, quota, signature, answer. Transport is elsewhere, so the
//! whole dialect can be tested without a socket.

use serde_json::{Value, json};

use crate::auth::{Credentials, Given, Payer, Quotas};
use crate::exchange::Exchange;
use crate::order::Reject;
use crate::query::Query;
use crate::rest_account;
use crate::rest_market;
use crate::time::Micros;
use crate::wire;

/// A request as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Upper case.
    pub method: &'a str,
    /// From the first slash to the question mark, still encoded.
    pub path: &'a str,
    /// After the question mark, still encoded.
    pub query: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub given: Given<'a>,
    /// Pays for unsigned requests.
    pub address: &'a str,
    pub body: &'a [u8],
}

/// An answer to be written as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub(crate) fn json(status: u16, body: String) -> Reply {
        Reply { status, content_type: "application/json; charset=utf-8", headers: Vec::new(), body }
    }

    /// 429 with the time until requests are welcome again.
    pub fn rate_limited(reset_ms: i64) -> Reply {
        let mut reply = Reply::json(429, "{}".to_owned());
        reply.headers.push(("x-rate-limit-reset", reset_ms.to_string()));
        reply
    }

    /// An answer of the gateway in front of the venue: not JSON.
    pub fn gateway(status: u16, title: &str) -> Reply {
        let body = format!("<html><head><title>{status} {title}</title></head><body>{title}</body></html>");
        Reply { status, content_type: "text/html", headers: Vec::new(), body }
    }
}

/// A result with its `meta`, or a refusal.
pub(crate) type Answer = Result<(Value, Option<Value>), Refused>;

/// Why a request has no result.
#[derive(Debug)]
pub(crate) enum Refused {
    Rejected(Reject),
    NotFound { code: &'static str, context: Value },
}

impl From<Reject> for Refused {
    fn from(reject: Reject) -> Self {
        Refused::Rejected(reject)
    }
}

impl Refused {
    fn reply(self) -> Reply {
        match self {
            Refused::NotFound { code, context } => Reply::json(404, wire::failure(code, Some(context))),
            Refused::Rejected(reject) => {
                let context = match &reject {
                    Reject::BadSchema(message) => Some(json!({
                        "schema_errors": [{ "code": "validation_error", "message": message, "param": "" }]
                    })),
                    Reject::InsufficientMargin { available, additional } => Some(json!({
                        "available_balance": available.to_string(),
                        "required_additional_balance": additional.to_string(),
                    })),
                    Reject::OutOfPriceBand { price, lower, upper } => Some(json!({
                        "limit_price": price.to_string(),
                        "lower_limit": lower.to_string(),
                        "upper_limit": upper.to_string(),
                    })),
                    _without_context => None,
                };
                Reply::json(400, wire::failure(reject.code(), context))
            }
        }
    }
}

/// Everything served, with what is in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Settings,
    Products,
    Product(&'a str),
    Tickers,
    Ticker(&'a str),
    Book(&'a str),
    Quota,
    PlaceOrder,
    CancelOrder,
    Orders,
    OrderById(&'a str),
    OrderByClientId(&'a str),
    OrderHistory,
    CancelAll,
    Position,
    Margined,
    Fills,
    Balances,
    Preferences,
    Leverage(&'a str),
}

/// The route of a request; 404 or 405 when there is none.
pub(crate) fn route<'a>(method: &str, path: &'a str) -> Result<Route<'a>, u16> {
    let Some(path) = path.strip_prefix("/v2/") else { return Err(404) };
    let parts: Vec<&str> = path.split('/').collect();
    let routes: &[(&str, Route<'a>)] = match parts.as_slice() {
        ["settings"] => &[("GET", Route::Settings)],
        ["products"] => &[("GET", Route::Products)],
        ["products", id, "orders", "leverage"] => {
            &[("GET", Route::Leverage(id)), ("POST", Route::Leverage(id))]
        }
        ["products", symbol] => &[("GET", Route::Product(symbol))],
        ["tickers"] => &[("GET", Route::Tickers)],
        ["tickers", symbol] => &[("GET", Route::Ticker(symbol))],
        ["l2orderbook", symbol] => &[("GET", Route::Book(symbol))],
        ["rate_limits", "quota"] => &[("GET", Route::Quota)],
        ["orders"] => &[("GET", Route::Orders), ("POST", Route::PlaceOrder), ("DELETE", Route::CancelOrder)],
        ["orders", "history"] => &[("GET", Route::OrderHistory)],
        ["orders", "all"] => &[("DELETE", Route::CancelAll)],
        ["orders", "client_order_id", id] => &[("GET", Route::OrderByClientId(id))],
        ["orders", id] => &[("GET", Route::OrderById(id))],
        ["positions"] => &[("GET", Route::Position)],
        ["positions", "margined"] => &[("GET", Route::Margined)],
        ["fills"] => &[("GET", Route::Fills)],
        ["wallet", "balances"] => &[("GET", Route::Balances)],
        ["users", "trading_preferences"] => &[("GET", Route::Preferences)],
        _unknown => return Err(404),
    };
    routes.iter().find(|(verb, _)| *verb == method).map(|(_, route)| *route).ok_or(405)
}

impl Route<'_> {
    /// Units of the quota.
    fn weight(self) -> u32 {
        match self {
            Route::PlaceOrder | Route::CancelOrder | Route::CancelAll => 5,
            Route::OrderHistory | Route::Fills => 10,
            Route::Preferences | Route::OrderById(_) | Route::OrderByClientId(_) | Route::Leverage(_) => 1,
            Route::Settings
            | Route::Products
            | Route::Product(_)
            | Route::Tickers
            | Route::Ticker(_)
            | Route::Book(_)
            | Route::Quota
            | Route::Orders
            | Route::Position
            | Route::Margined
            | Route::Balances => 3,
        }
    }

    fn is_signed(self) -> bool {
        match self {
            Route::Settings
            | Route::Products
            | Route::Product(_)
            | Route::Tickers
            | Route::Ticker(_)
            | Route::Book(_)
            | Route::Quota => false,
            Route::PlaceOrder
            | Route::CancelOrder
            | Route::Orders
            | Route::OrderById(_)
            | Route::OrderByClientId(_)
            | Route::OrderHistory
            | Route::CancelAll
            | Route::Position
            | Route::Margined
            | Route::Fills
            | Route::Balances
            | Route::Preferences
            | Route::Leverage(_) => true,
        }
    }
}

/// Keys and quotas in front of an exchange.
pub struct Gate {
    pub credentials: Credentials,
    pub quotas: Quotas,
}

/// Answers one request at `now_us`.
pub fn respond(exchange: &mut Exchange, gate: &mut Gate, now_us: Micros, request: &Request<'_>) -> Reply {
    if request.user_agent.is_none_or(str::is_empty) {
        return Reply::gateway(403, "Forbidden");
    }
    let route = match route(request.method, request.path) {
        Ok(route) => route,
        Err(status) => {
            let code = if status == 404 { "not_found" } else { "method_not_allowed" };
            return Reply::json(status, wire::failure(code, None));
        }
    };
    let signed = route.is_signed() || request.given.key.is_some();
    if signed && let Err(refusal) = gate.credentials.check(request.given, &prehash(request), now_us) {
        return Reply::json(401, refusal.body(exchange.quirks().errors_as_text));
    }
    let payer = if signed { Payer::User } else { Payer::Address(request.address.to_owned()) };
    if let Err(reset_ms) = gate.quotas.take(&payer, route.weight(), now_us) {
        return Reply::rate_limited(reset_ms);
    }
    if route == Route::Quota {
        let (used, left_ms) = gate.quotas.state(&payer, now_us);
        let result = json!({ "current_quota": used, "remaining_time_in_milliseconds": left_ms });
        return Reply::json(200, wire::success(result, None));
    }
    match answer(exchange, route, now_us, request) {
        Ok((result, meta)) => Reply::json(200, wire::success(result, meta)),
        Err(refused) => refused.reply(),
    }
}

/// What is signed: method, timestamp, path, query with its question mark, body, exactly as sent.
fn prehash(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(request.method.as_bytes());
    bytes.extend_from_slice(request.given.timestamp.unwrap_or_default().as_bytes());
    bytes.extend_from_slice(request.path.as_bytes());
    if let Some(query) = request.query {
        bytes.push(b'?');
        bytes.extend_from_slice(query.as_bytes());
    }
    bytes.extend_from_slice(request.body);
    bytes
}

fn answer(exchange: &mut Exchange, route: Route<'_>, now_us: Micros, request: &Request<'_>) -> Answer {
    let query = Query::parse(request.query)?;
    match route {
        Route::Settings => Ok((json!({ "server_time": now_us, "under_maintenance": "false" }), None)),
        Route::Products => rest_market::products(exchange, now_us, &query),
        Route::Product(symbol) => rest_market::product(exchange, now_us, symbol),
        Route::Tickers => rest_market::tickers(exchange, now_us, &query),
        Route::Ticker(symbol) => rest_market::ticker(exchange, now_us, symbol),
        Route::Book(symbol) => rest_market::book(exchange, now_us, symbol, &query),
        Route::Quota => Ok((Value::Null, None)),
        Route::PlaceOrder => rest_account::place(exchange, now_us, request.body),
        Route::CancelOrder => rest_account::cancel(exchange, now_us, request.body),
        Route::CancelAll => rest_account::cancel_all(exchange, now_us, request.body),
        Route::Orders => rest_account::open_orders(exchange, now_us, &query),
        Route::OrderById(id) => rest_account::order_by_id(exchange, now_us, id),
        Route::OrderByClientId(id) => rest_account::order_by_client_id(exchange, now_us, id),
        Route::OrderHistory => rest_account::order_history(exchange, now_us, &query),
        Route::Position => rest_account::position(exchange, now_us, &query),
        Route::Margined => rest_account::margined(exchange, now_us, &query),
        Route::Fills => rest_account::fills(exchange, now_us, &query),
        Route::Balances => Ok(rest_account::balances(exchange, now_us)),
        Route::Preferences => {
            Ok((json!({ "user_id": crate::account::USER_ID, "margin_mode": "isolated" }), None))
        }
        Route::Leverage(id) => rest_account::leverage(exchange, id),
    }
}
