//! Which frame may be applied: frames are numbered per socket, a gap asks for a snapshot once. Pure.

/// Follows the numbers of one socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The number that must come next; `None` until a snapshot has come.
    next: Option<u64>,
    /// A snapshot was asked for and has not come.
    waiting: bool,
}

/// What to do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Apply,
    /// Older than what is known, or before a snapshot that was asked for.
    Ignore,
    /// Frames are missing: ask for a snapshot.
    Resync {
        expected: u64,
    },
    /// The snapshot that was asked for.
    Resynced,
}

impl Sequence {
    pub fn on_frame(&mut self, seq: u64, snapshot: bool) -> Step {
        if snapshot {
            let resynced = std::mem::take(&mut self.waiting);
            self.next = Some(seq + 1);
            return if resynced { Step::Resynced } else { Step::Apply };
        }
        match self.next {
            Some(next) if seq == next && !self.waiting => {
                self.next = Some(seq + 1);
                Step::Apply
            }
            Some(next) if seq > next && !self.waiting => {
                self.waiting = true;
                Step::Resync { expected: next }
            }
            None if !self.waiting => {
                self.waiting = true;
                Step::Resync { expected: 0 }
            }
            Some(_) | None => Step::Ignore,
        }
    }

    #[cfg(feature = "hydrate")]
    /// The last number seen, named when connecting again.
    pub fn last(&self) -> Option<u64> {
        self.next.and_then(|next| next.checked_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(frames: &[(u64, bool)]) -> Vec<Step> {
        let mut sequence = Sequence::default();
        frames.iter().map(|&(seq, snapshot)| sequence.on_frame(seq, snapshot)).collect()
    }

    #[test]
    fn frames_in_order_are_applied() {
        assert_eq!(run(&[(1, true), (2, false), (3, false)]), [Step::Apply, Step::Apply, Step::Apply]);
    }

    #[test]
    fn a_gap_asks_once_and_waits_for_the_snapshot() {
        let steps = run(&[(1, true), (4, false), (5, false), (2, false), (6, true), (7, false)]);
        let resync = Step::Resync { expected: 2 };
        assert_eq!(steps, [Step::Apply, resync, Step::Ignore, Step::Ignore, Step::Resynced, Step::Apply]);
    }

    #[test]
    fn nothing_is_applied_before_a_snapshot_and_nothing_twice() {
        assert_eq!(
            run(&[(3, false), (4, true), (4, false)]),
            [Step::Resync { expected: 0 }, Step::Resynced, Step::Ignore]
        );
    }
}
