//! Everything the engine knows. It changes by `apply` alone, and by `hear` for prices on which nothing was decided yet
//! (see `fold`); judges read it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::{Lots, Money};
use crate::closing::{Flatten, Latch};
use crate::ids::{Code, SessionId, Symbol, Underlying};
use crate::input::{Link, LiveAccount};
use crate::market::{InstrumentMarket, Spot};
use crate::orders::Orders;
use crate::restriction::Restricted;
use crate::session::Session;
use crate::truth::TruthState;
use crate::words::{ExecutionMode, Health};

/// So long after its start a process is given to measure the venue's clock.
const CLOCK_PATIENCE: Micros = Micros(5_000_000);
/// A venue's clock that moves by more is believed after the same time.
const MOVED_MS: i64 = 60_000;

/// How far the account's own list of positions may lag behind what happened.
pub const LIST_LAG: Micros = Micros(10_000_000);

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
    /// What the venue does not trade as usual.
    #[serde(default)]
    pub restricted: Restricted,
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
    /// The same of the process before.
    #[serde(default)]
    pub earlier_offset_ms: i64,
    /// When that last moved by more than clocks part by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue_moved_at: Option<Micros>,
}

/// A moment of a clock of ours, by the venue's, which is so far ahead of it.
pub(crate) fn by_venue(at: Micros, offset_ms: i64) -> Micros {
    Micros(at.0.saturating_add(offset_ms.saturating_mul(1_000)))
}

impl ClockState {
    /// A moment of our clock, by the venue's.
    pub fn by_venue(&self, at: Micros) -> Micros {
        by_venue(at, self.venue_offset_ms)
    }

    pub(crate) fn measure(&mut self, offset_ms: i64, at: Micros) {
        if self.venue_offset_ms.saturating_sub(offset_ms).abs() > MOVED_MS {
            self.venue_moved_at = Some(at);
        }
        self.venue_offset_ms = offset_ms;
    }

    /// The venue's clock seems to be elsewhere than a moment ago: one answer with a wrong date is put right by the next.
    pub fn venue_moved_lately(&self, now: Micros) -> bool {
        self.venue_moved_at.is_some_and(|at| now.0.saturating_sub(at.0) < CLOCK_PATIENCE.0)
    }
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
    /// What the latest read says instead, far from that: it is believed when the next says so too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_claimed: Option<Money>,
    pub truth: TruthState,
    /// Which session holds an instrument.
    pub leases: BTreeMap<Symbol, SessionId>,
    pub health: BTreeSet<Health>,
    /// A panic of all: what is on beside the sessions.
    pub sweep: Option<Flatten>,
    /// Orders of sweeps.
    pub orders: Orders,
    /// Whose it is at a real venue; `None` while it is simulated.
    #[serde(default)]
    pub live: Option<LiveAccount>,
}

impl Account {
    /// Takes in what a read says. One number alone is not believed when it is less than half or more than twice of what was
    /// known: a cache or a fail-over node may answer with nothing.
    pub(crate) fn note_wallet(&mut self, usd: Money, at: Micros) {
        let apart = |known: Money| known.saturating_sub(usd).abs().saturating_mul(Money::TWO);
        let is_far = |known: Money| apart(known) > known.abs().max(usd.abs());
        let claimed = self.wallet_claimed.take();
        let doubted = self.wallet.is_some_and(|(known, _)| is_far(known)) && claimed.is_none_or(is_far);
        if doubted {
            self.wallet_claimed = Some(usd);
        } else {
            self.wallet = Some((usd, at));
        }
    }

    /// Which sessions may trade on it.
    pub fn execution_mode(&self) -> ExecutionMode {
        if self.live.is_some() { ExecutionMode::Live } else { ExecutionMode::Simulated }
    }
}

