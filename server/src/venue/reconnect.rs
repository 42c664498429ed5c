//! When to come back after a stream was lost. A pure machine: time and chance are parameters. The back-off is forgiven
//! by time in which data came, and not by a frame: a venue may accept, say something and close, again and again, and an
//! address has 150 connections in five minutes.

#[cfg(test)]
mod tests;

use std::time::Duration;

use telemetry::Micros;

const FIRST_MS: u64 = 200;
const MOST_MS: u64 = 10_000;
/// A loss is forgiven for so much time in which data came.
const FORGIVEN_EACH: i64 = 6_000_000;
/// After so many losses the pause is at its longest.
const LOSSES_MOST: u32 = 8;

/// The next attempt to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// 1 for the first attempt after a quiet time.
    pub attempt: u32,
    pub pause: Duration,
}

/// State of one stream's link.
#[derive(Clone, Debug, Default)]
pub struct Reconnect {
    losses: u32,
    /// When the latest data came, whatever connection it came through.
    heard_at: Option<Micros>,
    /// Since when data comes through this connection.
    since: Option<Micros>,
    /// A connection was lost, and no data has come after it.
    lost: bool,
}

impl Reconnect {
    /// The connection failed or was lost. The pause is between half of and the whole doubled back-off, by `jitter` (0 to
    /// 1,000 thousandths), and not shorter than the venue says.
    pub fn lost(&mut self, jitter: u64, least: Duration) -> Retry {
        let lived = self.since.take().zip(self.heard_at).map_or(0, |(since, until)| until.0 - since.0);
        let forgiven = u32::try_from(lived / FORGIVEN_EACH).unwrap_or(u32::MAX);
        self.losses = self.losses.saturating_sub(forgiven).saturating_add(1).min(LOSSES_MOST);
        self.lost = true;
        let whole = FIRST_MS.saturating_mul(1 << (self.losses - 1)).min(MOST_MS);
        let pause = Duration::from_millis(whole / 2 + whole / 2 * jitter.min(1_000) / 1_000);
        Retry { attempt: self.losses, pause: pause.max(least) }
    }

    /// Data came. After a loss the answer is the length of the gap in milliseconds.
    pub fn heard(&mut self, now: Micros) -> Option<i64> {
        let gap = self.heard_at.filter(|_| self.lost).map(|at| (now.0 - at.0).max(0) / 1_000);
        self.since.get_or_insert(now);
        self.heard_at = Some(now);
        self.lost = false;
        gap
    }
}
