//! The REST dialect as a pure function: route, quota, signature, answer. Transport is elsewhere, so the
//! whole dialect can be tested without a socket.

use serde_json::{Value, json};

use super::accent::{heard, spoken};
use super::auth::{Credentials, NEWER_QUOTA, Payer, QUOTA, Quotas, Refusal};
use super::body::Body;
use super::query::Query;
use super::reply::{Answer, Refused};
pub use super::reply::{Reply, Request};
use super::route::{Route, route};
use super::wire;
use crate::exchange::Exchange;
use crate::exchange::account::USER_ID;
use crate::exchange::market::Underlying;
use crate::exchange::order::Reject;
use crate::exchange::quirks::Quirks;
use crate::exchange::time::Micros;

mod account;
mod heartbeat;
mod history;
mod lists;
mod market;
mod orders;

/// Keys and quotas in front of an exchange.
#[derive(Clone)]
pub struct Gate {
    pub credentials: Credentials,
    pub quotas: Quotas,
}

/// Answers one request at `now_us`.
pub fn respond(exchange: &mut Exchange, gate: &mut Gate, now_us: Micros, request: &Request<'_>) -> Reply {
    let profile = exchange.profile;
    let (path, query) = (heard(profile, request.path), request.query.map(|query| heard(profile, query)));
    // What is no text is no body either.
    let body = std::str::from_utf8(request.body).map(|text| heard(profile, text));
    let body = body.as_ref().map_or(request.body, |text| text.as_bytes());
    let inside = Request { path: &path, query: query.as_deref(), body, ..*request };
    let reply = respond_inside(exchange, gate, now_us, &inside, &prehash(request));
    Reply { body: spoken(profile, reply.body), ..reply }
}

/// The same in the exchange's own words; `signed_bytes` are what was signed, as they came.
fn respond_inside(
    exchange: &mut Exchange,
    gate: &mut Gate,
    now_us: Micros,
    request: &Request<'_>,
    signed_bytes: &[u8],
) -> Reply {
    if request.user_agent.is_none_or(str::is_empty) {
        return Reply::gateway(403, "Forbidden");
    }
    let quirks = exchange.quirks();
    let route = match route(request.method, request.path) {
        Ok(route) => route,
        Err(status) => {
            let code = if status == 404 { "not_found" } else { "method_not_allowed" };
            return Reply::json(status, wire::failure(code, None));
        }
    };
    let signed = route.is_signed() || request.given.key.is_some();
    if signed && let Err(refusal) = admitted(exchange, gate, now_us, request, signed_bytes) {
        return Reply::json(401, refusal.body(quirks.errors_as_text));
    }
    if exchange.is_maintained() && route != Route::Settings {
        return Reply::json(503, wire::failure(Reject::Unavailable.code(), None));
    }
    let payer = if signed { Payer::User } else { Payer::Address(request.address.to_owned()) };
    let (weight, most) = (route.weight(quirks.public_reads_cost_one), quota(quirks));
    let taken = gate.quotas.take(&payer, weight, most, now_us);
    if let Err(reset_ms) = taken.and_then(|()| operate(gate, route, quirks, now_us, request.body)) {
        return Reply::rate_limited(reset_ms);
    }
    if route == Route::Quota {
        let (used, left_ms) = gate.quotas.state(&payer, now_us);
        let result = json!({ "current_quota": used, "remaining_time_in_milliseconds": left_ms });
        let bare = || result.to_string();
        return Reply::json(200, if quirks.quota_is_bare { bare() } else { wire::success(result, None) });
    }
    match answer(exchange, route, now_us, request) {
        Ok((result, meta)) => Reply::json(200, wire::success(result, meta)),
        Err(refused) => refused.reply(quirks),
    }
}

/// Key, clock and signature, then whether the key may be used from here and for this.
fn admitted(
    exchange: &Exchange,
    gate: &Gate,
    now_us: Micros,
    request: &Request<'_>,
    signed_bytes: &[u8],
) -> Result<(), Refusal> {
    let clock_us = now_us + exchange.clock_error_us();
    gate.credentials.check(request.given, signed_bytes, clock_us)?;
    let quirks = exchange.quirks();
    if quirks.address_not_whitelisted {
        return Err(Refusal::AddressNotAllowed);
    }
    if quirks.key_reads_only && request.method != "GET" {
        return Err(Refusal::NoPermission);
    }
    Ok(())
}

