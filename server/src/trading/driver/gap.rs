//! Notices that nothing was looked at for a while: the machine slept, or the process was held up.

use model::input::{ClockReport, GapKind};

use crate::clock;

/// Longer than any turn of the driver should take: its slowest tick is a second.
const GAP_MIN_US: i64 = 3_000_000;
/// Of a gap that the machine slept through, at least this much was slept.
const SLEPT_MIN_US: i64 = 1_000_000;

/// When the driver last looked.
pub(super) struct GapWatch {
    steady_us: i64,
    awake_us: i64,
}

impl GapWatch {
    pub fn begin() -> Self {
        Self { steady_us: clock::steady_us(), awake_us: clock::awake_us() }
    }

    /// Looks; gives the gap since it last did, if it was one.
    pub fn noticed(&mut self) -> Option<ClockReport> {
        self.looked(clock::steady_us(), clock::awake_us())
    }

    fn looked(&mut self, steady_us: i64, awake_us: i64) -> Option<ClockReport> {
        let gap = steady_us - self.steady_us;
        let slept = gap - (awake_us - self.awake_us);
        (self.steady_us, self.awake_us) = (steady_us, awake_us);
        let kind = if slept >= SLEPT_MIN_US { GapKind::Suspended } else { GapKind::Stalled };
        (gap >= GAP_MIN_US).then_some(ClockReport::Gap { gap_ms: gap / 1_000, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeping_machine_and_a_held_up_process_are_told_apart() {
        let mut watch = GapWatch { steady_us: 0, awake_us: 0 };
        assert_eq!(watch.looked(1_100_000, 1_100_000), None);
        assert_eq!(
            watch.looked(61_100_000, 1_200_000),
            Some(ClockReport::Gap { gap_ms: 60_000, kind: GapKind::Suspended })
        );
        assert_eq!(watch.looked(61_200_000, 1_300_000), None, "once");
        assert_eq!(
            watch.looked(66_200_000, 6_300_000),
            Some(ClockReport::Gap { gap_ms: 5_000, kind: GapKind::Stalled })
        );
    }
}
