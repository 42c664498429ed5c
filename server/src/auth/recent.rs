//! Sessions that were looked up a moment ago, in memory: many pages at once do not queue for the database, and whoever
//! presses PANIC does not wait for it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Session;

/// More than these are not kept.
const MOST: usize = 1_000;

/// Register by the digest of the cookie.
#[derive(Default)]
pub struct Recent(Mutex<HashMap<String, (Session, Instant)>>);

impl Recent {
    pub fn note(&self, session: &Session) {
        let mut known = self.lock();
        if known.len() >= MOST {
            let oldest = known.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone());
            oldest.map(|key| known.remove(&key));
        }
        known.insert(session.token_hash.clone(), (session.clone(), Instant::now()));
    }

    /// One that was looked up no longer ago than that.
    pub fn within(&self, token_hash: &str, age: Duration) -> Option<Session> {
        let known = self.lock();
        let (session, at) = known.get(token_hash)?;
        (at.elapsed() <= age).then(|| session.clone())
    }

    pub fn forget(&self, token_hash: &str) {
        self.lock().remove(token_hash);
    }

    pub fn forget_user(&self, username: &str) {
        self.lock().retain(|_, (session, _)| session.username != username);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Session, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str) -> Session {
        Session { username: name.to_owned(), token_hash: format!("hash of {name}"), created_us: 0 }
    }

    #[test]
    fn what_was_looked_up_is_known_until_it_ends() {
        let recent = Recent::default();
        let (ann, bob) = (session("ann"), session("bob"));
        recent.note(&ann);
        recent.note(&bob);
        assert_eq!(recent.within(&ann.token_hash, Duration::from_secs(60)), Some(ann.clone()));
        assert_eq!(recent.within("another", Duration::from_secs(60)), None);
        recent.forget(&ann.token_hash);
        assert_eq!(recent.within(&ann.token_hash, Duration::from_secs(60)), None);
        recent.forget_user("bob");
        assert_eq!(recent.within(&bob.token_hash, Duration::from_secs(60)), None);
    }
}
