//! What reaches the engine. Time, ids and randomness enter with the stamp and nowhere else; ambiguity is an
//! input, not an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Money, Price};
use crate::causes::HealthCause;
use crate::configuration::Configuration;
use crate::fill::Fill;
use crate::ids::{ClientOrderId, Code, OrderId, PanicId, ProductId, SessionId, Symbol, Underlying};
use crate::instrument::Instrument;
use crate::market::MarketEvent;
use crate::order::{OrderSnapshot, Side};
use crate::read::TruthPart;
use crate::restriction::Restrictions;
use crate::witness::Witness;
use crate::words::{ExecutionMode, Health};

/// When and under which numbers a step happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// UTC.
    pub at: Micros,
    /// This process.
    pub boot_id: String,
    /// Number of the input, gapless over those that led to a decision.
    pub input_seq: u64,
    /// A fresh id for whatever intent is born in this step.
    pub correlation_id: CorrelationId,
    /// How long the previous step took: the engine has no clock to measure its own.
    pub previous_step_us: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// What the market said since the input before, the latest of each kind and instrument.
    Market {
        events: Vec<MarketEvent>,
    },
    Execution(ExecutionReport),
    Truth(Truth),
    Witness(Witness),
    Instruments(InstrumentsRead),
    Operator(OperatorRequest),
    Link(LinkChange),
    Health(HealthReport),
    /// What the venue restricts now of what is watched.
    Restrictions(Restrictions),
    Clock(ClockReport),
    /// The process began, perhaps after a crash.
    Booted,
    /// Whose account is worked with, where it is a real one: the guard of the live venue let it through.
    Live(LiveAccount),
    Timer,
}

/// An account at a real venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveAccount {
    /// Of the venue's profile, such as `delta-india`.
    pub venue: String,
    /// The venue's own number of the account.
    pub account: String,
    /// Whether what is traded there is money.
    pub real_money: bool,
}

/// What came of one of our orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum ExecutionReport {
    /// The venue's word: an acknowledgement, a stream update, or what a look-up found.
    Order(OrderSnapshot),
    Fill(Fill),
    /// The private stream's word on a position.
    Position {
        symbol: Symbol,
        lots: Lots,
        at: Micros,
    },
    /// Refused by the venue: it does not exist there.
    Rejected {
        client_order_id: ClientOrderId,
        code: Code,
        /// The venue's own words, as they came.
        detail: Option<String>,
    },
    /// Sent, and no answer that can be believed came.
    Ambiguous {
        client_order_id: ClientOrderId,
        code: Code,
    },
    /// Our own gateway did not send it (its permit or an empty budget forbade it).
    NotSent {
        client_order_id: ClientOrderId,
        code: Code,
    },
    /// A look-up by our id found nothing.
    NotFound {
        client_order_id: ClientOrderId,
    },
    /// A look-up failed; nothing is known.
    LookupFailed {
        client_order_id: ClientOrderId,
        code: Code,
    },
    /// A cancel did not reach the order, was refused, or nothing is known of it.
    CancelFailed {
        client_order_id: Option<ClientOrderId>,
        order_id: Option<OrderId>,
        code: Code,
    },
}

/// One read of the venue's truth, or the failure of it. A failed read is never an empty one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The number of the request that it answers.
    pub request: u64,
    pub requested_at: Micros,
    pub outcome: TruthOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "truth", rename_all = "snake_case")]
pub enum TruthOutcome {
    Known(Box<TruthKnown>),
    /// Nothing came back.
    Unknown {
        code: Code,
    },
}

/// What came back. `None` was not asked for, or failed: never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthKnown {
    /// Position per symbol that was asked for and answered, zero included.
    pub positions: BTreeMap<Symbol, Lots>,
    /// Every open order of the account.
    pub open_orders: Option<Vec<OpenOrder>>,
    /// Fills since the time that was asked for, oldest first.
    pub fills: Option<Vec<Fill>>,
    /// USD.
    pub wallet_balance: Option<Money>,
    /// The account's positions in options, whose ever they are.
    pub account: Option<Vec<AccountPosition>>,
    pub failures: Vec<(TruthPart, Code)>,
}

