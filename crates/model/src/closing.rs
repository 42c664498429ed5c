//! Closing as data: one close of everything that a session, or the account, has on, until verified flat. What is
//! kept here are facts of attempts and reads; what follows from them is for the engine to judge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Price};
use crate::ids::{Code, PanicId, ProductId, Symbol};
use crate::order::OrderStatus;
use crate::restriction::Restriction;
use crate::witness::Doubt;
use crate::words::ExitReason;

/// A panic of one session alone, or of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    pub panic_id: PanicId,
    pub who: String,
    pub reason: ExitReason,
    pub at: Micros,
    pub correlation_id: CorrelationId,
    /// How often it was pressed once everything had been verified flat: each time all is closed anew.
    pub presses: u32,
    /// When it was last pressed: what the venue showed before does not count.
    pub pressed_at: Micros,
    pub verified_flat_at: Option<Micros>,
}

/// One close, until verified flat. Shared by exits and panics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flatten {
    /// Names its orders: the exit's or the panic's id, with the number of the press.
    pub id: String,
    pub panic: bool,
    pub panic_id: Option<PanicId>,
    /// It belongs to a panic of all: whatever rests or is on in its instruments goes, whose it may be.
    pub of_account: bool,
    pub who: Option<String>,
    pub correlation_id: CorrelationId,
    pub started_at: Micros,
    pub products: BTreeMap<Symbol, Closing>,
    pub flat: Option<FlatReads>,
    /// Since when, and why, the venue cannot be worked.
    pub blocked: Option<Code>,
    /// What of it the venue does not trade as usual.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub restricted: BTreeMap<Symbol, Restriction>,
    /// Why nothing that is shown is not believed to be flat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    pub verified_flat_at: Option<Micros>,
    /// A third read, ten seconds later: whether it agreed.
    pub audited: Option<bool>,
    /// What was on in its instruments in the end and not ours, signed lots.
    #[serde(default)]
    pub left: BTreeMap<Symbol, Lots>,
}

/// Consecutive reads that show nothing on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlatReads {
    pub reads: u32,
    /// When the first of them was asked for.
    pub first_requested_at: Micros,
    pub last_request: u64,
}

/// Closing one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub product_id: ProductId,
    /// Index of the leg, or a running number where no leg is known.
    pub leg: usize,
    /// Signed lots when closing began.
    pub was: Lots,
    /// It belongs to no session of ours.
    pub foreign: bool,
    pub attempts: u32,
    pub last: Option<Attempt>,
    /// Refusals in a row.
    pub refusals: u32,
    /// Market orders in a row that found nothing to trade with.
    pub dry: u32,
    /// When the venue refused to reduce for want of a position.
    pub no_position_at: Option<Micros>,
    /// Lots that the account's books leave on and of which the venue has said that they are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Lots>,
}

/// The latest close order of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub sent_at: Micros,
    /// `None` was a market order.
    pub limit: Option<Price>,
    /// It could rest at the venue.
    pub resting: bool,
    pub ended_at: Option<Micros>,
    /// Why the venue, or our gateway, ended it.
    pub code: Option<Code>,
}

impl Closing {
    pub fn new(product_id: ProductId, leg: usize, was: Lots) -> Self {
        Self {
            product_id,
            leg,
            was,
            foreign: false,
            attempts: 0,
            last: None,
            refusals: 0,
            dry: 0,
            no_position_at: None,
            gone: None,
        }
    }
}

/// The venue's codes for a market order that found nothing to trade with.
const NO_LIQUIDITY: [&str; 4] = [
    "unsupported",
    "no_liquidity_for_market_order",
    "order_size_exceed_available",
    "order_size_not_available_in_orderbook",
];
/// The venue's codes for reducing what is not there.
const NO_POSITION: [&str; 4] = [
    "no_position_for_reduce_only",
    "no_position_left_for_reduce_only",
    "close_order_position_unavailable",
    "no_open_position",
];
/// Ended by our own gateway: the venue was not asked.
const NEVER_ASKED: OrderStatus = OrderStatus::Expired;

impl Closing {
    /// Keeps what the end of an attempt says.
    pub(crate) fn note_end(
        &mut self,
        status: OrderStatus,
        filled: Lots,
        market: bool,
        code: Option<Code>,
        at: Micros,
    ) {
        let is = |words: &[&str]| code.as_ref().is_some_and(|code| words.contains(&code.as_str()));
        if is(&NO_POSITION) {
            self.no_position_at = Some(at);
        }
        let nothing_there =
            filled == 0 && status != NEVER_ASKED && (status == OrderStatus::Canceled || is(&NO_LIQUIDITY));
        self.dry = if nothing_there && market {
            self.dry + 1
        } else if filled > 0 {
            0
        } else {
            self.dry
        };
        let refused = matches!(status, OrderStatus::Rejected | NEVER_ASKED);
        self.refusals = if refused { self.refusals + 1 } else { 0 };
        if let Some(last) = self.last.as_mut() {
            last.ended_at = Some(at);
            last.code = code;
        }
    }
}

impl Flatten {
    pub fn is_verified(&self) -> bool {
        self.verified_flat_at.is_some()
    }

    /// Close orders that were sent.
    pub fn attempts(&self) -> u32 {
        self.products.values().map(|closing| closing.attempts).sum()
    }
}
