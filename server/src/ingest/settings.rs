//! What browsers are told to do: settings of the file, changes at run time that end by themselves, and the feedback
//! of an overloaded queue.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use telemetry::{Level, LoggerSettings};

use super::Lru;
use super::overload::{Overload, Shares};
use crate::config::IngestConfig;
use crate::random;

/// Browser sessions whose debug records may be asked for at once.
const DEBUGGED: usize = 100;

/// Changes at run time; what is `None` is as in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    pub level: Option<Level>,
    pub info_share: Option<f64>,
    pub flush_ms: Option<i64>,
    pub max_batch: Option<usize>,
    /// Browsers are to stop until the next release.
    pub stopped: bool,
    /// When the change ends, UTC milliseconds.
    pub until_ms: i64,
}

/// The settings of all browsers.
pub struct Settings {
    file: Change,
    now: Mutex<Now>,
}

struct Now {
    change: Option<Change>,
    /// The lowest level of all browsers, and until when, UTC milliseconds.
    level: Option<(Level, i64)>,
    overload: Overload,
    debugged: Lru<i64>,
}

impl Settings {
    /// As in the file, until something changes.
    #[must_use]
    pub fn new(config: &IngestConfig, level: Level) -> Self {
        let file = Change {
            level: Some(config.browser_level.unwrap_or(level)),
            info_share: Some(config.browser_info_percent as f64 / 100.0),
            flush_ms: i64::try_from(config.browser_flush_ms).ok(),
            max_batch: usize::try_from(config.browser_max_batch).ok(),
            stopped: !config.accept,
            until_ms: i64::MAX,
        };
        let now =
            Now { change: None, level: None, overload: Overload::default(), debugged: Lru::new(DEBUGGED) };
        Self { file, now: Mutex::new(now) }
    }

    /// Puts a change in the place of the one before.
    pub fn change(&self, change: Option<Change>) {
        self.lock().change = change;
    }

    /// Gives all browsers a level until then, or takes it back.
    pub fn set_level(&self, level: Option<(Level, i64)>) {
        self.lock().level = level;
    }

    /// Asks for the debug records of one browser session until then.
    pub fn debug(&self, client_session_id: &str, until_ms: i64) {
        self.lock().debugged.insert(client_session_id, until_ms);
    }

    /// Whether browsers are to stop.
    #[must_use]
    pub fn stopped(&self, now_ms: i64) -> bool {
        self.file.stopped || self.lock().present(now_ms).is_some_and(|change| change.stopped)
    }

    /// The queue is that full now.
    pub fn observe(&self, fill: f64, now: Instant) {
        self.lock().overload.observe(fill, now);
    }

    /// What the browser session is told.
    #[must_use]
    pub fn of(
        &self,
        client_session_id: Option<&str>,
        fill: f64,
        now_ms: i64,
        now: Instant,
    ) -> LoggerSettings {
        let mut state = self.lock();
        let Shares { info, warn } = state.overload.observe(fill, now);
        let change = state.present(now_ms).cloned().unwrap_or_default();
        let raised = state.level.filter(|(_, until_ms)| *until_ms > now_ms).map(|(level, _)| level);
        let asked = change.info_share.or(self.file.info_share).unwrap_or(1.0);
        let debug_until = client_session_id
            .and_then(|id| state.debugged.get(id).copied())
            .filter(|until_ms| *until_ms > now_ms);
        let mut settings = LoggerSettings {
            etag: None,
            level: change.level.or(raised).or(self.file.level),
            sr_info: Some(asked.min(info)),
            sr_warn: Some(warn),
            flush_ms: change.flush_ms.or(self.file.flush_ms),
            max_batch: change.max_batch.or(self.file.max_batch),
            debug_until,
        };
        let text = serde_json::to_string(&settings).unwrap_or_default();
        settings.etag = Some(random::digest(&text).chars().take(16).collect());
        settings
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn present(&self, now_ms: i64) -> Option<&Change> {
        self.change.as_ref().filter(|change| change.until_ms > now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new(&crate::config::load(None, &Vec::new()).expect("valid settings").ingest, Level::Info)
    }

    #[test]
    fn a_change_ends_by_itself_and_the_tag_says_when_something_changed() {
        let (settings, now) = (settings(), Instant::now());
        let at = |ms: i64| settings.of(Some("sid"), 0.0, ms, now);
        let before = at(0);
        assert_eq!((before.level, before.sr_info, before.debug_until), (Some(Level::Info), Some(1.0), None));
        let change =
            Change { level: Some(Level::Warn), info_share: Some(0.5), until_ms: 1_000, ..Change::default() };
        settings.change(Some(change));
        let during = at(500);
        assert_eq!(
            (during.level, during.sr_info, during.flush_ms),
            (Some(Level::Warn), Some(0.5), before.flush_ms)
        );
        assert_ne!(during.etag, before.etag);
        assert_eq!(at(1_000), before);
    }

    #[test]
    fn debug_is_for_one_session_and_a_time() {
        let (settings, now) = (settings(), Instant::now());
        settings.debug("sid", 1_000);
        let until = |id: &str, ms: i64| settings.of(Some(id), 0.0, ms, now).debug_until;
        assert_eq!((until("sid", 999), until("sid", 1_000), until("other", 0)), (Some(1_000), None, None));
    }

    #[test]
    fn a_full_queue_asks_for_less() {
        let (settings, now) = (settings(), Instant::now());
        let told = settings.of(None, 0.9, 0, now);
        assert_eq!((told.sr_info, told.sr_warn), (Some(0.01), Some(0.5)));
    }

    #[test]
    fn browsers_stop_when_told_to() {
        let settings = settings();
        assert!(!settings.stopped(0));
        settings.change(Some(Change { stopped: true, until_ms: 10, ..Change::default() }));
        assert!(settings.stopped(9) && !settings.stopped(10));
    }
}
