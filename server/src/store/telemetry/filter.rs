//! Which records are asked for, and whether a line is one of them.

use telemetry::{Level, Micros, Source};

use super::search::Needle;
use crate::store::log::Head;

/// What is `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// That level and above.
    pub level: Option<Level>,
    pub source: Option<Source>,
    pub event: Option<String>,
    pub session_id: Option<String>,
    pub correlation_id: Option<String>,
    /// Substring of event or message, case ignored.
    pub q: Option<String>,
    /// Inclusive.
    pub from: Option<Micros>,
    /// Exclusive.
    pub to: Option<Micros>,
}

impl Filter {
    /// Everything but the text.
    #[must_use]
    pub fn takes(&self, head: &Head<'_>) -> bool {
        self.level.is_none_or(|level| head.level >= level)
            && self.source.is_none_or(|source| head.source == source)
            && self.event.as_ref().is_none_or(|event| head.event == *event)
            && self.session_id.as_ref().is_none_or(|id| head.session_id.as_ref().is_some_and(|of| of == id))
            && self
                .correlation_id
                .as_ref()
                .is_none_or(|id| head.correlation_id.as_ref().is_some_and(|of| of == id))
            && self.from.is_none_or(|from| head.at >= from)
            && self.to.is_none_or(|to| head.at < to)
    }

    /// The text to look for, prepared.
    #[must_use]
    pub fn needle(&self) -> Option<Needle> {
        self.q.as_deref().map(Needle::new)
    }

    /// Whether the index knows few records for it, so that looking each of them up beats looking at all lines.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        self.session_id.is_some()
            || self.correlation_id.is_some()
            || self.event.is_some()
            || self.level >= Some(Level::Error)
    }
}
