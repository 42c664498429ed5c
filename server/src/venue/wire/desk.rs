//! What else an options desk reads: depth, the past, the venue's clock and quota, leverage, margins, money and switches.

use model::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::number::{decimal, flag, product, some_decimal, some_product, text, whole};

/// Both sides of a book, best first.
#[derive(Clone, Debug, Deserialize)]
pub struct Book {
    pub symbol: String,
    /// Microseconds by the venue's clock.
    #[serde(default, deserialize_with = "whole")]
    pub last_updated_at: Option<i64>,
    pub buy: Vec<BookLevel>,
    pub sell: Vec<BookLevel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BookLevel {
    #[serde(deserialize_with = "some_decimal")]
    pub price: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub size: Decimal,
}

/// Trades of everybody, as a list or in an object.
#[derive(Clone, Debug)]
pub struct Trades(pub Vec<Trade>);

#[derive(Clone, Debug, Deserialize)]
pub struct Trade {
    #[serde(deserialize_with = "some_decimal")]
    pub price: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub size: Decimal,
    /// Microseconds by the venue's clock.
    #[serde(deserialize_with = "whole")]
    pub timestamp: Option<i64>,
    /// Of who took; one form says it, the other says who bought as what.
    #[serde(default, deserialize_with = "text")]
    side: Option<String>,
    #[serde(default, deserialize_with = "text")]
    buyer_role: Option<String>,
}

impl Trade {
    /// Whether who took was a buyer, in either form.
    #[must_use]
    pub fn was_bought(&self) -> Option<bool> {
        match (self.side.as_deref(), self.buyer_role.as_deref()) {
            (Some("buy"), _) | (None, Some("taker")) => Some(true),
            (Some("sell"), _) | (None, Some("maker")) => Some(false),
            (_, _) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Trades {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = match Value::deserialize(deserializer)? {
            Value::Object(mut fields) => fields.remove("trades").unwrap_or_default(),
            rows => rows,
        };
        serde_json::from_value(rows).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A bar. The venue fills gaps with the last trade and no volume, and sorts as it likes.
#[derive(Clone, Debug, Deserialize)]
pub struct Candle {
    /// Unix seconds of its beginning.
    #[serde(deserialize_with = "whole")]
    pub time: Option<i64>,
    #[serde(deserialize_with = "some_decimal")]
    pub open: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub high: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub low: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub close: Decimal,
    /// An index and a mark have none.
    #[serde(default, deserialize_with = "decimal")]
    pub volume: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// Microseconds by the venue's clock.
    #[serde(deserialize_with = "whole")]
    pub server_time: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub under_maintenance: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Asset {
    #[serde(deserialize_with = "some_product")]
    pub id: u64,
    pub symbol: String,
}

/// What options of an underlying settle on.
#[derive(Clone, Debug, Deserialize)]
pub struct Index {
    pub symbol: String,
    #[serde(default, deserialize_with = "product")]
    pub underlying_asset_id: Option<u64>,
}

/// What of a quota is spent in the window that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Quota {
    /// Units spent, counted upward.
    #[serde(rename = "current_quota")]
    pub spent: u32,
    #[serde(rename = "remaining_time_in_milliseconds")]
    pub left_ms: i64,
}

/// A row of what moved the balance.
#[derive(Clone, Debug, Deserialize)]
pub struct Transaction {
    pub transaction_type: String,
    /// Positive for what came in.
    #[serde(deserialize_with = "some_decimal")]
    pub amount: Decimal,
    #[serde(default, deserialize_with = "decimal")]
    pub balance: Option<Decimal>,
    #[serde(default, deserialize_with = "text")]
    pub asset_symbol: Option<String>,
    #[serde(default, deserialize_with = "product")]
    pub product_id: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Leverage {
    #[serde(deserialize_with = "some_decimal")]
    pub leverage: Decimal,
    #[serde(default, deserialize_with = "decimal")]
    pub order_margin: Option<Decimal>,
}

/// A position with what it is margined by.
#[derive(Clone, Debug, Deserialize)]
pub struct MarginedPosition {
    #[serde(deserialize_with = "some_product")]
    pub product_id: u64,
    #[serde(deserialize_with = "some_decimal")]
    pub size: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub margin: Decimal,
    #[serde(default, deserialize_with = "decimal")]
    pub entry_price: Option<Decimal>,
    /// None or nothing where the venue does not give one, as for options it may.
    #[serde(default, deserialize_with = "decimal")]
    pub liquidation_price: Option<Decimal>,
    #[serde(default, deserialize_with = "flag")]
    pub auto_topup: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Preferences {
    #[serde(deserialize_with = "some_product")]
    pub user_id: u64,
}

/// The venue has heard of a switch.
#[derive(Clone, Debug, Deserialize)]
pub struct SwitchHeard {
    /// When it is missed next, milliseconds.
    #[serde(default, deserialize_with = "whole")]
    pub heartbeat_timestamp: Option<i64>,
    #[serde(deserialize_with = "flag")]
    pub process_enabled: Option<bool>,
}

/// A switch as the venue lists it.
#[derive(Clone, Debug, Deserialize)]
pub struct SwitchRow {
    pub heartbeat_id: String,
    #[serde(default)]
    pub product_symbols: Vec<String>,
    #[serde(default, deserialize_with = "whole")]
    pub heartbeat_timestamp: Option<i64>,
}
