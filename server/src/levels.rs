//! Log levels at run time: single targets are told in more or less detail for a while. They outlive a restart, go back by the
//! clock, and who set them and why is an audit record.

mod events;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use telemetry::{Context, Level, Micros};
use tokio::sync::{Mutex, Notify};

pub use events::{LevelEvent, catalogue};

use crate::clock;
use crate::store::StoreError;
use crate::store::trading::StoredAnswer;
use crate::store::watch::{AnswerRow, Saved, WatchStore};
use crate::tasks::{Restart, Stop, Tasks};
use crate::telling::{TargetLevel, Teller, family};

/// The name under which they are kept.
const STATE: &str = "log_levels";
const HOUR: i64 = 3_600_000_000;
/// Debug and trace fill disks: they end soon.
pub const DETAIL_MOST: i64 = 4 * HOUR;
pub const MOST: i64 = 24 * HOUR;

/// A target's level for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// A source, a family, or one event.
    pub target: String,
    pub level: Level,
    pub expires_at: Micros,
    pub reason: String,
    pub by: String,
    pub set_at: Micros,
}

/// Why a level is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is told under that name.
    NoSuchTarget,
    /// Not in the future.
    Past,
    /// Longer than such a level may last, microseconds.
    TooLong(i64),
    /// It has no level of its own.
    NotSet,
    KeyReused,
    Store,
}

/// Of a keyed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub username: String,
    pub key: String,
    pub request_hash: String,
}

/// Handle; cheap to clone.
#[derive(Clone)]
pub struct LogLevels {
    shared: Arc<Shared>,
}

struct Shared {
    store: WatchStore,
    teller: Teller,
    changes: Mutex<Vec<Change>>,
    changed: Notify,
    /// Everything that can be told, by name.
    names: Vec<&'static str>,
}

impl LogLevels {
    /// Goes on with what was set before the restart, and sees to it that it ends.
    pub async fn keep(store: WatchStore, teller: Teller, tasks: &Tasks) -> Self {
        let kept = store.state(STATE).await.ok().flatten();
        let changes: Vec<Change> = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let mut names: Vec<&'static str> = crate::catalogue::catalogue()
            .iter()
            .chain(&model::catalogue::catalogue())
            .chain(&app::ui_catalogue())
            .map(|entry| entry.name)
            .collect();
        names.sort_unstable();
        names.dedup();
        let shared = Shared { store, teller, changes: Mutex::new(changes), changed: Notify::new(), names };
        let this = Self { shared: Arc::new(shared) };
        this.apply(&this.shared.changes.lock().await);
        let (keeper, stop) = (this.clone(), tasks.stop_signal());
        tasks.supervise("log_levels", Context::default(), Restart::SOON, move || {
            let (keeper, stop) = (keeper.clone(), stop.clone());
            async move {
                keeper.run(stop).await;
                Ok::<(), std::convert::Infallible>(())
            }
        });
        this
    }