/// A row of the account's own list of positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPosition {
    pub product_id: ProductId,
    pub symbol: Symbol,
    pub lots: Lots,
}

/// An order that the venue lists as open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    pub client_order_id: Option<ClientOrderId>,
    pub order_id: OrderId,
    pub product_id: ProductId,
    pub symbol: Symbol,
    pub side: Side,
    /// `None` is not a limit order, or not said.
    pub limit: Option<Price>,
    pub leaves_lots: Lots,
    pub reduce_only: bool,
}

/// The listed options of one underlying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentsRead {
    pub underlying: Underlying,
    pub outcome: InstrumentsOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "instruments", rename_all = "snake_case")]
pub enum InstrumentsOutcome {
    Known { listed: Vec<Instrument> },
    Unknown { code: Code },
}

/// What a person asked for. The server has checked who they are; the engine checks whether it can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorRequest {
    /// The user's name.
    pub who: String,
    /// Of the click that led here.
    pub correlation_id: CorrelationId,
    pub action: OperatorAction,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum OperatorAction {
    Start {
        session_id: SessionId,
        configuration: Box<Configuration>,
        execution_mode: ExecutionMode,
        /// The instruments that would be chosen now, as far as the server knows the list: they are leased from
        /// the start on. Empty when it does not know.
        expected: Vec<Symbol>,
    },
    Pause {
        session_id: SessionId,
    },
    Resume {
        session_id: SessionId,
    },
    /// Exit and close.
    Stop {
        session_id: SessionId,
    },
    /// Stop when naturally flat.
    Drain {
        session_id: SessionId,
    },
    /// Says how to go on after a mismatch.
    Resolve {
        session_id: SessionId,
        choice: ResolveChoice,
    },
    /// Closes this session; `None` closes everything and latches the account.
    Panic {
        session_id: Option<SessionId>,
        panic_id: PanicId,
    },
    Acknowledge {
        reason: String,
    },
}

impl OperatorAction {
    /// Whether it is a panic, of one session or of all.
    pub fn is_panic(&self) -> bool {
        matches!(self, OperatorAction::Panic { .. })
    }

    /// What is not even begun while the journal cannot be written: what opens positions, and what allows it again.
    pub fn opens_risk(&self) -> bool {
        match self {
            OperatorAction::Start { .. }
            | OperatorAction::Resume { .. }
            | OperatorAction::Acknowledge { .. } => true,
            OperatorAction::Pause { .. }
            | OperatorAction::Stop { .. }
            | OperatorAction::Drain { .. }
            | OperatorAction::Resolve { .. }
            | OperatorAction::Panic { .. } => false,
        }
    }
}

/// How an operator resolves a mismatch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolveChoice {
    /// Close what is ours.
    #[default]
    Close,
    /// Go on, PAUSED: what differs is somebody else's. Only when their trades explain the difference.
    IgnoreForeign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The public price stream.
    Prices,
    /// The private order stream.
    Orders,
}

impl Link {
    pub fn word(self) -> &'static str {
        match self {
            Link::Prices => "prices",
            Link::Orders => "orders",
        }
    }
}

/// What a monitor outside the engine found: the journal, the clock, the venue's status page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReport {
    pub health: Health,
    pub on: bool,
    pub cause: HealthCause,
}

/// Something happened to time itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "clock", rename_all = "snake_case")]
pub enum ClockReport {
    /// The system's clock went another way than ours; it is now this far ahead of ours. Ours does not step.
    Stepped { skew_ms: i64 },
    /// The venue's clock is this far ahead of ours; what is signed carries the venue's time.
    Venue { offset_ms: i64 },
    /// Nothing was looked at for so long.
    Gap { gap_ms: i64, kind: GapKind },
}

/// Why nothing was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// The machine slept.
    Suspended,
    /// The process was held up: by the disk, by other work, by a debugger.
    Stalled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    pub link: Link,
    pub up: bool,
    pub code: Code,
}
