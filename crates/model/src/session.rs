//! A trading session: one strategy configuration, on one account, in one execution mode. Its four truths,
//! intent, lifecycle, exposure and health, are separate and never merged into one word.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Money, Price};
use crate::configuration::Configuration;
use crate::ids::{ClientOrderId, FillId, PanicId, SessionId, Symbol};
use crate::instrument::Instrument;
use crate::order::{Fill, Order};
use crate::rules::{Rule, RuleReading};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word of the wire, the log and the console.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(
    /// What is wanted; grows only more severe from EXIT on.
    Intent { Run = "RUN", Pause = "PAUSE", Exit = "EXIT", Panic = "PANIC" }
);
words!(
    /// What the engine is doing about it. STOPPED is terminal and means verified flat with no own order.
    Lifecycle {
        Starting = "STARTING",
        Running = "RUNNING",
        Paused = "PAUSED",
        Exiting = "EXITING",
        Panicking = "PANICKING",
        NeedsOperator = "NEEDS_OPERATOR",
        Stopped = "STOPPED",
    }
);
words!(
    /// What the venue says is on; only from venue evidence with a time.
    Exposure { Flat = "FLAT", Entering = "ENTERING", Open = "OPEN", Closing = "CLOSING", Unknown = "UNKNOWN" }
);
words!(
    /// What is not well. None of them means OK.
    Health {
        DataStale = "DATA_STALE",
        VenueRestricted = "VENUE_RESTRICTED",
        VenueUnreachable = "VENUE_UNREACHABLE",
        Unreconciled = "UNRECONCILED",
        JournalDegraded = "JOURNAL_DEGRADED",
        ClockSkew = "CLOCK_SKEW",
    }
);
words!(
    /// Why a session ended.
    ExitReason {
        MaxLoss = "max_loss",
        LegStop = "leg_stop",
        DayLoss = "day_loss",
        Margin = "margin",
        Liquidation = "liquidation",
        Trailing = "trailing",
        TrailingRestart = "trailing_restart",
        MaxProfit = "max_profit",
        Time = "time",
        Signal = "signal",
        Operator = "operator",
        Drained = "drained",
        Panic = "panic",
        VenueStop = "venue_stop",
        Settlement = "settlement",
        EntryFailed = "entry_failed",
        Error = "error",
    }
);
words!(
    /// With money or without; a simulated session cannot reach a real venue.
    #[derive(Default)]
    ExecutionMode { #[default] Simulated = "simulated", Live = "live" }
);

/// One option that the session sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub instrument: Instrument,
    /// Lots to sell.
    pub lots: Lots,
    /// The bid when the strikes were chosen: the plan's price.
    pub plan_bid: Price,
}

/// Entry: from the choice of strikes to both legs sold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// USD, at the bids when the strikes were chosen.
    pub plan_credit: Option<Money>,
    /// When the first order was decided.
    pub started_at: Option<Micros>,
    pub completed_at: Option<Micros>,
    /// The gate that was last told, so that it is told once.
    pub told_gate: Option<String>,
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
    /// When rules last could not be judged because quotes were stale, since.
    pub stale_since: Option<Micros>,
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

/// A panic of this session alone, or of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    pub panic_id: PanicId,
    pub who: String,
    pub reason: ExitReason,
    pub at: Micros,
    pub correlation_id: CorrelationId,
    pub verified_flat_at: Option<Micros>,
}

/// How a finished session went. USD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub credit: Money,
    pub cost_to_close: Money,
    pub gross: Money,
    pub fees: Money,
    pub net: Money,
    /// Net less what was executable when the exit was decided.
    pub slippage: Option<Money>,
    pub max_favourable: Option<Money>,
    pub max_adverse: Option<Money>,
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
    pub legs: Vec<Leg>,
    pub entry: Entry,
    pub orders: BTreeMap<ClientOrderId, Order>,
    pub fills: Vec<Fill>,
    pub fill_ids: BTreeSet<FillId>,
    pub rules: RuleState,
    pub exit: Option<Exit>,
    /// Set by a panic of this session alone.
    pub latch: Option<Latch>,
    pub needs_operator: Option<String>,
    pub max_favourable: Option<Money>,
    pub max_adverse: Option<Money>,
    pub summary: Option<Summary>,
    pub ended_at: Option<Micros>,
}

impl Session {
    pub fn is_over(&self) -> bool {
        self.lifecycle == Lifecycle::Stopped
    }

    /// Signed lots of a symbol by our own fills.
    pub fn position(&self, symbol: &Symbol) -> Lots {
        self.fills.iter().filter(|fill| &fill.symbol == symbol).map(|fill| fill.side.sign() * fill.lots).sum()
    }

    /// Whether our own fills leave anything on.
    pub fn is_flat_by_fills(&self) -> bool {
        self.legs.iter().all(|leg| self.position(&leg.instrument.symbol) == 0)
    }

    pub fn leg(&self, symbol: &Symbol) -> Option<&Leg> {
        self.legs.iter().find(|leg| &leg.instrument.symbol == symbol)
    }

    /// Cash from fills, USD, before fees.
    pub fn cash(&self) -> Money {
        self.fills
            .iter()
            .map(|fill| fill.cash(self.contract_value(&fill.symbol)))
            .fold(Decimal::ZERO, |sum, cash| sum + cash)
    }

    /// Fees of all fills, USD.
    pub fn fees(&self) -> Money {
        self.fills.iter().filter_map(|fill| fill.fee).fold(Decimal::ZERO, |sum, fee| sum + fee)
    }

    /// Premium received for what was sold to open, USD.
    pub fn credit(&self) -> Money {
        self.fills
            .iter()
            .filter(|fill| fill.side == crate::order::Side::Sell)
            .map(|fill| fill.cash(self.contract_value(&fill.symbol)))
            .fold(Decimal::ZERO, |sum, cash| sum + cash)
    }

    pub fn contract_value(&self, symbol: &Symbol) -> Decimal {
        self.leg(symbol).map_or(Decimal::ZERO, |leg| leg.instrument.contract_value)
    }

    /// Orders that may still do something.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(|order| !order.status.is_terminal())
    }

    /// When the venue last executed something for us.
    pub fn last_fill_at(&self) -> Option<Micros> {
        self.fills.iter().map(|fill| fill.at).max()
    }

    /// Average price of the fills of one symbol and side.
    pub fn average_price(&self, symbol: &Symbol, side: crate::order::Side) -> Option<Price> {
        let (lots, value) = self
            .fills
            .iter()
            .filter(|fill| &fill.symbol == symbol && fill.side == side)
            .fold((0, Decimal::ZERO), |(lots, value), fill| {
                (lots + fill.lots, value + fill.price * Decimal::from(fill.lots))
            });
        (lots > 0).then(|| (value / Decimal::from(lots)).round_dp(4).normalize())
    }
}
