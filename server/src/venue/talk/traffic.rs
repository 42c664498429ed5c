//! Counts what comes over one connection, and says when a heartbeat is due. Pure: time is what the caller says.

use std::collections::BTreeMap;
use std::time::Duration;

use super::millis;
use crate::venue::events::Traffic;
use crate::venue::translate::Heard;

/// The first heartbeat comes so long after the connection.
const FIRST: Duration = Duration::from_secs(4);
/// Then one in so long.
const EVERY: Duration = Duration::from_secs(60);

/// The counts of one connection; times are since its beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    frames: BTreeMap<&'static str, u64>,
    bytes: u64,
    total: u64,
    last_frame: Duration,
    told: Option<Duration>,
}

impl Counts {
    pub fn frame(&mut self, at: Duration, kind: &'static str, bytes: usize) {
        *self.frames.entry(kind).or_default() += 1;
        self.bytes += bytes as u64;
        self.total += 1;
        self.last_frame = at;
    }

    /// The heartbeat, when it is time for one; the counts begin anew then.
    pub fn heartbeat(&mut self, at: Duration, symbols: usize) -> Option<Traffic> {
        let due = self.told.map_or(FIRST, |told| told + EVERY);
        if at < due {
            return None;
        }
        let since = at.saturating_sub(self.told.unwrap_or_default());
        self.told = Some(at);
        Some(Traffic {
            uptime_ms: millis(at),
            since_ms: millis(since),
            frames: std::mem::take(&mut self.frames),
            frame_bytes: std::mem::take(&mut self.bytes),
            silence_ms: millis(at.saturating_sub(self.last_frame)),
            frames_total: self.total,
            symbols,
        })
    }
}

/// What a frame brought, in one word.
pub(super) fn kind(heard: &Heard) -> &'static str {
    match heard {
        Heard::Inputs(_) => "data",
        Heard::Book(_) => "book",
        Heard::Positions(_) => "positions",
        Heard::KeyAuth { .. } => "sign_in",
        Heard::Status(_) => "status",
        Heard::Subscriptions(_) => "subscriptions",
        Heard::Heartbeat => "heartbeat",
        Heard::Pong => "pong",
        Heard::Ignored => "ignored",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_soon_after_the_beginning_then_once_a_minute() {
        let (mut counts, second) = (Counts::default(), Duration::from_secs(1));
        let mut told = Vec::new();
        for at in 0..130 {
            counts.frame(second * at, "data", 100);
            told.extend(counts.heartbeat(second * at, 2));
        }
        let times: Vec<u64> = told.iter().map(|traffic| traffic.uptime_ms / 1_000).collect();
        assert_eq!(times, [4, 64, 124]);
        assert_eq!((told[1].frames["data"], told[1].frame_bytes, told[1].since_ms), (60, 6_000, 60_000));
        assert_eq!((told[1].frames_total, told[1].silence_ms, told[1].symbols), (65, 0, 2));
        let silent = counts.heartbeat(second * 200, 2).expect("it is due");
        assert_eq!((silent.silence_ms, silent.frames["data"]), (71_000, 5));
    }
}
