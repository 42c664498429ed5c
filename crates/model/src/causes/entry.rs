//! Why an entry came to nothing.

use serde::{Deserialize, Serialize};

use crate::ids::{Code, SessionId, Symbol, Underlying};

/// Why an entry came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryFailure {
    ListUnread {
        code: Code,
    },
    ListMissing,
    NoExpiry {
        underlying: Underlying,
        hours: i64,
    },
    NoCall,
    NoPut,
    PositionsUnread {
        code: Code,
    },
    NoQuotes,
    /// Another session holds the instrument.
    Leased {
        symbol: Symbol,
        holder: SessionId,
    },
    Refused {
        symbol: Symbol,
        code: Code,
    },
    LegMissing,
    /// An order that was told as ended was filled after all.
    Oversold,
    /// Paused when part of it was sold already.
    HalfSold,
    /// The process ended in the middle of it.
    CutInHalf,
    /// The process ended before strikes were chosen.
    BeforeStrikes,
}

impl EntryFailure {
    pub fn sentence(&self) -> String {
        match self {
            Self::ListUnread { code } => format!("the list of options could not be read: {}", code.words()),
            Self::ListMissing => "the list of options did not arrive".to_owned(),
            Self::NoExpiry { underlying, hours } => {
                format!("no {underlying} expiry at least {hours} hours away is listed")
            }
            Self::NoCall => "no call is listed in the chosen expiry".to_owned(),
            Self::NoPut => "no put is listed in the chosen expiry".to_owned(),
            Self::PositionsUnread { code } => {
                format!("the venue's positions could not be read: {}", code.words())
            }
            Self::NoQuotes => "no fresh two-sided quotes within ten seconds".to_owned(),
            Self::Leased { symbol, holder } => format!("session {holder} holds {symbol}"),
            Self::Refused { symbol, code } => format!("the venue refused {symbol}: {}", code.words()),
            Self::Oversold => {
                "more was sold than was to be: an order that had ended was filled after all".to_owned()
            }
            Self::LegMissing => "a leg was still missing after five seconds".to_owned(),
            Self::HalfSold => "paused when part of it was sold".to_owned(),
            Self::CutInHalf => "the process ended in the middle of entry".to_owned(),
            Self::BeforeStrikes => "the process ended before strikes were chosen".to_owned(),
        }
    }
}
