//! The place of a database that trading does without. A damaged or foreign file is set aside and a new one begun;
//! when not even that is possible the database is down, the server runs without it, and it is tried again in the
//! background.

mod keeper;
mod scratch;
mod standing;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry::Context;
use tokio::sync::watch;

use super::Db;
use super::db::{DbFile, StoreError};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::{Restart, Tasks};
use keeper::Keeper;
use scratch::Scratch;
use standing::Standing;

/// What is done with each database that is opened, a copy too, before anybody gets to use it.
pub type Greeting = Box<dyn Fn(Db) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How long a start waits for the first attempt; it goes on in the background.
const START: Duration = Duration::from_secs(3);

/// Handle to the place; cheap to clone.
#[derive(Clone)]
pub struct Slot {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// How many databases have stood here; a new one may be empty.
    opened: watch::Sender<u64>,
    standing: Option<Standing>,
}

enum State {
    Open(Db),
    /// Only a copy of the file, for reading.
    Copy {
        db: Db,
        _scratch: Scratch,
    },
    Down {
        database: &'static str,
        why: String,
    },
}

impl Slot {
    /// The place of a database that is open and stays what it is.
    #[must_use]
    pub fn fixed(db: Db) -> Self {
        let state = Mutex::new(State::Open(db));
        Self { shared: Arc::new(Shared { state, opened: watch::Sender::new(1), standing: None }) }
    }

    /// Opens the file, and keeps a database open here until the server stops. `part` is its name in health and
    /// `task` that of the task; `copy`: it is small, and worth reading even where it cannot be opened.
    pub async fn keep(
        file: DbFile,
        (part, task): (&'static str, &'static str),
        copy: bool,
        greeting: Option<Greeting>,
        config: &DatabaseConfig,
        health: &Health,
        tasks: &Tasks,
    ) -> Self {
        let (teller, why) = (tasks.teller().clone(), "it is being opened".to_owned());
        let state = Mutex::new(State::Down { database: file.name, why: why.clone() });
        let standing = Some(Standing::new(health.clone(), part, why));
        let slot = Self { shared: Arc::new(Shared { state, opened: watch::Sender::new(0), standing }) };
        let (tried, mut first) = watch::channel(false);
        let keeper = Arc::new(Keeper {
            slot: slot.clone(),
            file,
            copy,
            greeting,
            teller,
            config: config.clone(),
            tried,
        });
        let stop = tasks.stop_signal();
        tasks.supervise(task, Context::default(), Restart::SOON, move || {
            let (keeper, stop) = (Arc::clone(&keeper), stop.clone());
            async move {
                keeper.run(stop).await;
                Ok::<(), std::convert::Infallible>(())
            }
        });
        // A disk that hangs must not hold up trading.
        let _ = tokio::time::timeout(START, first.wait_for(|tried| *tried)).await;
        slot
    }

    /// The database that stands here now.
    pub fn db(&self) -> Result<Db, StoreError> {
        match &*self.state() {
            State::Open(db) | State::Copy { db, .. } => Ok(db.clone()),
            State::Down { database, why } => Err(StoreError::Down { database, why: why.clone() }),
        }
    }

    /// Changes whenever another database stands here.
    #[must_use]
    pub fn opened(&self) -> watch::Receiver<u64> {
        self.shared.opened.subscribe()
    }

    /// Whoever writes here says that it is refused, or that it is taken again.
    pub fn refuses(&self, why: Option<&str>) {
        if let Some(standing) = &self.shared.standing {
            standing.refuses(why);
        }
    }

    /// What lies beside the database was set aside.
    pub fn was_set_aside(&self, words: &str) {
        if let Some(standing) = &self.shared.standing {
            standing.was_set_aside(words.to_owned());
        }
    }

    /// Closes the database; nothing is opened after it.
    pub async fn close(&self) {
        if let Ok(db) = self.db() {
            db.close().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts another state in place and gives the one before.
    fn put(&self, state: State) -> State {
        let before = std::mem::replace(&mut *self.state(), state);
        if let Some(standing) = &self.shared.standing {
            match &*self.state() {
                State::Open(_) => standing.stands(),
                State::Copy { .. } => {}
                State::Down { why, .. } => standing.is_down(why),
            }
        }
        before
    }
}
