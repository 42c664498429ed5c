//! Samples of closing until verified flat.

use std::collections::BTreeMap;

use super::{after, call, lots, panic_id, put, usd};
use crate::causes::ZeroCause;
use crate::closing::Closing;
use crate::decision::ClosingDecision;
use crate::decision::closing::{PanicScope, Refutation};
use crate::ids::{Code, ProductId};
use crate::restriction::Restriction;
use crate::witness::Doubt;
use crate::words::ExitReason;

const USER: &str = "ada";

pub(super) fn samples() -> Vec<ClosingDecision> {
    let latched = |scope, who: &str, reason| ClosingDecision::PanicLatched {
        scope,
        panic_id: panic_id(),
        who: who.to_owned(),
        reason,
    };
    let mut samples = vec![
        latched(PanicScope::Account, USER, ExitReason::Panic),
        latched(PanicScope::Session, "engine", ExitReason::Margin),
        ClosingDecision::PanicRepeated {
            scope: PanicScope::Account,
            panic_id: panic_id(),
            who: USER.to_owned(),
            anew: true,
        },
        ClosingDecision::PanicRepeated {
            scope: PanicScope::Session,
            panic_id: panic_id(),
            who: USER.to_owned(),
            anew: false,
        },
        ClosingDecision::Started {
            id: panic_id().0,
            panic: true,
            panic_id: Some(panic_id()),
            of_account: true,
            who: Some(USER.to_owned()),
            products: products(),
        },
        ClosingDecision::PositionFound {
            symbol: call(),
            closing: Closing { foreign: true, ..Closing::new(ProductId(30_117), 0, -200) },
            by_fills: false,
        },
        ClosingDecision::PositionFound {
            symbol: call(),
            closing: Closing { foreign: true, ..Closing::new(ProductId(30_117), 0, -200) },
            by_fills: true,
        },
        ClosingDecision::Doubted { doubt: Some(Doubt::Margin { blocked: usd(92) }) },
        ClosingDecision::Doubted { doubt: None },
        ClosingDecision::ZeroExplained { symbol: call(), lots: -200, by: ZeroCause::Refused },
        ClosingDecision::Blocked { code: Code::from("http_503") },
        ClosingDecision::Unblocked,
        ClosingDecision::Restricted { products: [(call(), Restriction::CancelOnly)].into() },
        ClosingDecision::Restricted { products: BTreeMap::new() },
        ClosingDecision::Escalated { attempts: 6, elapsed_ms: 20_100 },
        ClosingDecision::PanicAcknowledged {
            panic_id: panic_id(),
            who: USER.to_owned(),
            reason: "checked the venue's own page, all flat".to_owned(),
        },
    ];
    samples.extend(flat());
    samples
}

fn flat() -> [ClosingDecision; 9] {
    let refuted = |why, of_call| ClosingDecision::FlatRefuted {
        why: Some(why),
        venue: lots(of_call, 0),
        own_open_orders: Some(0),
    };
    let verified = |panic: bool, foreign_orders| ClosingDecision::VerifiedFlat {
        panic_id: panic.then(panic_id),
        panic,
        reads: 2,
        elapsed_ms: 1_565,
        attempts: 2,
        left: BTreeMap::new(),
        foreign_orders,
        without_legs: false,
    };
    [
        ClosingDecision::FlatSeen {
            reads: 1,
            request: 31,
            requested_at: after(1_100),
            left: BTreeMap::new(),
            without_legs: false,
        },
        refuted(Refutation::Shown { symbol: call(), lots: -40 }, -40),
        refuted(Refutation::ProcessBegan, 0),
        verified(true, 0),
        verified(true, 1),
        verified(false, 0),
        verified(false, 1),
        ClosingDecision::Audited { flat: true, left: BTreeMap::new() },
        ClosingDecision::Audited { flat: false, left: BTreeMap::new() },
    ]
}

fn products() -> BTreeMap<crate::ids::Symbol, Closing> {
    let closing = |product_id, leg| Closing::new(ProductId(product_id), leg, -200);
    [(call(), closing(30_117, 0)), (put(), closing(30_154, 1))].into()
}

pub(super) fn doc(decision: &ClosingDecision) -> &'static str {
    match decision {
        ClosingDecision::PanicLatched { .. } => "a user pressed PANIC, or a rule went beyond its range",
        ClosingDecision::PanicRepeated { .. } => "PANIC was pressed while a latch holds: it looks anew",
        ClosingDecision::Started { .. } => "an exit or a panic begins to close",
        ClosingDecision::PositionFound { .. } => "a panic of all sees a position that no session holds",
        ClosingDecision::Doubted { doubt: Some(_) } => {
            "a panic of all sees nothing on, and the account's fills or its margin do not explain that"
        }
        ClosingDecision::Doubted { doubt: None } => "fills and margin explain that nothing is on",
        ClosingDecision::ZeroExplained { .. } => {
            "a panic of all: the venue refuses to reduce what by the account's books is on"
        }
        ClosingDecision::Blocked { .. } => "the venue cannot be worked while closing",
        ClosingDecision::Unblocked => "the venue answers again while closing",
        ClosingDecision::Restricted { products } if products.is_empty() => {
            "the venue trades as usual again what is being closed"
        }
        ClosingDecision::Restricted { .. } => "something that is to be closed is in an auction or disrupted",
        ClosingDecision::FlatSeen { .. } => "a read shows zero everywhere, explained, and no order of ours",
        ClosingDecision::FlatRefuted { .. } => {
            "after a flat read something is on or moved, or what was seen does not count: it begins anew"
        }
        ClosingDecision::VerifiedFlat { .. } => "two reads apart in time agree on flat",
        ClosingDecision::Audited { .. } => "a third read, ten seconds after the verification",
        ClosingDecision::Escalated { .. } => "an exit took too long or too many attempts",
        ClosingDecision::PanicAcknowledged { .. } => "a user cleared the account's latch, with a reason",
    }
}
