//! A read of the venue as such: its number and times, and the parts of which each can fail by itself.

use serde::{Deserialize, Serialize};
use telemetry::Micros;

/// A read: its number, when it was asked for (what it shows is at least as new), when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    pub request: u64,
    pub requested_at: Micros,
    pub read_at: Micros,
}

/// Parts of a read, each of which can fail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthPart {
    Positions,
    OpenOrders,
    Fills,
    Wallet,
    Account,
    All,
}

impl TruthPart {
    pub fn words(self) -> &'static str {
        match self {
            TruthPart::Positions => "positions",
            TruthPart::OpenOrders => "open orders",
            TruthPart::Fills => "fills",
            TruthPart::Wallet => "wallet",
            TruthPart::Account => "account's positions",
            TruthPart::All => "positions and orders",
        }
    }

    /// Whether what is on cannot be known without it.
    pub fn is_needed(self) -> bool {
        match self {
            TruthPart::Positions | TruthPart::OpenOrders | TruthPart::All => true,
            TruthPart::Fills | TruthPart::Wallet | TruthPart::Account => false,
        }
    }
}
