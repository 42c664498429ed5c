//! The one-time sign-in link of a start without passwords: a token that lives 15 minutes, in memory only.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::random;

/// How long the link works.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// At most one link is valid at a time.
#[derive(Default)]
pub struct SetupLink {
    valid: Mutex<Option<Valid>>,
}

/// A token that was used up.
pub struct Redeemed(Valid);

struct Valid {
    digest: String,
    username: String,
    until: Instant,
}

impl SetupLink {
    /// Makes a new token for a user; an earlier one is void.
    pub fn issue(&self, username: &str, now: Instant) -> String {
        let token = random::hex(32);
        *self.lock() = Some(Valid {
            digest: random::digest(&token),
            username: username.to_owned(),
            until: now + LIFETIME,
        });
        token
    }

    /// The user whose password this token may set, as long as it is valid.
    #[must_use]
    pub fn user_of(&self, token: &str, now: Instant) -> Option<String> {
        let digest = random::digest(token);
        let valid = self.lock();
        valid.as_ref().filter(|v| v.digest == digest && now < v.until).map(|v| v.username.clone())
    }

    /// Uses the token up. `None` when another request was faster.
    #[must_use]
    pub fn redeem(&self, token: &str, now: Instant) -> Option<Redeemed> {
        let digest = random::digest(token);
        self.lock().take_if(|valid| valid.digest == digest && now < valid.until).map(Redeemed)
    }

    /// The password could not be set after all: the token works again, unless there is a newer one.
    pub fn give_back(&self, redeemed: Redeemed) {
        self.lock().get_or_insert(redeemed.0);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Valid>> {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_for_fifteen_minutes() {
        let (link, now) = (SetupLink::default(), Instant::now());
        let old = link.issue("admin", now);
        let token = link.issue("admin", now);
        assert_eq!(link.user_of(&old, now), None);
        assert_eq!(link.user_of(&token, now + LIFETIME), None);
        assert_eq!(link.user_of(&token, now).as_deref(), Some("admin"));
        let redeemed = link.redeem(&token, now).unwrap();
        assert!(link.redeem(&token, now).is_none());
        assert_eq!(link.user_of(&token, now), None);
        link.give_back(redeemed);
        assert_eq!(link.user_of(&token, now).as_deref(), Some("admin"), "what failed may be tried again");
    }
}
