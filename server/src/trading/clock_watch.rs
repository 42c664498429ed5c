//! Watches the clocks: tells the engine when the system's was set, and how far the venue's is from ours.

use std::time::{Duration, Instant};

use model::input::{ClockReport, Input};

use super::Inbox;
use crate::clock;
use crate::tasks::Stop;
use crate::venue::Rest;

const EVERY: Duration = Duration::from_secs(1);
/// Until the venue's clock is known for the first time.
const FIRST: Duration = Duration::from_millis(50);
/// The system's clock is slewed by less than this between two looks; whatever is more was set.
const STEP_MS: i64 = 250;
/// An offset that is known worse than this is asked for; a signature lives for five seconds.
const UNCERTAIN_MS: i64 = 250;
/// But no more often.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// The venue's clock is known to about half a second.
const OFFSET_NEWS_MS: i64 = 500;

/// The task; cheap to clone.
#[derive(Clone)]
pub struct ClockWatch {
    inbox: Inbox,
    rest: Rest,
    skew_ms: i64,
    offset_ms: i64,
}

impl ClockWatch {
    #[must_use]
    pub fn new(inbox: Inbox, rest: Rest) -> Self {
        Self { inbox, rest, skew_ms: 0, offset_ms: 0 }
    }

    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        let mut asked: Option<Instant> = None;
        loop {
            let known = self.rest.offset();
            let is_vague = known.is_none_or(|offset| offset.uncertainty_ms > UNCERTAIN_MS);
            if is_vague && asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY) {
                asked = Some(Instant::now());
                self.rest.ask_time().await;
            }
            let offset_ms = self.rest.offset().map(|offset| offset.ms);
            for report in self.look(clock::skew_us() / 1_000, offset_ms) {
                self.inbox.push(Input::Clock(report));
            }
            tokio::select! {
                () = tokio::time::sleep(if offset_ms.is_some() { EVERY } else { FIRST }) => {}
                () = stop.stopped() => return,
            }
        }
    }

    fn look(&mut self, skew_ms: i64, offset_ms: Option<i64>) -> Vec<ClockReport> {
        let mut reports = Vec::new();
        if (skew_ms - self.skew_ms).abs() >= STEP_MS {
            self.skew_ms = skew_ms;
            reports.push(ClockReport::Stepped { skew_ms });
        }
        let offset_ms = offset_ms.unwrap_or(self.offset_ms);
        if (offset_ms - self.offset_ms).abs() >= OFFSET_NEWS_MS {
            self.offset_ms = offset_ms;
            reports.push(ClockReport::Venue { offset_ms });
        }
        reports
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::Address;

    #[tokio::test]
    async fn what_was_set_is_told_once_and_when_it_is_put_right() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = Address {
            rest_url: String::new(),
            public_ws_url: String::new(),
            private_ws_url: String::new(),
            api_key: telemetry::Secret::new(String::new()),
            api_secret: telemetry::Secret::new(String::new()),
            terms: crate::venue::Terms::default(),
        };
        let teller = crate::telling::Teller::new(telemetry::Level::Info, 8);
        let mut watch = ClockWatch::new(Inbox::default(), Rest::new(address, teller).unwrap());
        assert_eq!(watch.look(3, None), []);
        assert_eq!(watch.look(3_600_003, None), [ClockReport::Stepped { skew_ms: 3_600_003 }]);
        assert_eq!(watch.look(3_600_101, Some(120)), [], "slewing and a second's precision are no news");
        let offset = ClockReport::Venue { offset_ms: -120_000 };
        assert_eq!(watch.look(-2, Some(-120_000)), [ClockReport::Stepped { skew_ms: -2 }, offset]);
    }
}
