//! Samples of closing until verified flat.

use std::collections::BTreeMap;

use super::{BEGAN, call, panic_id, put};
use crate::decision::ClosingDecision;
use crate::decision::closing::PanicScope;
use crate::ids::ProductId;
use crate::session::ExitReason;
use crate::state::Closing;

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
        ClosingDecision::PanicRepeated { panic_id: panic_id(), who: USER.to_owned() },
        ClosingDecision::Started {
            id: panic_id().0,
            panic: true,
            panic_id: Some(panic_id()),
            who: Some(USER.to_owned()),
            products: products(),
        },
        ClosingDecision::Blocked { reason: "the venue answered 503".to_owned() },
        ClosingDecision::Unblocked,
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

fn flat() -> [ClosingDecision; 6] {
    let verified = |panic: bool| ClosingDecision::VerifiedFlat {
        panic_id: panic.then(panic_id),
        panic,
        reads: 2,
        elapsed_ms: 1_565,
        attempts: 2,
    };
    [
        ClosingDecision::FlatSeen { reads: 1, request: 31 },
        ClosingDecision::FlatRefuted { why: "−40 lots of C-BTC-47000-060122 are on".to_owned() },
        verified(true),
        verified(false),
        ClosingDecision::Audited { flat: true },
        ClosingDecision::Audited { flat: false },
    ]
}

fn products() -> BTreeMap<crate::ids::Symbol, Closing> {
    let closing = |product_id, leg| Closing {
        product_id: ProductId(product_id),
        leg,
        was: -200,
        attempts: 0,
        next_at: BEGAN,
        last_limit: None,
    };
    [(call(), closing(30_117, 0)), (put(), closing(30_154, 1))].into()
}

pub(super) fn doc(decision: &ClosingDecision) -> &'static str {
    match decision {
        ClosingDecision::PanicLatched { .. } => "a user pressed PANIC, or a rule went beyond its range",
        ClosingDecision::PanicRepeated { .. } => "PANIC was pressed while a latch holds",
        ClosingDecision::Started { .. } => "an exit or a panic begins to close",
        ClosingDecision::Blocked { .. } => "the venue cannot be worked while closing",
        ClosingDecision::Unblocked => "the venue answers again while closing",
        ClosingDecision::FlatSeen { .. } => "a read shows zero everywhere and no order of ours",
        ClosingDecision::FlatRefuted { .. } => "after a flat read another shows something on",
        ClosingDecision::VerifiedFlat { .. } => "two reads apart in time agree on flat",
        ClosingDecision::Audited { .. } => "a third read, ten seconds after the verification",
        ClosingDecision::Escalated { .. } => "an exit took too long or too many attempts",
        ClosingDecision::PanicAcknowledged { .. } => "a user cleared the account's latch, with a reason",
    }
}
