//! Why a count of flat reads begins anew: what was the reason, and nothing else, is what is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{Map, Value};

use crate::amount::Lots;
use crate::ids::Symbol;
use crate::tell::{fields, grouped, positions};

/// What speaks against flat reads that were counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refutation {
    /// A later read shows something on.
    Shown { symbol: Symbol, lots: Lots },
    /// The private stream says later that something is on.
    Streamed { symbol: Symbol, lots: Lots },
    /// A later read shows nothing of ours, and our books leave this on.
    Contradicted { symbol: Symbol, lots: Lots },
    /// A later list shows orders of ours that rest.
    OrdersRest { orders: u32 },
    /// An order of ours works, or its outcome is not known.
    OrderWorks { symbol: Symbol },
    /// An order or a fill of ours moved after the first of them.
    Moved { symbol: Symbol },
    /// The account's own list shows what nobody looks after.
    Listed { symbol: Symbol, lots: Lots },
    /// A session that the panic closes has not ended yet.
    SessionRuns,
    /// They are of a process that has ended.
    ProcessBegan,
    /// PANIC was pressed again.
    PressedAgain,
}

impl Refutation {
    /// Whether it says that something is on, or may be; not merely that what was seen before does not count.
    pub fn is_grave(&self) -> bool {
        match self {
            Self::Streamed { lots, .. } => *lots != 0,
            Self::Shown { .. }
            | Self::Contradicted { .. }
            | Self::OrdersRest { .. }
            | Self::OrderWorks { .. }
            | Self::Moved { .. }
            | Self::Listed { .. } => true,
            Self::SessionRuns | Self::ProcessBegan | Self::PressedAgain => false,
        }
    }

    /// One word for it, and what it is about.
    fn told(&self) -> (&'static str, Option<&Symbol>, Option<Lots>) {
        match self {
            Self::Shown { symbol, lots } => ("shown", Some(symbol), Some(*lots)),
            Self::Streamed { symbol, lots } => ("streamed", Some(symbol), Some(*lots)),
            Self::Contradicted { symbol, lots } => ("contradicted", Some(symbol), Some(*lots)),
            Self::OrdersRest { .. } => ("orders_rest", None, None),
            Self::OrderWorks { symbol } => ("order_works", Some(symbol), None),
            Self::Moved { symbol } => ("moved", Some(symbol), None),
            Self::Listed { symbol, lots } => ("listed", Some(symbol), Some(*lots)),
            Self::SessionRuns => ("session_runs", None, None),
            Self::ProcessBegan => ("process_began", None, None),
            Self::PressedAgain => ("pressed_again", None, None),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Shown { symbol, lots } => {
                format!("Not flat after all: the venue shows {} {symbol}.", grouped(*lots))
            }
            Self::Streamed { symbol, lots: 0 } => {
                format!(
                    "Flat reads are counted anew: the private stream says that nothing of {symbol} is on any more."
                )
            }
            Self::Streamed { symbol, lots } => {
                format!("Not flat after all: the private stream says {} {symbol}.", grouped(*lots))
            }
            Self::Contradicted { symbol, lots } => format!(
                "Not flat after all: the venue shows nothing of ours in {symbol}, and our books leave {} on.",
                grouped(*lots)
            ),
            Self::OrdersRest { orders: 1 } => {
                "Not flat after all: the venue lists an open order of ours.".to_owned()
            }
            Self::OrdersRest { orders } => {
                format!("Not flat after all: the venue lists {orders} open orders of ours.")
            }
            Self::OrderWorks { symbol } => {
                format!("Flat reads are counted anew: an order of ours in {symbol} has not ended.")
            }
            Self::Moved { symbol } => {
                format!("Flat reads are counted anew: an order of ours moved in {symbol} after the first.")
            }
            Self::Listed { symbol, lots } => {
                format!("Not flat after all: the account's list shows {} {symbol}.", grouped(*lots))
            }
            Self::SessionRuns => "Flat reads are counted anew: a session has not ended yet.".to_owned(),
            Self::ProcessBegan => {
                "Flat reads are counted anew: those before were of a process that has ended.".to_owned()
            }
            Self::PressedAgain => "Flat reads are counted anew: PANIC was pressed again.".to_owned(),
        }
    }
}

/// The sentence. A journal of an earlier version does not name the reason: then of its figures only those are told that
/// speak against flat.
pub(super) fn refuted(
    why: Option<&Refutation>,
    venue: &BTreeMap<Symbol, Lots>,
    own_open_orders: Option<u32>,
) -> String {
    if let Some(why) = why {
        return why.sentence();
    }
    let on: BTreeMap<_, _> =
        venue.iter().filter(|(_, lots)| **lots != 0).map(|(symbol, lots)| (symbol.clone(), *lots)).collect();
    match (on.is_empty(), own_open_orders.unwrap_or_default()) {
        (false, _) => format!("Not flat after all: the venue shows {}.", positions(&on)),
        (true, 0) => "Flat reads are counted anew.".to_owned(),
        (true, orders) => Refutation::OrdersRest { orders }.sentence(),
    }
}

pub(super) fn payload(
    why: Option<&Refutation>,
    venue: &BTreeMap<Symbol, Lots>,
    own_open_orders: Option<u32>,
) -> Map<String, Value> {
    let told = why.map(Refutation::told);
    fields()
        .put("reason", told.map(|(reason, _, _)| reason))
        .put("symbol", told.and_then(|(_, symbol, _)| symbol))
        .put("qty", told.and_then(|(_, _, qty)| qty))
        .put("positions", venue)
        .put("own_open_orders", own_open_orders)
        .map()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_without_the_reason_tells_no_figures_that_say_flat() {
        let lots = |call, put| BTreeMap::from([(Symbol::from("C"), call), (Symbol::from("P"), put)]);
        assert_eq!(refuted(None, &lots(-40, 0), Some(0)), "Not flat after all: the venue shows −40 C.");
        assert_eq!(refuted(None, &lots(0, 0), Some(0)), "Flat reads are counted anew.");
        assert_eq!(refuted(None, &lots(0, 0), None), "Flat reads are counted anew.");
        assert_eq!(
            refuted(None, &lots(0, 0), Some(2)),
            "Not flat after all: the venue lists 2 open orders of ours."
        );
    }
}
