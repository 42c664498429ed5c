//! What happens to a part of a stream: to one subscription, one instrument, one book, one row of numbered frames.

use std::collections::BTreeMap;

use telemetry::{Level, Value};

use crate::venue::freshness::Feed;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartHappening {
    /// The venue's answers leave it out.
    Unconfirmed {
        channel: String,
        symbols: Vec<String>,
        waited_ms: i64,
        refused: bool,
    },
    /// An instrument has all its data again.
    SymbolGap {
        symbol: String,
        gap_ms: i64,
        feeds: BTreeMap<Feed, i64>,
        gaps: u64,
        total_ms: i64,
    },
    /// A book is not believed any more.
    BookLost {
        symbol: String,
        reason: &'static str,
        expected: Option<u64>,
        came: Option<u64>,
    },
    BookRestored {
        symbol: String,
        lost_ms: i64,
    },
    /// Something trades otherwise; without a symbol the venue, without a status as usual.
    Status {
        symbols: Vec<String>,
        status: Option<String>,
    },
    /// Frames about our account did not come.
    FramesMissed {
        symbol: String,
        channel: &'static str,
        expected: u64,
        came: u64,
    },
}

impl PartHappening {
    pub fn name(&self) -> &'static str {
        match self {
            PartHappening::Unconfirmed { .. } => "stream.subscription_unconfirmed",
            PartHappening::SymbolGap { .. } => "stream.symbol_gap",
            PartHappening::BookLost { .. } => "stream.book_lost",
            PartHappening::BookRestored { .. } => "stream.book_restored",
            PartHappening::FramesMissed { .. } => "stream.frames_missed",
            PartHappening::Status { .. } => "stream.venue_status",
        }
    }

    pub fn level(&self) -> Level {
        match self {
            PartHappening::Unconfirmed { refused: true, .. } => Level::Error,
            PartHappening::Unconfirmed { .. }
            | PartHappening::BookLost { .. }
            | PartHappening::SymbolGap { .. }
            | PartHappening::FramesMissed { .. } => Level::Warn,
            PartHappening::Status { status: Some(_), .. } => Level::Warn,
            PartHappening::Status { status: None, .. } | PartHappening::BookRestored { .. } => Level::Info,
        }
    }

    /// What it is about.
    pub fn symbols(&self) -> &[String] {
        match self {
            PartHappening::Unconfirmed { symbols, .. } | PartHappening::Status { symbols, .. } => symbols,
            PartHappening::SymbolGap { symbol, .. }
            | PartHappening::BookLost { symbol, .. }
            | PartHappening::BookRestored { symbol, .. }
            | PartHappening::FramesMissed { symbol, .. } => std::slice::from_ref(symbol),
        }
    }

    pub fn message(&self, stream: &str) -> String {
        match self {
            PartHappening::Unconfirmed { channel, symbols, waited_ms, refused } => {
                let then = if *refused { "and counts as refused" } else { "and is asked for again" };
                let of =
                    if symbols.is_empty() { String::new() } else { format!(" of {}", symbols.join(", ")) };
                format!("{channel}{of} was not confirmed within {waited_ms} ms {then} ({stream} stream)")
            }
            PartHappening::SymbolGap { symbol, gap_ms, .. } => {
                format!("{symbol} has all its data again on the {stream} stream after {gap_ms} ms")
            }
            PartHappening::BookLost { symbol, reason, .. } => {
                format!("The book of {symbol} is not believed any more ({reason}) and is asked for again")
            }
            PartHappening::BookRestored { symbol, lost_ms } => {
                format!("The book of {symbol} is kept again after {lost_ms} ms")
            }
            PartHappening::Status { symbols, status } => {
                let what = if symbols.is_empty() { "The venue".to_owned() } else { symbols.join(", ") };
                match status {
                    Some(status) => format!("{what} does not trade as usual: {status}"),
                    None => format!("{what} trades as usual again"),
                }
            }
            PartHappening::FramesMissed { symbol, channel, expected, came } => format!(
                "Frames {expected} to {} of {channel} for {symbol} did not come; the account is read anew",
                came - 1
            ),
        }
    }

    pub fn pairs(&self) -> Vec<(&'static str, Value)> {
        match self {
            PartHappening::Unconfirmed { channel, symbols, waited_ms, refused } => {
                let mut pairs = vec![
                    ("channel", Value::from(channel.as_str())),
                    ("waited_ms", Value::from(*waited_ms)),
                    ("refused", Value::from(*refused)),
                ];
                pairs.extend(super::stream::named(symbols));
                pairs
            }
            PartHappening::SymbolGap { symbol, gap_ms, feeds, gaps, total_ms } => {
                let by_feed = feeds.iter().map(|(feed, ms)| (feed.word().to_owned(), Value::from(*ms)));
                vec![
                    ("symbol", Value::from(symbol.as_str())),
                    ("gap_ms", Value::from(*gap_ms)),
                    ("gap_ms_by_feed", Value::Object(by_feed.collect())),
                    ("gaps_total", Value::from(*gaps)),
                    ("gap_ms_total", Value::from(*total_ms)),
                ]
            }
            PartHappening::BookLost { symbol, reason, expected, came } => vec![
                ("symbol", Value::from(symbol.as_str())),
                ("reason", Value::from(*reason)),
                ("expected", expected.map_or(Value::Null, Value::from)),
                ("came", came.map_or(Value::Null, Value::from)),
            ],
            PartHappening::BookRestored { symbol, lost_ms } => {
                vec![("symbol", Value::from(symbol.as_str())), ("lost_ms", Value::from(*lost_ms))]
            }
            PartHappening::Status { symbols, status } => {
                let status = Value::from(status.as_deref().unwrap_or("operational"));
                let mut pairs = vec![("venue_status", status)];
                pairs.extend(super::stream::named(symbols));
                pairs
            }
            PartHappening::FramesMissed { symbol, channel, expected, came } => vec![
                ("symbol", Value::from(symbol.as_str())),
                ("channel", Value::from(*channel)),
                ("expected", Value::from(*expected)),
                ("came", Value::from(*came)),
            ],
        }
    }
}

/// Samples for EVENTS.md.
pub(super) fn samples() -> Vec<PartHappening> {
    let symbol = "C-BTC-48000-070122".to_owned();
    vec![
        PartHappening::Unconfirmed {
            channel: "ob_l1".to_owned(),
            symbols: vec![symbol.clone()],
            waited_ms: 5_000,
            refused: false,
        },
        PartHappening::Unconfirmed {
            channel: "positions".to_owned(),
            symbols: Vec::new(),
            waited_ms: 5_000,
            refused: true,
        },
        PartHappening::SymbolGap {
            symbol: symbol.clone(),
            gap_ms: 2_311,
            feeds: BTreeMap::from([(Feed::Top, 410), (Feed::Mark, 2_311)]),
            gaps: 3,
            total_ms: 5_120,
        },
        PartHappening::BookLost {
            symbol: symbol.clone(),
            reason: "gap",
            expected: Some(6_200),
            came: Some(6_202),
        },
        PartHappening::BookRestored { symbol: symbol.clone(), lost_ms: 84 },
        PartHappening::Status {
            symbols: vec![symbol.clone()],
            status: Some("disrupted_post_only".to_owned()),
        },
        PartHappening::Status { symbols: Vec::new(), status: None },
        PartHappening::FramesMissed { symbol, channel: "v2/user_trades", expected: 8, came: 10 },
    ]
}
