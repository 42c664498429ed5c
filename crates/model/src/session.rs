//! A trading session: one strategy configuration, on one account, in one execution mode, in rounds from entry to
//! flat. Its four truths, intent, lifecycle, exposure and health, are separate and never merged into one word.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Money, Price};
use crate::causes::{OperatorCause, Warning};
use crate::closing::{Flatten, Latch};
use crate::configuration::Configuration;
use crate::fill::Fills;
use crate::gate::Gate;
use crate::ids::{ClientOrderId, Code, FillId, SessionId, Symbol, order_prefix};
use crate::instrument::Instrument;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::rules::{Rule, RuleReading};
use crate::state::{ClockState, by_venue};
use crate::words::{ExecutionMode, ExitReason, Exposure, Health, Intent, Lifecycle};

/// One option that the session sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub instrument: Instrument,
    /// Lots to sell.
    pub lots: Lots,
    /// The bid when the plan was priced.
    pub plan_bid: Option<Price>,
}

/// The plan: what entry is held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// USD, at the bids of then.
    pub credit: Money,
    pub at: Micros,
    pub warnings: Vec<Warning>,
}

/// Entry: from the choice of strikes to both legs sold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub chosen_at: Option<Micros>,
    pub plan: Option<Plan>,
    /// When the first order was decided.
    pub started_at: Option<Micros>,
    pub completed_at: Option<Micros>,
    /// How far the venue's clock was ahead of that of the process which completed it, once that process has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_offset_ms: Option<i64>,
    /// Orders sent per leg.
    pub attempts: BTreeMap<usize, u32>,
    /// The venue refused an entry order.
    pub refused: Option<(Symbol, Code)>,
    /// The gate that was last told, so that it is told once.
    pub told_gate: Option<Gate>,
}

/// From the choice of strikes to verified flat. A session has one at a time; another begins with a re-entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// 1 for the first.
    pub number: u32,
    pub legs: Vec<Leg>,
    pub entry: Entry,
    pub exit: Option<Exit>,
    pub flatten: Option<Flatten>,
}

/// Counts breaches of one rule until they are confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    pub first_at: Micros,
    /// When the last counted one was.
    pub last_at: Micros,
    pub count: u32,
}

/// The trailing floor over portfolio P&L. `floor` never falls while the position is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trailing {
    pub active: bool,
    pub peak: Option<Money>,
    pub floor: Option<Money>,
    /// Restored after a restart and not yet judged: a floor that is broken then fires at once.
    pub restored: bool,
}

/// What the evaluator remembers between evaluations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleState {
    pub breaches: BTreeMap<Rule, Breach>,
    pub trailing: Trailing,
    /// The latest sampled readings, for the console and the log.
    pub readings: Vec<RuleReading>,
    pub evaluated_at: Option<Micros>,
    /// When steady evaluations were last told.
    pub sampled_at: Option<Micros>,
}

/// A decided exit; irrevocable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    pub reason: ExitReason,
    pub also_matched: Vec<ExitReason>,
    pub decided_at: Micros,
    pub who: Option<String>,
    pub correlation_id: CorrelationId,
    /// Executable P&L when it was decided, USD.
    pub executable: Option<Money>,
    pub readings: Vec<RuleReading>,
}

/// Trades of somebody else in an instrument of the session, since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// Signed lots by instrument.
    pub lots: BTreeMap<Symbol, Lots>,
    pub ids: BTreeSet<FillId>,
    /// What of it an operator has accepted: the venue may differ from our fills by so much.
    pub accepted: BTreeMap<Symbol, Lots>,
    /// What of it may be ours all the same, because no process watched when it happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unclaimed: BTreeMap<Symbol, Lots>,
}

/// From the last decision before a process ended to the boot of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwatched {
    /// By the clock of the process that ended.
    pub from: Micros,
    /// By the clock of the process that came after it.
    pub until: Micros,
    /// How far the venue's clock was ahead of the first of the two.
    #[serde(default)]
    pub from_offset_ms: i64,
    /// And of the second, once that has ended as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_offset_ms: Option<i64>,
}

