//! Query text and order bodies as typed values, with the venue's schema errors.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::exchange::book::Side;
use crate::exchange::chain::Product;
use crate::exchange::order::{OrderKey, OrderRequest, OrderType, Reject, StopKind, TimeInForce};

/// Decoded query parameters.
#[derive(Debug, Default)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// Decodes `a=b&c=d%2Ce`.
    ///
    /// # Errors
    /// Empty values are refused, as the venue does.
    pub fn parse(text: Option<&str>) -> Result<Query, Reject> {
        let mut values = BTreeMap::new();
        for pair in text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            if value.is_empty() {
                return Err(Reject::BadSchema(format!("{name} must not be empty")));
            }
            values.insert(decode(name), value);
        }
        Ok(Query(values))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Comma-separated values; empty when absent.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).map(|text| text.split(',').map(str::trim).collect()).unwrap_or_default()
    }

    /// True if the list is absent or contains the value.
    pub fn admits(&self, name: &str, value: &str) -> bool {
        let list = self.list(name);
        list.is_empty() || list.contains(&value)
    }

    /// A whole number.
    ///
    /// # Errors
    /// Anything else that is present.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Reject> {
        let parse = |text: &str| {
            text.parse().map_err(|_| Reject::BadSchema(format!("{name} must be a whole number")))
        };
        self.get(name).map(parse).transpose()
    }

    /// Whole numbers, at most ten.
    ///
    /// # Errors
    /// More of them, or something that is not a number.
    pub fn numbers(&self, name: &str) -> Result<Vec<i64>, Reject> {
        let list = self.list(name);
        if list.len() > 10 {
            return Err(Reject::BadSchema(format!("{name} may have at most 10 entries")));
        }
        let parse =
            |text: &str| text.parse().map_err(|_| Reject::BadSchema(format!("{name} must be whole numbers")));
        list.into_iter().map(parse).collect()
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'+' => Some(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            plain => Some(plain),
        };
        bytes.push(decoded.unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A part of a list with opaque cursors, and the `meta` for it.
///
/// # Errors
/// A cursor or a page size that is none.
pub fn page<T>(rows: Vec<T>, query: &Query, default: usize, most: usize) -> Result<(Vec<T>, Value), Reject> {
    let size = query.number("page_size")?.unwrap_or(default as i64);
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| Reject::BadSchema("page_size must be positive".to_owned()))?.min(most);
    let start = match (query.get("after"), query.get("before")) {
        (Some(cursor), _) => offset(cursor)?,
        (None, Some(cursor)) => offset(cursor)?.saturating_sub(size),
        (None, None) => 0,
    };
    let total = rows.len();
    let end = (start + size).min(total);
    let cursor = |offset: usize| hex::encode(format!("o{offset}"));
    let meta = json!({
        "after": (end < total).then(|| cursor(end)),
        "before": (start > 0).then(|| cursor(start)),
        "limit": size,
        "total_count": total,
    });
    Ok((rows.into_iter().skip(start).take(size).collect(), meta))
}

fn offset(cursor: &str) -> Result<usize, Reject> {
    let text = hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let number = text.and_then(|text| text.strip_prefix('o').and_then(|digits| digits.parse().ok()));
    number.ok_or_else(|| Reject::BadSchema("invalid cursor".to_owned()))
}

/// A JSON object.
///
/// # Errors
/// Anything else.
pub fn object(body: &[u8]) -> Result<Map<String, Value>, Reject> {
    serde_json::from_slice(body).map_err(|_| Reject::BadSchema("body must be a JSON object".to_owned()))
}

/// Boolean flag of a body, false when absent: JSON booleans or their text; only text if `only_text`.
///
/// # Errors
/// Anything else.
pub fn flag(body: &Map<String, Value>, name: &str, only_text: bool) -> Result<bool, Reject> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) if !only_text => Ok(*value),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_other) => Err(Reject::BadSchema(format!("{name} must be true or false"))),
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn decimal(body: &Map<String, Value>, name: &str) -> Result<Option<Decimal>, Reject> {
    let wrong = || Reject::BadSchema(format!("{name} must be a decimal as a string"));
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| wrong()),
        Some(Value::Number(number)) => number.to_string().parse().map(Some).map_err(|_| wrong()),
        Some(_other) => Err(wrong()),
    }
}

