//! What is told of each asset: one line.

use std::fmt;

/// How an asset stands, or what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    There,
    Missing,
    /// Something else of that name stands there; what is different first.
    Differs(String),
    /// The engine or its licence has no such thing; one sentence.
    NotSupported(String),
    /// It cannot be looked at or put; one sentence.
    Refused(String),
    /// Put now.
    Made,
    /// Put now in the place of one that differed.
    Replaced(String),
}

impl Standing {
    /// Whether everything is as it is to be, as far as this engine goes.
    #[must_use]
    pub fn is_good(&self) -> bool {
        match self {
            Self::There | Self::NotSupported(_) | Self::Made | Self::Replaced(_) => true,
            Self::Missing | Self::Differs(_) | Self::Refused(_) => false,
        }
    }

    /// The word in front of the line.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Missing => "missing",
            Self::Differs(_) => "differs",
            Self::NotSupported(_) => "not supported",
            Self::Refused(_) => "refused",
            Self::Made => "made",
            Self::Replaced(_) => "replaced",
        }
    }

    fn detail(&self) -> &str {
        match self {
            Self::There | Self::Missing | Self::Made => "",
            Self::Differs(why) | Self::NotSupported(why) | Self::Refused(why) | Self::Replaced(why) => why,
        }
    }
}

/// One asset of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `index template`, `dashboard` and so on.
    pub kind: &'static str,
    pub name: String,
    pub standing: Standing,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.standing.detail();
        let divider = if detail.is_empty() { "" } else { ": " };
        write!(f, "{:<13}  {:<18}  {}{divider}{detail}", self.standing.word(), self.kind, self.name)
    }
}
