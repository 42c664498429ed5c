//! The venue's JSON as it comes (venue facts, section 5): numbers as text or as numbers, absent, null or empty for
//! "none", ids as integers or text, errors as objects or text. Tolerant in form, strict in meaning.

mod envelope;

use model::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use envelope::{Meta, NoResult, Refusal, result};

/// A product of `GET /v2/products`.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    pub id: u64,
    pub symbol: String,
    pub contract_type: String,
    #[serde(default)]
    pub settlement_time: Option<String>,
    #[serde(default, deserialize_with = "decimal")]
    pub strike_price: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub tick_size: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub contract_value: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub taker_commission_rate: Option<Decimal>,
    /// Percent.
    #[serde(default, deserialize_with = "decimal")]
    pub initial_margin: Option<Decimal>,
    /// Percent.
    #[serde(default, deserialize_with = "decimal")]
    pub maintenance_margin: Option<Decimal>,
    #[serde(default)]
    pub product_specs: Option<ProductSpecs>,
    #[serde(default)]
    pub underlying_asset: Option<Asset>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProductSpecs {
    /// Cap of the fee as a share of the premium.
    #[serde(default, deserialize_with = "decimal")]
    pub premium_commission_rate: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Asset {
    pub symbol: String,
}

/// A ticker of `GET /v2/tickers`.
#[derive(Clone, Debug, Deserialize)]
pub struct Ticker {
    pub symbol: String,
    #[serde(default, deserialize_with = "decimal")]
    pub mark_price: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub spot_price: Option<Decimal>,
    #[serde(default)]
    pub underlying_asset_symbol: Option<String>,
    #[serde(default)]
    pub greeks: Option<Greeks>,
    #[serde(default)]
    pub quotes: Option<Quotes>,
    #[serde(default)]
    pub price_band: Option<PriceBand>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Greeks {
    #[serde(default, deserialize_with = "decimal")]
    pub delta: Option<Decimal>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Quotes {
    #[serde(default, deserialize_with = "decimal")]
    pub best_bid: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub bid_size: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub best_ask: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub ask_size: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub mark_iv: Option<Decimal>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct PriceBand {
    #[serde(default, deserialize_with = "decimal")]
    pub lower_limit: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub upper_limit: Option<Decimal>,
}

/// An order, from REST (`id`, `product_symbol`) or from the stream (`order_id`, `symbol`).
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    #[serde(default, deserialize_with = "id_text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "id_text")]
    pub order_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub client_order_id: Option<String>,
    #[serde(default)]
    pub product_id: Option<u64>,
    #[serde(default)]
    pub product_symbol: Option<String>,
    #[serde(default)]
    pub symbol: Option<String>,
    #[serde(default, deserialize_with = "decimal")]
    pub size: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub unfilled_size: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub average_fill_price: Option<Decimal>,
    pub state: String,
    #[serde(default, deserialize_with = "flag")]
    pub reduce_only: bool,
    #[serde(default, deserialize_with = "text")]
    pub cancellation_reason: Option<String>,
}

/// A fill of `GET /v2/fills`.
#[derive(Clone, Debug, Deserialize)]
pub struct Fill {
    #[serde(deserialize_with = "id_text")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "id_text")]
    pub order_id: Option<String>,
    #[serde(default)]
    pub product_id: Option<u64>,
    #[serde(default)]
    pub product_symbol: Option<String>,
    pub side: String,
    #[serde(deserialize_with = "decimal")]
    pub size: Option<Decimal>,
    #[serde(deserialize_with = "decimal")]
    pub price: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub commission: Option<Decimal>,
    #[serde(default)]
    pub fill_type: Option<String>,
    /// ISO text, or microseconds.
    pub created_at: Value,
    #[serde(default)]
    pub meta_data: Option<FillMeta>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct FillMeta {
    #[serde(default, deserialize_with = "text")]
    pub client_order_id: Option<String>,
}

/// The real-time position of one product.
#[derive(Clone, Debug, Deserialize)]
pub struct PositionNow {
    #[serde(deserialize_with = "decimal")]
    pub size: Option<Decimal>,
}

/// One asset of the wallet.
#[derive(Clone, Debug, Deserialize)]
pub struct Wallet {
    pub asset_symbol: String,
    #[serde(default, deserialize_with = "decimal")]
    pub balance: Option<Decimal>,
}

/// Reads a decimal from text or number; null and empty text are none. Never through a binary float.
pub fn decimal_of(value: &Value) -> Result<Option<Decimal>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err("a number or its text was expected".to_owned());
        }
    };
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text));
    parsed.map(|number| Some(number.normalize())).map_err(|_| format!("{text} is no decimal"))
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    decimal_of(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Ids come as integers and as text.
fn id_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::String(text) if !text.is_empty() => Ok(Some(text)),
        Value::String(_) | Value::Null => Ok(None),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("an id was expected"))
        }
    }
}

/// Text, where empty means none.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty()))
}

/// `true`, `"true"`; anything else is false.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value == Value::Bool(true) || value.as_str() == Some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_from_text_and_number_and_none_from_nothing() {
        for (json, expected) in [
            ("\"0.100000000000000000\"", Some("0.1")),
            ("0.035", Some("0.035")),
            ("3", Some("3")),
            ("1e-7", Some("0.0000001")),
            ("\"\"", None),
            ("null", None),
        ] {
            let value = serde_json::from_str(json).unwrap();
            let expected = expected.map(|text| text.parse::<Decimal>().unwrap());
            assert_eq!(decimal_of(&value), Ok(expected), "{json}");
        }
        assert!(decimal_of(&Value::Bool(true)).is_err());
        assert!(decimal_of(&Value::from("abc")).is_err());
    }
}
