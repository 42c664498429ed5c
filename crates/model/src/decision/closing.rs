//! Closing everything until verified flat: exits and panics share it.

mod refutation;
mod sentences;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Source, Value};

use crate::amount::Lots;
use crate::causes::ZeroCause;
use crate::closing::Closing;
use crate::ids::{Code, PanicId, Symbol};
use crate::restriction::Restriction;
use crate::tell::{fields, grouped, positions};
use crate::witness::Doubt;
use crate::words::ExitReason;
pub use refutation::Refutation;
use refutation::refuted;
use sentences::{doubted, found, restricted, seen, verified};

/// How far a panic reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PanicScope {
    /// One session; its latch is spent at its STOPPED.
    Session,
    /// Everything; the latch stays until a user clears it.
    Account,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingDecision {
    PanicLatched {
        scope: PanicScope,
        panic_id: PanicId,
        who: String,
        reason: ExitReason,
    },
    /// A second call while the first holds: the same id; once that one is verified flat the venue is looked at
    /// anew.
    PanicRepeated {
        scope: PanicScope,
        panic_id: PanicId,
        who: String,
        anew: bool,
    },
    Started {
        id: String,
        panic: bool,
        panic_id: Option<PanicId>,
        of_account: bool,
        who: Option<String>,
        products: BTreeMap<Symbol, Closing>,
    },
    /// A panic of all found something on that belongs to no session.
    PositionFound {
        symbol: Symbol,
        closing: Closing,
        /// By the account's fills: its list of positions does not show it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_fills: bool,
    },
    /// Nothing is shown and that is not believed, or, without a doubt, it is again.
    Doubted {
        doubt: Option<Doubt>,
    },
    /// A panic of all: the account's books leave something on, the venue shows nothing, and this explains it.
    ZeroExplained {
        symbol: Symbol,
        lots: Lots,
        by: ZeroCause,
    },
    /// The venue cannot be worked; closing goes on trying.
    Blocked {
        code: Code,
    },
    Unblocked,
    /// What is on cannot be closed as usual, because the venue restricts trading in it; empty once it can.
    Restricted {
        products: BTreeMap<Symbol, Restriction>,
    },
    /// A read shows zero everywhere, explained, and no order of ours.
    FlatSeen {
        reads: u32,
        request: u64,
        requested_at: Micros,
        /// What is on in its instruments and not ours, signed lots.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        left: BTreeMap<Symbol, Lots>,
        /// Of a session that never chose an instrument: no position was asked for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_legs: bool,
    },
    /// After a flat read something is on, or moved, or what was seen does not count any more.
    FlatRefuted {
        /// `None` in journals of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Refutation>,
        venue: BTreeMap<Symbol, Lots>,
        own_open_orders: Option<u32>,
    },
    VerifiedFlat {
        panic_id: Option<PanicId>,
        panic: bool,
        reads: u32,
        elapsed_ms: i64,
        attempts: u32,
        /// What is on in its instruments and not ours, signed lots: it is left on.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        left: BTreeMap<Symbol, Lots>,
        /// Orders of somebody else that rest in its instruments.
        #[serde(default, skip_serializing_if = "is_none")]
        foreign_orders: u32,
        /// Of a session that never chose an instrument.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_legs: bool,
    },
    /// A third read, ten seconds after, agreed.
    Audited {
        flat: bool,
        /// What is on in its instruments and not ours, signed lots.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        left: BTreeMap<Symbol, Lots>,
    },
    /// The exit took too long or too many attempts: it goes on as a panic.
    Escalated {
        attempts: u32,
        elapsed_ms: i64,
    },
    PanicAcknowledged {
        panic_id: PanicId,
        who: String,
        reason: String,
    },
}

