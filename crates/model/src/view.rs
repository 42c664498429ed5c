//! What a console is shown of the state: plain data, the same for the first paint, the JSON API and the live
//! feed. Made by `project`; nothing here decides anything.

mod closing;
mod project;
mod strip;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::{Event as _, Level, Micros};

use crate::amount::{Lots, Money, Price};
use crate::ids::{ClientOrderId, Code, FillId, OrderId, PanicId, SessionId, Symbol, Underlying};
use crate::input::LiveAccount;
use crate::instrument::OptionKind;
use crate::market::MarketSource;
use crate::order::{OrderStatus, Purpose, Side};
use crate::record::DecisionRecord;
use crate::rules::{Rule, Verdict};
use crate::words::{ExecutionMode, ExitReason, Exposure, Health, Intent, Lifecycle};

pub use project::{session_view, session_views};
pub use strip::strip_view;

/// What every page shows: mode, the four truths of the sessions (the most severe of each where several run),
/// spot, links, latch, and what the account holds beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StripView {
    /// `simulator`, later `delta-india` and others.
    pub venue: String,
    /// What the simulated market is, such as `tape 2022-01-05 ×120`; `None` for a real one.
    pub market_note: Option<String>,
    pub execution_mode: ExecutionMode,
    /// Whose account it is at a real venue.
    #[serde(default)]
    pub live: Option<LiveAccount>,
    /// Those that run, and the one that ended last when none does, the latest first.
    pub sessions: Vec<SessionChip>,
    /// The session, when there is only one.
    pub session_id: Option<SessionId>,
    /// `None` while no session exists.
    pub intent: Option<Intent>,
    pub lifecycle: Option<Lifecycle>,
    /// When the lifecycle was entered.
    pub lifecycle_since: Option<Micros>,
    pub exposure: Option<Exposure>,
    /// When the venue last said so.
    pub exposure_read_at: Option<Micros>,
    /// Empty means OK.
    pub health: Vec<Health>,
    pub health_at: Option<Micros>,
    pub underlying: Option<Underlying>,
    pub spot: Option<Price>,
    pub spot_at: Option<Micros>,
    /// Every underlying whose price is known.
    pub spots: Vec<SpotView>,
    pub prices_up: bool,
    pub orders_up: bool,
    pub latch: Option<LatchView>,
    /// Positions of the account that belong to no session, signed lots.
    pub foreign: BTreeMap<Symbol, Lots>,
    /// Open orders on the account that are not ours.
    pub foreign_open_orders: usize,
    /// A panic of all at work on what belongs to no session.
    pub sweep: Option<ClosingView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpotView {
    pub underlying: Underlying,
    pub price: Price,
    pub at: Micros,
}

/// One session in a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionChip {
    pub session_id: SessionId,
    pub configuration: String,
    pub underlying: Underlying,
    pub lifecycle: Lifecycle,
    pub exposure: Exposure,
    pub health: Vec<Health>,
    pub started_at: Micros,
    /// If it were closed now, or what it made; USD.
    pub pnl: Option<Money>,
}

/// The account's panic latch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatchView {
    pub panic_id: PanicId,
    pub since: Micros,
    pub who: String,
    pub reason: ExitReason,
    pub correlation_id: String,
    /// When two reads of the venue had shown flat; only then can the latch be cleared.
    pub verified_flat_at: Option<Micros>,
}

/// One session; the field names are those of the HTTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    pub session_id: SessionId,
    pub strategy_id: String,
    /// Name of the configuration.
    pub configuration: String,
    pub configuration_hash: String,
    pub execution_mode: ExecutionMode,
    pub underlying: Underlying,
    pub expiry: Option<Micros>,
    pub lots_per_leg: Lots,
    pub intent: Intent,
    pub lifecycle: Lifecycle,
    pub lifecycle_since: Micros,
    pub exposure: Exposure,
    pub exposure_read_at: Option<Micros>,
    pub health: Vec<Health>,
    pub drain: bool,
    pub started_at: Micros,
    pub started_by: String,
    pub ended_at: Option<Micros>,
    /// Of the start request: its trace.
    pub correlation_id: String,
    pub legs: Vec<LegView>,
    pub orders: Vec<OrderView>,
    pub fills: Vec<FillView>,
    pub pnl: PnlView,
    pub rules: Vec<RuleView>,
    pub rules_at: Option<Micros>,
    pub gate: GateView,
    pub exit_reason: Option<ExitReason>,
    pub exit: Option<ExitView>,
    pub closing: Option<ClosingView>,
    /// Why an operator is needed, in a sentence.
    pub needs_operator: Option<String>,
    /// Somebody else's trades in its instruments since it began, signed lots.
    pub foreign: BTreeMap<Symbol, Lots>,
    /// Somebody else's open orders in its instruments.
    pub foreign_orders: Vec<ForeignOrderView>,
}

