//! Whose clock to believe. The browser measures its offset; what a request's way allows is the check on it, and the
//! measure where there is none. A clock that was put right is followed. Times that nobody can believe are clamped.

use std::collections::VecDeque;

use crate::Micros;

/// Below this a clock counts as right: what is left is mostly the way through the network.
const TRUSTED_MS: u64 = 2_000;
/// What lies above the shortest way by more than this is no way any more: requests end earlier.
const LONGEST_WAY_MS: i64 = 10_000;
/// Ways may differ by so much without a doubt about the clock.
const USUAL_WAY_MS: i64 = 2_000;
/// So many long ways one after another are a clock that was set back.
const DOUBTS: u8 = 3;
/// Ways remembered: a clock that drifts is followed.
const WAYS: usize = 8;
/// How exact a measurement is whose round trip is not told.
const ROUND_TRIP_MS: i64 = 1_000;
/// A batch is sent at most so long after its last record, unless it waited for an outage to end.
const FRESH_MS: std::ops::RangeInclusive<i64> = -USUAL_WAY_MS..=20_000;
const PAST_US: i64 = 24 * 3_600 * 1_000_000;
const FUTURE_US: i64 = 2 * 60 * 1_000_000;

/// What one batch says about its browser's clock. Offsets are server − browser, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockReading {
    /// Received − sent: the offset and the way together.
    pub transit_ms: Option<i64>,
    /// What the browser measured.
    pub measured_ms: Option<i64>,
    /// The round trip of that measurement.
    pub round_trip_ms: Option<i64>,
    /// Sent when it was sealed: neither a repeat nor from the spool.
    pub fresh: bool,
}

/// The clock of one browser session, learned from its fresh batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionClock {
    transits_ms: VecDeque<i64>,
    doubts: u8,
}

impl SessionClock {
    /// Learns from a batch that was not seen before.
    pub fn learn(&mut self, reading: ClockReading) {
        if let Some(transit_ms) = reading.transit_ms.filter(|_| reading.fresh) {
            self.note(transit_ms);
        }
    }

    /// Milliseconds to add to the times of the batch.
    #[must_use]
    pub fn offset_ms(&self, reading: ClockReading) -> i64 {
        let round_trip_ms = reading.round_trip_ms.unwrap_or(ROUND_TRIP_MS);
        // A negative round trip was measured over a jump of the clock.
        let measured = reading.measured_ms.filter(|_| (0..=LONGEST_WAY_MS).contains(&round_trip_ms));
        match (measured, self.shortest()) {
            (Some(measured), Some(shortest)) if reading.fresh => {
                let way_ms = shortest.saturating_sub(measured);
                let longest =
                    if self.transits_ms.len() < usize::from(DOUBTS) { LONGEST_WAY_MS } else { USUAL_WAY_MS };
                let possible = -(round_trip_ms / 2 + 100)..=longest;
                if possible.contains(&way_ms) { measured } else { shortest }
            }
            // What waited was measured on the clock of its own time.
            (Some(measured), _) => measured,
            (None, shortest) => shortest.or(reading.transit_ms).unwrap_or(0),
        }
    }

    fn note(&mut self, transit_ms: i64) {
        let Some(shortest) = self.shortest() else {
            self.transits_ms.push_back(transit_ms);
            return;
        };
        let longer_ms = transit_ms.saturating_sub(shortest);
        let is_long = longer_ms > USUAL_WAY_MS;
        self.doubts = if is_long { self.doubts + 1 } else { 0 };
        if !(-USUAL_WAY_MS..=LONGEST_WAY_MS).contains(&longer_ms) || self.doubts >= DOUBTS {
            self.transits_ms.clear();
            self.doubts = 0;
        } else if is_long {
            return;
        }
        if self.transits_ms.len() == WAYS {
            self.transits_ms.pop_front();
        }
        self.transits_ms.push_back(transit_ms);
    }

    fn shortest(&self) -> Option<i64> {
        self.transits_ms.iter().min().copied()
    }
}

/// Whether a batch whose last record happened at that time of the browser was sent when it was sealed.
pub(super) fn is_fresh(last_ms: i64, sent_at_ms: Option<i64>) -> bool {
    sent_at_ms.is_some_and(|sent| FRESH_MS.contains(&sent.saturating_sub(last_ms)))
}

/// An offset that is worth a correction.
pub(super) fn correction_ms(offset_ms: i64) -> i64 {
    if offset_ms.unsigned_abs() > TRUSTED_MS { offset_ms } else { 0 }
}

/// The moment, pulled into [received − 24 h, received + 2 min], and whether it had to be.
pub(super) fn believable(at: Micros, received_at: Micros) -> (Micros, bool) {
    let earliest = received_at.0.saturating_sub(PAST_US);
    let latest = received_at.0.saturating_add(FUTURE_US);
    let kept = Micros(at.0.clamp(earliest, latest));
    (kept, kept != at)
}

/// True when the batch was sealed more than 24 hours (and a little) before it was sent, both on the browser's
/// clock. Only a UUIDv7 tells when it was made.
pub(super) fn is_expired(bid: &str, sent_at_ms: Option<i64>) -> bool {
    let Some(sent_at_ms) = sent_at_ms.filter(|_| bid.as_bytes().get(14) == Some(&b'7')) else { return false };
    let stamp = [&bid[..8], &bid[9..13]].concat();
    let sealed_ms = i64::from_str_radix(&stamp, 16).unwrap_or(i64::MAX);
    sent_at_ms.saturating_sub(sealed_ms) > PAST_US / 1_000 + 5 * 60 * 1_000
}
