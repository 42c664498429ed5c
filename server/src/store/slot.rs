//! The place of a database that trading does without. A damaged or foreign file is set aside and a new one begun;
//! when not even that is possible the database is down, the server runs without it, and it is tried again in the
//! background.

mod scratch;
mod standing;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry::Context;
use tokio::sync::watch;
use tokio::time::Instant;

use super::db::{DbFile, StoreError};
use super::{Db, DbEvent};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::{Restart, Stop, Tasks};
use crate::telling::{Teller, say};
use scratch::Scratch;
use standing::Standing;

/// A database that is down is tried again after this long, doubled up to `LONGEST`.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Damage again within this time is not looked at a second time: the file is set aside.
const AGAIN: Duration = Duration::from_secs(600);
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

/// Opens, and opens again.
struct Keeper {
    slot: Slot,
    file: DbFile,
    /// Whether a small file is read from a copy while it cannot be opened where it lies.
    copy: bool,
    teller: Teller,
    config: DatabaseConfig,
    tried: watch::Sender<bool>,
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
        config: &DatabaseConfig,
        health: &Health,
        tasks: &Tasks,
    ) -> Self {
        let (teller, why) = (tasks.teller().clone(), "it is being opened".to_owned());
        let state = Mutex::new(State::Down { database: file.name, why: why.clone() });
        let standing = Some(Standing::new(health.clone(), part, why));
        let slot = Self { shared: Arc::new(Shared { state, opened: watch::Sender::new(0), standing }) };
        let (tried, mut first) = watch::channel(false);
        let keeper =
            Arc::new(Keeper { slot: slot.clone(), file, copy, teller, config: config.clone(), tried });
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

impl Keeper {
    async fn run(&self, mut stop: Stop) {
        let (mut pause, mut alarm) = (FIRST, None::<Instant>);
        let mut down_since = Instant::now();
        loop {
            let open = match &*self.slot.state() {
                State::Open(db) => Some(db.clone()),
                State::Copy { .. } | State::Down { .. } => None,
            };
            let Some(db) = open else {
                if self.attempt(down_since).await {
                    pause = FIRST;
                    continue;
                }
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = stop.stopped() => return,
                }
                pause = (pause * 2).min(LONGEST);
                continue;
            };
            let mut damage = db.damage();
            let why = tokio::select! {
                found = damage.wait_for(Option::is_some) => found.ok().and_then(|why| why.clone()),
                () = stop.stopped() => return,
            };
            let why = why.unwrap_or_default();
            down_since = Instant::now();
            self.slot.put(State::Down { database: self.file.name, why: why.clone() });
            // Whoever still holds a connection gives it back, or works on a file that is about to be moved.
            let _ = tokio::time::timeout(Duration::from_secs(2), db.close()).await;
            let again = alarm.replace(down_since).is_some_and(|last| down_since - last < AGAIN);
            if again && let Err(error) = self.set_aside(&why).await {
                self.down(&error, down_since);
            }
        }
    }

    /// Opens the file, or a new one in its place. `false`: neither is possible now.
    async fn attempt(&self, down_since: Instant) -> bool {
        let empty = std::fs::metadata(&self.file.path).is_ok_and(|file| file.is_file() && file.len() == 0);
        let mut opened = self.open().await;
        if let Err(error) = &opened
            && self.is_beyond_use(error).await
        {
            opened = match self.set_aside(&error.to_string()).await {
                Ok(()) => self.open().await,
                Err(error) => Err(error),
            };
        }
        let done = match opened {
            Ok(db) => {
                if empty {
                    self.tell(&DbEvent::FoundEmpty { database: self.file.name, file: self.file_name() });
                }
                self.install(db, down_since);
                true
            }
            Err(error) => {
                self.down(&error, down_since);
                self.read_a_copy().await;
                false
            }
        };
        self.tried.send_replace(true);
        done
    }

    async fn open(&self) -> Result<Db, StoreError> {
        Db::open(self.file.clone(), self.teller.clone(), &self.config).await
    }

    /// Damaged, of another version, or no file that we may write. A full disk, a lock or a lack of file handles
    /// passes, and is no reason to move anything.
    async fn is_beyond_use(&self, error: &StoreError) -> bool {
        if error.is_damaged() || error.is_foreign() {
            return true;
        }
        let path = self.file.path.clone();
        let look = tokio::task::spawn_blocking(move || {
            let kind = std::fs::File::options().read(true).write(true).open(path).err().map(|e| e.kind());
            matches!(kind, Some(std::io::ErrorKind::IsADirectory | std::io::ErrorKind::PermissionDenied))
        });
        look.await.unwrap_or_default()
    }

    async fn set_aside(&self, reason: &str) -> Result<(), StoreError> {
        let moving = self.file.clone();
        let moved = tokio::task::spawn_blocking(move || moving.set_aside()).await;
        let database = self.file.name;
        let refused = |error: std::io::Error| StoreError::Open { database, source: sqlx::Error::Io(error) };
        let kept_as = moved.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(refused)?;
        let (file, kept_as) = (self.file_name(), name_of(&kept_as));
        let event = DbEvent::SetAside { database, file, kept_as, reason: reason.to_owned() };
        if let Some(standing) = &self.slot.shared.standing {
            standing.was_set_aside(telemetry::Event::message(&event));
        }
        self.tell(&event);
        Ok(())
    }

    fn install(&self, db: Db, down_since: Instant) {
        let before = self.slot.put(State::Open(db));
        self.slot.shared.opened.send_modify(|count| *count += 1);
        let was_told = self.slot.shared.standing.as_ref().is_some_and(Standing::outage_over);
        if was_told {
            let outage_ms = u64::try_from(down_since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.tell(&DbEvent::UsableAgain { database: self.file.name, outage_ms });
        }
        drop(before);
    }

    fn down(&self, error: &StoreError, _since: Instant) {
        let why = error.to_string();
        if let State::Copy { .. } = &*self.slot.state() {
            return;
        }
        self.slot.put(State::Down { database: self.file.name, why: why.clone() });
        if self.slot.shared.standing.as_ref().is_some_and(Standing::outage_begins) {
            self.tell(&DbEvent::Unusable { database: self.file.name, failure: why });
        }
    }

    /// While the file cannot be opened where it lies, what is in it can still be read.
    async fn read_a_copy(&self) {
        if !self.copy || matches!(&*self.slot.state(), State::Copy { .. }) {
            return;
        }
        let Some(scratch) = Scratch::make() else { return };
        let copied = Db::open_copy(&self.file, scratch.path(), self.teller.clone(), &self.config);
        if let Ok(db) = copied.await {
            self.slot.put(State::Copy { db, _scratch: scratch });
            self.slot.shared.opened.send_modify(|count| *count += 1);
        }
    }

    /// As a record and, because the store of records may be the one that is gone, in words for people.
    fn tell(&self, event: &DbEvent) {
        self.teller.tell(event, &Context::default());
        say(&telemetry::Event::message(event));
    }

    fn file_name(&self) -> String {
        name_of(&self.file.path)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
