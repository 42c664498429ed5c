//! What time it is at the server: the offset between its clock and a steady one of ours, from the frame that was delayed
//! least. A frame that was held up says too early a time, so that the largest offset is nearest to the truth. Pure.

/// The largest offset of so long counts; then it is measured anew, for a clock may be corrected.
const WINDOW_MS: f64 = 30_000.0;

/// Milliseconds throughout.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServerClock {
    /// Largest of the window that runs, and when it began.
    best: Option<(f64, f64)>,
    /// Largest of the window before.
    before: Option<f64>,
}

impl ServerClock {
    /// The server wrote `server_ms` into what came at `steady_ms`.
    pub fn hear(&mut self, server_ms: f64, steady_ms: f64) {
        let offset = server_ms - steady_ms;
        if offset.is_nan() {
            return;
        }
        match self.best {
            Some((best, since)) if steady_ms - since < WINDOW_MS => {
                self.best = Some((best.max(offset), since));
            }
            Some((best, since)) => {
                // After a sleep the window before is one of long ago.
                self.before = Some(best).filter(|_| steady_ms - since < 2.0 * WINDOW_MS);
                self.best = Some((offset, steady_ms));
            }
            None => self.best = Some((offset, steady_ms)),
        }
    }

    /// The steady clock stood still for so long while the machine slept, and the server's did not. What is heard next counts
    /// alone: it may have been our clock that was set.
    pub fn slept(&mut self, ms: f64) {
        self.best = self
            .best
            .map(|(best, _)| (self.before.map_or(best, |before| before.max(best)) + ms, f64::NEG_INFINITY));
        self.before = None;
    }

    /// The server's clock at `steady_ms`; `None` before it was heard.
    pub fn at(&self, steady_ms: f64) -> Option<f64> {
        let (best, _) = self.best?;
        Some(steady_ms + self.before.map_or(best, |before| before.max(best)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: f64 = 1_790_000_000_000.0;

    /// Frames twice a second, each `delay(second)` late; the error at the end, milliseconds.
    fn error_after(seconds: u32, mut delay: impl FnMut(f64) -> f64, mut step: impl FnMut(f64) -> f64) -> f64 {
        let mut clock = ServerClock::default();
        let mut steady = 0.0;
        for _ in 0..seconds * 2 {
            clock.hear(T + steady + step(steady) - delay(steady), steady);
            steady += 500.0;
        }
        clock.at(steady).expect("it was heard") - (T + steady + step(steady))
    }

    #[test]
    fn frames_that_come_late_do_not_make_old_news_look_fresh() {
        assert_eq!(error_after(20, |at| if at < 5_000.0 { 20.0 } else { 9_000.0 }, |_| 0.0), -20.0);
        assert_eq!(error_after(60, |at| if at == 31_000.0 { 15.0 } else { 200.0 }, |_| 0.0), -15.0);
    }

    #[test]
    fn a_clock_that_was_corrected_is_followed() {
        let forward = |at: f64| if at > 10_000.0 { 600_000.0 } else { 0.0 };
        assert_eq!(error_after(15, |_| 10.0, forward), -10.0);
        let back = |at: f64| if at > 10_000.0 { -600_000.0 } else { 0.0 };
        assert_eq!(error_after(95, |_| 10.0, back), -10.0);
    }

    /// Catches: an offset of before a sleep that makes everything look a day old for half a minute.
    #[test]
    fn what_was_heard_before_a_long_silence_counts_no_more() {
        let mut clock = ServerClock::default();
        clock.hear(T, 0.0);
        let day = 86_400_000.0;
        clock.hear(T + 5_000.0, day);
        assert_eq!(clock.at(day), Some(T + 5_000.0));
    }

    /// Catches: what was there before a machine slept looks fresh when it wakes; and a clock of ours that was set and no sleep.
    #[test]
    fn what_a_sleep_took_is_known_before_the_server_is_heard_again() {
        let mut clock = ServerClock::default();
        clock.slept(5.0);
        assert_eq!(clock.at(0.0), None);
        clock.hear(T + 10_000.0, 10_000.0);
        clock.slept(8_000_000.0);
        assert_eq!(clock.at(10_500.0), Some(T + 8_010_500.0));
        clock.hear(T + 10_700.0, 11_000.0);
        assert_eq!(clock.at(11_000.0), Some(T + 10_700.0));
    }

    /// Catches: an offset that is no number, under which everything is zero seconds old.
    #[test]
    fn what_is_no_time_is_not_heard() {
        let mut clock = ServerClock::default();
        clock.hear(T, f64::NAN);
        assert_eq!(clock.at(5.0), None);
        clock.hear(T, 5.0);
        clock.hear(f64::NAN, 6.0);
        assert_eq!(clock.at(8.0), Some(T + 3.0));
    }

    #[test]
    fn nothing_is_known_before_something_was_heard() {
        assert_eq!(ServerClock::default().at(5.0), None);
    }
}
