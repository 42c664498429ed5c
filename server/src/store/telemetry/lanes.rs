//! The lanes of the forwarder: which records each takes. Streams are apart, so that one that is refused holds up no
//! other; errors and the audit trail have lanes of their own, so that they overtake a backlog.

use telemetry::{Level, Source};

/// One lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    Audit,
    AppErrors,
    WebErrors,
    App,
    Web,
    /// Dead letters that are to be sent again.
    Letters,
}

impl Lane {
    /// Those that follow the log, the urgent ones first.
    pub const OF_THE_LOG: [Self; 5] = [Self::Audit, Self::AppErrors, Self::WebErrors, Self::App, Self::Web];
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Audit, Self::AppErrors, Self::WebErrors, Self::App, Self::Web, Self::Letters];

    /// The word in the database and in `/api/v1/pipeline`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::AppErrors => "app_errors",
            Self::WebErrors => "web_errors",
            Self::App => "app",
            Self::Web => "web",
            Self::Letters => "dead_letters",
        }
    }

    /// Whether it goes before the others.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Audit | Self::AppErrors | Self::WebErrors)
    }

    /// The source of its records; letters are of all.
    #[must_use]
    pub const fn source(self) -> Option<Source> {
        match self {
            Self::Audit => Some(Source::Audit),
            Self::AppErrors | Self::App => Some(Source::Backend),
            Self::WebErrors | Self::Web => Some(Source::Frontend),
            Self::Letters => None,
        }
    }

    /// The lane of a record.
    #[must_use]
    pub const fn of(source: Source, level: Level) -> Self {
        match (source, level) {
            (Source::Audit, _) => Self::Audit,
            (Source::Backend, Level::Error | Level::Fatal) => Self::AppErrors,
            (Source::Frontend, Level::Error | Level::Fatal) => Self::WebErrors,
            (Source::Backend, Level::Trace | Level::Debug | Level::Info | Level::Warn) => Self::App,
            (Source::Frontend, Level::Trace | Level::Debug | Level::Info | Level::Warn) => Self::Web,
        }
    }
}
