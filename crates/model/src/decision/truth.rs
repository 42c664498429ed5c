//! Reads of what the venue says is on, and how it compares with our own books.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Micros, Value};

use crate::amount::{Lots, Money, plain};
use crate::causes::ZeroCause;
use crate::ids::{Code, ProductId, Symbol};
use crate::input::{AccountPosition, OpenOrder};
use crate::read::TruthPart;
use crate::tell::{fields, grouped, positions};

/// Why the truth is read; of several reasons for one read the first in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthPurpose {
    Verify,
    Close,
    Recovery,
    Start,
    MissingFills,
    Entry,
    Audit,
    Periodic,
}

impl TruthPurpose {
    /// What closes a position does without the wallet.
    pub fn reads_wallet(self) -> bool {
        match self {
            TruthPurpose::Recovery | TruthPurpose::Start | TruthPurpose::Periodic => true,
            TruthPurpose::Verify
            | TruthPurpose::Close
            | TruthPurpose::MissingFills
            | TruthPurpose::Entry
            | TruthPurpose::Audit => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthDecision {
    Requested {
        request: u64,
        purpose: TruthPurpose,
        products: Vec<(ProductId, Symbol)>,
        fills_since: Option<Micros>,
        account: bool,
    },
    /// What came back; parts that are missing failed, or were not asked for.
    Read {
        request: u64,
        requested_at: Micros,
        positions: BTreeMap<Symbol, Lots>,
        /// Open orders that carry our ids, and those that do not.
        own: Option<Vec<OpenOrder>>,
        foreign: Option<Vec<OpenOrder>>,
        account: Option<Vec<AccountPosition>>,
        /// Fills that came with it; `None`: not asked for, or not answered.
        fills: Option<u32>,
        wallet_balance: Option<Money>,
        latency_us: i64,
    },
    /// A part of a read, or all of it, failed.
    Unknown {
        request: u64,
        part: TruthPart,
        code: Code,
        /// It goes on and was told a short while ago.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quiet: bool,
        /// How often it was not told since it last was.
        #[serde(default, skip_serializing_if = "is_none")]
        repeats: u32,
    },
    /// The private stream says what a position is.
    Streamed { symbol: Symbol, lots: Lots, at: Micros },
    /// The venue and our fills differ.
    Mismatched {
        expected: BTreeMap<Symbol, Lots>,
        venue: BTreeMap<Symbol, Lots>,
        /// How many reads in a row, and the number of this one.
        reads: u32,
        request: u64,
    },
    /// They agree again.
    Matched,
    /// A panic of all asks what beside positions says whether something is on.
    WitnessRequested { request: u64, since: Micros },
    Witnessed {
        request: u64,
        requested_at: Micros,
        /// What the account's fills leave on; `None`: they could not be read.
        net: Option<BTreeMap<Symbol, (ProductId, Lots)>>,
        /// How many fills that were.
        fills: Option<u32>,
        /// USD that positions block, and how many positions in what is no option there are.
        margin: Option<Money>,
        elsewhere: Option<u32>,
        failures: Vec<(TruthPart, Code)>,
        latency_us: i64,
    },
    /// The venue shows nothing where our fills leave something on, and this explains it. What it cost is unknown.
    ZeroExplained { symbol: Symbol, lots: Lots, by: ZeroCause },
}

impl Event for TruthDecision {
    fn name(&self) -> &'static str {
        match self {
            TruthDecision::Requested { .. } => "position.read_requested",
            TruthDecision::Read { .. } => "position.read",
            TruthDecision::Unknown { .. } => "position.unknown",
            TruthDecision::Streamed { .. } => "position.streamed",
            TruthDecision::Mismatched { .. } => "position.mismatched",
            TruthDecision::Matched => "position.matched",
            TruthDecision::WitnessRequested { .. } => "position.witness_requested",
            TruthDecision::Witnessed { .. } => "position.witnessed",
            TruthDecision::ZeroExplained { .. } => "position.zero_explained",
        }
    }

    fn level(&self) -> Level {
        match self {
            TruthDecision::Requested { .. }
            | TruthDecision::Read { .. }
            | TruthDecision::Streamed { .. }
            | TruthDecision::Unknown { quiet: true, .. }
            | TruthDecision::WitnessRequested { .. } => Level::Debug,
            TruthDecision::Unknown { .. }
            | TruthDecision::ZeroExplained { .. }
            | TruthDecision::Witnessed { net: None, .. } => Level::Warn,
            TruthDecision::Mismatched { reads, .. } if *reads < 2 => Level::Warn,
            TruthDecision::Mismatched { .. } => Level::Error,
            TruthDecision::Matched | TruthDecision::Witnessed { .. } => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            TruthDecision::Requested { products, account: true, .. } => format!(
                "Asked the venue for {} positions, all open orders and everything the account holds.",
                products.len()
            ),
            TruthDecision::Requested { products, .. } => {
                format!("Asked the venue for {} positions and all open orders.", products.len())
            }
            TruthDecision::Read { positions: lots, own, account, .. } => {
                let rows = account.iter().flatten().map(|row| (&row.symbol, row.lots));
                let held: BTreeMap<_, _> =
                    rows.chain(lots.iter().map(|(symbol, lots)| (symbol, *lots))).collect();
                let held: Vec<_> = held
                    .into_iter()
                    .filter(|(_, lots)| *lots != 0)
                    .map(|(symbol, lots)| format!("{} {symbol}", grouped(lots)))
                    .collect();
                let held = if held.is_empty() { "flat".to_owned() } else { held.join(", ") };
                let own = own.as_ref().map_or_else(|| "unknown".to_owned(), |own| own.len().to_string());
                format!("The venue says: {held}; open orders of ours: {own}.")
            }
            TruthDecision::Unknown { part, code, repeats, .. } => unread(*part, code, *repeats),
            TruthDecision::Streamed { symbol, lots, .. } => {
                format!("The private stream says {} {symbol}.", grouped(*lots))
            }
            TruthDecision::Mismatched { expected, venue, .. } => {
                format!("Our fills say {}, the venue says {}.", positions(expected), positions(venue))
            }
            TruthDecision::Matched => "The venue and our fills agree again.".to_owned(),
            TruthDecision::WitnessRequested { .. } => {
                "Asked the venue for the account's latest fills and its wallet.".to_owned()
            }
            TruthDecision::Witnessed { net, fills, margin, failures, .. } => {
                witnessed(net.as_ref(), *fills, *margin, failures)
            }
            TruthDecision::ZeroExplained { symbol, lots, by } => format!(
                "{} {symbol} left without a fill of ours: {}. What that cost is not known.",
                grouped(*lots),
                by.sentence()
            ),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            TruthDecision::Requested { request, purpose, products, fills_since, account } => fields()
                .put("request", request)
                .put("purpose", purpose)
                .put("symbols", products.iter().map(|(_, symbol)| symbol).collect::<Vec<_>>())
                .put("fills_since", fills_since)
                .put("account", account)
                .map(),
            TruthDecision::Read {
                request,
                positions,
                own,
                foreign,
                account,
                fills,
                wallet_balance,
                latency_us,
                ..
            } => fields()
                .put("request", request)
                .put("positions", positions)
                .put("own_open_orders", own.as_ref().map(Vec::len))
                .put("foreign_open_orders", foreign.as_ref().map(Vec::len))
                .put("account_positions", account)
                .put("fills", fills)
                .put("wallet_balance", wallet_balance)
                .put("latency_us", latency_us)
                .map(),
            TruthDecision::Unknown { request, part, code, repeats, .. } => fields()
                .put("request", request)
                .put("part", part)
                .put("reason", code)
                .put("repeats", (*repeats > 0).then_some(repeats))
                .map(),
            TruthDecision::Streamed { symbol, lots, at } => {
                fields().put("symbol", symbol).put("qty", lots).put("at", at).map()
            }
            TruthDecision::Mismatched { expected, venue, reads, request } => fields()
                .put("expected", expected)
                .put("venue", venue)
                .put("reads", reads)
                .put("request", request)
                .map(),
            TruthDecision::Matched => Map::new(),
            TruthDecision::WitnessRequested { request, since } => {
                fields().put("request", request).put("fills_since", since).map()
            }
            TruthDecision::Witnessed {
                request, net, fills, margin, elsewhere, failures, latency_us, ..
            } => fields()
                .put("request", request)
                .put("positions", net.as_ref().map(lots_of))
                .put("fills", fills)
                .put("margin", margin)
                .put("elsewhere", elsewhere)
                .put("failures", failures)
                .put("latency_us", latency_us)
                .map(),
            TruthDecision::ZeroExplained { symbol, lots, by } => {
                fields().put("symbol", symbol).put("qty", lots).put("by", by).map()
            }
        }
    }
}

fn unread(part: TruthPart, code: &Code, repeats: u32) -> String {
    let again = match repeats {
        0 => String::new(),
        1 => ", and once since this was last said".to_owned(),
        more => format!(", and {} times since this was last said", grouped(more.into())),
    };
    format!(
        "The venue's {} could not be read ({}){again}; what was known stays believed.",
        part.words(),
        code.words()
    )
}

/// Nothing to say.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(count: &u32) -> bool {
    *count == 0
}

fn lots_of(net: &BTreeMap<Symbol, (ProductId, Lots)>) -> BTreeMap<Symbol, Lots> {
    net.iter().map(|(symbol, (_, lots))| (symbol.clone(), *lots)).collect()
}

fn witnessed(
    net: Option<&BTreeMap<Symbol, (ProductId, Lots)>>,
    fills: Option<u32>,
    margin: Option<Money>,
    failures: &[(TruthPart, Code)],
) -> String {
    let margin = margin.map_or_else(|| "an unknown margin".to_owned(), |usd| format!("{} USD", plain(usd)));
    let failed: Vec<_> =
        failures.iter().map(|(part, code)| format!("; {} unread: {}", part.words(), code.words())).collect();
    let failed = failed.concat();
    match net {
        Some(net) if net.is_empty() => format!(
            "{} fills of the account leave nothing on; positions block {margin}{failed}.",
            fills.unwrap_or_default()
        ),
        Some(net) => {
            format!(
                "The account's fills leave {} on; positions block {margin}{failed}.",
                positions(&lots_of(net))
            )
        }
        None => format!("The account's fills could not be read; positions block {margin}{failed}."),
    }
}