/// Product id of a body: exactly one of `product_id` and `product_symbol`.
///
/// # Errors
/// None, both, or one that is no contract.
pub fn product_id(body: &Map<String, Value>) -> Result<i64, Reject> {
    match (body.get("product_id"), text(body, "product_symbol")) {
        (Some(id), None) => {
            id.as_i64().ok_or_else(|| Reject::BadSchema("product_id must be an integer".to_owned()))
        }
        (None, Some(symbol)) => {
            Product::parse(symbol).map(|product| product.id).ok_or(Reject::InvalidContract)
        }
        (Some(_), Some(_)) => {
            Err(Reject::BadSchema("only one of product_id and product_symbol is allowed".to_owned()))
        }
        (None, None) => Err(Reject::BadSchema("product_id or product_symbol is required".to_owned())),
    }
}

/// Body of `POST /v2/orders`.
///
/// # Errors
/// The first field that does not fit.
pub fn order_request(body: &Map<String, Value>, only_text: bool) -> Result<OrderRequest, Reject> {
    refuse_unsupported(body)?;
    let wrong = |name: &str, allowed: &str| Reject::BadSchema(format!("{name} must be {allowed}"));
    let side = match text(body, "side") {
        Some("buy") => Side::Buy,
        Some("sell") => Side::Sell,
        Some(_) | None => return Err(wrong("side", "buy or sell")),
    };
    let order_type = match text(body, "order_type") {
        Some("limit_order") => OrderType::Limit,
        Some("market_order") => OrderType::Market,
        Some(_) | None => return Err(wrong("order_type", "limit_order or market_order")),
    };
    let time_in_force = match (text(body, "time_in_force"), order_type) {
        (Some("gtc"), _) | (None, OrderType::Limit) => TimeInForce::Gtc,
        (Some("ioc"), _) | (None, OrderType::Market) => TimeInForce::Ioc,
        (Some(_), _) => return Err(wrong("time_in_force", "gtc or ioc")),
    };
    let size = body.get("size").and_then(Value::as_i64).ok_or_else(|| wrong("size", "an integer"))?;
    Ok(OrderRequest {
        product_id: product_id(body)?,
        side,
        size,
        order_type,
        limit_price: decimal(body, "limit_price")?,
        time_in_force,
        post_only: flag(body, "post_only", only_text)?,
        reduce_only: flag(body, "reduce_only", only_text)?,
        client_order_id: text(body, "client_order_id").map(str::to_owned),
        stop: stop(body)?,
    })
}

/// What the venue would act on and this one cannot is refused rather than passed over.
fn refuse_unsupported(body: &Map<String, Value>) -> Result<(), Reject> {
    let unsupported = |(name, value): &(&String, &Value)| {
        let given = !value.is_null();
        match name.as_str() {
            "trail_amount" => given,
            "stop_trigger_method" => given && value.as_str() != Some("mark_price"),
            name => given && name.starts_with("bracket_"),
        }
    };
    match body.iter().find(unsupported) {
        Some((name, _)) => Err(Reject::BadSchema(format!("{name} is not supported by this simulated venue"))),
        None => Ok(()),
    }
}

fn stop(body: &Map<String, Value>) -> Result<Option<(Decimal, StopKind)>, Reject> {
    let kind = match text(body, "stop_order_type") {
        None => return Ok(None),
        Some("stop_loss_order") => StopKind::StopLoss,
        Some("take_profit_order") => StopKind::TakeProfit,
        Some(_) => {
            let why = "stop_order_type must be stop_loss_order or take_profit_order";
            return Err(Reject::BadSchema(why.to_owned()));
        }
    };
    let price = decimal(body, "stop_price")?;
    price
        .map(|price| Some((price, kind)))
        .ok_or_else(|| Reject::BadSchema("stop_price is required".to_owned()))
}

/// Which order a body names: `id` or `client_order_id`.
///
/// # Errors
/// Neither.
pub fn order_key(body: &Map<String, Value>) -> Result<OrderKey, Reject> {
    let id = body.get("id").and_then(Value::as_i64).map(OrderKey::Id);
    let named =
        || text(body, "client_order_id").map(|client_id| OrderKey::ClientOrderId(client_id.to_owned()));
    id.or_else(named).ok_or_else(|| Reject::BadSchema("id is required".to_owned()))
}
