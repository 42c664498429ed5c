//! The handle to alerts: what pages and routes read, and the door through which people ask.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use telemetry::Micros;
use tokio::sync::{mpsc, oneshot};

use super::alert::{Alert, Channel, Kind, Notice, Receipt, Silence};
use super::machine::{Ask, Looked, Machine, Reading, Refusal};
use super::notify::Notifiers;
use super::rule::{RuleId, Severity};
use crate::store::StoreError;
use crate::store::trading::StoredAnswer;
use crate::store::watch::WatchStore;

/// Requests that may wait.
const ROOM: usize = 64;

/// Everything about alerts at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub as_of: Micros,
    /// The most severe first, then the latest.
    pub open: Vec<Alert>,
    pub silences: Vec<Silence>,
    /// Every rule: what is known of it, and what it reads, or why nothing is known.
    pub rules: Vec<(RuleId, Looked, Result<Reading, &'static str>)>,
    /// Neither acknowledged nor silent, and the most severe of them.
    pub unread: (usize, Option<Severity>),
    pub notices: Vec<Notice>,
}

impl View {
    pub(super) fn of(machine: &Machine, as_of: Micros) -> Self {
        Self {
            as_of,
            open: machine.open().into_iter().cloned().collect(),
            silences: machine.silences().to_vec(),
            rules: RuleId::ALL
                .iter()
                .map(|rule| (*rule, machine.looked(*rule), machine.reading(*rule, as_of)))
                .collect(),
            unread: machine.unread(),
            notices: machine.notices().to_vec(),
        }
    }

    /// The silence that covers an alert.
    #[must_use]
    pub fn silence_of(&self, rule: RuleId, subject: &str) -> Option<&Silence> {
        self.silences.iter().find(|silence| silence.covers(rule, subject))
    }
}

/// What became of a message, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Told {
    pub channel: Channel,
    pub kind: Kind,
    pub alert_id: String,
    pub rule: RuleId,
    pub receipt: Receipt,
}

/// Of a keyed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub username: String,
    pub key: String,
    pub request_hash: String,
}

/// Why there is no accepting answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskError {
    Refused(Refusal),
    /// The key was used with another body.
    KeyReused,
    /// It cannot be kept now, or the server stops.
    Unavailable,
}

pub(super) struct Asked {
    pub ask: Ask,
    pub key: Key,
    pub reply: oneshot::Sender<Result<StoredAnswer, AskError>>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
}

struct Shared {
    view: Mutex<Arc<View>>,
    asks: mpsc::Sender<Asked>,
    store: WatchStore,
    notifiers: Notifiers,
}

impl Desk {
    pub(super) fn new(store: WatchStore, notifiers: Notifiers) -> (Self, mpsc::Receiver<Asked>) {
        let (asks, asked) = mpsc::channel(ROOM);
        let shared = Shared { view: Mutex::default(), asks, store, notifiers };
        (Self { shared: Arc::new(shared) }, asked)
    }

    /// What is known now.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.shared.view.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn show(&self, view: View) {
        *self.shared.view.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }

    #[must_use]
    pub fn notifiers(&self) -> &Notifiers {
        &self.shared.notifiers
    }

    #[must_use]
    pub fn store(&self) -> &WatchStore {
        &self.shared.store
    }

    /// Asks for something under a key: the same key gives the same answer.
    pub async fn ask(&self, ask: Ask, key: Key) -> Result<StoredAnswer, AskError> {
        let (reply, answer) = oneshot::channel();
        self.shared.asks.send(Asked { ask, key, reply }).await.map_err(|_| AskError::Unavailable)?;
        answer.await.map_err(|_| AskError::Unavailable)?
    }

    /// Alerts that ended, the latest first.
    pub async fn ended(&self, since: Micros, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let rows = self.shared.store.ended(since.0, limit).await?;
        // A row that a newer version wrote is left out, not an error of the page.
        Ok(rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect())
    }

    /// What became of messages, the latest first.
    pub async fn told(&self, limit: usize) -> Result<Vec<Told>, StoreError> {
        let rows = self.shared.store.deliveries(limit).await?;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(row).ok()).collect())
    }
}

/// The accepting answer.
pub(super) fn accepted(id: &str, at: Micros) -> Value {
    json!({ "id": id, "accepted_at": at })
}