fn quota(quirks: Quirks) -> u32 {
    if quirks.quota_is_20000 { NEWER_QUOTA } else { QUOTA }
}

/// Takes what a request asks of the matching of its product; a body that cannot be read asks nothing.
fn operate(
    gate: &mut Gate,
    route: Route<'_>,
    quirks: Quirks,
    now_us: Micros,
    body: &[u8],
) -> Result<(), i64> {
    if !route.operates() {
        return Ok(());
    }
    let Ok(body) = Body::parse(body, quirks) else { return Ok(()) };
    let orders = body.bodies("orders").map_or(1, |orders| orders.len().max(1));
    match body.product_given() {
        Ok(Some(product_id)) => {
            gate.quotas.operate(product_id, u32::try_from(orders).unwrap_or(u32::MAX), now_us)
        }
        Ok(None) | Err(_) => Ok(()),
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
        Route::Settings => Ok((wire::settings(now_us, exchange.is_maintained()), None)),
        Route::Assets => Ok((wire::assets(), None)),
        Route::Indices => Ok((Underlying::ALL.into_iter().map(wire::index).collect(), None)),
        Route::Products => market::products(exchange, now_us, &query),
        Route::Product(symbol) => market::product(exchange, now_us, symbol),
        Route::Tickers => market::tickers(exchange, now_us, &query),
        Route::Ticker(symbol) => market::ticker(exchange, now_us, symbol),
        Route::Book(symbol) => market::book(exchange, now_us, symbol, &query),
        Route::Trades(symbol) => history::trades(exchange, now_us, symbol),
        Route::Candles => history::candles(exchange, now_us, &query),
        Route::Sparklines => history::sparklines(exchange, now_us),
        Route::Stats => history::stats(exchange, now_us),
        Route::Quota => Ok((Value::Null, None)),
        Route::PlaceOrder => orders::place(exchange, now_us, request.body),
        Route::EditOrder => orders::edit(exchange, now_us, request.body),
        Route::CancelOrder => orders::cancel(exchange, now_us, request.body),
        Route::CancelAll => orders::cancel_all(exchange, now_us, request.body),
        Route::PlaceBatch => orders::place_batch(exchange, now_us, request.body),
        Route::EditBatch => orders::edit_batch(exchange, now_us, request.body),
        Route::CancelBatch => orders::cancel_batch(exchange, now_us, request.body),
        Route::PlaceBracket => orders::place_bracket(exchange, now_us, request.body),
        Route::EditBracket => orders::edit_bracket(exchange, now_us, request.body),
        Route::Orders => lists::open_orders(exchange, now_us, &query),
        Route::OrderById(id) => lists::order_by_id(exchange, now_us, id),
        Route::OrderByClientId(id) => lists::order_by_client_id(exchange, now_us, id),
        Route::OrderHistory => lists::order_history(exchange, now_us, &query),
        Route::Fills => lists::fills(exchange, now_us, &query),
        Route::Transactions => lists::transactions(exchange, now_us, &query),
        Route::Position => account::position(exchange, now_us, &query),
        Route::Margined => account::margined(exchange, now_us, &query),
        Route::ChangeMargin => account::change_margin(exchange, now_us, request.body),
        Route::AutoTopup => account::auto_topup(exchange, now_us, request.body),
        Route::CloseAll => account::close_all(exchange, now_us, request.body),
        Route::CreateHeartbeat => heartbeat::create(exchange, now_us, request.body),
        Route::Heartbeat => heartbeat::acknowledge(exchange, now_us, request.body),
        Route::Heartbeats => heartbeat::list(exchange, &query),
        Route::Balances => Ok(account::balances(exchange, now_us)),
        Route::Preferences => {
            let topped_up = !exchange.quirks().positions_are_not_topped_up;
            let preferences =
                json!({ "user_id": USER_ID, "margin_mode": "isolated", "default_auto_topup": topped_up });
            Ok((preferences, None))
        }
        Route::MarginMode => account::margin_mode(exchange, request.body),
        Route::Profile => Err(Refused::Forbidden),
        Route::Leverage(id) => account::leverage(exchange, now_us, id),
        Route::SetLeverage(id) => account::set_leverage(exchange, now_us, id, request.body),
    }
}
