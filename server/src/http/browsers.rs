//! `POST /api/v1/logs/browsers`: what browsers are told at run time, for a while: level, share of info, debug records
//! of one browser session, or to stop. An audit record says who changed what.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::limits::DEBUG_MOST_MS;
use telemetry::{Level, LoggerSettings};

use super::{ApiError, ApiJson, User};
use crate::ingest::{Change, IngestEvent};
use crate::shared::App;
use crate::{clock, correlation};

const MINUTES_MOST: i64 = 24 * 60;

/// What is wanted; what is absent is as in the settings file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// How long. 0 = everything is as in the settings file again.
    minutes: i64,
    level: Option<Level>,
    info_percent: Option<u8>,
    flush_ms: Option<i64>,
    max_batch: Option<usize>,
    #[serde(default)]
    stopped: bool,
    /// Debug records of this browser session are wanted, for ten minutes at most; nothing else changes.
    debug_session: Option<String>,
}

/// The handler; the answer is what browsers are told from now on.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    User(session): User,
    ApiJson(wanted): ApiJson<Wanted>,
) -> Result<Json<Value>, ApiError> {
    wanted.check()?;
    let now_ms = clock::now().as_millis();
    let settings = &app.ingest.settings;
    if let Some(client_session_id) = &wanted.debug_session {
        settings.debug(client_session_id, now_ms + (wanted.minutes * 60_000).min(DEBUG_MOST_MS));
    } else {
        settings.change((wanted.minutes > 0).then(|| wanted.change(now_ms)));
    }
    let told: LoggerSettings = settings.of(
        wanted.debug_session.as_deref(),
        app.teller.batch_share(),
        now_ms,
        std::time::Instant::now(),
    );
    let event = IngestEvent::SettingsChanged {
        user: session.username,
        minutes: wanted.minutes,
        stopped: wanted.stopped,
        debugged: wanted.debug_session,
        told: told.clone(),
    };
    app.teller.tell(&event, &correlation::context());
    Ok(Json(json!({ "cfg": told, "stopped": settings.stopped(now_ms) })))
}

impl Wanted {
    fn check(&self) -> Result<(), ApiError> {
        let wrong = |field: &str, allowed: &str| {
            Err(ApiError::invalid(format!("{field} must be {allowed}.")).with_field(field, allowed))
        };
        if !(0..=MINUTES_MOST).contains(&self.minutes) {
            return wrong("minutes", "0 to 1440");
        }
        if self.info_percent.is_some_and(|percent| percent > 100) {
            return wrong("info_percent", "0 to 100");
        }
        if self.flush_ms.is_some_and(|ms| !(100..=600_000).contains(&ms)) {
            return wrong("flush_ms", "100 to 600000");
        }
        if self.max_batch.is_some_and(|records| !(1..=telemetry::limits::BATCH_RECORDS).contains(&records)) {
            return wrong("max_batch", "1 to 2000");
        }
        if !self.debug_session.as_ref().is_none_or(|id| telemetry::is_identifier(id, 1)) {
            return wrong("debug_session", "1 to 64 letters, digits, - or _");
        }
        Ok(())
    }

    fn change(&self, now_ms: i64) -> Change {
        Change {
            level: self.level,
            info_share: self.info_percent.map(|percent| f64::from(percent) / 100.0),
            flush_ms: self.flush_ms,
            max_batch: self.max_batch,
            stopped: self.stopped,
            until_ms: now_ms + self.minutes * 60_000,
        }
    }
}
