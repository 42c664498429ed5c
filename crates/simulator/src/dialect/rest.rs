//! The REST dialect as a pure function: route, quota, signature, answer. Transport is elsewhere, so the
//! whole dialect can be tested without a socket.

use serde_json::{Value, json};

use super::auth::{Credentials, Payer, Quotas};
use super::query::Query;
use super::reply::Answer;
pub use super::reply::{Reply, Request};
use super::route::{Route, route};
use super::wire;
use crate::exchange::Exchange;
use crate::exchange::account::USER_ID;
use crate::exchange::time::Micros;

mod account;
mod market;

/// Keys and quotas in front of an exchange.
#[derive(Clone)]
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
        Route::Products => market::products(exchange, now_us, &query),
        Route::Product(symbol) => market::product(exchange, now_us, symbol),
        Route::Tickers => market::tickers(exchange, now_us, &query),
        Route::Ticker(symbol) => market::ticker(exchange, now_us, symbol),
        Route::Book(symbol) => market::book(exchange, now_us, symbol, &query),
        Route::Quota => Ok((Value::Null, None)),
        Route::PlaceOrder => account::place(exchange, now_us, request.body),
        Route::CancelOrder => account::cancel(exchange, now_us, request.body),
        Route::CancelAll => account::cancel_all(exchange, now_us, request.body),
        Route::Orders => account::open_orders(exchange, now_us, &query),
        Route::OrderById(id) => account::order_by_id(exchange, now_us, id),
        Route::OrderByClientId(id) => account::order_by_client_id(exchange, now_us, id),
        Route::OrderHistory => account::order_history(exchange, now_us, &query),
        Route::Position => account::position(exchange, now_us, &query),
        Route::Margined => account::margined(exchange, now_us, &query),
        Route::Fills => account::fills(exchange, now_us, &query),
        Route::Balances => Ok(account::balances(exchange, now_us)),
        Route::Preferences => Ok((json!({ "user_id": USER_ID, "margin_mode": "isolated" }), None)),
        Route::Leverage(id) => account::leverage(exchange, id),
    }
}
