//! State behind `POST /api/logs`: page tokens, budgets, clock offsets of browser sessions, counts.

mod bounded;
mod budget;
mod events;
mod page_token;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use telemetry::ingest::Admitted;
use tokio::sync::{MutexGuard, Semaphore};

pub use budget::{Budgets, Charge, Client};
pub use events::{IngestEvent, catalogue};
pub use page_token::{Genuine, PageTokens};

use crate::config::IngestConfig;
use bounded::Bounded;

/// Decoded bytes that all requests together may hold, in KiB.
const IN_FLIGHT_KIB: usize = 32 * 1024;
/// Batches of one id wait for each other; ids share this many locks.
const STRIPES: usize = 64;
/// Browser sessions whose clock offset is remembered.
const SESSIONS: usize = 10_000;

/// Shared by all requests to the route.
pub struct Ingest {
    pub tokens: PageTokens,
    pub budgets: Budgets,
    /// One permit per KiB of decoded body.
    pub in_flight: Semaphore,
    pub counts: Counts,
    stripes: Vec<tokio::sync::Mutex<()>>,
    skews: Mutex<Bounded<i64>>,
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counts {
    pub batches: AtomicU64,
    pub duplicates: AtomicU64,
    pub records: AtomicU64,
    pub rejected: AtomicU64,
    pub declared_drops: AtomicU64,
}

impl Ingest {
    /// `key` is the secret of the page tokens.
    #[must_use]
    pub fn new(key: String, config: &IngestConfig) -> Self {
        Self {
            tokens: PageTokens::new(key),
            budgets: Budgets::new(config),
            in_flight: Semaphore::new(IN_FLIGHT_KIB),
            counts: Counts::default(),
            stripes: (0..STRIPES).map(|_| tokio::sync::Mutex::default()).collect(),
            skews: Mutex::new(Bounded::new(SESSIONS)),
        }
    }

    /// Holds off other requests with the same batch id until the guard is dropped.
    pub async fn alone(&self, bid: &str) -> MutexGuard<'_, ()> {
        let stripe =
            bid.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        self.stripes[stripe % STRIPES].lock().await
    }

    /// The smallest `received − sent` of a browser session, the present one included. In milliseconds.
    pub fn skew(&self, client_session: &str, present_ms: i64) -> i64 {
        let mut skews = self.skews.lock().unwrap_or_else(PoisonError::into_inner);
        let (smallest, _) = skews.entry(client_session, || present_ms);
        *smallest = present_ms.min(*smallest);
        *smallest
    }

    /// Counts an accepted batch of that many stored records.
    pub fn count(&self, admitted: &Admitted, stored: usize, duplicate: bool) {
        let add = |counter: &AtomicU64, n: u64| counter.fetch_add(n, Ordering::Relaxed);
        add(&self.counts.batches, 1);
        if duplicate {
            add(&self.counts.duplicates, 1);
            return;
        }
        add(&self.counts.records, stored as u64);
        add(&self.counts.rejected, admitted.rejected.len() as u64);
        add(&self.counts.declared_drops, admitted.declared_drops.iter().map(|drop| drop.count).sum());
    }
}
