//! What supervised tasks have to tell.

use std::time::Duration;

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// Happenings of background tasks.
#[derive(Clone, Debug)]
pub enum TaskEvent {
    /// Told by the panic hook, in the words of the panic.
    Panicked { text: String, location: String, thread: String },
    /// A supervised task ended with an error or a panic.
    Failed { task: &'static str, error: String },
    /// A supervised task ended, and nobody had asked it to.
    Ended { task: &'static str },
    /// It is started again after a pause.
    Restarting { task: &'static str, attempt: u32, backoff_ms: u64 },
}

impl TaskEvent {
    pub(super) fn restarting(task: &'static str, attempt: u32, pause: Duration) -> Self {
        Self::Restarting { task, attempt, backoff_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Why, in a few words, for the health state.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Panicked { text, .. } => text.clone(),
            Self::Failed { error, .. } => error.clone(),
            Self::Ended { .. } => "it ended without having been asked to".to_owned(),
            Self::Restarting { attempt, .. } => format!("restarting, attempt {attempt}"),
        }
    }
}

impl Event for TaskEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Panicked { .. } => "task.panicked",
            Self::Failed { .. } => "task.failed",
            Self::Ended { .. } => "task.ended",
            Self::Restarting { .. } => "task.restarting",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Panicked { .. } | Self::Failed { .. } | Self::Ended { .. } => Level::Error,
            Self::Restarting { .. } => Level::Warn,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Panicked { text, location, .. } => format!("Panic at {location}: {text}"),
            Self::Failed { task, error } => format!("Task {task} failed: {error}"),
            Self::Ended { task } => format!("Task {task} ended without having been asked to"),
            Self::Restarting { task, attempt, backoff_ms } => {
                format!("Task {task} is started again in {backoff_ms} ms, attempt {attempt}")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::Panicked { text, location, thread } => vec![
                ("error", Value::from(text.as_str())),
                ("location", Value::from(location.as_str())),
                ("thread", Value::from(thread.as_str())),
            ],
            Self::Failed { task, error } => {
                vec![("task", Value::from(*task)), ("error", Value::from(error.as_str()))]
            }
            Self::Ended { task } => vec![("task", Value::from(*task))],
            Self::Restarting { task, attempt, backoff_ms } => vec![
                ("task", Value::from(*task)),
                ("attempt", Value::from(*attempt)),
                ("backoff_ms", Value::from(*backoff_ms)),
            ],
        };
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let panicked = TaskEvent::Panicked {
        text: "index out of bounds".to_owned(),
        location: "server/src/http/logs.rs:17".to_owned(),
        thread: "tokio-runtime-worker".to_owned(),
    };
    let failed = TaskEvent::Failed { task: "forwarder", error: "panic: index out of bounds".to_owned() };
    let restarting = TaskEvent::Restarting { task: "forwarder", attempt: 1, backoff_ms: 100 };
    vec![
        CatalogueEntry::from_sample(&panicked).with_doc("by the panic hook, wherever a thread panics"),
        CatalogueEntry::from_sample(&failed),
        CatalogueEntry::from_sample(&TaskEvent::Ended { task: "executor" })
            .with_doc("its part is down until the server is started again"),
        CatalogueEntry::from_sample(&restarting),
    ]
}
