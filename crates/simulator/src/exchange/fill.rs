//! Executions as the venue keeps them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::market::book::Side;
use super::order::OrderType;
use super::time::Micros;

/// Who was in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Maker,
    Taker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FillKind {
    Normal,
    Settlement,
    /// The venue closed the position, because its margin was used up.
    Liquidation,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Decimal text of the order's id; a UUID for a settlement.
    pub order_id: String,
    pub client_order_id: Option<String>,
    pub product_id: i64,
    pub symbol: String,
    pub side: Side,
    /// Lots.
    pub size: i64,
    /// USD per unit of the underlying.
    pub price: Decimal,
    pub role: Role,
    pub kind: FillKind,
    /// Fee paid, tax included, USD.
    pub fee: Decimal,
    /// Signed lots after this fill.
    pub position_after: i64,
    /// Counts per symbol from 1.
    pub seq: u64,
    pub created_us: Micros,
    /// Its order as it stood after it; none for a settlement.
    #[serde(default)]
    pub order: Option<OrderThen>,
    /// What it brought before its fee: premium, or the price result of a perpetual. USD.
    #[serde(default)]
    pub cash: Decimal,
    /// What its liquidation cost beside the fee, USD.
    #[serde(default)]
    pub charge: Decimal,
}

/// What a fill says about its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderThen {
    /// Limit in USD; of a market order the protective one.
    pub price: Decimal,
    pub size: i64,
    pub unfilled: i64,
    pub order_type: OrderType,
}
