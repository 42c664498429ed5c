//! How the venue restricts trading, in a product or as a whole: disruptions, auctions and maintenance. It is the venue's
//! word, as its stream tells it; a word that nobody knows restricts nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::ids::Symbol;

/// What is not possible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restriction {
    /// Orders are only canceled.
    CancelOnly,
    /// Orders rest and are canceled, and none is matched: an auction.
    PostOnly,
    /// The venue is not there.
    Maintenance,
}

impl Restriction {
    /// What it means for who wants to close, within a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::CancelOnly => "only cancels are taken: it is closed when the venue trades it again",
            Self::PostOnly => {
                "an auction, in which nothing is matched: a close rests at our own side of the book, and goes to the \
                 market when it is over"
            }
            Self::Maintenance => "the venue is in maintenance: it is closed when the venue is back",
        }
    }
}

/// All that is restricted of what is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restrictions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<Restriction>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub products: BTreeMap<Symbol, Restriction>,
}

impl Restrictions {
    pub fn is_none(&self) -> bool {
        self.venue.is_none() && self.products.is_empty()
    }

    /// What holds for a product: the venue's own goes first, because then nothing is there.
    pub fn of(&self, symbol: &Symbol) -> Option<Restriction> {
        self.venue.or_else(|| self.products.get(symbol).copied())
    }
}

/// The same with when it last changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restricted {
    pub now: Restrictions,
    pub changed_at: Option<Micros>,
}
