//! The rules: what is watched, when it fires, when it ends, how much it matters, and where the runbook says more.

use serde::{Deserialize, Serialize};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// What can be wrong, in the order of the page: the plan's four first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleId {
    VenueFailures,
    ErrorExits,
    ErrorBoundary,
    PriceGap,
    PanicStarted,
    PanicBlocked,
    ExposureUnknown,
    Mismatch,
    OperatorNeeded,
    Journal,
    Forwarder,
    TelemetryLoss,
    ClockSkew,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Warning,
    Critical,
}

/// When a rule fires and when it ends; times in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Calls that failed within the window: so many, or fewer that are more than a share of all. Ends when both are
    /// below half.
    Share { window: i64, many: u64, few: u64, percent: u64 },
    /// So many times within the window. Ends when nothing came for `calm`.
    Count { window: i64, times: usize, calm: i64 },
    /// A condition that holds for so long. Ends when it has not held for `calm`.
    Holds { after: i64, calm: i64 },
    /// A number at or above `fires` for so long. Ends when it was at or below `ends` for `calm`.
    Level { fires: i64, ends: i64, after: i64, calm: i64 },
}

/// A rule with all it says.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub id: RuleId,
    /// Its name in addresses, records and the API.
    pub word: &'static str,
    pub title: &'static str,
    pub severity: Severity,
    pub shape: Shape,
    /// When it fires, for people.
    pub fires: &'static str,
    /// What to do first.
    pub advice: &'static str,
    /// It cannot be silenced for longer at once, microseconds.
    pub silence_most: i64,
}

impl RuleId {
    /// Every rule, in the order of the page.
    pub const ALL: [Self; 13] = [
        Self::VenueFailures,
        Self::ErrorExits,
        Self::ErrorBoundary,
        Self::PriceGap,
        Self::PanicStarted,
        Self::PanicBlocked,
        Self::ExposureUnknown,
        Self::Mismatch,
        Self::OperatorNeeded,
        Self::Journal,
        Self::Forwarder,
        Self::TelemetryLoss,
        Self::ClockSkew,
    ];

    /// Its name in addresses, records and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.rule().word
    }

    /// Reads the word exactly.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.word() == word)
    }

    /// What this process tells of itself, and no journal keeps: whether it still holds after a restart is not known.
    #[must_use]
    pub const fn is_of_the_process(self) -> bool {
        match self {
            Self::PriceGap | Self::Journal | Self::Forwarder | Self::TelemetryLoss => true,
            Self::VenueFailures
            | Self::ErrorExits
            | Self::ErrorBoundary
            | Self::PanicStarted
            | Self::PanicBlocked
            | Self::ExposureUnknown
            | Self::Mismatch
            | Self::OperatorNeeded
            | Self::ClockSkew => false,
        }
    }

    /// The rule.
    #[must_use]
    pub const fn rule(self) -> &'static Rule {
        match self {
            Self::VenueFailures => &VENUE_FAILURES,
            Self::ErrorExits => &ERROR_EXITS,
            Self::ErrorBoundary => &ERROR_BOUNDARY,
            Self::PriceGap => &PRICE_GAP,
            Self::PanicStarted => &PANIC_STARTED,
            Self::PanicBlocked => &PANIC_BLOCKED,
            Self::ExposureUnknown => &EXPOSURE_UNKNOWN,
            Self::Mismatch => &MISMATCH,
            Self::OperatorNeeded => &OPERATOR_NEEDED,
            Self::Journal => &JOURNAL,
            Self::Forwarder => &FORWARDER,
            Self::TelemetryLoss => &TELEMETRY_LOSS,
            Self::ClockSkew => &CLOCK_SKEW,
        }
    }
}

impl Severity {
    /// Lowercase word, as in records and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl Rule {
    /// Where the runbook speaks of it: the heading `Alert: …` of `docs/runbook.md`, as its anchor.
    #[must_use]
    pub fn anchor(&self) -> String {
        let slug = |text: &str| text.to_lowercase().replace('’', "").replace(' ', "-");
        format!("alert-{}", slug(self.title))
    }

    /// Over what time it looks, microseconds; 0 is at once.
    #[must_use]
    pub const fn window(&self) -> i64 {
        match self.shape {
            Shape::Share { window, .. } | Shape::Count { window, .. } => window,
            Shape::Holds { after, .. } | Shape::Level { after, .. } => after,
        }
    }
}

const VENUE_FAILURES: Rule = Rule {
    id: RuleId::VenueFailures,
    word: "venue_failures",
    title: "Surge of venue API failures",
    severity: Severity::Warning,
    shape: Shape::Share { window: 5 * MINUTE, many: 20, few: 10, percent: 20 },
    fires: "20 failed calls within 5 min, or 10 that are more than 20 % of all calls",
    advice: "Look at the venue’s status page and at your own line. Exits go on being tried; entries wait for a healthy venue.",
    silence_most: 24 * HOUR,
};

const ERROR_EXITS: Rule = Rule {
    id: RuleId::ErrorExits,
    word: "error_exits",
    title: "Repeated strategy exits with reason error",
    severity: Severity::Critical,
    shape: Shape::Count { window: 30 * MINUTE, times: 2, calm: 30 * MINUTE },
    fires: "2 exits of one strategy with reason error within 30 min",
    advice: "Start nothing more with this configuration until the traces of both exits say why.",
    silence_most: 24 * HOUR,
};

