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
        match self.best {
            Some((best, since)) if steady_ms - since < WINDOW_MS => {
                self.best = Some((best.max(offset), since));
            }
            Some((best, _)) => {
                self.before = Some(best);
                self.best = Some((offset, steady_ms));
            }
            None => self.best = Some((offset, steady_ms)),
        }
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

    #[test]
    fn nothing_is_known_before_something_was_heard() {
        assert_eq!(ServerClock::default().at(5.0), None);
    }
}
