//! Everything the engine knows. It has exactly one method that changes it, `apply` (see `fold`); judges read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Money, Price};
use crate::ids::{PanicId, ProductId, Symbol, Underlying};
use crate::input::{Link, OpenOrder};
use crate::market::{InstrumentMarket, Spot};
use crate::session::{Latch, Session};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingState {
    pub boot: Option<Boot>,
    pub spot: BTreeMap<Underlying, Spot>,
    pub markets: BTreeMap<Symbol, InstrumentMarket>,
    pub links: BTreeMap<Link, LinkState>,
    /// When the price stream or its fallback last brought anything.
    pub market_heard_at: Option<Micros>,
    pub account: Account,
    /// The active session, or the one that ended last.
    pub session: Option<Session>,
    pub instruments: InstrumentsState,
    pub truth: TruthState,
    pub flatten: Option<Flatten>,
    /// When steady evaluations were last told.
    pub sampled_at: Option<Micros>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    pub boot_id: String,
    pub at: Micros,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkState {
    pub up: bool,
    pub since: Micros,
    pub reason: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Refuses every start until a user has acknowledged it.
    pub latch: Option<Latch>,
    /// Days since 1970-01-01, UTC, that `realized_today` belongs to.
    pub day: i64,
    /// Net P&L of the sessions that ended today, USD.
    pub realized_today: Money,
    /// USD, with the time it was read.
    pub wallet: Option<(Money, Micros)>,
}

/// The list of what can be traded, asked for at a start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentsState {
    pub requested_at: Option<Micros>,
    pub failure: Option<String>,
}

/// Reads of the venue's truth. A failed read never lowers what we believe to be on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthState {
    /// Number of the latest request.
    pub requests: u64,
    pub pending: Option<PendingTruth>,
    pub known: Option<KnownTruth>,
    /// Since when reads have failed, and why.
    pub unknown: Option<(Micros, String)>,
    /// When the latest read failed.
    pub failed_at: Option<Micros>,
    /// How often in a row a read differed from our fills.
    pub mismatches: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTruth {
    pub request: u64,
    pub at: Micros,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTruth {
    pub request: u64,
    /// When it was asked for: what it shows is at least as new.
    pub requested_at: Micros,
    pub read_at: Micros,
    pub positions: BTreeMap<Symbol, Lots>,
    /// Open orders that carry our ids.
    pub own_open_orders: u32,
    /// Those of them that our journal does not know; canceled wherever they are seen.
    #[serde(default)]
    pub orphans: Vec<OpenOrder>,
    /// Open orders of somebody else: shown, never touched.
    pub foreign_open_orders: u32,
}

/// One close of everything a session owns, until verified flat. Shared by exits and panics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flatten {
    /// Names its orders: the exit's or the panic's id.
    pub id: String,
    pub panic: bool,
    pub panic_id: Option<PanicId>,
    pub who: Option<String>,
    pub correlation_id: CorrelationId,
    pub started_at: Micros,
    pub products: BTreeMap<Symbol, Closing>,
    /// Consecutive flat reads, and when the first of them was asked for.
    pub flat_reads: u32,
    pub first_flat_at: Option<Micros>,
    pub last_flat_request: Option<u64>,
    pub blocked: Option<String>,
    pub verified_flat_at: Option<Micros>,
    /// A third read, ten seconds later, as an audit.
    pub audited: bool,
}

/// Closing one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub product_id: ProductId,
    pub leg: usize,
    /// Signed lots when closing began.
    pub was: Lots,
    pub attempts: u32,
    /// Not before then is the next attempt sent.
    pub next_at: Micros,
    /// The price of the latest attempt; `None` was a market order.
    pub last_limit: Option<Price>,
}

impl TradingState {
    /// The session that is not over, if there is one.
    pub fn active(&self) -> Option<&Session> {
        self.session.as_ref().filter(|session| !session.is_over())
    }

    pub fn market(&self, symbol: &Symbol) -> Option<&InstrumentMarket> {
        self.markets.get(symbol)
    }

    /// Spot of the session's underlying.
    pub fn session_spot(&self) -> Option<&Spot> {
        self.session.as_ref().and_then(|session| self.spot.get(&session.configuration.underlying))
    }

    pub fn link_up(&self, link: Link) -> bool {
        self.links.get(&link).is_some_and(|state| state.up)
    }

    /// Net P&L of the account today, with nothing open counted, USD.
    pub fn realized_on(&self, day: i64) -> Money {
        if self.account.day == day { self.account.realized_today } else { Money::ZERO }
    }
}

/// Days since 1970-01-01, UTC.
pub fn day_of(at: Micros) -> i64 {
    at.0.div_euclid(86_400_000_000)
}
