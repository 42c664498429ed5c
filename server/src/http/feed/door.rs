//! Who sits at the other end of a socket: still signed in, and with a voice for PANIC, which here has no other request
//! before it.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use telemetry::CorrelationId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::auth::Session;
use crate::correlation;
use crate::http::extract::session_of;
use crate::http::{IdempotencyKey, panic};
use crate::shared::App;

/// How often it is looked whether the session has expired.
const LOOK: Duration = Duration::from_secs(30);
/// Panics of one socket that may wait for the engine at once; a repeat comes a second later.
const PANICS_MOST: usize = 4;

pub(super) struct Door {
    app: Arc<App>,
    headers: HeaderMap,
    token_hash: String,
    endings: Receiver<String>,
    look: Interval,
    answers: mpsc::Sender<String>,
    answered: mpsc::Receiver<String>,
}

/// What a door has to say.
pub(super) enum Word {
    /// To the browser.
    Answer(String),
    /// Nobody is signed in any more.
    Leave,
}

impl Door {
    pub fn new(app: Arc<App>, headers: HeaderMap, session: &Session) -> Self {
        let endings = app.accounts.endings();
        let (answers, answered) = mpsc::channel(PANICS_MOST);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { app, headers, token_hash: session.token_hash.clone(), endings, look, answers, answered }
    }

    /// Waits for the next word. May be dropped while it waits.
    pub async fn word(&mut self) -> Word {
        loop {
            tokio::select! {
                Some(text) = self.answered.recv() => return Word::Answer(text),
                ended = self.endings.recv() => match ended {
                    Ok(hash) if hash == self.token_hash => return Word::Leave,
                    Ok(_other) => {}
                    Err(RecvError::Lagged(_) | RecvError::Closed) => self.look.reset_immediately(),
                },
                _ = self.look.tick() => {}
            }
            // A database that cannot be asked sends nobody away.
            if matches!(session_of(&self.headers, &self.app).await, Ok(None)) {
                return Word::Leave;
            }
        }
    }

    /// A panic of everything, as `POST /api/v1/panic` takes it, under the same key.
    pub fn panic(&self, said: &Value) {
        let text = |name: &str| said[name].as_str().unwrap_or_default();
        let Some(key) = IdempotencyKey::of("POST", panic::EVERYTHING, text("key"), b"{}") else { return };
        let Ok(turn) = self.answers.clone().try_reserve_owned() else { return };
        let id = CorrelationId::from_traceparent(text("traceparent")).map(CorrelationId::into_string);
        let (app, headers) = (Arc::clone(&self.app), self.headers.clone());
        tokio::spawn(correlation::scope(id.unwrap_or_else(correlation::fresh), async move {
            let Ok(Some(session)) = session_of(&headers, &app).await else { return };
            let name = key.key.clone();
            let answer = panic::everything_of(app, session.username, key).await;
            if answer.is_ok_and(|answer| answer.status == StatusCode::ACCEPTED) {
                turn.send(json!({ "accepted": name }).to_string());
            }
        }));
    }
}