impl Event for ClosingDecision {
    fn name(&self) -> &'static str {
        match self {
            ClosingDecision::PanicLatched { .. } => "panic.started",
            ClosingDecision::PanicRepeated { .. } => "panic.repeated",
            ClosingDecision::Started { .. } => "exit.close_started",
            ClosingDecision::PositionFound { .. } => "panic.position_found",
            ClosingDecision::Doubted { doubt: Some(_) } => "panic.doubted",
            ClosingDecision::Doubted { doubt: None } => "panic.undoubted",
            ClosingDecision::ZeroExplained { .. } => "panic.zero_explained",
            ClosingDecision::Blocked { .. } => "panic.blocked",
            ClosingDecision::Unblocked => "panic.unblocked",
            ClosingDecision::Restricted { products } if products.is_empty() => "exit.unrestricted",
            ClosingDecision::Restricted { .. } => "exit.restricted",
            ClosingDecision::FlatSeen { .. } => "exit.flat_seen",
            ClosingDecision::FlatRefuted { .. } => "exit.flat_refuted",
            ClosingDecision::VerifiedFlat { panic: true, .. } => "panic.verified_flat",
            ClosingDecision::VerifiedFlat { panic: false, .. } => "exit.verified_flat",
            ClosingDecision::Audited { .. } => "exit.audited",
            ClosingDecision::Escalated { .. } => "exit.escalated",
            ClosingDecision::PanicAcknowledged { .. } => "panic.acknowledged",
        }
    }

    fn level(&self) -> Level {
        match self {
            ClosingDecision::PanicLatched { .. }
            | ClosingDecision::Blocked { .. }
            | ClosingDecision::Doubted { doubt: Some(_) }
            | ClosingDecision::Audited { flat: false, .. } => Level::Error,
            ClosingDecision::FlatRefuted { why, .. } => {
                let grave = why.as_ref().is_none_or(Refutation::is_grave);
                if grave { Level::Error } else { Level::Info }
            }
            ClosingDecision::Escalated { .. }
            | ClosingDecision::PositionFound { .. }
            | ClosingDecision::ZeroExplained { .. } => Level::Warn,
            ClosingDecision::VerifiedFlat { left, foreign_orders, .. }
                if !left.is_empty() || *foreign_orders > 0 =>
            {
                Level::Warn
            }
            ClosingDecision::Restricted { products } if !products.is_empty() => Level::Error,
            ClosingDecision::PanicRepeated { .. }
            | ClosingDecision::Started { .. }
            | ClosingDecision::Unblocked
            | ClosingDecision::Restricted { .. }
            | ClosingDecision::Doubted { doubt: None }
            | ClosingDecision::FlatSeen { .. }
            | ClosingDecision::VerifiedFlat { .. }
            | ClosingDecision::Audited { flat: true, .. }
            | ClosingDecision::PanicAcknowledged { .. } => Level::Info,
        }
    }

    fn source(&self) -> Source {
        match self {
            ClosingDecision::PanicLatched { .. }
            | ClosingDecision::PanicRepeated { .. }
            | ClosingDecision::PanicAcknowledged { .. } => Source::Audit,
            ClosingDecision::Started { .. }
            | ClosingDecision::PositionFound { .. }
            | ClosingDecision::Blocked { .. }
            | ClosingDecision::Unblocked
            | ClosingDecision::Restricted { .. }
            | ClosingDecision::Doubted { .. }
            | ClosingDecision::ZeroExplained { .. }
            | ClosingDecision::FlatSeen { .. }
            | ClosingDecision::FlatRefuted { .. }
            | ClosingDecision::VerifiedFlat { .. }
            | ClosingDecision::Audited { .. }
            | ClosingDecision::Escalated { .. } => Source::Backend,
        }
    }

    fn message(&self) -> String {
        match self {
            ClosingDecision::PanicLatched { scope: PanicScope::Account, who, reason, .. } => {
                format!("{who} latched the account ({reason}): everything is closed, nothing opens.")
            }
            ClosingDecision::PanicLatched { scope: PanicScope::Session, who, reason, .. } => {
                format!("{who} latched the session ({reason}): it is closed at once.")
            }
            ClosingDecision::PanicRepeated { panic_id, who, anew: true, .. } => {
                format!("{who} pressed panic again: {panic_id} looks at the venue anew.")
            }
            ClosingDecision::PanicRepeated { panic_id, who, anew: false, .. } => {
                format!("{who} pressed panic again; {panic_id} goes on.")
            }
            ClosingDecision::Started { products, .. } => {
                let held = products.values().filter(|closing| closing.was != 0).count();
                format!("Closing began: {held} of {} legs are open.", products.len())
            }
            ClosingDecision::ZeroExplained { symbol, lots, by } => {
                format!("{} {symbol} are not on any more: {}.", grouped(*lots), by.sentence())
            }
            ClosingDecision::Doubted { doubt } => doubted(doubt.as_ref()),
            ClosingDecision::PositionFound { symbol, closing, by_fills } => {
                found(symbol, closing.was, *by_fills)
            }
            ClosingDecision::Blocked { code } => {
                format!("The venue cannot be worked: {}. Closing keeps trying.", code.words())
            }
            ClosingDecision::Unblocked => "The venue can be worked again.".to_owned(),
            ClosingDecision::Restricted { products } => restricted(products),
            ClosingDecision::FlatSeen { reads, left, without_legs, .. } => seen(*reads, left, *without_legs),
            ClosingDecision::FlatRefuted { why, venue, own_open_orders } => {
                refuted(why.as_ref(), venue, *own_open_orders)
            }
            ClosingDecision::VerifiedFlat { elapsed_ms, without_legs: true, .. } => format!(
                "Nothing can be on: it chose no instrument, and two reads show no order of its own, {} ms after closing began.",
                grouped(*elapsed_ms)
            ),
            ClosingDecision::VerifiedFlat { elapsed_ms, attempts, left, foreign_orders, .. } => {
                verified(*elapsed_ms, *attempts, left, *foreign_orders)
            }
            ClosingDecision::Audited { flat: true, left } if left.is_empty() => {
                "A later read confirms flat.".to_owned()
            }
            ClosingDecision::Audited { flat: true, left } => {
                format!("A later read confirms that nothing of ours is on; not ours: {}.", positions(left))
            }
            ClosingDecision::Audited { flat: false, .. } => {
                "A later read shows something of ours on.".to_owned()
            }
            ClosingDecision::Escalated { attempts, elapsed_ms } => {
                format!(
                    "The exit goes on as a panic after {attempts} attempts and {} ms.",
                    grouped(*elapsed_ms)
                )
            }
            ClosingDecision::PanicAcknowledged { who, reason, .. } => {
                format!("{who} cleared the panic latch: {reason}")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            ClosingDecision::PanicLatched { scope, panic_id, who, reason } => fields()
                .put("scope", scope)
                .put("panic_id", panic_id)
                .put("user", who)
                .put("reason", reason)
                .map(),
            ClosingDecision::PanicRepeated { scope, panic_id, who, anew } => fields()
                .put("scope", scope)
                .put("panic_id", panic_id)
                .put("user", who)
                .put("anew", anew)
                .map(),
            ClosingDecision::PositionFound { symbol, closing, .. } => {
                fields().put("symbol", symbol).put("qty", closing.was).put("foreign", closing.foreign).map()
            }
            ClosingDecision::Started { id, panic, panic_id, of_account, who, products } => fields()
                .put("close_id", id)
                .put("panic", panic)
                .put("of_account", of_account)
                .put("panic_id", panic_id)
                .put("user", who)
                .put(
                    "positions",
                    products
                        .iter()
                        .map(|(symbol, closing)| (symbol, closing.was))
                        .collect::<BTreeMap<_, _>>(),
                )
                .map(),
            ClosingDecision::ZeroExplained { symbol, lots, by } => {
                fields().put("symbol", symbol).put("qty", lots).put("by", by).map()
            }
            ClosingDecision::Doubted { doubt } => fields().put("doubt", doubt).map(),
            ClosingDecision::Blocked { code } => fields().put("reason", code).map(),
            ClosingDecision::Unblocked => Map::new(),
            ClosingDecision::Restricted { products } => fields().put("products", products).map(),
            ClosingDecision::FlatSeen { reads, request, left, .. } => {
                fields().put("reads", reads).put("request", request).put("not_ours", left).map()
            }
            ClosingDecision::FlatRefuted { why, venue, own_open_orders } => {
                refutation::payload(why.as_ref(), venue, *own_open_orders)
            }
            ClosingDecision::VerifiedFlat {
                panic_id,
                reads,
                elapsed_ms,
                attempts,
                left,
                foreign_orders,
                ..
            } => fields()
                .put("panic_id", panic_id)
                .put("reads", reads)
                .put("elapsed_ms", elapsed_ms)
                .put("attempts", attempts)
                .put("not_ours", left)
                .put("foreign_open_orders", (*foreign_orders > 0).then_some(foreign_orders))
                .map(),
            ClosingDecision::Audited { flat, left } => fields().put("flat", flat).put("not_ours", left).map(),
            ClosingDecision::Escalated { attempts, elapsed_ms } => {
                fields().put("attempts", attempts).put("elapsed_ms", elapsed_ms).map()
            }
            ClosingDecision::PanicAcknowledged { panic_id, who, reason } => {
                fields().put("panic_id", panic_id).put("user", who).put("reason", reason).map()
            }
        }
    }
}

/// Nothing to say.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(count: &u32) -> bool {
    *count == 0
}
