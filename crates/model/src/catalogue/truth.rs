//! Samples of reads of the venue's truth.

use super::{after, call, lots, put, usd};
use crate::decision::TruthDecision;
use crate::decision::truth::TruthPurpose;
use crate::ids::ProductId;

pub(super) fn samples() -> Vec<TruthDecision> {
    let differs =
        |reads| TruthDecision::Mismatched { expected: lots(-200, -200), venue: lots(-200, 0), reads };
    vec![
        TruthDecision::Requested {
            request: 12,
            purpose: TruthPurpose::Recovery,
            products: vec![(ProductId(30_117), call()), (ProductId(30_154), put())],
            fills_since: Some(after(-600_000)),
        },
        TruthDecision::Read {
            request: 12,
            requested_at: after(15_000),
            positions: lots(-200, -200),
            own_open_orders: 0,
            orphans: Vec::new(),
            foreign_open_orders: 0,
            wallet_balance: Some(usd(1_000_000)),
            latency_us: 38_200,
        },
        TruthDecision::Unknown { request: 13, reason: "the venue answered 503".to_owned() },
        differs(1),
        differs(2),
        TruthDecision::Matched,
    ]
}

pub(super) fn doc(decision: &TruthDecision) -> &'static str {
    match decision {
        TruthDecision::Requested { .. } => "positions, open orders and wallet are read, sometimes fills too",
        TruthDecision::Read { .. } => "the read came back whole",
        TruthDecision::Unknown { .. } => "the read failed; nothing that was believed is lowered",
        TruthDecision::Mismatched { .. } => "a read differs from our fills; the second is an error",
        TruthDecision::Matched => "a read agrees again after one that differed",
    }
}