const ERROR_BOUNDARY: Rule = Rule {
    id: RuleId::ErrorBoundary,
    word: "error_boundary",
    title: "Error boundary triggers",
    severity: Severity::Warning,
    shape: Shape::Count { window: 5 * MINUTE, times: 1, calm: 15 * MINUTE },
    fires: "any panel of any tab shows its error view, or a page’s program fails",
    advice: "Load the page again. What it showed may be old; the server and its exits are not affected.",
    silence_most: 24 * HOUR,
};

const PRICE_GAP: Rule = Rule {
    id: RuleId::PriceGap,
    word: "price_gap",
    title: "Gap in the price stream’s heartbeat",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 10 * SECOND, calm: MINUTE },
    fires: "the price stream is away for 10 s, or missed its heartbeat",
    advice: "Prices come over REST meanwhile and loss exits are judged. Look at your line first, then at the venue’s status.",
    silence_most: HOUR,
};

const PANIC_STARTED: Rule = Rule {
    id: RuleId::PanicStarted,
    word: "panic_started",
    title: "Panic started",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 0, calm: 0 },
    fires: "every panic, by whomever; ends when its latch is cleared",
    advice: "Follow it on Control until verified flat, then clear the latch with a reason.",
    silence_most: HOUR,
};

const PANIC_BLOCKED: Rule = Rule {
    id: RuleId::PanicBlocked,
    word: "panic_blocked",
    title: "Panic blocked",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 0, calm: 5 * SECOND },
    fires: "the venue cannot be worked while everything is to be closed",
    advice: "Closing goes on trying for ever. Look at the venue itself, and close there by hand if it lets you.",
    silence_most: HOUR,
};

const EXPOSURE_UNKNOWN: Rule = Rule {
    id: RuleId::ExposureUnknown,
    word: "exposure_unknown",
    title: "Exposure unknown",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 5 * SECOND, calm: 5 * SECOND },
    fires: "what is on at the venue is not known for 5 s while a session runs",
    advice: "Look at the venue’s own position page. Nothing new opens; exits wait for a read that can be believed.",
    silence_most: HOUR,
};

const MISMATCH: Rule = Rule {
    id: RuleId::Mismatch,
    word: "mismatch",
    title: "Reconciliation mismatch",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 0, calm: 5 * SECOND },
    fires: "the venue’s lots differ from our fills in two reads running",
    advice: "Compare the venue’s trades with the session’s fills: did somebody else trade there, or did an option settle?",
    silence_most: HOUR,
};

const OPERATOR_NEEDED: Rule = Rule {
    id: RuleId::OperatorNeeded,
    word: "operator_needed",
    title: "Operator needed",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 0, calm: 0 },
    fires: "a session stands still until a person decides, or nobody watches it any more",
    advice: "Open Control: the session says what differs, and offers to close what is ours.",
    silence_most: HOUR,
};

const JOURNAL: Rule = Rule {
    id: RuleId::Journal,
    word: "journal",
    title: "Journal degraded",
    severity: Severity::Critical,
    shape: Shape::Holds { after: 0, calm: 30 * SECOND },
    fires: "the trading journal cannot be written: only exits leave",
    advice: "Look at the disk: is it full, slow, or read-only? Nothing new opens until the journal is written again.",
    silence_most: HOUR,
};

const FORWARDER: Rule = Rule {
    id: RuleId::Forwarder,
    word: "forwarder",
    title: "Forwarder held or lagging",
    severity: Severity::Warning,
    shape: Shape::Level { fires: 60_000, ends: 30_000, after: 10 * SECOND, calm: 30 * SECOND },
    fires: "held for 10 s, or the oldest record waits for more than 60 s",
    advice: "Nothing is lost: records wait on disk. Telemetry says what the engine answered.",
    silence_most: 24 * HOUR,
};

const TELEMETRY_LOSS: Rule = Rule {
    id: RuleId::TelemetryLoss,
    word: "telemetry_loss",
    title: "Unexplained telemetry loss",
    severity: Severity::Warning,
    shape: Shape::Level { fires: 1, ends: 0, after: MINUTE, calm: 0 },
    fires: "records of a tab are neither delivered nor declared dropped for 1 min, or the server shed some",
    advice: "Look at the tab in Telemetry: was it closed while offline? A server that sheds has a disk that is too slow.",
    silence_most: 24 * HOUR,
};

const CLOCK_SKEW: Rule = Rule {
    id: RuleId::ClockSkew,
    word: "clock_skew",
    title: "Clock skew",
    severity: Severity::Warning,
    shape: Shape::Holds { after: 0, calm: 30 * SECOND },
    fires: "the system’s clock differs from the clock of this process, or the venue’s by 5 s or more",
    advice: "Set the clock by NTP. Signed requests carry the venue’s time; what is stamped may be off.",
    silence_most: 24 * HOUR,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_word_and_ends_below_where_it_fires() {
        for id in RuleId::ALL {
            assert_eq!((RuleId::parse(id.word()), id.rule().id), (Some(id), id));
            if let Shape::Level { fires, ends, .. } = id.rule().shape {
                assert!(ends < fires, "{id:?}");
            }
        }
        assert_eq!(RuleId::parse("nothing"), None);
    }

    #[test]
    fn the_runbook_has_a_section_for_every_rule() {
        let runbook = include_str!("../../../docs/runbook.md");
        for id in RuleId::ALL {
            let heading = format!("## Alert: {}\n", id.rule().title);
            assert!(runbook.contains(&heading), "docs/runbook.md lacks {heading}");
        }
    }
}
