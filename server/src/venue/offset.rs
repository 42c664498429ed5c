//! How far the venue's clock is from ours, learned from what it says of its time. Signatures carry the venue's time, and
//! data that carries the venue's time is given ours. A pure machine; around it a handle that client and streams share.

mod http_date;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use telemetry::Micros;

pub use http_date::seconds as http_date_seconds;

const SECOND_US: i64 = 1_000_000;
/// Two clocks part by at most this: 200 µs a second. A bound is loosened by it as it ages.
const DRIFT_PER_SECOND: i64 = 200;
/// A measurement that moves the offset by less is no news.
const NEWS_US: i64 = 500_000;

/// The venue's clock minus ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Milliseconds; positive when the venue is ahead.
    pub ms: i64,
    /// The true offset is at most this far away.
    pub uncertainty_ms: i64,
    pub measured_at: Micros,
}

/// The offset was measured for the first time, or moved by more than half a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OffsetChange {
    pub before: Option<Offset>,
    pub now: Offset,
}

/// How far an HTTP answer can be believed about the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Made for this request: nobody keeps answers to signed requests.
    Made,
    /// Probably made for this request.
    Unsure,
    /// Kept somewhere on the way: it was made at that time or later.
    Kept,
}

/// The second that an answer says it was made in, and when it was asked for and received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub sent: Micros,
    pub received: Micros,
    /// Unix seconds.
    pub date_s: i64,
    pub freshness: Freshness,
}

/// What is known of the offset. Each exchange confines it to an interval; the least delayed confines it most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Estimate {
    bounds: Option<Bounds>,
    /// The venue refused a signature for its time: the next exchange replaces the bounds.
    doubted: bool,
    /// Something that proves nothing alone contradicted the bounds: the next answer made for us replaces them.
    contradicted: bool,
}

/// The offset is between these, microseconds.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    low: i64,
    high: i64,
    /// When they were last loosened.
    at: Micros,
    measured_at: Micros,
}

impl Bounds {
    /// `None` for a reading that ends before it begins.
    fn of(reading: Reading) -> Option<Self> {
        let date = reading.date_s.checked_mul(SECOND_US)?;
        let low = date.checked_sub(reading.received.0)?;
        let high = date.checked_add(SECOND_US)?.checked_sub(reading.sent.0)?;
        let received = reading.received;
        (low <= high).then_some(Self { low, high, at: received, measured_at: received })
    }

    fn loosened(self, now: Micros) -> Self {
        let seconds = (now.0 - self.at.0).max(0) / SECOND_US;
        let drift = seconds.saturating_mul(DRIFT_PER_SECOND);
        let at = Micros(self.at.0 + seconds * SECOND_US);
        Self { low: self.low.saturating_sub(drift), high: self.high.saturating_add(drift), at, ..self }
    }

    fn middle(self) -> i64 {
        self.low + (self.high - self.low) / 2
    }

    fn offset(self) -> Offset {
        Offset {
            ms: self.middle().div_euclid(1_000),
            uncertainty_ms: (self.high - self.low) / 2_000 + 1,
            measured_at: self.measured_at,
        }
    }
}

impl Estimate {
    /// Learns from an HTTP exchange. One that cannot be reconciled with what is known replaces it: a clock was moved.
    pub fn learn(&mut self, reading: Reading) -> Option<OffsetChange> {
        self.take_in(Bounds::of(reading)?, reading.freshness)
    }

    /// The same from an answer that says to the microsecond when it was made.
    pub fn learn_exact(
        &mut self,
        sent: Micros,
        received: Micros,
        made_at: Micros,
        freshness: Freshness,
    ) -> Option<OffsetChange> {
        let low = made_at.0.checked_sub(received.0)?;
        let high = made_at.0.checked_sub(sent.0)?;
        let seen = Bounds { low, high, at: received, measured_at: received };
        (low <= high).then_some(seen).and_then(|seen| self.take_in(seen, freshness))
    }

    fn take_in(&mut self, seen: Bounds, freshness: Freshness) -> Option<OffsetChange> {
        let Some(known) = self.bounds.map(|bounds| bounds.loosened(seen.at)) else {
            return match freshness {
                Freshness::Made | Freshness::Unsure => self.replace(seen),
                Freshness::Kept => None,
            };
        };
        let both = Bounds { low: known.low.max(seen.low), high: known.high.min(seen.high), ..seen };
        match freshness {
            Freshness::Made if self.doubted || self.contradicted || both.low > both.high => {
                self.replace(seen)
            }
            Freshness::Unsure if self.doubted => self.replace(seen),
            Freshness::Made | Freshness::Unsure if both.low <= both.high => {
                self.bounds = Some(both);
                None
            }
            // It may have been kept: all that is certain is that the venue's clock was there already.
            Freshness::Made | Freshness::Unsure | Freshness::Kept => {
                self.at_least(known, seen.low);
                None
            }
        }
    }

    /// Learns from the venue's refusal of a signature for its time: whatever was known is wrong.
    pub fn renew(&mut self, reading: Reading) -> Option<OffsetChange> {
        self.replace(Bounds::of(reading)?)
    }

    /// A frame or a body carries the venue's time. It was made before it was received, so that the venue is at least so
    /// far ahead; that makes the offset more exact, and never moves it.
    pub fn heard(&mut self, made_at: Micros, received: Micros) {
        if let Some(known) = self.bounds.map(|bounds| bounds.loosened(received)) {
            self.at_least(known, made_at.0.saturating_sub(received.0));
        }
    }

    /// The venue refused a signature for its time, and did not say what time it is.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Whether a signature was refused for its time since anything was learned.
    #[must_use]
    pub fn is_doubted(&self) -> bool {
        self.doubted
    }

    fn at_least(&mut self, known: Bounds, low: i64) {
        self.contradicted |= low > known.high;
        let low = if low > known.high { known.low } else { known.low.max(low) };
        self.bounds = Some(Bounds { low, ..known });
    }

    fn replace(&mut self, seen: Bounds) -> Option<OffsetChange> {
        let before = self.bounds.replace(seen);
        (self.doubted, self.contradicted) = (false, false);
        let news = before.is_none_or(|before| (before.middle() - seen.middle()).abs() > NEWS_US);
        news.then(|| OffsetChange { before: before.map(Bounds::offset), now: seen.offset() })
    }

    /// What is known; `None` before anything was heard.
    #[must_use]
    pub fn offset(&self, now: Micros) -> Option<Offset> {
        self.bounds.map(|bounds| bounds.loosened(now).offset())
    }

    /// The venue's time at a moment of ours.
    #[must_use]
    pub fn venue_time(&self, now: Micros) -> Micros {
        Micros(now.0.saturating_add(self.bounds.map_or(0, Bounds::middle)))
    }

    /// Our time at a moment of the venue's: as late as it can be, and never after `now`. Without any measurement it is
    /// `now`, because a difference of the clocks must not make data look old.
    #[must_use]
    pub fn our_time(&self, made_at: Micros, now: Micros) -> Micros {
        let ours = self.bounds.map(|bounds| made_at.0.saturating_sub(bounds.loosened(now).low));
        ours.map_or(now, |ours| Micros(ours).min(now))
    }
}

/// The estimate that client and streams share; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct VenueClock(Arc<Mutex<Estimate>>);

impl VenueClock {
    /// A copy of what is known.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        *self.lock()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Estimate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
