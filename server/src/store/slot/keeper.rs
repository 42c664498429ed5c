//! Opens the database of a slot, and opens it again: what is damaged or foreign is set aside first.

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::scratch::Scratch;
use super::standing::Standing;
use super::{Greeting, Slot, State};
use crate::config::DatabaseConfig;
use crate::store::db::context;
use crate::store::{Db, DbEvent, DbFile, Foreign, StoreError};
use crate::tasks::Stop;
use crate::telling::{Teller, say};

/// A database that is down is tried again after this long, doubled up to `LONGEST`.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Damage again within this time is not looked at a second time: the file is set aside.
const AGAIN: Duration = Duration::from_secs(600);
/// How long connections are waited for before a damaged file is moved.
const CLOSING: Duration = Duration::from_secs(2);

/// Opens, and opens again.
pub(super) struct Keeper {
    pub slot: Slot,
    pub file: DbFile,
    /// Whether a small file is read from a copy while it cannot be opened where it lies.
    pub copy: bool,
    pub greeting: Option<Greeting>,
    pub teller: Teller,
    pub config: DatabaseConfig,
    /// Set after the first attempt.
    pub tried: watch::Sender<bool>,
}

/// How it went so far.
struct Alarms {
    down_since: Instant,
    pause: Duration,
    last: Option<Instant>,
    calm: Duration,
}

impl Default for Alarms {
    fn default() -> Self {
        Self { down_since: Instant::now(), pause: FIRST, last: None, calm: FIRST }
    }
}

impl Alarms {
    /// Notes damage. The first time the file is opened once more, in case that only a connection was damaged.
    fn again(&mut self) -> bool {
        let since = self.last.replace(self.down_since).map(|last| self.down_since - last);
        let again = since.is_some_and(|since| since < AGAIN);
        self.calm = if again { (self.calm * 2).min(LONGEST) } else { FIRST };
        again
    }
}

impl Keeper {
    /// Until the server stops.
    pub async fn run(&self, mut stop: Stop) {
        let mut alarms = Alarms::default();
        while !stop.is_stopped() {
            let open = match &*self.slot.state() {
                State::Open(db) => Some(db.clone()),
                State::Copy { .. } | State::Down { .. } => None,
            };
            tokio::select! {
                () = self.turn(open, &mut alarms) => {}
                () = stop.stopped() => return,
            }
        }
    }

    /// Waits until the database that is open turns out to be damaged; tries to open one when there is none.
    async fn turn(&self, open: Option<Db>, alarms: &mut Alarms) {
        let Some(db) = open else {
            if self.attempt(alarms.down_since).await {
                alarms.pause = FIRST;
            } else {
                tokio::time::sleep(alarms.pause).await;
                alarms.pause = (alarms.pause * 2).min(LONGEST);
            }
            return;
        };
        let mut damage = db.damage();
        let Ok(why) = damage.wait_for(Option::is_some).await.map(|why| why.clone().unwrap_or_default())
        else {
            return;
        };
        self.down(&StoreError::Damaged { database: self.file.name, why: why.clone() });
        alarms.down_since = Instant::now();
        // Whoever still holds a connection gives it back, or works on a file that is about to be moved.
        let _ = tokio::time::timeout(CLOSING, db.close()).await;
        if !alarms.again() {
            return;
        }
        // A disk that damages whatever is written must not be fed at full speed.
        tokio::time::sleep(alarms.calm).await;
        if let Err(error) = self.set_aside(&why).await {
            self.down(&error);
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
                self.install(db, down_since).await;
                true
            }
            Err(error) => {
                self.down(&error);
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
        if error.is_damaged() || error.is_foreign() && self.file.foreign == Foreign::SetAside {
            return true;
        }
        if error.is_foreign() {
            return false;
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

    async fn greet(&self, db: &Db) {
        if let Some(greeting) = &self.greeting {
            greeting(db.clone()).await;
        }
    }

    async fn install(&self, db: Db, down_since: Instant) {
        self.greet(&db).await;
        let before = self.slot.put(State::Open(db));
        self.slot.shared.opened.send_modify(|count| *count += 1);
        let was_told = self.slot.shared.standing.as_ref().is_some_and(Standing::outage_over);
        if was_told {
            let outage_ms = u64::try_from(down_since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.tell(&DbEvent::UsableAgain { database: self.file.name, outage_ms });
        }
        drop(before);
    }

    fn down(&self, error: &StoreError) {
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
            self.greet(&db).await;
            self.slot.put(State::Copy { db, _scratch: scratch });
            self.slot.shared.opened.send_modify(|count| *count += 1);
        }
    }

    /// As a record and, because the store of records may be the one that is gone, in words for people.
    fn tell(&self, event: &DbEvent) {
        self.teller.tell(event, &context(event, &self.teller));
        say(&telemetry::Event::message(event));
    }

    fn file_name(&self) -> String {
        name_of(&self.file.path)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
