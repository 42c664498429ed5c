//! Typed values as the venue's REST JSON: prices, greeks and money are strings, ids and sizes integers,
//! times microseconds or ISO text, exactly as recorded. What the venue leaves out is left out.

use serde_json::{Map, Value, json};

use crate::exchange::event::PriceLevel;
use crate::exchange::quote::rounded;

mod account;
mod market;

pub use account::*;
pub use market::*;

const USD_ASSET_ID: i64 = 14;

/// A float as published: eight decimals, as a string.
pub fn eight(value: f64) -> String {
    rounded(value, 8).to_string()
}

fn price_text(level: Option<PriceLevel>) -> Value {
    level.map_or(Value::Null, |(price, _)| json!(price.to_string()))
}

fn lots_text(level: Option<PriceLevel>) -> Value {
    level.map_or(Value::Null, |(_, lots)| json!(lots.to_string()))
}

/// `{"success":true,"result":…}`, with `meta` if there is any.
pub fn success(result: Value, meta: Option<Value>) -> String {
    let mut envelope = Map::new();
    envelope.insert("success".to_owned(), Value::Bool(true));
    envelope.insert("result".to_owned(), result);
    if let Some(meta) = meta {
        envelope.insert("meta".to_owned(), meta);
    }
    Value::Object(envelope).to_string()
}

/// `{"success":false,"error":{"code":…,"context":…}}`.
pub fn failure(code: &str, context: Option<Value>) -> String {
    let mut error = json!({ "code": code });
    if let Some(context) = context {
        error["context"] = context;
    }
    json!({ "success": false, "error": error }).to_string()
}