/// How a finished session went. USD; `None` is unknown, never zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub credit: Money,
    pub cost_to_close: Option<Money>,
    pub gross: Option<Money>,
    pub fees: Money,
    pub net: Option<Money>,
    /// What the day's loss limit counts where the result is not known: the worse of what it may be.
    pub assumed: Money,
    /// Net less what was executable when the exit was decided.
    pub slippage: Option<Money>,
    pub max_favourable: Option<Money>,
    pub max_adverse: Option<Money>,
    /// Lots whose closing price is not known, signed as the position was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub without_price: BTreeMap<Symbol, Lots>,
    pub held_ms: i64,
    pub seconds_by_lifecycle: BTreeMap<String, i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub configuration: Configuration,
    pub configuration_hash: String,
    pub execution_mode: ExecutionMode,
    pub correlation_id: CorrelationId,
    pub started_at: Micros,
    pub started_by: String,
    pub intent: Intent,
    pub lifecycle: Lifecycle,
    pub lifecycle_since: Micros,
    pub seconds_by_lifecycle: BTreeMap<String, i64>,
    pub exposure: Exposure,
    pub exposure_read_at: Option<Micros>,
    pub health: BTreeSet<Health>,
    pub drain: bool,
    /// Recovered from the journal; ends STARTING as PAUSED rather than RUNNING.
    pub recovering: bool,
    /// Oldest first; there is always one.
    pub rounds: Vec<Round>,
    pub orders: Orders,
    pub fills: Fills,
    /// Fills of orders that carry our names and that the journal does not know, not yet accepted by an operator.
    #[serde(default)]
    pub adopted: u32,
    /// Fills that were told twice with different numbers: what the session made is not known.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub contradicted: BTreeSet<FillId>,
    /// How far the venue's clock was ahead of that of the process which began it, once that process has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_offset_ms: Option<i64>,
    /// When no process watched; the latest are kept.
    #[serde(default)]
    pub unwatched: Vec<Unwatched>,
    pub ledger: Ledger,
    pub foreign: Foreign,
    /// How often in a row a read of the venue differed from our books, and the latest that did.
    pub mismatches: u32,
    pub mismatched_read: u64,
    pub rules: RuleState,
    /// Set by a panic of this session alone.
    pub latch: Option<Latch>,
    pub needs_operator: Option<OperatorCause>,
    /// The judge that failed on it.
    pub quarantined: Option<String>,
    pub summary: Option<Summary>,
    pub ended_at: Option<Micros>,
}

/// What a session without any round would show; it never is.
static NO_ROUND: Round = Round {
    number: 0,
    legs: Vec::new(),
    entry: Entry {
        chosen_at: None,
        plan: None,
        started_at: None,
        completed_at: None,
        completed_offset_ms: None,
        attempts: BTreeMap::new(),
        refused: None,
        told_gate: None,
    },
    exit: None,
    flatten: None,
};

impl Session {
    /// Whether an order has its name from this session, known to the journal or not.
    pub fn names(&self, id: &ClientOrderId) -> bool {
        id.as_str().starts_with(&order_prefix(&self.id))
    }

    pub fn is_over(&self) -> bool {
        self.lifecycle == Lifecycle::Stopped
    }

    /// The round that runs, or that ended last.
    pub fn round(&self) -> &Round {
        self.rounds.last().unwrap_or(&NO_ROUND)
    }

    pub fn legs(&self) -> &[Leg] {
        &self.round().legs
    }

    pub fn entry(&self) -> &Entry {
        &self.round().entry
    }

    pub fn exit(&self) -> Option<&Exit> {
        self.round().exit.as_ref()
    }

    pub fn flatten(&self) -> Option<&Flatten> {
        self.round().flatten.as_ref()
    }

