//! What reaches the engine. Time, ids and randomness enter with the stamp and nowhere else; ambiguity is an
//! input, not an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{CorrelationId, Micros};

use crate::amount::{Lots, Money};
use crate::configuration::Configuration;
use crate::ids::{ClientOrderId, OrderId, PanicId, ProductId, SessionId, Symbol};
use crate::instrument::Instrument;
use crate::market::MarketEvent;
use crate::order::{Fill, OrderSnapshot};
use crate::session::{ExecutionMode, Health};

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
    Market(MarketEvent),
    Execution(ExecutionReport),
    Truth(Truth),
    Instruments(InstrumentsRead),
    Operator(OperatorRequest),
    Link(LinkChange),
    Health(HealthReport),
    /// The process began, perhaps after a crash.
    Booted,
    Timer,
}

/// What came of one of our orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum ExecutionReport {
    /// The venue's word: an acknowledgement, a stream update, or what a look-up found.
    Order(OrderSnapshot),
    Fill(Fill),
    /// Refused by the venue: it does not exist there.
    Rejected {
        client_order_id: ClientOrderId,
        code: String,
        detail: Option<String>,
    },
    /// Sent, and no answer that can be believed came.
    Ambiguous {
        client_order_id: ClientOrderId,
        reason: String,
    },
    /// Our own gateway did not send it (its permit or an empty budget forbade it).
    NotSent {
        client_order_id: ClientOrderId,
        reason: String,
    },
    /// A look-up by our id found nothing.
    NotFound {
        client_order_id: ClientOrderId,
    },
    /// A look-up failed; nothing is known.
    LookupFailed {
        client_order_id: ClientOrderId,
        reason: String,
    },
    /// A cancel did not reach the order or failed; the order is looked up.
    CancelFailed {
        client_order_id: ClientOrderId,
        reason: String,
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
    Unknown { reason: String },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthKnown {
    /// Position per symbol that was asked for, zero included.
    pub positions: BTreeMap<Symbol, Lots>,
    /// Every open order of the account.
    pub open_orders: Vec<OpenOrder>,
    /// Fills since the time that was asked for, oldest first.
    pub fills: Vec<Fill>,
    /// USD.
    pub wallet_balance: Option<Money>,
}

/// An order that the venue lists as open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    pub client_order_id: Option<ClientOrderId>,
    pub order_id: OrderId,
    pub product_id: ProductId,
    pub symbol: Symbol,
    pub reduce_only: bool,
}

/// The listed options of one underlying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "instruments", rename_all = "snake_case")]
pub enum InstrumentsRead {
    Known { listed: Vec<Instrument> },
    Unknown { reason: String },
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
    /// Close what the venue shows, after a mismatch.
    Resolve {
        session_id: SessionId,
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
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkChange {
    pub link: Link,
    pub up: bool,
    pub reason: String,
}
