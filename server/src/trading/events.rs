//! What the trading tasks themselves have to tell; what is decided tells itself.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// Happenings of driver and executor.
#[derive(Clone, Debug)]
pub enum TradingEvent {
    /// The journal was read and folded.
    Recovered {
        decisions: usize,
        next_seq: u64,
        sessions: Vec<String>,
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
        code: &'static str,
    },
    /// An older version's journal lies beside ours.
    JournalUnread {
        decisions: u64,
        sessions: Vec<String>,
    },
    /// A row of the journal is not what was written.
    JournalTorn {
        seq: u64,
        last_seq: u64,
        failure: String,
    },
    /// The journal ends before what was told of it: it was lost, or put back from an older copy.
    JournalBehind {
        last_seq: u64,
        told_seq: u64,
    },
    /// They had not ended, and no journal knows them.
    SessionsLost {
        sessions: Vec<String>,
    },
    /// A panic is carried out without a journal.
    WithoutJournal {
        failure: String,
    },
    /// Nobody can read who pressed; it counts as a press.
    LatchUnreadable {
        failure: String,
    },
}

impl Event for TradingEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Recovered { .. } => "engine.recovered",
            Self::JournalFailed { .. } => "db.journal_failed",
            Self::JournalRestored { .. } => "db.journal_restored",
            Self::CommandHeld { .. } => "engine.command_held",
            Self::JournalUnread { .. } => "engine.journal_unread",
            Self::JournalTorn { .. } => "engine.journal_torn",
            Self::JournalBehind { .. } => "engine.journal_behind",
            Self::SessionsLost { .. } => "engine.sessions_lost",
            Self::WithoutJournal { .. } => "engine.begun_without_journal",
            Self::LatchUnreadable { .. } => "engine.latch_unreadable",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Recovered { .. } | Self::JournalRestored { .. } => Level::Info,
            Self::JournalFailed { .. } | Self::WithoutJournal { .. } => Level::Fatal,
            Self::JournalUnread { sessions, .. } if sessions.is_empty() => Level::Warn,
            Self::CommandHeld { .. }
            | Self::JournalUnread { .. }
            | Self::JournalTorn { .. }
            | Self::JournalBehind { .. }
            | Self::SessionsLost { .. }
            | Self::LatchUnreadable { .. } => Level::Error,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Recovered { decisions, next_seq, sessions, elapsed_ms } => {
                let on = match sessions.as_slice() {
                    [] => "no session is active".to_owned(),
                    [one] => format!("session {one} goes on"),
                    several => format!("sessions {} go on", several.join(", ")),
                };
                format!(
                    "The journal was folded up to decision {} ({decisions} after the snapshot) in {elapsed_ms} ms; {on}",
                    next_seq.saturating_sub(1)
                )
            }
            Self::JournalFailed { failure, waiting } => {
                format!("The journal cannot be written ({failure}): only exits leave, {waiting} steps wait")
            }
            Self::JournalRestored { outage_ms, appended } => {
                format!("The journal is written again after {outage_ms} ms; {appended} steps were appended")
            }
            Self::CommandHeld { command, code } => {
                format!("A {command} command did not leave: {}", code.replace('_', " "))
            }
            Self::JournalUnread { decisions, sessions } => {
                let on = match sessions.as_slice() {
                    [] => "no session of it was active".to_owned(),
                    open => format!(
                        "sessions {} were active: what they hold is nobody's now, close it by PANIC or by hand",
                        open.join(", ")
                    ),
                };
                format!("A journal of an older format with {decisions} decisions is kept and not read; {on}")
            }
            Self::JournalTorn { seq, last_seq, failure } => format!(
                "The journal cannot be read from decision {seq} on ({failure}): what came after it up to {last_seq} is kept \
                 and not used, and the venue is asked what happened"
            ),
            Self::JournalBehind { last_seq, told_seq } => format!(
                "The journal ends at decision {last_seq}, and {told_seq} was told already: it was lost or put back from an \
                 older copy; the venue is asked what happened since"
            ),
            Self::SessionsLost { sessions } => format!(
                "No journal knows {} any more, and nobody watches what they held: close it by PANIC or at the venue",
                sessions.join(", ")
            ),
            Self::WithoutJournal { failure } => format!(
                "There is no journal to continue from ({failure}): the panic is carried out on what the venue shows"
            ),
            Self::LatchUnreadable { failure } => {
                format!(
                    "The file panic.latch cannot be read ({failure}): it counts as a press, everything is closed"
                )
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::Recovered { decisions, next_seq, sessions, elapsed_ms } => vec![
                ("decisions", Value::from(*decisions)),
                ("next_decision_seq", Value::from(*next_seq)),
                ("sessions", Value::from(sessions.clone())),
                ("elapsed_ms", Value::from(*elapsed_ms)),
            ],
            Self::JournalFailed { failure, waiting } => {
                vec![("error", Value::from(failure.as_str())), ("waiting", Value::from(*waiting))]
            }
            Self::JournalRestored { outage_ms, appended } => {
                vec![("outage_ms", Value::from(*outage_ms)), ("appended", Value::from(*appended))]
            }
            Self::CommandHeld { command, code } => {
                vec![("command", Value::from(*command)), ("reason", Value::from(*code))]
            }
            Self::JournalUnread { decisions, sessions } => {
                vec![("decisions", Value::from(*decisions)), ("sessions", Value::from(sessions.clone()))]
            }
            Self::JournalTorn { seq, last_seq, failure } => vec![
                ("decision_seq", Value::from(*seq)),
                ("last_decision_seq", Value::from(*last_seq)),
                ("error", Value::from(failure.as_str())),
            ],
            Self::JournalBehind { last_seq, told_seq } => vec![
                ("last_decision_seq", Value::from(*last_seq)),
                ("told_decision_seq", Value::from(*told_seq)),
            ],
            Self::SessionsLost { sessions } => vec![("sessions", Value::from(sessions.clone()))],
            Self::WithoutJournal { failure } | Self::LatchUnreadable { failure } => {
                vec![("error", Value::from(failure.as_str()))]
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
                sessions: vec!["s-01jf3k9x2m".to_owned()],
                elapsed_ms: 12,
            },
            "at each start, before anything is decided",
        ),
        (TradingEvent::JournalFailed { failure, waiting: 3 }, "at the first refusal of an outage"),
        (TradingEvent::JournalRestored { outage_ms: 900, appended: 12 }, ""),
        (TradingEvent::CommandHeld { command: "place", code: "journal_down" }, ""),
        (
            TradingEvent::JournalUnread { decisions: 8_125, sessions: vec!["s-01jf3k9x2m".to_owned()] },
            "at the first start of a version with another format",
        ),
        (
            TradingEvent::JournalTorn {
                seq: 48_120,
                last_seq: 48_391,
                failure: "missing field `seq` at line 1 column 412".to_owned(),
            },
            "at a start, when a row was changed or is missing",
        ),
        (TradingEvent::JournalBehind { last_seq: 0, told_seq: 48_391 }, "at a start"),
        (
            TradingEvent::SessionsLost { sessions: vec!["s-01jf3k9x2m".to_owned()] },
            "at a start; the list of sessions says so too",
        ),
        (
            TradingEvent::WithoutJournal {
                failure: "database trading is down: it is being opened".to_owned(),
            },
            "somebody pressed PANIC, and the journal cannot be used",
        ),
        (TradingEvent::LatchUnreadable { failure: "EOF while parsing a value".to_owned() }, "at a start"),
    ]
    .into_iter()
    .map(|(event, doc)| CatalogueEntry::from_sample(&event).with_doc(doc))
    .collect()
}
