//! How many feeds there may be. Whoever comes next always gets one: the oldest of the same login makes room, or, when
//! there are too many in all, the oldest of the user who has most. A page that leaks its sockets, or a user who may only
//! look, must not use up what PANIC needs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::auth::Session;
use crate::http::serving::{Place, Taken};

/// Feeds of one login at once: tabs, in all browsers that share a cookie.
const OF_A_LOGIN: usize = 32;
/// Feeds at once.
const MOST: usize = 128;
/// Sockets take at most this part of the connections.
const SHARE: usize = 4;

/// The register; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Mutex<Taking>>);

#[derive(Default)]
struct Taking {
    next: u64,
    /// By number, so the oldest first.
    taken: BTreeMap<u64, Sitting>,
}

struct Sitting {
    login: String,
    username: String,
    leave: Arc<Notify>,
}

/// One feed's.
pub(super) struct Seat {
    number: u64,
    seats: Seats,
    leave: Arc<Notify>,
    /// Of its connection.
    _place: Option<Taken>,
}

impl Seats {
    pub fn take(&self, session: &Session, place: Option<&Place>) -> Seat {
        let most = place.map_or(MOST, |place| MOST.min(place.most() / SHARE).max(1));
        let (login, username) = (session.token_hash.clone(), session.username.clone());
        let leave = Arc::new(Notify::new());
        let mut taking = self.lock();
        taking.make_room(&login, most);
        let number = taking.next;
        taking.next += 1;
        taking.taken.insert(number, Sitting { login, username, leave: Arc::clone(&leave) });
        Seat { number, seats: self.clone(), leave, _place: place.map(Place::taken) }
    }

    fn lock(&self) -> MutexGuard<'_, Taking> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taking {
    /// Asks the oldest to leave, until one more may come.
    fn make_room(&mut self, login: &str, most: usize) {
        while self.count(|sitting| sitting.login == login) >= OF_A_LOGIN {
            self.oldest_leaves(|sitting| sitting.login == login);
        }
        while self.taken.len() >= most {
            let feeds = |name: &str| self.count(|sitting| sitting.username == name);
            let names = self.taken.values().map(|sitting| sitting.username.clone());
            let Some(name) = names.max_by_key(|name| feeds(name)) else { return };
            self.oldest_leaves(|sitting| sitting.username == name);
        }
    }

    fn count(&self, which: impl Fn(&Sitting) -> bool) -> usize {
        self.taken.values().filter(|sitting| which(sitting)).count()
    }

    fn oldest_leaves(&mut self, which: impl Fn(&Sitting) -> bool) {
        let oldest = self.taken.iter().find(|(_, sitting)| which(sitting)).map(|(number, _)| *number);
        if let Some(sitting) = oldest.and_then(|number| self.taken.remove(&number)) {
            sitting.leave.notify_one();
        }
    }
}

impl Seat {
    /// Resolves when somebody else needs it.
    pub async fn asked_for(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().taken.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(login: &str, username: &str) -> Session {
        Session { username: username.to_owned(), token_hash: login.to_owned(), created_us: 0 }
    }

    fn has_to_leave(seat: &Seat) -> bool {
        !seat.seats.lock().taken.contains_key(&seat.number)
    }

    #[test]
    fn the_oldest_of_the_same_login_makes_room() {
        let seats = Seats::default();
        let other = seats.take(&session("b", "bob"), None);
        let mut mine: Vec<Seat> =
            (0..OF_A_LOGIN + 3).map(|_| seats.take(&session("a", "ann"), None)).collect();
        let left: Vec<usize> = (0..mine.len()).filter(|n| has_to_leave(&mine[*n])).collect();
        assert_eq!((left, has_to_leave(&other)), (vec![0, 1, 2], false));
        mine.truncate(10);
        assert_eq!(seats.lock().taken.len(), 1 + 7, "who goes gives it back");
    }

    #[test]
    fn who_has_most_makes_room_when_there_are_too_many() {
        let seats = Seats::default();
        let operator = seats.take(&session("o", "operator"), None);
        let looks: Vec<Seat> =
            (0..MOST * 2).map(|n| seats.take(&session(&format!("login {n}"), "looker"), None)).collect();
        assert_eq!(seats.lock().taken.len(), MOST);
        assert!(!has_to_leave(&operator), "not the oldest of all");
        assert!(has_to_leave(&looks[0]) && !has_to_leave(&looks[MOST * 2 - 1]));
    }
}
