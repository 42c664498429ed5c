//! Reads of what the venue says is on, and how it compares with our own books.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Value};

use crate::amount::{Lots, Money};
use crate::ids::{ProductId, Symbol};
use crate::input::OpenOrder;
use crate::tell::{fields, grouped, positions};

/// Why the truth is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthPurpose {
    Start,
    Recovery,
    Periodic,
    Close,
    Verify,
    Audit,
    MissingFills,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthDecision {
    Requested {
        request: u64,
        purpose: TruthPurpose,
        products: Vec<(ProductId, Symbol)>,
        fills_since: Option<Micros>,
    },
    Read {
        request: u64,
        requested_at: Micros,
        positions: BTreeMap<Symbol, Lots>,
        own_open_orders: u32,
        /// Open orders with our ids that the journal does not know.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        orphans: Vec<OpenOrder>,
        foreign_open_orders: u32,
        wallet_balance: Option<Money>,
        latency_us: i64,
    },
    Unknown {
        request: u64,
        reason: String,
    },
    /// The venue and our fills differ.
    Mismatched {
        expected: BTreeMap<Symbol, Lots>,
        venue: BTreeMap<Symbol, Lots>,
        reads: u32,
    },
    /// They agree again.
    Matched,
}

impl Event for TruthDecision {
    fn name(&self) -> &'static str {
        match self {
            TruthDecision::Requested { .. } => "position.read_requested",
            TruthDecision::Read { .. } => "position.read",
            TruthDecision::Unknown { .. } => "position.unknown",
            TruthDecision::Mismatched { .. } => "position.mismatched",
            TruthDecision::Matched => "position.matched",
        }
    }

    fn level(&self) -> Level {
        match self {
            TruthDecision::Requested { .. } | TruthDecision::Read { .. } => Level::Debug,
            TruthDecision::Unknown { .. } => Level::Warn,
            TruthDecision::Mismatched { reads, .. } if *reads < 2 => Level::Warn,
            TruthDecision::Mismatched { .. } => Level::Error,
            TruthDecision::Matched => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            TruthDecision::Requested { products, .. } => {
                format!("Asked the venue for {} positions and all open orders.", products.len())
            }
            TruthDecision::Read { positions: lots, own_open_orders, .. } => {
                let held: Vec<_> = lots
                    .iter()
                    .filter(|(_, lots)| **lots != 0)
                    .map(|(symbol, lots)| format!("{} {symbol}", grouped(*lots)))
                    .collect();
                let held = if held.is_empty() { "flat".to_owned() } else { held.join(", ") };
                format!("The venue says: {held}; {own_open_orders} open orders of ours.")
            }
            TruthDecision::Unknown { reason, .. } => {
                format!("The venue's positions could not be read ({reason}); what was known stays believed.")
            }
            TruthDecision::Mismatched { expected, venue, .. } => {
                format!("Our fills say {}, the venue says {}.", positions(expected), positions(venue))
            }
            TruthDecision::Matched => "The venue and our fills agree again.".to_owned(),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            TruthDecision::Requested { request, purpose, products, fills_since } => fields()
                .put("request", request)
                .put("purpose", purpose)
                .put("symbols", products.iter().map(|(_, symbol)| symbol).collect::<Vec<_>>())
                .put("fills_since", fills_since)
                .map(),
            TruthDecision::Read {
                request,
                positions,
                own_open_orders,
                orphans,
                foreign_open_orders,
                wallet_balance,
                latency_us,
                ..
            } => fields()
                .put("request", request)
                .put("positions", positions)
                .put("own_open_orders", own_open_orders)
                .put("orphan_orders", orphans.len())
                .put("foreign_open_orders", foreign_open_orders)
                .put("wallet_balance", wallet_balance)
                .put("latency_us", latency_us)
                .map(),
            TruthDecision::Unknown { request, reason } => {
                fields().put("request", request).put("reason", reason).map()
            }
            TruthDecision::Mismatched { expected, venue, reads } => {
                fields().put("expected", expected).put("venue", venue).put("reads", reads).map()
            }
            TruthDecision::Matched => Map::new(),
        }
    }
}
