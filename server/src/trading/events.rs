//! What the trading tasks themselves have to tell; what is decided tells itself.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// Happenings of driver and executor.
#[derive(Clone, Debug)]
pub enum TradingEvent {
    /// The journal was read and folded.
    Recovered {
        decisions: usize,
        next_seq: u64,
        session: Option<String>,
        elapsed_ms: u64,
    },
    JournalFailed {
        failure: String,
        waiting: usize,
    },
    JournalRestored {
        outage_ms: u64,
        appended: usize,
    },
    /// A command did not leave.
    CommandHeld {
        command: &'static str,
        reason: String,
    },
}

impl Event for TradingEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Recovered { .. } => "engine.recovered",
            Self::JournalFailed { .. } => "db.journal_failed",
            Self::JournalRestored { .. } => "db.journal_restored",
            Self::CommandHeld { .. } => "engine.command_held",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Recovered { .. } | Self::JournalRestored { .. } => Level::Info,
            Self::JournalFailed { .. } => Level::Fatal,
            Self::CommandHeld { .. } => Level::Error,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Recovered { decisions, next_seq, session: Some(session), elapsed_ms } => format!(
                "The journal was folded up to decision {} ({decisions} after the snapshot) in {elapsed_ms} ms; \
                 session {session} goes on",
                next_seq.saturating_sub(1)
            ),
            Self::Recovered { decisions, next_seq, session: None, elapsed_ms } => format!(
                "The journal was folded up to decision {} ({decisions} after the snapshot) in {elapsed_ms} ms; \
                 no session is active",
                next_seq.saturating_sub(1)
            ),
            Self::JournalFailed { failure, waiting } => {
                format!("The journal cannot be written ({failure}): only exits leave, {waiting} steps wait")
            }
            Self::JournalRestored { outage_ms, appended } => {
                format!("The journal is written again after {outage_ms} ms; {appended} steps were appended")
            }
            Self::CommandHeld { command, reason } => format!("A {command} command did not leave: {reason}"),
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::Recovered { decisions, next_seq, elapsed_ms, .. } => vec![
                ("decisions", Value::from(*decisions)),
                ("next_decision_seq", Value::from(*next_seq)),
                ("elapsed_ms", Value::from(*elapsed_ms)),
            ],
            Self::JournalFailed { failure, waiting } => {
                vec![("error", Value::from(failure.as_str())), ("waiting", Value::from(*waiting))]
            }
            Self::JournalRestored { outage_ms, appended } => {
                vec![("outage_ms", Value::from(*outage_ms)), ("appended", Value::from(*appended))]
            }
            Self::CommandHeld { command, reason } => {
                vec![("command", Value::from(*command)), ("reason", Value::from(reason.as_str()))]
            }
        };
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let failure = "database or disk is full".to_owned();
    [
        (
            TradingEvent::Recovered {
                decisions: 214,
                next_seq: 48_392,
                session: Some("s-01jf3k9x2m".to_owned()),
                elapsed_ms: 12,
            },
            "at each start, before anything is decided",
        ),
        (TradingEvent::JournalFailed { failure, waiting: 3 }, "at the first refusal of an outage"),
        (TradingEvent::JournalRestored { outage_ms: 900, appended: 12 }, ""),
        (
            TradingEvent::CommandHeld {
                command: "place",
                reason: "the journal cannot be written".to_owned(),
            },
            "",
        ),
    ]
    .into_iter()
    .map(|(event, doc)| CatalogueEntry::from_sample(&event).with_doc(doc))
    .collect()
}
