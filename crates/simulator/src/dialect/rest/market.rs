//! Public REST answers: products, tickers, depth.

use serde_json::{Value, json};

use crate::dialect::query::{Query, page};
use crate::dialect::reply::{Answer, Refused};
use crate::dialect::wire;
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
use crate::exchange::order::Reject;
use crate::exchange::time::{self, Date, Micros};

const PAGE: usize = 100;
const MOST: usize = 1_000;

fn known(exchange: &mut Exchange, now_us: Micros, symbol: &str) -> Result<Product, Refused> {
    exchange.run_to(now_us);
    let missing = || Refused::NotFound { code: "product_not_found", context: json!({ "symbol": symbol }) };
    exchange.product(symbol).ok_or_else(missing)
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
    let (rows, meta) = page(rows, query, PAGE, MOST)?;
    let rows: Vec<Value> = rows.into_iter().map(|(product, price)| wire::product(&product, price)).collect();
    Ok((Value::Array(rows), Some(meta)))
}

pub(crate) fn product(exchange: &mut Exchange, now_us: Micros, symbol: &str) -> Answer {
    exchange.run_to(now_us);
    if let Some(product) = exchange.product(symbol) {
        return Ok((wire::product(&product, None), None));
    }
    let settled = exchange.settled_products(now_us);
    match settled.into_iter().find(|(product, _)| product.symbol == symbol) {
        Some((product, price)) => Ok((wire::product(&product, Some(price)), None)),
        None => known(exchange, now_us, symbol).map(|product| (wire::product(&product, None), None)),
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

pub(crate) fn ticker(exchange: &mut Exchange, now_us: Micros, symbol: &str) -> Answer {
    let product = known(exchange, now_us, symbol)?;
    Ok((wire::ticker(&exchange.ticker(now_us, &product)), None))
}

pub(crate) fn book(exchange: &mut Exchange, now_us: Micros, symbol: &str, query: &Query) -> Answer {
    let product = known(exchange, now_us, symbol)?;
    let depth = query.number("depth")?.and_then(|depth| usize::try_from(depth).ok()).unwrap_or(usize::MAX);
    Ok((wire::book(&exchange.book(now_us, &product), depth), None))
}