    /// Ends what has ended, until the server stops.
    async fn run(&self, mut stop: Stop) {
        loop {
            let next = self.expire(clock::now()).await;
            let wait = async {
                match next {
                    Some(at) => {
                        let us = u64::try_from((at.0 - clock::now().0).max(0)).unwrap_or_default();
                        tokio::time::sleep(std::time::Duration::from_micros(us)).await;
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wait => {}
                () = self.shared.changed.notified() => {}
                () = stop.stopped() => return,
            }
        }
    }

    /// Takes back what has ended; when the next one ends.
    async fn expire(&self, now: Micros) -> Option<Micros> {
        let mut changes = self.shared.changes.lock().await;
        let (over, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *changes).into_iter().partition(|change| change.expires_at <= now);
        *changes = rest;
        if !over.is_empty() {
            self.apply(&changes);
            for change in &over {
                let event = LevelEvent::reverted(change, self.usual(&change.target), None);
                self.shared.teller.tell(&event, &Context::default());
            }
            // Told by the store where it failed; what is over by its time is over at a start too.
            let _ = self.shared.store.save(&saved(&changes)).await;
        }
        changes.iter().map(|change| change.expires_at).min()
    }

    fn apply(&self, changes: &[Change]) {
        let target = |change: &Change| TargetLevel { target: change.target.clone(), level: change.level };
        self.shared.teller.set_levels(changes.iter().map(target).collect());
    }

    /// What a target is at when nobody has set it.
    #[must_use]
    pub fn usual(&self, _target: &str) -> Level {
        self.shared.teller.usual_level()
    }

    /// What is set now.
    pub async fn changes(&self) -> Vec<Change> {
        self.shared.changes.lock().await.clone()
    }

    /// Sources and families that levels can be set for.
    #[must_use]
    pub fn targets(&self) -> Vec<&'static str> {
        let mut families: Vec<&'static str> = self.shared.names.iter().map(|name| family(name)).collect();
        families.dedup();
        ["backend", "frontend", "audit"].into_iter().chain(families).collect()
    }

    fn is_target(&self, target: &str) -> bool {
        self.targets().contains(&target) || self.shared.names.binary_search(&target).is_ok()
    }

    /// Sets a level, or takes one back (`None`), once for each key.
    pub async fn set(
        &self,
        target: &str,
        wanted: Option<(Level, Micros)>,
        reason: String,
        key: Key,
        context: &Context,
    ) -> Result<StoredAnswer, Refusal> {
        let mut changes = self.shared.changes.lock().await;
        match self.shared.store.answer_of(&key.username, &key.key).await {
            Ok(Some(before)) if before.request_hash == key.request_hash => return Ok(before),
            Ok(Some(_)) => return Err(Refusal::KeyReused),
            Ok(None) => {}
            Err(_told_by_the_store) => return Err(Refusal::Store),
        }
        if !self.is_target(target) {
            return Err(Refusal::NoSuchTarget);
        }
        let now = clock::now();
        let by = key.username.clone();
        let before = changes.iter().find(|change| change.target == target).cloned();
        let mut next: Vec<Change> =
            changes.iter().filter(|change| change.target != target).cloned().collect();
        let (event, body) = match wanted {
            Some((level, expires_at)) => {
                allowed(level, expires_at, now)?;
                let target = target.to_owned();
                let change = Change { target, level, expires_at, reason, by, set_at: now };
                let was = before.map_or_else(|| self.usual(&change.target), |before| before.level);
                let body = serde_json::to_value(&change).unwrap_or_default();
                next.push(change.clone());
                (LevelEvent::changed(&change, was), body)
            }
            None => {
                let before = before.ok_or(Refusal::NotSet)?;
                let usual = self.usual(target);
                let body = serde_json::json!({ "target": target, "level": usual, "expires_at": null });
                (LevelEvent::reverted(&before, usual, Some(by)), body)
            }
        };
        next.sort_by(|a, b| a.target.cmp(&b.target));
        let answer = StoredAnswer { request_hash: key.request_hash, status: 200, response: body.to_string() };
        let row = AnswerRow { username: key.username, key: key.key, answer: answer.clone(), at_us: now.0 };
        let saved = Saved { answers: vec![row], ..saved(&next) };
        self.shared.store.save(&saved).await.map_err(|_: StoreError| Refusal::Store)?;
        *changes = next;
        self.apply(&changes);
        self.shared.teller.tell(&event, context);
        self.shared.changed.notify_one();
        Ok(answer)
    }
}

fn saved(changes: &[Change]) -> Saved {
    let state = serde_json::to_string(changes).map(|text| (STATE, text));
    Saved { state: state.into_iter().collect(), ..Saved::default() }
}

fn allowed(level: Level, until: Micros, now: Micros) -> Result<(), Refusal> {
    let most = if level <= Level::Debug { DETAIL_MOST } else { MOST };
    match until.0 - now.0 {
        ..=0 => Err(Refusal::Past),
        // A minute more than that: a person's clock and a form take their time.
        span if span > most + 60_000_000 => Err(Refusal::TooLong(most)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_ends_soon_and_nothing_is_for_ever() {
        let now = Micros(1_000 * HOUR);
        let of = |level, hours: i64| allowed(level, Micros(now.0 + hours * HOUR), now);
        assert_eq!(of(Level::Debug, 4), Ok(()));
        assert_eq!(of(Level::Debug, 5), Err(Refusal::TooLong(DETAIL_MOST)));
        assert_eq!(of(Level::Warn, 24), Ok(()));
        assert_eq!(of(Level::Warn, 25), Err(Refusal::TooLong(MOST)));
        assert_eq!(of(Level::Warn, 0), Err(Refusal::Past));
    }
}
