//! Samples of reads of the venue's truth.

use std::collections::BTreeMap;

use super::{after, call, lots, price, put, usd};
use crate::amount::Lots;
use crate::causes::ZeroCause;
use crate::decision::TruthDecision;
use crate::decision::truth::TruthPurpose;
use crate::ids::{Code, OrderId, ProductId, Symbol};
use crate::input::{AccountPosition, OpenOrder};
use crate::order::Side;
use crate::read::TruthPart;

pub(super) fn samples() -> Vec<TruthDecision> {
    let differs = |reads| TruthDecision::Mismatched {
        expected: lots(-200, -200),
        venue: lots(-200, 0),
        reads,
        request: 31,
    };
    vec![
        TruthDecision::Requested {
            request: 12,
            purpose: TruthPurpose::Recovery,
            products: vec![(ProductId(30_117), call()), (ProductId(30_154), put())],
            fills_since: Some(after(-600_000)),
            account: false,
        },
        TruthDecision::Requested {
            request: 13,
            purpose: TruthPurpose::Verify,
            products: vec![(ProductId(30_117), call())],
            fills_since: None,
            account: true,
        },
        TruthDecision::Read {
            request: 12,
            requested_at: after(15_000),
            positions: lots(-200, -200),
            own: Some(Vec::new()),
            foreign: Some(vec![by_hand()]),
            account: Some(vec![AccountPosition {
                product_id: ProductId(30_117),
                symbol: call(),
                lots: -200,
            }]),
            fills: Some(2),
            wallet_balance: Some(usd(1_000_000)),
            latency_us: 38_200,
        },
        unread(false, 118),
        unread(true, 0),
        TruthDecision::Streamed { symbol: call(), lots: -200, at: after(15_020) },
        differs(1),
        differs(2),
        TruthDecision::Matched,
        TruthDecision::ZeroExplained { symbol: call(), lots: -200, by: ZeroCause::Refused },
        TruthDecision::WitnessRequested { request: 14, since: after(-172_800_000) },
        witnessed(Some([(call(), (ProductId(30_117), -200))].into())),
        witnessed(Some(BTreeMap::new())),
        witnessed(None),
    ]
}

fn witnessed(net: Option<BTreeMap<Symbol, (ProductId, Lots)>>) -> TruthDecision {
    let unread = net.is_none().then(|| (TruthPart::Fills, Code::from("http_503")));
    TruthDecision::Witnessed {
        request: 14,
        requested_at: after(15_000),
        fills: net.is_some().then_some(31),
        net,
        margin: Some(usd(92)),
        elsewhere: Some(0),
        failures: unread.into_iter().collect(),
        latency_us: 61_300,
    }
}

fn unread(quiet: bool, repeats: u32) -> TruthDecision {
    let code = Code::from("http_503");
    TruthDecision::Unknown { request: 13, part: TruthPart::Positions, code, quiet, repeats }
}

fn by_hand() -> OpenOrder {
    OpenOrder {
        client_order_id: None,
        order_id: OrderId::from("910237"),
        product_id: ProductId(30_117),
        symbol: call(),
        side: Side::Sell,
        limit: Some(price(4_200)),
        leaves_lots: 300,
        reduce_only: false,
    }
}

pub(super) fn doc(decision: &TruthDecision) -> &'static str {
    match decision {
        TruthDecision::Requested { .. } => {
            "positions and open orders are read, sometimes fills and the whole account"
        }
        TruthDecision::Read { .. } => "a read came back, whole or in part",
        TruthDecision::Unknown { quiet: false, .. } => {
            "a part of a read failed, for the first time or a minute after it was last told; nothing that was believed \
             is lowered"
        }
        TruthDecision::Unknown { quiet: true, .. } => "the same goes on",
        TruthDecision::Streamed { .. } => "the private stream says what is on in an instrument that is held",
        TruthDecision::Mismatched { .. } => "a read differs from our fills; the second is an error",
        TruthDecision::Matched => "a read agrees again after one that differed",
        TruthDecision::WitnessRequested { .. } => {
            "a panic of all asks for the account's fills and its margin"
        }
        TruthDecision::Witnessed { .. } => "the account's fills and its margin say whether something is on",
        TruthDecision::ZeroExplained { .. } => {
            "closed by somebody else: the result of the session is not known"
        }
    }
}
