//! Why something is so, as closed words with their numbers. A decision carries these; the sentence is made where
//! the decision is told, so that better words change no journal.

mod books;
mod entry;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::{Lots, Money, plain};
use crate::ids::{Code, PanicId, Symbol};
use crate::tell::{grouped, positions};
use crate::witness::Doubt;
use crate::words::ExitReason;

pub use books::{FillFault, ZeroCause};
pub use entry::EntryFailure;

/// Why a session's lifecycle changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleCause {
    Asked {
        who: String,
    },
    ExitDecided {
        reason: ExitReason,
    },
    Panic {
        panic_id: PanicId,
    },
    /// The process began anew while the session lived.
    Restarted,
    /// Flat by the venue's word, quotes fresh, plan priced.
    Ready,
    /// Orders, fills and positions agree with the venue after a restart.
    Recovered,
    /// The venue shows something on before anything was sent.
    NotFlatAtStart,
    /// Two reads of the venue differ from our fills.
    ReadsDiffer,
    /// More is on than was to be sold.
    Oversold,
    /// After a restart nothing explains the venue's positions.
    Unexplained,
    /// After a restart the venue could not be read.
    Unread,
    /// A judge failed on this session.
    Quarantined,
    VerifiedFlat {
        reason: ExitReason,
    },
}

impl LifecycleCause {
    pub fn sentence(&self) -> String {
        match self {
            Self::Asked { who } => format!("{who} asked for it"),
            Self::ExitDecided { reason } => format!("exit decided: {reason}"),
            Self::Panic { panic_id } => format!("panic {panic_id}"),
            Self::Restarted => "recovery after a restart".to_owned(),
            Self::Ready => "flat by the venue's word, quotes fresh, plan priced".to_owned(),
            Self::Recovered => "recovered: orders, fills and positions agree with the venue".to_owned(),
            Self::NotFlatAtStart => "the account is not flat".to_owned(),
            Self::ReadsDiffer => "two reads of the venue differ from our fills".to_owned(),
            Self::Oversold => "more is on than the configuration sells".to_owned(),
            Self::Unexplained => "recovery could not explain the venue's positions".to_owned(),
            Self::Unread => "the venue could not be read after the restart".to_owned(),
            Self::Quarantined => "a judge failed on it; it is set apart".to_owned(),
            Self::VerifiedFlat { reason } => format!("verified flat; {reason}"),
        }
    }
}

/// Why a condition of health began or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthCause {
    Stale {
        age_ms: i64,
    },
    Fresh,
    Unreadable {
        code: Code,
    },
    Answers,
    Differs,
    Resolved,
    /// The venue says zero and our own fills do not.
    ZeroUnexplained {
        symbol: Symbol,
        lots: Lots,
    },
    ZeroExplained,
    /// Our clock and the system's are this far apart.
    ClockStepped {
        skew_ms: i64,
    },
    ClockAgrees,
    /// A signed request had been refused as out of time.
    VenueClock {
        offset_ms: i64,
    },
    JournalFails {
        code: Code,
    },
    JournalWritten,
    ChannelRefused {
        channel: String,
        code: Code,
    },
    ChannelsConfirmed,
    /// Products that cannot be traded as usual, or the whole venue, with the venue's word for it.
    Disrupted {
        what: String,
    },
    TradesAgain,
    /// Positions of the account that are not ours.
    Foreign {
        positions: BTreeMap<Symbol, Lots>,
    },
    NothingForeign,
    /// A panic of all sees nothing on, and nothing explains that.
    Doubted {
        doubt: Doubt,
    },
    /// Orders of ours that nobody waits for still rest at the venue.
    OrdersRest {
        orders: u32,
    },
    Quarantined,
}

impl HealthCause {
    pub fn sentence(&self) -> String {
        match self {
            Self::Stale { age_ms } => format!("no fresh quotes or marks for {} ms", grouped(*age_ms)),
            Self::Fresh => "quotes and marks are fresh again".to_owned(),
            Self::Unreadable { code } => format!("the venue cannot be read: {}", code.words()),
            Self::Answers => "the venue answers again".to_owned(),
            Self::Differs => "the venue and our fills differ".to_owned(),
            Self::Resolved => "an operator resolved it".to_owned(),
            Self::ZeroUnexplained { symbol, lots } => {
                format!(
                    "the venue says 0 {symbol}, our fills say {}, and nothing explains it",
                    grouped(*lots)
                )
            }
            Self::ZeroExplained => "what the venue shows is explained".to_owned(),
            Self::ClockStepped { skew_ms } => {
                format!("the system's clock is {} ms away from the clock of this process", grouped(*skew_ms))
            }
            Self::ClockAgrees => "the clocks agree again".to_owned(),
            Self::VenueClock { offset_ms } => {
                format!("the venue's clock is {} ms away from ours", grouped(*offset_ms))
            }
            Self::JournalFails { code } => format!("the journal cannot be written: {}", code.words()),
            Self::JournalWritten => "the journal is written again".to_owned(),
            Self::ChannelRefused { channel, code } => {
                format!("the venue refused the channel {channel}: {}", code.words())
            }
            Self::ChannelsConfirmed => "the venue confirmed every channel".to_owned(),
            Self::Disrupted { what } => format!("the venue restricts trading: {what}"),
            Self::TradesAgain => "the venue trades as usual again".to_owned(),
            Self::Foreign { positions: lots } => {
                format!("the account holds what is not ours: {}", positions(lots))
            }
            Self::OrdersRest { orders: 1 } => {
                "an order of ours that nobody waits for rests at the venue, and is not canceled yet"
                    .to_owned()
            }
            Self::OrdersRest { orders } => {
                format!(
                    "{orders} orders of ours that nobody waits for rest at the venue, and are not canceled yet"
                )
            }
            Self::Doubted { doubt } => doubt.sentence(),
            Self::NothingForeign => "the account holds nothing that is not ours".to_owned(),
            Self::Quarantined => "a judge failed on the session".to_owned(),
        }
    }
}

