//! Public REST answers: products, tickers, depth.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::dialect::page::{Size, page};
use crate::dialect::query::Query;
use crate::dialect::reply::{Answer, Refused};
use crate::dialect::wire::{self, Standing};
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
use crate::exchange::order::Reject;
use crate::exchange::time::{self, Date, Micros};

const PAGE: Size = Size { default: 100, most: 1_000 };
/// Most symbols in one request for tickers.
const TICKERS: usize = 10;

/// A listed product by its symbol or its id.
pub(crate) fn known(exchange: &mut Exchange, now_us: Micros, name: &str) -> Result<Product, Refused> {
    exchange.run_to(now_us);
    let missing = || Refused::NotFound { code: "product_not_found", context: json!({ "symbol": name }) };
    let by_id = || name.parse().ok().and_then(|id| exchange.product_by_id(id));
    exchange.product(name).or_else(by_id).ok_or_else(missing)
}

/// What stands about a product.
fn standing(exchange: &Exchange, product: &Product, paid: Option<Decimal>) -> Standing {
    let settled = paid.and_then(|paid| exchange.settled_at(product).map(|mean| (mean, paid)));
    let launched_s =
        product.expiry_s().and_then(|expiry_s| exchange.launched_s(product.underlying, expiry_s));
    Standing { settled, status: exchange.trading_status(product), launched_s }
}

fn expiry(query: &Query, name: &str) -> Result<Option<i64>, Reject> {
    let parse = |text: &str| {
        let date =
            Date::from_dashes(text).ok_or_else(|| Reject::BadSchema(format!("{name} is not a date")))?;
        Ok(time::expiry_of_day(date.to_day()))
    };
    query.get(name).map(parse).transpose()
}

pub(crate) fn products(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let expiry = expiry(query, "expiry")?;
    let states = query.list("states");
    let wanted = |product: &Product| {
        query.admits("contract_types", product.contract_type())
            && expiry.is_none_or(|expiry_s| product.expiry_s() == Some(expiry_s))
    };
    let mut rows = Vec::new();
    if states.is_empty() || states.contains(&"live") {
        let live = exchange.products(now_us).into_iter().filter(wanted);
        rows.extend(live.map(|product| (product, None)));
    }
    if states.contains(&"expired") || states.contains(&"settled") {
        let settled = exchange.settled_products(now_us).into_iter();
        rows.extend(
            settled.filter(|(product, _)| wanted(product)).map(|(product, price)| (product, Some(price))),
        );
    }
    rows.sort_by_key(|(product, _)| product.id);
    let keyed = rows.into_iter().map(|row| (row.0.id, row)).collect();
    let (rows, meta) = page(keyed, query, PAGE)?;
    let row = |(product, paid): (Product, Option<Decimal>)| {
        wire::product(&product, &standing(exchange, &product, paid))
    };
    let rows: Vec<Value> = rows.into_iter().map(row).collect();
    Ok((Value::Array(rows), Some(meta)))
}

pub(crate) fn product(exchange: &mut Exchange, now_us: Micros, name: &str) -> Answer {
    exchange.run_to(now_us);
    if let Ok(product) = known(exchange, now_us, name) {
        return Ok((wire::product(&product, &standing(exchange, &product, None)), None));
    }
    let settled = exchange.settled_products(now_us).into_iter();
    let named = |product: &Product| product.symbol == name || product.id.to_string() == name;
    match settled.into_iter().find(|(product, _)| named(product)) {
        Some((product, paid)) => {
            Ok((wire::product(&product, &standing(exchange, &product, Some(paid))), None))
        }
        None => {
            known(exchange, now_us, name).map(|product| (wire::product(&product, &Standing::USUAL), None))
        }
    }
}

pub(crate) fn tickers(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let expiry = expiry(query, "expiry_date")?;
    let wanted = |product: &Product| {
        query.admits("underlying_asset_symbols", product.underlying.symbol())
            && query.admits("contract_types", product.contract_type())
            && expiry.is_none_or(|expiry_s| product.expiry_s() == Some(expiry_s))
    };
    let products: Vec<Product> = exchange.products(now_us).into_iter().filter(wanted).collect();
    let rows = products.iter().map(|product| wire::ticker(&exchange.ticker(now_us, product)));
    Ok((Value::Array(rows.collect()), None))
}

/// One ticker, or a list of them for names with commas; up to a minute old where that is switched on.
pub(crate) fn ticker(exchange: &mut Exchange, now_us: Micros, names: &str) -> Answer {
    let decoded = names.replace("%2C", ",").replace("%2c", ",");
    let names: Vec<&str> = decoded.split(',').filter(|name| !name.is_empty()).collect();
    if names.len() > TICKERS {
        return Err(Reject::BadSchema(format!("at most {TICKERS} symbols are allowed")).into());
    }
    let mut rows = Vec::new();
    for name in &names {
        let product = known(exchange, now_us, name)?;
        rows.push(wire::ticker(&exchange.ticker_as_cached(now_us, &product)));
    }
    let one = rows.len() == 1;
    Ok((if one { rows.swap_remove(0) } else { Value::Array(rows) }, None))
}

pub(crate) fn book(exchange: &mut Exchange, now_us: Micros, symbol: &str, query: &Query) -> Answer {
    let product = known(exchange, now_us, symbol)?;
    let depth = query.number("depth")?.and_then(|depth| usize::try_from(depth).ok()).unwrap_or(usize::MAX);
    Ok((wire::book(&exchange.book(now_us, &product), depth), None))
}
