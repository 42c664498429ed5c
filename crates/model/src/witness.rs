//! What beside its positions speaks of what an account has on: its own fills, and the margin that it blocks. A panic
//! of all asks these witnesses, because an empty list of positions is no proof that there are none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money, plain};
use crate::ids::{Code, ProductId, Symbol};
use crate::read::{ReadMark, TruthPart};
use crate::tell::grouped;

/// Which witnesses to read: all fills in options since then, and the wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessRequest {
    pub request: u64,
    pub since: Micros,
}

/// What the witnesses said. `None` failed: never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The number of the request that it answers.
    pub request: u64,
    pub requested_at: Micros,
    /// Fills of the account in options, whose ever they are, oldest first.
    pub trades: Option<Vec<Trade>>,
    /// USD that positions block, open orders not counted.
    pub margin: Option<Money>,
    /// Positions in what is no option; asked for when margin is blocked.
    pub elsewhere: Option<u32>,
    pub failures: Vec<(TruthPart, Code)>,
}

/// A fill as far as it says what is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    pub product_id: ProductId,
    pub symbol: Symbol,
    /// Signed: bought is positive.
    pub lots: Lots,
    /// The contract ended and was paid out: nothing of it is on any more.
    pub settlement: bool,
}

/// The latest witnesses whose fills were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessRead {
    #[serde(flatten)]
    pub mark: ReadMark,
    /// What the fills leave on. Nothing that is zero.
    pub net: BTreeMap<Symbol, (ProductId, Lots)>,
    pub margin: Option<Money>,
    pub elsewhere: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessState {
    /// When it was last asked for.
    pub asked_at: Option<Micros>,
    /// The number of the request that may still come back.
    pub pending: Option<u64>,
    pub read: Option<WitnessRead>,
    /// Why the fills could not be read the last time.
    pub failed: Option<Code>,
}

impl WitnessState {
    pub(crate) fn is_new(&self) -> bool {
        self == &Self::default()
    }
}

/// Why an account that shows nothing is not called flat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Its fills could not be read; without a code no answer has come yet.
    Unread { code: Option<Code> },
    /// Its fills leave lots on that its positions do not show.
    Traded { symbol: Symbol, lots: Lots },
    /// Margin is blocked, USD, and nothing that is listed blocks it.
    Margin { blocked: Money },
}

impl Doubt {
    /// The same but for an amount that moves with the market.
    pub fn is_like(&self, other: &Doubt) -> bool {
        match (self, other) {
            (Self::Margin { .. }, Self::Margin { .. }) => true,
            (Self::Unread { .. } | Self::Traded { .. } | Self::Margin { .. }, _) => self == other,
        }
    }

    pub fn sentence(&self) -> String {
        match self {
            Self::Unread { code: None } => {
                "the venue lists nothing, and its fills, which would explain that, have not come yet"
                    .to_owned()
            }
            Self::Unread { code: Some(code) } => format!(
                "the venue lists nothing, and its fills, which would explain that, cannot be read: {}",
                code.words()
            ),
            Self::Traded { symbol, lots } => {
                format!("the venue lists no {symbol}, its fills leave {} on", grouped(*lots))
            }
            Self::Margin { blocked } => format!(
                "the venue lists nothing, and {} USD of margin are blocked: something is on that it does not show",
                plain(*blocked)
            ),
        }
    }
}
