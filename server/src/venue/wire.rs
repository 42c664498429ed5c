//! The venue's JSON as it comes (venue facts, section 5): numbers as text or as numbers, absent, null or empty for
//! "none", ids as integers or text, errors as objects or text. Tolerant in form, strict in meaning.

mod desk;
mod envelope;
mod number;

use model::Decimal;
use serde::Deserialize;
use serde_json::Value;

pub use desk::{
    Asset as AssetRow, Book, BookLevel, Candle, Index, Leverage, MarginedPosition, Preferences, Quota,
    Settings, SwitchHeard, SwitchRow, Trade, Trades, Transaction,
};
pub use envelope::{Form, Meta, NoResult, Refusal, result, result_in};
use number::{decimal, flag, id, product, some_decimal, some_product, text, whole};
pub use number::{decimal_of, decimal_text, id_of, whole_of, whole_text};

/// A product of `GET /v2/products`.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    #[serde(deserialize_with = "some_product")]
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
    /// `live`, or what it was or will be.
    #[serde(default, deserialize_with = "text")]
    pub state: Option<String>,
    /// `operational`, or what of trading is disrupted.
    #[serde(default, deserialize_with = "text")]
    pub trading_status: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProductSpecs {
    /// Cap of the fee as a share of the premium.
    #[serde(default, deserialize_with = "decimal")]
    pub premium_commission_rate: Option<Decimal>,
}

/// Without a symbol where the venue leaves it empty, which must not fail a whole page of products.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asset {
    #[serde(default)]
    pub symbol: Option<String>,
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
    /// When the venue made it, microseconds by its clock. An answer that was kept on the way is up to a minute old.
    #[serde(default, deserialize_with = "whole")]
    pub timestamp: Option<i64>,
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

/// An order, from REST (`id`, `product_symbol`) or from the stream (`order_id`, `symbol`). State and both sizes must be
/// there: what an order does not say of them is not zero.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    #[serde(default, deserialize_with = "id")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "id")]
    pub order_id: Option<String>,
    #[serde(default, deserialize_with = "id")]
    pub client_order_id: Option<String>,
    #[serde(default, deserialize_with = "product")]
    pub product_id: Option<u64>,
    #[serde(default)]
    pub product_symbol: Option<String>,
    #[serde(default)]
    pub symbol: Option<String>,
    #[serde(default)]
    pub side: Option<String>,
    #[serde(deserialize_with = "some_decimal")]
    pub size: Decimal,
    #[serde(deserialize_with = "some_decimal")]
    pub unfilled_size: Decimal,
    #[serde(default, deserialize_with = "decimal")]
    pub limit_price: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub average_fill_price: Option<Decimal>,
    pub state: OrderState,
    #[serde(default, deserialize_with = "flag")]
    pub reduce_only: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    pub cancellation_reason: Option<String>,
}

/// The venue's states of an order; a word beside these is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// An untriggered stop.
    Pending,
    /// It rests.
    Open,
    /// Finished; lots that were not filled were canceled.
    Closed,
    Cancelled,
}

/// A fill of `GET /v2/fills`.
#[derive(Clone, Debug, Deserialize)]
pub struct Fill {
    #[serde(deserialize_with = "id")]
    pub id: Option<String>,
    #[serde(default, deserialize_with = "id")]
    pub order_id: Option<String>,
    #[serde(default, deserialize_with = "product")]
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
    /// ISO text, or microseconds as a number or as text.
    pub created_at: Value,
    #[serde(default)]
    pub meta_data: Option<FillMeta>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct FillMeta {
    #[serde(default, deserialize_with = "id")]
    pub client_order_id: Option<String>,
}

/// The real-time position of one product.
#[derive(Clone, Debug, Deserialize)]
pub struct PositionNow {
    #[serde(deserialize_with = "decimal")]
    pub size: Option<Decimal>,
    /// Of which product, where the venue says so.
    #[serde(default, deserialize_with = "product")]
    pub product_id: Option<u64>,
    pub product_symbol: Option<String>,
}

/// A position of `GET /v2/positions/margined`.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountPosition {
    #[serde(deserialize_with = "some_product")]
    pub product_id: u64,
    pub product_symbol: String,
    /// Signed.
    #[serde(deserialize_with = "some_decimal")]
    pub size: Decimal,
}

/// One asset of the wallet.
#[derive(Clone, Debug, Deserialize)]
pub struct Wallet {
    pub asset_symbol: String,
    #[serde(default, deserialize_with = "decimal")]
    pub balance: Option<Decimal>,
    /// What positions and orders block together, and orders alone.
    #[serde(default, deserialize_with = "decimal")]
    pub blocked_margin: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal")]
    pub order_margin: Option<Decimal>,
}
