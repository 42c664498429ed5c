//! A read of the venue as such: its number and times, and the parts of which each can fail by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::ids::Code;

/// A failure that goes on is told again after this long.
const TOLD_AGAIN: i64 = 60_000_000;
/// One that was over in between, after this long.
const TOLD_ANEW: i64 = 10_000_000;
/// Reasons that are kept in mind for each part.
const REASONS_KEPT: usize = 8;

/// A read: its number, when it was asked for (what it shows is at least as new), when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    pub request: u64,
    pub requested_at: Micros,
    pub read_at: Micros,
}

/// Parts of a read, each of which can fail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthPart {
    Positions,
    OpenOrders,
    Fills,
    Wallet,
    Account,
    All,
}

impl TruthPart {
    pub fn words(self) -> &'static str {
        match self {
            TruthPart::Positions => "positions",
            TruthPart::OpenOrders => "open orders",
            TruthPart::Fills => "fills",
            TruthPart::Wallet => "wallet",
            TruthPart::Account => "account's positions",
            TruthPart::All => "positions and orders",
        }
    }

    /// Whether what is on cannot be known without it.
    pub fn is_needed(self) -> bool {
        match self {
            TruthPart::Positions | TruthPart::OpenOrders | TruthPart::All => true,
            TruthPart::Fills | TruthPart::Wallet | TruthPart::Account => false,
        }
    }
}

/// How a part of reads fails for one reason, so that it is told when it begins and now and then, not with each read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// When it was last told.
    pub told_at: Micros,
    /// How often it failed since, untold.
    pub untold: u32,
    /// The part was read since.
    pub over: bool,
}

/// What fails, by part and reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Failures(BTreeMap<TruthPart, BTreeMap<Code, Failing>>);

impl Failures {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many of them were kept back, if one more is to be told now; `None` while it is kept back as well.
    pub fn due(&self, part: TruthPart, code: &Code, now: Micros) -> Option<u32> {
        let Some(known) = self.0.get(&part).and_then(|reasons| reasons.get(code)) else { return Some(0) };
        let (pause, untold) = if known.over { (TOLD_ANEW, 0) } else { (TOLD_AGAIN, known.untold) };
        (now.0.saturating_sub(known.told_at.0) >= pause).then_some(untold)
    }

    pub(crate) fn note(&mut self, part: TruthPart, code: &Code, told: bool, at: Micros) {
        let reasons = self.0.entry(part).or_default();
        let known = reasons.get(code);
        let failing = match known.filter(|_| !told) {
            Some(known) => Failing { untold: known.untold.saturating_add(1), over: false, ..*known },
            None => Failing { told_at: at, untold: 0, over: false },
        };
        reasons.insert(code.clone(), failing);
        if reasons.len() > REASONS_KEPT {
            let oldest =
                reasons.iter().min_by_key(|(_, failing)| failing.told_at).map(|(code, _)| code.clone());
            oldest.and_then(|code| reasons.remove(&code));
        }
    }

    /// The part was read.
    pub(crate) fn over(&mut self, part: TruthPart) {
        self.0
            .get_mut(&part)
            .into_iter()
            .flat_map(BTreeMap::values_mut)
            .for_each(|failing| failing.over = true);
    }
}
