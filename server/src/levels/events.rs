//! What is told of log levels.

use telemetry::{CatalogueEntry, Event, Level, Map, Micros, Source, Value};

use super::Change;

/// A level was set, or is as usual again.
#[derive(Clone, Debug)]
pub enum LevelEvent {
    Changed {
        change: Change,
        was: Level,
    },
    /// `by`: `None` when its time was over.
    Reverted {
        change: Change,
        usual: Level,
        by: Option<String>,
    },
}

impl LevelEvent {
    pub(super) fn changed(change: &Change, was: Level) -> Self {
        Self::Changed { change: change.clone(), was }
    }

    pub(super) fn reverted(change: &Change, usual: Level, by: Option<String>) -> Self {
        Self::Reverted { change: change.clone(), usual, by }
    }
}

impl Event for LevelEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Changed { .. } => "telemetry.level_changed",
            Self::Reverted { .. } => "telemetry.level_reverted",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Changed { .. } | Self::Reverted { .. } => Level::Info,
        }
    }

    fn source(&self) -> Source {
        Source::Audit
    }

    fn message(&self) -> String {
        match self {
            Self::Changed { change, was } => {
                let Change { target, level, expires_at, reason, by, .. } = change;
                let until = expires_at.to_rfc3339();
                format!("{by} set the level of {target} from {was} to {level} until {until}: {reason}")
            }
            Self::Reverted { change, usual, by: Some(by) } => {
                format!("{by} set the level of {} back to {usual}", change.target)
            }
            Self::Reverted { change, usual, by: None } => {
                format!("The level of {} is {usual} again: its time was over", change.target)
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let (change, before, after, by) = match self {
            Self::Changed { change, was } => (change, *was, change.level, Some(&change.by)),
            Self::Reverted { change, usual, by } => (change, change.level, *usual, by.as_ref()),
        };
        let mut fields = Map::from_iter([
            ("log_target".to_owned(), Value::from(change.target.as_str())),
            ("from".to_owned(), Value::from(before.as_str())),
            ("to".to_owned(), Value::from(after.as_str())),
            ("reason".to_owned(), Value::from(change.reason.as_str())),
            ("expires_at".to_owned(), Value::from(change.expires_at.to_rfc3339())),
        ]);
        fields.extend(by.map(|by| ("user".to_owned(), Value::from(by.as_str()))));
        fields
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let change = Change {
        target: "venue".to_owned(),
        level: Level::Debug,
        expires_at: Micros(1_641_375_000_000_000),
        reason: "why so many calls".to_owned(),
        by: "ada".to_owned(),
        set_at: Micros(1_641_373_200_000_000),
    };
    vec![
        CatalogueEntry::from_sample(&LevelEvent::changed(&change, Level::Info))
            .with_doc("somebody set a level for a while"),
        CatalogueEntry::from_sample(&LevelEvent::reverted(&change, Level::Info, None))
            .with_doc("by the clock, or by somebody"),
        CatalogueEntry::from_sample(&LevelEvent::reverted(&change, Level::Info, Some("ada".to_owned())))
            .with_doc("by the clock, or by somebody"),
    ]
}