    pub fn leg(&self, symbol: &Symbol) -> Option<&Leg> {
        self.legs().iter().find(|leg| &leg.instrument.symbol == symbol)
    }

    /// Instruments of the running round.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.legs().iter().map(|leg| &leg.instrument.symbol)
    }

    /// Signed lots of a symbol by our own fills.
    pub fn position(&self, symbol: &Symbol) -> Lots {
        self.ledger.position(symbol)
    }

    /// Signed lots that are on by all that is known of our own: fills, and what orders report beyond them.
    pub fn expected(&self, symbol: &Symbol) -> Lots {
        self.ledger.position(symbol) + self.orders.unbooked(symbol)
    }

    /// Whether our own fills leave nothing on.
    pub fn is_flat_by_fills(&self) -> bool {
        self.ledger.is_flat()
    }

    /// A leg of which more is on than it was to sell, with its signed lots.
    pub fn oversold(&self) -> Option<(&Leg, Lots)> {
        let sold = self.legs().iter().map(|leg| (leg, self.position(&leg.instrument.symbol)));
        sold.into_iter().find(|(leg, lots)| *lots < -leg.lots)
    }

    /// Positions of all legs by all that is known of our own.
    pub fn positions(&self) -> BTreeMap<Symbol, Lots> {
        self.symbols().map(|symbol| (symbol.clone(), self.expected(symbol))).collect()
    }

    /// Signed lots that somebody else traded in an instrument since the session began.
    pub fn foreign_lots(&self, symbol: &Symbol) -> Lots {
        self.foreign.lots.get(symbol).copied().unwrap_or_default()
    }

    /// The part of them that is somebody else's for sure. Of what nobody claims, as much may be ours as the leg had left
    /// to sell.
    pub fn strangers_lots(&self, symbol: &Symbol) -> Lots {
        let unclaimed = self.foreign.unclaimed.get(symbol).copied().unwrap_or_default();
        let sold = self.ledger.holding(symbol).map_or(0, |holding| holding.sold.lots);
        let room = self.leg(symbol).map_or(0, |leg| (leg.lots - sold).max(0));
        self.foreign_lots(symbol) - unclaimed.clamp(-room, 0)
    }

    /// When it began, by the venue's clock.
    pub fn started_at_venue(&self, clock: &ClockState) -> Micros {
        by_venue(self.started_at, self.started_offset_ms.unwrap_or(clock.venue_offset_ms))
    }

    /// Whether somebody or nobody may have traded for us at that time of the venue: no process watched, give or take
    /// what clocks differ by.
    pub fn was_unwatched(&self, at: Micros, slack: i64, clock: &ClockState) -> bool {
        self.unwatched.iter().any(|gap| {
            let from = by_venue(gap.from, gap.from_offset_ms);
            let until = by_venue(gap.until, gap.until_offset_ms.unwrap_or(clock.venue_offset_ms));
            at.0 >= from.0.saturating_sub(slack) && at.0 <= until.0.saturating_add(slack)
        })
    }

    /// Whether another process than the one that runs began it.
    pub fn is_taken_up(&self) -> bool {
        !self.unwatched.is_empty()
    }

    /// When entry was complete, by the clock of the process that runs: one before it may have had another, and what they
    /// have in common is the venue's.
    pub fn entered_at(&self, clock: &ClockState) -> Option<Micros> {
        let entry = self.entry();
        let apart_ms = entry.completed_offset_ms.map_or(0, |then| then.saturating_sub(clock.venue_offset_ms));
        entry.completed_at.map(|at| Micros(at.0.saturating_add(apart_ms.saturating_mul(1_000))))
    }

    /// Whether entry orders are or were out and not all legs are sold.
    pub fn is_entering(&self) -> bool {
        let entry = self.entry();
        entry.started_at.is_some() && entry.completed_at.is_none()
    }

    /// Whether the session is in one of the states in which everything is being closed.
    pub fn is_closing(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Exiting | Lifecycle::Panicking)
    }
}
