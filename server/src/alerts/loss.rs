//! What counts as loss that nobody has explained: numbers of tabs that are missing for good are told once, and what was
//! missing before this process began is no news.

use telemetry::Micros;

use super::rule::MINUTE;

/// A number that has not moved for so long is taken for what it is.
const SETTLES: i64 = 15 * MINUTE;

/// The missing numbers of all tabs, as they are looked at again and again.
#[derive(Clone, Debug, Default)]
pub(super) struct Loss {
    settled: Option<u64>,
    last: u64,
    moved_at: Micros,
}

impl Loss {
    /// How many are missing that were not before.
    pub fn note(&mut self, at: Micros, missing: u64) -> u64 {
        let settled = *self.settled.get_or_insert(missing);
        if missing != self.last {
            (self.last, self.moved_at) = (missing, at);
        }
        if missing < settled || at.0 - self.moved_at.0 >= SETTLES {
            self.settled = Some(missing);
        }
        missing.saturating_sub(self.settled.unwrap_or(missing))
    }
}

/// Records that the server shed.
#[derive(Clone, Debug, Default)]
pub(super) struct Shed {
    before: u64,
    at: Option<Micros>,
}

/// Shedding is over when nothing was shed for so long.
const QUIET: i64 = 5 * MINUTE;

impl Shed {
    /// `Some(count)`: so many more were shed; `None` with `is_over`: it has been quiet for long enough.
    pub fn note(&mut self, at: Micros, shed: u64) -> Option<u64> {
        let more = shed.saturating_sub(self.before);
        self.before = shed;
        if more > 0 {
            self.at = Some(at);
        }
        (more > 0).then_some(more)
    }

    /// Whether it was shedding and is not any more; said once.
    pub fn is_over(&mut self, at: Micros) -> bool {
        let over = self.at.is_some_and(|last| at.0 - last.0 >= QUIET);
        if over {
            self.at = None;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missing_before_is_no_news_and_what_stays_missing_is_settled() {
        let mut loss = Loss::default();
        let at = |minute: i64| Micros(minute * MINUTE);
        assert_eq!(loss.note(at(0), 4), 0, "from a process before");
        assert_eq!(loss.note(at(1), 7), 3);
        assert_eq!(loss.note(at(15), 7), 3);
        assert_eq!(loss.note(at(16), 7), 0, "it is taken for what it is");
        assert_eq!(loss.note(at(17), 2), 0, "the others came after all");
        assert_eq!(loss.note(at(18), 3), 1);
    }

    #[test]
    fn shedding_is_told_and_over_when_it_is_quiet() {
        let mut shed = Shed::default();
        let at = |minute: i64| Micros(minute * MINUTE);
        assert_eq!((shed.note(at(0), 0), shed.is_over(at(9))), (None, false));
        assert_eq!(shed.note(at(10), 12), Some(12));
        assert_eq!((shed.note(at(12), 12), shed.is_over(at(12))), (None, false));
        assert!(shed.is_over(at(15)) && !shed.is_over(at(16)));
    }
}