/// What to know before a plan is followed; none of it forbids it. USD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    MaxProfitBeyondCredit { limit: Money, kept: Money },
    ActivationBeyondCredit { activation: Money, kept: Money },
    DistanceInsideSpread { distance: Money, least: Money },
    MaxLossBelowCost { limit: Money, cost: Money },
    NoBidOrOffer,
    ThinBid,
}

impl Warning {
    pub fn sentence(&self) -> String {
        match self {
            Self::MaxProfitBeyondCredit { limit, kept } => format!(
                "Max profit {} cannot be reached: the credit less fees is {}.",
                plain(*limit),
                plain(*kept)
            ),
            Self::ActivationBeyondCredit { activation, kept } => format!(
                "The trailing floor cannot arm at {}: the credit less fees is {}.",
                plain(*activation),
                plain(*kept)
            ),
            Self::DistanceInsideSpread { distance, least } => format!(
                "Trailing distance {} is inside twice the spread ({}): it may fire on noise.",
                plain(*distance),
                plain(*least)
            ),
            Self::MaxLossBelowCost { limit, cost } => format!(
                "Max loss {} is not above the cost of entering and leaving at once, {}.",
                plain(*limit),
                plain(*cost)
            ),
            Self::NoBidOrOffer => "A leg has no bid or no offer right now.".to_owned(),
            Self::ThinBid => {
                "The best bid of a leg is smaller than the size: part of it fills lower.".to_owned()
            }
        }
    }
}

/// Why an order is canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    Paused,
    Closing,
    /// To be placed again at another price.
    Reprice,
    /// It carries our id, and the journal does not know it, or holds it for ended.
    Orphan,
    /// An order of somebody else on the same account that a close would meet.
    InTheWay,
    /// A protective order of a position that is gone.
    Unneeded,
    /// It appeared after it had been given up.
    Late,
}

impl CancelCause {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Paused => "entries are paused",
            Self::Closing => "the session is closing",
            Self::Reprice => "to be re-priced",
            Self::Orphan => "it carries our id and the journal does not know it as open",
            Self::InTheWay => "it is not ours and stands in the way of closing",
            Self::Unneeded => "the position that it protected is flat",
            Self::Late => "it appeared after it had been given up",
        }
    }
}

/// Why the outcome of an order is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmbiguousCause {
    ProcessEnded,
    /// Nothing was heard of it for five seconds.
    Silence,
    Reported {
        code: Code,
    },
}

impl AmbiguousCause {
    pub fn sentence(&self) -> String {
        match self {
            Self::ProcessEnded => "the process ended".to_owned(),
            Self::Silence => "no answer for five seconds".to_owned(),
            Self::Reported { code } => code.words(),
        }
    }
}

/// Why an operator is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorCause {
    NotFlatAtStart {
        venue: BTreeMap<Symbol, Lots>,
        own_open_orders: u32,
    },
    Differs {
        ours: BTreeMap<Symbol, Lots>,
        venue: BTreeMap<Symbol, Lots>,
    },
    Unexplained {
        ours: BTreeMap<Symbol, Lots>,
        venue: BTreeMap<Symbol, Lots>,
    },
    /// An order that was told as ended was filled after all, so that a leg is larger than configured.
    Oversold {
        symbol: Symbol,
        lots: Lots,
        configured: Lots,
    },
    /// Fills carry our names and belong to orders that the journal does not know.
    JournalOlder {
        fills: u32,
        ours: BTreeMap<Symbol, Lots>,
    },
    Unread {
        code: Code,
    },
    Quarantined {
        judge: String,
    },
}

impl OperatorCause {
    pub fn sentence(&self) -> String {
        match self {
            Self::NotFlatAtStart { venue, own_open_orders } => format!(
                "The venue shows {} and {own_open_orders} open orders of ours before anything was sent.",
                positions(venue)
            ),
            Self::Differs { ours, venue } => {
                format!("Our fills say {}, the venue says {}.", positions(ours), positions(venue))
            }
            Self::Unexplained { ours, venue } => format!(
                "After the restart our fills say {}, the venue says {}, and no fill explains it.",
                positions(ours),
                positions(venue)
            ),
            Self::Oversold { symbol, lots, configured } => format!(
                "Our fills say {} of {symbol}, and {} were to be sold: an order that was told as ended was filled after \
                 all. Exits count all of it; close it, or reduce it by hand at the venue.",
                grouped(*lots),
                grouped(*configured)
            ),
            Self::JournalOlder { fills, ours } => format!(
                "The venue lists {fills} fills of this session whose orders the journal does not know: it is older than \
                 what happened. They are booked, our fills say {}.",
                positions(ours)
            ),
            Self::Unread { code } => format!(
                "After the restart the venue could not be read ({}); exits keep running and it is read on.",
                code.words()
            ),
            Self::Quarantined { judge } => {
                format!("The judge of {judge} failed on this session: it is set apart, Stop and PANIC work.")
            }
        }
    }
}
