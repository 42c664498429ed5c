//! Browser sessions in memory, for as long as they cannot be written, and which sessions have ended, whatever the file
//! says of them. Both are forgotten with the process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Session;

/// More sign-ins than this while nothing can be written end the oldest.
const MOST: usize = 1_000;

/// Register of sessions by the digest of their cookie. Times in UTC microseconds.
#[derive(Default)]
pub struct Unsaved {
    sessions: Mutex<HashMap<String, Held>>,
    ended: Mutex<VecDeque<String>>,
}

struct Held {
    session: Session,
    seen_us: i64,
}

impl Unsaved {
    pub fn start(&self, token_hash: String, username: &str, now_us: i64) {
        let mut sessions = self.lock();
        if sessions.len() >= MOST {
            let oldest = sessions.iter().min_by_key(|(_, held)| held.seen_us).map(|(key, _)| key.clone());
            oldest.map(|key| sessions.remove(&key));
        }
        let session =
            Session { username: username.to_owned(), token_hash: token_hash.clone(), created_us: now_us };
        sessions.insert(token_hash, Held { session, seen_us: now_us });
    }

    /// One that was seen and made since; it is seen now.
    pub fn find(&self, token_hash: &str, seen_us: i64, created_us: i64, now_us: i64) -> Option<Session> {
        let mut sessions = self.lock();
        let held = sessions.get_mut(token_hash)?;
        if held.seen_us < seen_us || held.session.created_us < created_us {
            sessions.remove(token_hash);
            return None;
        }
        held.seen_us = now_us;
        Some(held.session.clone())
    }

    /// Ends it; `false` when there is none.
    pub fn end(&self, token_hash: &str) -> bool {
        self.lock().remove(token_hash).is_some()
    }

    /// A session has ended, whether or not it can be deleted from the file. The last ones are kept.
    pub fn note_ended(&self, token_hash: &str) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() >= MOST {
            ended.pop_front();
        }
        ended.push_back(token_hash.to_owned());
    }

    /// Whether it is one of those.
    pub fn has_ended(&self, token_hash: &str) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|ended| ended == token_hash)
    }

    /// Ends those of a user.
    pub fn end_of(&self, username: &str) {
        self.lock().retain(|_, held| held.session.username != username);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_until_it_is_idle_old_or_ended() {
        let unsaved = Unsaved::default();
        unsaved.start("a".to_owned(), "ann", 1_000);
        let found = unsaved.find("a", 500, 500, 1_600).unwrap();
        assert_eq!((found.username.as_str(), found.created_us), ("ann", 1_000));
        assert!(unsaved.find("a", 1_500, 500, 1_700).is_some(), "it was seen in between");
        assert!(unsaved.find("a", 1_500, 1_200, 1_700).is_none(), "too old, however often it is seen");
        assert!(unsaved.find("a", 0, 0, 1_700).is_none(), "gone for good");
        unsaved.start("b".to_owned(), "bob", 1_000);
        unsaved.start("c".to_owned(), "cy", 1_000);
        unsaved.end_of("bob");
        assert!(unsaved.find("b", 0, 0, 1_000).is_none());
        assert!(unsaved.end("c") && !unsaved.end("c"));
        unsaved.note_ended("d");
        assert!(unsaved.has_ended("d") && !unsaved.has_ended("c"));
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let unsaved = Unsaved::default();
        for n in 0..=MOST {
            unsaved.start(format!("t-{n}"), "ann", i64::try_from(n).unwrap());
        }
        assert!(unsaved.find("t-0", 0, 0, 1).is_none());
        assert!(unsaved.find("t-1", 0, 0, 1).is_some());
    }
}