/// A UTC day of the venue's clock and what it made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Days since 1970-01-01, UTC.
    pub number: i64,
    /// Net P&L of the sessions that ended on it, USD; where one is not known, the worse of what it may be.
    pub realized: Money,
    /// The day before it and what that made: it comes back when the clock turns out to be ahead of the venue's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<(i64, Money)>,
}

impl Day {
    /// What that day made, with nothing open counted.
    pub fn made_on(&self, day: i64) -> Money {
        match self.before {
            _ if self.number == day => self.realized,
            Some((number, realized)) if number == day => realized,
            Some(_) | None => Money::ZERO,
        }
    }

    /// From now on that day counts.
    pub(crate) fn turn(&mut self, day: i64) {
        if self.number != day {
            let before = Some((self.number, self.realized)).filter(|(number, _)| *number != 0);
            *self = Self { number: day, realized: self.made_on(day), before };
        }
    }
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

    /// The day that it is by the venue's clock, as far as that is known.
    pub fn today(&self, now: Micros) -> i64 {
        day_of(self.clock.by_venue(now))
    }

    /// Net P&L of the account today, with nothing open counted, USD.
    pub fn realized_today(&self, now: Micros) -> Money {
        self.account.day.made_on(self.today(now))
    }

    /// The same as far as something may be opened on it: until the venue's clock is known ours may be a day ahead, and
    /// then what was lost is still of today.
    pub fn realized_at_worst(&self, now: Micros) -> Money {
        let made = self.realized_today(now);
        if self.awaits_venue_clock(now) { made.min(self.account.day.realized) } else { made }
    }

    /// A process that has just begun is given a moment to measure the venue's clock; without a measurement it is taken
    /// for ours.
    pub fn awaits_venue_clock(&self, now: Micros) -> bool {
        let lately =
            self.boot.as_ref().is_some_and(|boot| now.0.saturating_sub(boot.at.0) < CLOCK_PATIENCE.0);
        lately && self.clock.venue_offset_ms == 0 || self.clock.venue_moved_lately(now)
    }

    /// Lots of the account that belong to no session, signed, by the account's own list and by what closes left on: of
    /// an instrument that a session holds, what exceeds its books. The list may lag by ten seconds: of what a session
    /// has just moved it says nothing.
    pub fn foreign_positions(&self) -> BTreeMap<Symbol, Lots> {
        let listed = self.account.truth.account.as_ref();
        let mut foreign = BTreeMap::new();
        for (symbol, (_, lots)) in listed.iter().flat_map(|read| &read.positions) {
            let at = listed.map_or(Micros(0), |read| read.mark.requested_at);
            let theirs = self.ours_by(symbol, at).map_or(0, |ours| lots - ours);
            if theirs != 0 {
                foreign.insert(symbol.clone(), theirs);
            }
        }
        for flatten in self.sessions.values().filter(|session| session.is_over()).filter_map(Session::flatten)
        {
            let known = flatten.verified_flat_at.map(|at| Micros(at.0 + LIST_LAG.0));
            let listed = listed.is_some_and(|read| known.is_none_or(|at| read.mark.requested_at >= at));
            let left = flatten.left.iter().filter(|(symbol, _)| !self.account.leases.contains_key(*symbol));
            foreign.extend(left.filter(|_| !listed).map(|(symbol, lots)| (symbol.clone(), *lots)));
        }
        foreign
    }

    /// Signed lots of an instrument that were ours when the account's list was asked for at `at`; `None`: ours moved
    /// too shortly before.
    fn ours_by(&self, symbol: &Symbol, at: Micros) -> Option<Lots> {
        let settled = |moved: Micros| moved.0 + LIST_LAG.0 <= at.0;
        let holder = self.account.leases.get(symbol).and_then(|id| self.sessions.get(id));
        if let Some(holder) = holder {
            return holder.orders.moved_in(symbol).is_none_or(settled).then(|| holder.expected(symbol));
        }
        let mut ended = self.sessions.values().filter(|session| session.leg(symbol).is_some());
        ended.all(|session| session.ended_at.is_none_or(settled)).then_some(0)
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