/// One exit rule as it was looked at last, with its comparison as people read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleView {
    pub rule: Rule,
    pub verdict: Verdict,
    pub value: Option<Decimal>,
    pub threshold: Option<Decimal>,
    /// Such as `71.20 > 70.00 · 0 of 2 breaches`.
    pub raw: String,
    /// Such as `1.20 left`.
    pub left: String,
    /// 0 (far) to 100 (fires).
    pub used_percent: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignOrderView {
    pub order_id: OrderId,
    pub symbol: Symbol,
    pub side: Side,
    pub qty: Lots,
    pub limit_price: Option<Price>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegView {
    pub symbol: Symbol,
    pub kind: OptionKind,
    pub strike: Price,
    pub expiry: Micros,
    /// Signed; 0 when flat.
    pub qty: Lots,
    /// Entry price: `None` until something is sold.
    pub average_price: Option<Price>,
    pub bid: Option<Price>,
    pub ask: Option<Price>,
    pub quote_at: Option<Micros>,
    pub mark: Option<Price>,
    pub mark_at: Option<Micros>,
    pub mark_source: Option<MarketSource>,
    pub delta: Option<Decimal>,
    pub fresh: bool,
    /// USD if closed now at the book, before exit fees; `None` when the closing side is missing.
    pub executable: Option<Money>,
    /// USD at mark.
    pub at_mark: Option<Money>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderView {
    pub client_order_id: ClientOrderId,
    pub order_id: Option<OrderId>,
    pub symbol: Symbol,
    pub side: Side,
    pub purpose: Purpose,
    pub qty: Lots,
    pub filled_qty: Lots,
    /// `None` is a market order.
    pub limit_price: Option<Price>,
    pub average_price: Option<Price>,
    pub status: OrderStatus,
    pub reduce_only: bool,
    pub attempt: u32,
    pub reason: Option<Code>,
    pub submitted_at: Micros,
    pub acknowledged_at: Option<Micros>,
    pub updated_at: Micros,
    pub correlation_id: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillView {
    pub fill_id: FillId,
    pub client_order_id: Option<ClientOrderId>,
    pub symbol: Symbol,
    pub side: Side,
    pub qty: Lots,
    pub price: Price,
    pub fee: Money,
    pub time: Micros,
    pub settlement: bool,
}

/// USD. `None` is unknown, never zero.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PnlView {
    /// If you left now, after all fees.
    pub executable: Option<Money>,
    /// At mark, after the fees paid.
    pub mark: Option<Money>,
    /// Net of fees; `None` while anything is open, and where a closing price is not known.
    pub realized: Option<Money>,
    /// Paid so far.
    pub fees: Money,
    /// Estimated for leaving now.
    pub fees_to_pay: Option<Money>,
    /// Premium received.
    pub credit: Option<Money>,
    /// Cost to close now.
    pub buy_back: Option<Money>,
    pub peak: Option<Money>,
    pub floor: Option<Money>,
    pub max_loss: Money,
    pub max_profit: Option<Money>,
    /// Maintenance margin of what is open; 0 when flat.
    pub margin: Option<Money>,
    pub as_of: Option<Micros>,
}

/// Why it is not trading: the one gate that shuts entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GateView {
    pub open: bool,
    /// The gate's name, such as `position_open`.
    pub name: String,
    pub sentence: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExitView {
    pub reason: ExitReason,
    pub also_matched: Vec<ExitReason>,
    pub decided_at: Micros,
    pub who: Option<String>,
    pub correlation_id: String,
    pub sentence: String,
}

/// Progress of a close or a panic, until verified flat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosingView {
    pub panic: bool,
    pub panic_id: Option<PanicId>,
    pub started_at: Micros,
    pub who: Option<String>,
    pub correlation_id: String,
    pub milestones: Vec<MilestoneView>,
    pub legs: Vec<ClosingLegView>,
    /// When the venue's truth was last read.
    pub read_at: Option<Micros>,
    /// Why the venue cannot be worked, when it cannot.
    pub blocked: Option<String>,
    /// Why nothing that is shown is not believed to be flat.
    pub doubt: Option<String>,
    pub verified_flat_at: Option<Micros>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MilestoneView {
    pub label: String,
    pub done: bool,
    /// Such as `1 of 2` or `two reads, 0 orders`.
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosingLegView {
    pub symbol: Symbol,
    /// Position when closing began, signed.
    pub was: Lots,
    /// Position now; `None` is unknown.
    pub left: Option<Lots>,
    pub attempts: u32,
    /// Average price paid so far.
    pub average_price: Option<Price>,
    /// It belongs to no session.
    pub foreign: bool,
    pub sentence: String,
}

/// One point of the P&L chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PnlPoint {
    pub at: Micros,
    pub executable: Option<Money>,
    pub peak: Option<Money>,
    pub floor: Option<Money>,
}

/// One decision as a sentence, for the "why" feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhyView {
    /// The journal's number.
    pub decision_seq: u64,
    pub at: Micros,
    pub event: String,
    pub level: Level,
    pub sentence: String,
    pub correlation_id: String,
    pub session_id: Option<SessionId>,
}

impl WhyView {
    /// Of a decision, as it stands in the journal.
    pub fn of(record: &DecisionRecord) -> Self {
        Self {
            decision_seq: record.seq,
            at: record.at,
            event: record.decision.name().to_owned(),
            level: record.decision.level(),
            sentence: record.decision.message(),
            correlation_id: record.correlation_id.to_string(),
            session_id: record.session_id.clone(),
        }
    }
}

/// What starting now would mean, at executable prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewView {
    pub legs: Vec<PreviewLegView>,
    pub expiry: Option<Micros>,
    pub credit: Option<Money>,
    pub cost_to_leave: Option<Money>,
    pub fees: Option<Money>,
    pub margin: Option<Money>,
    pub wallet_balance: Option<Money>,
    /// Spot prices between which the credit is kept at expiry.
    pub breakeven: Option<(Price, Price)>,
    /// Things to know before starting, as sentences; none of them forbids it.
    pub warnings: Vec<String>,
    pub as_of: Micros,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreviewLegView {
    pub symbol: Symbol,
    pub kind: OptionKind,
    pub strike: Price,
    /// Signed.
    pub qty: Lots,
    pub bid: Option<Price>,
    pub ask: Option<Price>,
    pub mark: Option<Price>,
    pub delta: Option<Decimal>,
    pub volatility: Option<Decimal>,
    pub depth_at_bid: Option<Lots>,
    pub quote_at: Option<Micros>,
}
