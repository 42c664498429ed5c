//! What the venue said last, part by part. One read serves all sessions; a part that failed leaves what was known
//! of it before. A failed read never lowers what we believe to be on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::Lots;
use crate::ids::{Code, OrderId, ProductId, Symbol};
use crate::input::OpenOrder;
use crate::order::{Cancel, Order, OrderStatus};
use crate::read::{Failures, ReadMark};
use crate::witness::WitnessState;

/// A request that has not come back after this long is given up.
pub const READ_LIFE: Micros = Micros(5_000_000);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthState {
    /// Number of the latest request.
    pub requests: u64,
    /// Requests that may still come back, oldest first.
    pub pending: Vec<PendingTruth>,
    /// Position of each product, by the latest read that asked for it by its number.
    pub positions: BTreeMap<Symbol, PositionRead>,
    pub open_orders: Option<OpenOrdersRead>,
    /// Cancels that were asked for of orders by their number, while the list shows them: only a later list says
    /// whether they are gone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cancels: BTreeMap<OrderId, Cancel>,
    /// The account's own list of positions, which may lag.
    pub account: Option<AccountRead>,
    /// When a read that also asked for fills came back with them.
    pub fills_read_at: Option<Micros>,
    /// When the list of fills could last not be read, since it last could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fills_failed_at: Option<Micros>,
    /// The latest read of which anything came back.
    pub latest: Option<ReadMark>,
    /// Since when reads have failed, and why.
    pub unknown: Option<(Micros, Code)>,
    /// What of reads fails and was told.
    #[serde(default, skip_serializing_if = "Failures::is_empty")]
    pub failures: Failures,
    /// When the latest read failed.
    pub failed_at: Option<Micros>,
    /// The latest word of the private stream on each position.
    pub streamed: BTreeMap<Symbol, StreamedPosition>,
    /// What beside positions says whether something is on.
    #[serde(default, skip_serializing_if = "WitnessState::is_new")]
    pub witness: WitnessState,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTruth {
    pub request: u64,
    pub at: Micros,
    pub products: BTreeSet<Symbol>,
    pub account: bool,
    pub fills: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionRead {
    pub lots: Lots,
    /// When a read first brought this number; those after it brought the same.
    pub shown_at: Micros,
    #[serde(flatten)]
    pub mark: ReadMark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamedPosition {
    pub lots: Lots,
    pub at: Micros,
}

/// Open orders of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrdersRead {
    #[serde(flatten)]
    pub mark: ReadMark,
    /// Those that carry our ids.
    pub own: Vec<OpenOrder>,
    /// Those of somebody else on the same account: shown, and touched only by a panic.
    pub foreign: Vec<OpenOrder>,
}

impl OpenOrdersRead {
    /// The order of that number, whose ever it is.
    pub fn numbered(&self, id: &OrderId) -> Option<&OpenOrder> {
        self.own.iter().chain(&self.foreign).find(|open| &open.order_id == id)
    }
}

/// The account's positions in options, whose ever they are. Nothing that is zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRead {
    #[serde(flatten)]
    pub mark: ReadMark,
    pub positions: BTreeMap<Symbol, (ProductId, Lots)>,
}

impl TruthState {
    /// When the account's own lists last showed nothing at all: no position, no open order.
    pub fn flat_at(&self) -> Option<Micros> {
        let account = self.account.as_ref().filter(|read| read.positions.is_empty())?;
        let orders = self.open_orders.as_ref()?;
        let none = orders.own.is_empty() && orders.foreign.is_empty();
        none.then(|| account.mark.read_at.min(orders.mark.read_at))
    }

    pub fn position(&self, symbol: &Symbol) -> Option<&PositionRead> {
        self.positions.get(symbol)
    }

    /// The position, if it was asked for at or after `since`.
    pub fn position_since(&self, symbol: &Symbol, since: Micros) -> Option<&PositionRead> {
        self.position(symbol).filter(|read| read.mark.requested_at >= since)
    }

    pub fn open_orders_since(&self, since: Micros) -> Option<&OpenOrdersRead> {
        self.open_orders.as_ref().filter(|read| read.mark.requested_at >= since)
    }

    /// Whether a list of open orders, asked for after that, shows that an order which may rest is gone. One that was told
    /// as canceled when we asked for it may be there all the same.
    pub fn shows_ended(&self, order: &Order) -> bool {
        let doubted = order.can_rest() && order.status == OrderStatus::Canceled && order.cancel.is_some();
        let id = Some(&order.request.client_order_id);
        let listed = self.open_orders_since(order.updated_at);
        !doubted || listed.is_some_and(|read| read.own.iter().all(|open| open.client_order_id.as_ref() != id))
    }

    pub fn account_since(&self, since: Micros) -> Option<&AccountRead> {
        self.account.as_ref().filter(|read| read.mark.requested_at >= since)
    }

    /// When the venue last answered anything about positions.
    pub fn read_at(&self) -> Option<Micros> {
        self.latest.map(|mark| mark.read_at)
    }

    /// Whether reads have failed since `since` and none has come back after it.
    pub fn fails_since(&self, since: Micros) -> bool {
        self.failed_at.is_some_and(|at| at >= since)
    }
}
