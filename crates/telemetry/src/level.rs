//! Six levels, their text and their OpenTelemetry severity numbers.

use serde::{Deserialize, Serialize};

/// How much an event matters; ordered, `Trace` lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
    Fatal,
}

impl Level {
    /// All levels, lowest first.
    pub const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// Lowercase word, as on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }

    /// Reads the word, case ignored; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(text))
    }

    /// OpenTelemetry `SeverityNumber`: 1, 5, 9, 13, 17, 21.
    #[must_use]
    pub const fn severity(self) -> u8 {
        self as u8 * 4 + 1
    }

    /// The level whose OpenTelemetry range (1-4, 5-8, … 21-24) holds the number; `None` outside 1 to 24.
    #[must_use]
    pub fn from_severity(number: u64) -> Option<Self> {
        let index = usize::try_from(number.checked_sub(1)? / 4).ok()?;
        Self::ALL.get(index).copied()
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or("level must be one of trace, debug, info, warn, error, fatal")
    }
}
