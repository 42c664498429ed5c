//! What `console.db` held when it could last be read, in memory: users with the digests of their passwords, and who is
//! signed in. A file that is gone answers nobody; what was valid before it went stays valid, and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Session;

/// More sessions than these are not kept; those seen last are.
pub(super) const MOST: i64 = 1_000;

/// Copy of both tables. Times in UTC microseconds.
#[derive(Default)]
pub struct Keepsake(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    held: Held,
    /// Counts changes, so that what was read before one does not undo it.
    version: u64,
    /// The file may lack what is held here.
    stands_in: bool,
}

/// What a file holds.
#[derive(Clone, Default)]
pub struct Held {
    pub users: BTreeMap<String, KeptUser>,
    /// By the digest of the cookie.
    pub sessions: HashMap<String, KeptSession>,
}

#[derive(Clone)]
pub struct KeptUser {
    pub password_hash: Option<String>,
    pub created_us: i64,
}

#[derive(Clone)]
pub struct KeptSession {
    pub session: Session,
    pub seen_us: i64,
}

impl Held {
    /// Whether anybody could sign in.
    pub fn has_password(&self) -> bool {
        self.users.values().any(|user| user.password_hash.is_some())
    }
}

impl Keepsake {
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// Takes what was read since `version`; `false` when something was changed meanwhile.
    pub fn replace(&self, version: u64, held: Held) -> bool {
        let mut kept = self.lock();
        let same = kept.version == version;
        if same {
            kept.held = held;
        }
        same
    }

    /// What is held.
    pub fn held(&self) -> Held {
        self.lock().held.clone()
    }

    pub fn has_password(&self) -> bool {
        self.lock().held.has_password()
    }

    /// Whether the file may lack what is held here.
    pub fn stands_in(&self) -> bool {
        self.lock().stands_in
    }

    pub fn stand_in(&self, stands_in: bool) {
        self.lock().stands_in = stands_in;
    }

    pub fn hash_of(&self, username: &str) -> Option<String> {
        self.lock().held.users.get(username)?.password_hash.clone()
    }

    /// One that was seen and made since; it is seen now.
    pub fn session(&self, token_hash: &str, seen_us: i64, created_us: i64, now_us: i64) -> Option<Session> {
        let mut kept = self.lock();
        let known = kept.held.sessions.get_mut(token_hash)?;
        if known.seen_us < seen_us || known.session.created_us < created_us {
            return None;
        }
        known.seen_us = now_us;
        Some(known.session.clone())
    }

    /// A user was made, or has another password.
    pub fn note_user(&self, username: &str, password_hash: Option<String>, now_us: i64) {
        self.change(|held| {
            let user = held.users.entry(username.to_owned());
            user.or_insert(KeptUser { password_hash: None, created_us: now_us }).password_hash =
                password_hash;
        });
    }

    pub fn forget_user(&self, username: &str) {
        self.change(|held| held.users.remove(username));
        self.end_of(username);
    }

    pub fn start(&self, session: Session, now_us: i64) {
        let known = KeptSession { session, seen_us: now_us };
        self.change(|held| held.sessions.insert(known.session.token_hash.clone(), known));
    }

    pub fn end(&self, token_hash: &str) {
        self.change(|held| held.sessions.remove(token_hash));
    }

    /// Ends those of a user.
    pub fn end_of(&self, username: &str) {
        self.change(|held| held.sessions.retain(|_, known| known.session.username != username));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Held) -> T) {
        let mut kept = self.lock();
        kept.version += 1;
        change(&mut kept.held);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str) -> Session {
        Session { username: name.to_owned(), token_hash: format!("hash of {name}"), created_us: 10 }
    }

    #[test]
    fn what_was_read_before_a_change_does_not_undo_it() {
        let keepsake = Keepsake::default();
        keepsake.note_user("ann", Some("x".to_owned()), 5);
        keepsake.start(session("ann"), 10);
        let (version, read) = (keepsake.version(), keepsake.held());
        keepsake.end("hash of ann");
        assert!(!keepsake.replace(version, read.clone()));
        assert!(keepsake.session("hash of ann", 0, 0, 20).is_none(), "it has ended");
        assert!(keepsake.replace(keepsake.version(), read));
        assert!(keepsake.session("hash of ann", 0, 0, 20).is_some());
    }

    #[test]
    fn nothing_is_valid_for_longer_than_in_the_file() {
        let keepsake = Keepsake::default();
        keepsake.note_user("ann", Some("x".to_owned()), 5);
        keepsake.start(session("ann"), 10);
        assert!(keepsake.session("hash of ann", 5, 5, 50).is_some());
        assert!(keepsake.session("hash of ann", 40, 5, 60).is_some(), "it was seen in between");
        assert!(keepsake.session("hash of ann", 61, 5, 70).is_none(), "idle");
        assert!(keepsake.session("hash of ann", 5, 11, 70).is_none(), "too old");
        keepsake.start(session("bob"), 10);
        keepsake.forget_user("bob");
        keepsake.end_of("ann");
        assert!(keepsake.held().sessions.is_empty());
        assert_eq!((keepsake.hash_of("ann").as_deref(), keepsake.hash_of("bob")), (Some("x"), None));
        assert!(keepsake.has_password());
    }
}
