//! Who has shown the password again, a moment ago: what costs money wants more than a browser that is signed in. Kept in
//! memory and bound to the browser session: it ends with the process, with the session, and by itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Session;

/// Proof that the password was shown a moment ago. Only the register makes one.
#[derive(Debug)]
pub struct Confirmed {
    age: Duration,
}

impl Confirmed {
    /// How long ago.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }
}

/// Register by the digest of the cookie.
pub struct StepUps {
    lasts: Duration,
    known: Mutex<HashMap<String, Instant>>,
}

impl StepUps {
    /// A confirmation counts so long.
    #[must_use]
    pub fn new(minutes: u64) -> Self {
        Self { lasts: Duration::from_secs(minutes.saturating_mul(60)), known: Mutex::default() }
    }

    /// The password was right.
    pub fn confirm(&self, session: &Session, at: Instant) {
        let mut known = self.lock();
        known.retain(|_, since| at.saturating_duration_since(*since) < self.lasts);
        known.insert(session.token_hash.clone(), at);
    }

    /// Whether it was shown in this browser session, not too long ago.
    #[must_use]
    pub fn confirmed(&self, session: &Session, now: Instant) -> Option<Confirmed> {
        let age = now.saturating_duration_since(*self.lock().get(&session.token_hash)?);
        (age < self.lasts).then_some(Confirmed { age })
    }

    /// How long it still counts.
    #[must_use]
    pub fn left(&self, session: &Session, now: Instant) -> Option<Duration> {
        self.confirmed(session, now).map(|confirmed| self.lasts.saturating_sub(confirmed.age))
    }

    /// The browser session ended.
    pub fn forget(&self, token_hash: &str) {
        self.lock().remove(token_hash);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_of_one_browser_session_and_of_a_short_while() {
        let session =
            |hash: &str| Session { username: "ann".to_owned(), token_hash: hash.to_owned(), created_us: 0 };
        let (here, there) = (session("here"), session("there"));
        let steps = StepUps::new(5);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(steps.confirmed(&here, start).is_none(), "being signed in is not enough");
        steps.confirm(&here, start);
        assert!(steps.confirmed(&there, start).is_none(), "another browser of the same person");
        assert_eq!(steps.confirmed(&here, after(299)).map(|c| c.age()), Some(Duration::from_secs(299)));
        assert_eq!(steps.left(&here, after(299)), Some(Duration::from_secs(1)));
        assert!(steps.confirmed(&here, after(300)).is_none(), "stale");
        steps.confirm(&here, after(400));
        assert!(steps.confirmed(&here, after(500)).is_some());
        steps.forget("here");
        assert!(steps.confirmed(&here, after(500)).is_none(), "signed out");
    }
}
