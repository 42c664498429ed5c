//! Everything the engine knows. It changes by `apply` alone, and by `hear` for prices on which nothing was decided yet
//! (see `fold`); judges read it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money};
use crate::closing::{Flatten, Latch};
use crate::ids::{Code, SessionId, Symbol, Underlying};
use crate::input::Link;
use crate::market::{InstrumentMarket, Spot};
use crate::orders::Orders;
use crate::session::Session;
use crate::truth::TruthState;
use crate::words::Health;

/// How far the account's own list of positions may lag behind what happened.
const LIST_LAG: Micros = Micros(10_000_000);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingState {
    pub boot: Option<Boot>,
    /// When the last decision was made.
    pub decided_at: Option<Micros>,
    pub clock: ClockState,
    pub spot: BTreeMap<Underlying, Spot>,
    pub markets: BTreeMap<Symbol, InstrumentMarket>,
    /// Instruments whose books and marks are asked for: the union over all that needs them.
    pub watched: BTreeSet<Symbol>,
    pub links: BTreeMap<Link, LinkState>,
    /// When the price stream or its fallback last brought anything.
    pub market_heard_at: Option<Micros>,
    pub account: Account,
    /// Sessions that are not over, and the latest that are.
    pub sessions: BTreeMap<SessionId, Session>,
    pub instruments: BTreeMap<Underlying, InstrumentsState>,
    /// Judges of the account that failed in this process and are not asked any more.
    pub failed_judges: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    pub boot_id: String,
    pub at: Micros,
}

/// What is known of time itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockState {
    /// When the process last came back after a gap: started, suspended, or stalled. The market is given a chance
    /// to speak from then on before anything counts as stale.
    pub resumed_at: Option<Micros>,
    /// How far the system's clock is ahead of ours.
    pub skew_ms: i64,
    /// How far the venue's clock is ahead of ours, as signatures take it into account.
    pub venue_offset_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkState {
    pub up: bool,
    pub since: Micros,
    pub code: Code,
}

/// What belongs to the account and not to one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Refuses every start until a user has acknowledged it.
    pub latch: Option<Latch>,
    pub day: Day,
    /// USD, with the time it was read.
    pub wallet: Option<(Money, Micros)>,
    pub truth: TruthState,
    /// Which session holds an instrument.
    pub leases: BTreeMap<Symbol, SessionId>,
    pub health: BTreeSet<Health>,
    /// A panic of all: what is on beside the sessions.
    pub sweep: Option<Flatten>,
    /// Orders of sweeps.
    pub orders: Orders,
}

/// A UTC day and what it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Days since 1970-01-01, UTC.
    pub number: i64,
    /// Net P&L of the sessions that ended on it, USD; where one is not known, the worse of what it may be.
    pub realized: Money,
}

/// The list of what can be traded, asked for at a start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentsState {
    pub requested_at: Option<Micros>,
    pub failure: Option<Code>,
}

impl TradingState {
    /// Sessions that are not over, in the order of their ids.
    pub fn active(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(|session| !session.is_over())
    }

    /// Makes the names of orders different from those of every other process: after a journal was put back from an
    /// older copy none is used twice.
    pub fn phase(&self, phase: &str) -> String {
        self.boot.as_ref().map_or_else(|| phase.to_owned(), |boot| format!("{phase}@{}", boot.boot_id))
    }

    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.get(id)
    }

    /// The session that began last, over or not.
    pub fn latest_session(&self) -> Option<&Session> {
        self.sessions.values().max_by_key(|session| (!session.is_over(), session.started_at))
    }

    pub fn market(&self, symbol: &Symbol) -> Option<&InstrumentMarket> {
        self.markets.get(symbol)
    }

    /// Spot of the session's underlying.
    pub fn spot_of(&self, session: &Session) -> Option<&Spot> {
        self.spot.get(&session.configuration.underlying)
    }

    pub fn link_up(&self, link: Link) -> bool {
        self.links.get(&link).is_some_and(|state| state.up)
    }

    /// Net P&L of the account on a day, with nothing open counted, USD.
    pub fn realized_on(&self, day: i64) -> Money {
        if self.account.day.number == day { self.account.day.realized } else { Money::ZERO }
    }

    /// Positions of the account that belong to no session, signed lots, by the account's own list. The list may
    /// lag by ten seconds: what a session has just closed is not called a stranger's.
    pub fn foreign_positions(&self) -> BTreeMap<Symbol, Lots> {
        let Some(read) = &self.account.truth.account else { return BTreeMap::new() };
        let ours = |symbol: &Symbol| {
            let just_closed = self.sessions.values().any(|session| {
                let ended = session.ended_at.is_none_or(|at| read.mark.requested_at.0 < at.0 + LIST_LAG.0);
                ended && session.leg(symbol).is_some()
            });
            just_closed || self.account.leases.contains_key(symbol)
        };
        let rows = read.positions.iter().filter(|(symbol, _)| !ours(symbol));
        rows.map(|(symbol, (_, lots))| (symbol.clone(), *lots)).collect()
    }

    /// What is not well with a session: its own, and what concerns the account.
    pub fn health_of(&self, session: &Session) -> BTreeSet<Health> {
        session.health.union(&self.account.health).copied().collect()
    }
}

/// Days since 1970-01-01, UTC.
pub fn day_of(at: Micros) -> i64 {
    at.0.div_euclid(86_400_000_000)
}
