//! The exit rules' words: which rules there are, in which order they act, and what a reading of one says, as
//! numbers. The sentences of a reading are made where it is told.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::Lots;
use crate::words::ExitReason;

/// The rules in the order in which they act: the first that matches wins (engine design, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Latch,
    Exposure,
    Margin,
    DayLoss,
    MaxLoss,
    LegStop,
    Trailing,
    MaxProfit,
    Time,
    Signal,
}

impl Rule {
    pub const ALL: [Rule; 10] = [
        Rule::Latch,
        Rule::Exposure,
        Rule::Margin,
        Rule::DayLoss,
        Rule::MaxLoss,
        Rule::LegStop,
        Rule::Trailing,
        Rule::MaxProfit,
        Rule::Time,
        Rule::Signal,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Rule::Latch => "latch",
            Rule::Exposure => "exposure",
            Rule::Margin => "margin",
            Rule::DayLoss => "day_loss",
            Rule::MaxLoss => "max_loss",
            Rule::LegStop => "leg_stop",
            Rule::Trailing => "trailing",
            Rule::MaxProfit => "max_profit",
            Rule::Time => "time",
            Rule::Signal => "signal",
        }
    }

    /// What the console calls it.
    pub fn label(self) -> &'static str {
        match self {
            Rule::Latch => "Panic latch",
            Rule::Exposure => "Exposure as expected",
            Rule::Margin => "Margin",
            Rule::DayLoss => "Day loss, account",
            Rule::MaxLoss => "Max loss, session",
            Rule::LegStop => "Leg stop",
            Rule::Trailing => "Trailing floor",
            Rule::MaxProfit => "Max profit",
            Rule::Time => "Square off",
            Rule::Signal => "Strategy signal",
        }
    }

    /// The reason an exit carries when this rule is the first to match.
    pub fn reason(self) -> ExitReason {
        match self {
            Rule::Latch => ExitReason::Panic,
            Rule::Exposure => ExitReason::Error,
            Rule::Margin => ExitReason::Margin,
            Rule::DayLoss => ExitReason::DayLoss,
            Rule::MaxLoss => ExitReason::MaxLoss,
            Rule::LegStop => ExitReason::LegStop,
            Rule::Trailing => ExitReason::Trailing,
            Rule::MaxProfit => ExitReason::MaxProfit,
            Rule::Time => ExitReason::Time,
            Rule::Signal => ExitReason::Signal,
        }
    }
}

/// What came of looking at one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not configured.
    Off,
    /// Configured, and waiting for its activation.
    NotArmed,
    Holds,
    /// Within a tenth of its range of firing.
    Near,
    /// Crossed; counting towards confirmation.
    Confirming,
    /// Cannot be judged: the data it needs is stale, missing or too wide.
    Blocked,
    Fires,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Off => "off",
            Verdict::NotArmed => "not_armed",
            Verdict::Holds => "holds",
            Verdict::Near => "near",
            Verdict::Confirming => "confirming",
            Verdict::Blocked => "blocked",
            Verdict::Fires => "fires",
        }
    }
}

/// What kind of numbers a reading holds, with those that value and threshold do not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Nothing was measured; the verdict says why.
    None,
    /// A latch is set or not.
    Latch { set: bool },
    /// Signed lots by leg, ours and the venue's; `None` is not read since the last order.
    Lots { ours: Vec<Lots>, venue: Option<Vec<Option<Lots>>> },
    /// Equity over maintenance margin.
    Ratio,
    /// A loss in USD that must stay above the threshold.
    Loss,
    /// What buying back costs, in multiples of the credit.
    Multiple,
    /// A profit in USD that waits for its activation.
    Activation,
    /// A profit in USD that must stay above a floor.
    Floor { breaches: u32, needed: u32 },
    /// A profit in USD that must reach the threshold.
    Profit,
    /// Seconds left.
    Until { at: Micros },
}

/// One rule, looked at once: its input, its threshold and its verdict, raw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleReading {
    pub rule: Rule,
    pub verdict: Verdict,
    pub measure: Measure,
    /// The number that was looked at: USD, or a ratio for margin, or seconds for time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    /// The number that it is held against, same unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Decimal>,
    /// 0 (far) to 100 (fires): for the meter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_percent: Option<u8>,
}

impl RuleReading {
    /// A reading without numbers.
    pub fn bare(rule: Rule, verdict: Verdict) -> Self {
        Self { rule, verdict, measure: Measure::None, value: None, threshold: None, used_percent: None }
    }
}
