//! The words of the field: a session's four truths, why it ended, and in which mode it runs. Each word is the
//! same in the journal, the log, the HTTP API and the console.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word of the wire, the log and the console.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

words!(
    /// What is wanted; grows only more severe from EXIT on.
    Intent { Run = "RUN", Pause = "PAUSE", Exit = "EXIT", Panic = "PANIC" }
);
words!(
    /// What the engine is doing about it. STOPPED is terminal and means verified flat with no own order.
    Lifecycle {
        Starting = "STARTING",
        Running = "RUNNING",
        Paused = "PAUSED",
        Exiting = "EXITING",
        Panicking = "PANICKING",
        NeedsOperator = "NEEDS_OPERATOR",
        Stopped = "STOPPED",
    }
);
words!(
    /// What the venue says is on; only from venue evidence with a time.
    Exposure { Flat = "FLAT", Entering = "ENTERING", Open = "OPEN", Closing = "CLOSING", Unknown = "UNKNOWN" }
);
words!(
    /// What is not well. None of them means OK.
    Health {
        DataStale = "DATA_STALE",
        VenueRestricted = "VENUE_RESTRICTED",
        VenueUnreachable = "VENUE_UNREACHABLE",
        Unreconciled = "UNRECONCILED",
        JournalDegraded = "JOURNAL_DEGRADED",
        ClockSkew = "CLOCK_SKEW",
    }
);
words!(
    /// Why a session ended.
    ExitReason {
        MaxLoss = "max_loss",
        LegStop = "leg_stop",
        DayLoss = "day_loss",
        Margin = "margin",
        Liquidation = "liquidation",
        Trailing = "trailing",
        TrailingRestart = "trailing_restart",
        MaxProfit = "max_profit",
        Time = "time",
        Signal = "signal",
        Operator = "operator",
        Drained = "drained",
        Panic = "panic",
        VenueStop = "venue_stop",
        Settlement = "settlement",
        EntryFailed = "entry_failed",
        Error = "error",
    }
);
words!(
    /// With money or without; a simulated session cannot reach a real venue.
    #[derive(Default)]
    ExecutionMode { #[default] Simulated = "simulated", Live = "live" }
);

impl Lifecycle {
    /// How much it wants to be looked at, beside other sessions.
    #[must_use]
    pub fn severity(self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::Running => 1,
            Self::Paused => 2,
            Self::Starting => 3,
            Self::Exiting => 4,
            Self::NeedsOperator => 5,
            Self::Panicking => 6,
        }
    }
}
