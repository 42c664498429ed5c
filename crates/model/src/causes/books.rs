//! Why something stands in no books, or left them.

use serde::{Deserialize, Serialize};

/// What explains that the venue shows nothing where our own fills leave something on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroCause {
    /// The venue refused to reduce: there is no position.
    Refused,
    /// Somebody else's fill in the same instrument.
    ForeignFill,
}

impl ZeroCause {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Refused => "the venue refuses to reduce a position that is not there",
            Self::ForeignFill => "trades that are not ours explain it",
        }
    }
}

/// Why a fill was not booked to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillFault {
    /// Its order is not of ours: a trade of somebody else in an instrument of ours.
    Foreign,
    /// Nothing says whose it is: its order has no name and it happened while no process watched, so that an order of
    /// ours may have been forgotten with the end of a journal.
    Unclaimed,
    /// More than the order's size would be booked.
    Overfilled,
    /// Its numbers cannot be those of an execution.
    Absurd,
    /// It was told before with another side, size or price: the first stands, and the result is not known.
    Contradicted,
}

impl FillFault {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Foreign => "its order is not ours",
            Self::Unclaimed => "it happened while no process watched, and no order of ours is known for it",
            Self::Overfilled => "its order would be filled beyond its size",
            Self::Absurd => "its numbers are not those of an execution",
            Self::Contradicted => "it was told before with another side, size or price, and the first stands",
        }
    }
}
