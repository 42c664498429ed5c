//! State behind `POST /api/logs`: page tokens, budgets, clocks of browser sessions, what browsers are told, counts.

mod bounded;
mod budget;
mod counts;
mod events;
mod in_flight;
mod lru;
mod overload;
mod page_token;
mod settings;

use std::sync::{Mutex, PoisonError};

use telemetry::Level;
use telemetry::ingest::{ClockReading, SessionClock};
use tokio::sync::MutexGuard;

pub use budget::{Budgets, Charge, Client};
pub use counts::{Counts, Histogram};
pub use events::{IngestEvent, catalogue};
pub use in_flight::{InFlight, Rooms};
pub(crate) use lru::Lru;
pub use page_token::{Genuine, PageTokens};
pub use settings::{Change, Settings};

use crate::config::IngestConfig;

/// Batches of one id wait for each other; ids share this many locks.
const STRIPES: usize = 64;
/// Browser sessions whose clock is remembered, and those that were seen without a login.
const SESSIONS: usize = 10_000;

/// Shared by all requests to the route.
pub struct Ingest {
    pub tokens: PageTokens,
    pub budgets: Budgets,
    pub in_flight: Rooms,
    pub counts: Counts,
    pub settings: Settings,
    stripes: Vec<tokio::sync::Mutex<()>>,
    clocks: Mutex<Lru<SessionClock>>,
    without_login: Mutex<Lru<()>>,
}

impl Ingest {
    /// `key` is the secret of the page tokens, `level` that of the log.
    #[must_use]
    pub fn new(key: String, config: &IngestConfig, level: Level) -> Self {
        Self {
            tokens: PageTokens::new(key),
            budgets: Budgets::new(config),
            in_flight: Rooms::default(),
            counts: Counts::default(),
            stripes: (0..STRIPES).map(|_| tokio::sync::Mutex::default()).collect(),
            settings: Settings::new(config, level),
            clocks: Mutex::new(Lru::new(SESSIONS)),
            without_login: Mutex::new(Lru::new(SESSIONS)),
        }
    }

    /// Holds off other requests with the same batch id until the guard is dropped.
    pub async fn alone(&self, bid: &str) -> MutexGuard<'_, ()> {
        let stripe =
            bid.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        self.stripes[stripe % STRIPES].lock().await
    }

    /// What to add to the times of a batch, in milliseconds. A batch that was seen before teaches nothing.
    pub fn clock_offset_ms(&self, client_session: Option<&str>, reading: ClockReading, is_new: bool) -> i64 {
        let Some(client_session) = client_session else { return SessionClock::default().offset_ms(reading) };
        let mut clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        if is_new && clocks.get(client_session).is_none() {
            clocks.insert(client_session, SessionClock::default());
        }
        let Some(clock) = clocks.get(client_session) else {
            return SessionClock::default().offset_ms(reading);
        };
        if is_new {
            clock.learn(reading);
        }
        clock.offset_ms(reading)
    }

    /// A browser session that logs without a login is that of nobody who signs in later.
    pub fn seen_without_login(&self, client_session: &str) {
        self.without_login.lock().unwrap_or_else(PoisonError::into_inner).insert(client_session, ());
    }

    /// Whether it was.
    pub fn was_without_login(&self, client_session: &str) -> bool {
        self.without_login.lock().unwrap_or_else(PoisonError::into_inner).get(client_session).is_some()
    }
}
