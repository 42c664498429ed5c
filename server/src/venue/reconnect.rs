//! When to come back after a stream was lost, and whether it still lives. A pure machine: time and jitter are
//! parameters. The back-off starts over on data, not on the handshake: a venue may accept and close at once.

use std::time::Duration;

use telemetry::Micros;

const FIRST_MS: u64 = 200;
const MOST_MS: u64 = 10_000;

/// The next attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// 1 for the first attempt after a loss.
    pub attempt: u32,
    pub pause: Duration,
}

/// State of one stream's link.
#[derive(Clone, Debug, Default)]
pub struct Reconnect {
    attempt: u32,
    /// When the latest message came, whatever connection it came through.
    heard_at: Option<Micros>,
    /// A connection was lost since, and no data has come after it.
    lost: bool,
}

impl Reconnect {
    /// The connection failed or was lost. The pause is between half of and the whole doubled back-off, by
    /// `jitter` (0 to 1,000 thousandths).
    pub fn lost(&mut self, jitter: u64) -> Retry {
        self.lost = true;
        self.attempt += 1;
        let whole = FIRST_MS.saturating_mul(1 << (self.attempt - 1).min(16)).min(MOST_MS);
        let pause = Duration::from_millis(whole / 2 + whole / 2 * jitter.min(1_000) / 1_000);
        Retry { attempt: self.attempt, pause }
    }

    /// Data came. After a loss the answer is the length of the gap in milliseconds.
    pub fn heard(&mut self, now: Micros) -> Option<i64> {
        let gap = self.heard_at.filter(|_| self.lost).map(|at| (now.0 - at.0).max(0) / 1_000);
        self.heard_at = Some(now);
        self.lost = false;
        self.attempt = 0;
        gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_ten_seconds_and_is_jittered() {
        let mut link = Reconnect::default();
        let pauses: Vec<u128> = (0..9).map(|_| link.lost(1_000).pause.as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
        let mut link = Reconnect::default();
        assert_eq!(link.lost(0).pause.as_millis(), 100);
        assert_eq!(link.lost(500).pause.as_millis(), 300);
    }

    #[test]
    fn only_data_ends_an_outage() {
        let mut link = Reconnect::default();
        assert_eq!(link.heard(Micros(1_000_000)), None, "nothing was lost before the first data");
        assert_eq!(link.lost(0).attempt, 1);
        assert_eq!(link.lost(0).attempt, 2, "a handshake in between would not count");
        assert_eq!(link.heard(Micros(3_500_000)), Some(2_500));
        assert_eq!(link.heard(Micros(3_600_000)), None);
        assert_eq!(link.lost(0).attempt, 1);
    }
}
