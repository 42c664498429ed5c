//! One-minute bars, of which tapes are made.

/// Market microseconds in one bar.
pub const BAR_US: i64 = 60_000_000;

/// One minute; prices in tenths of a USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
}

impl Bar {
    /// The four corners in the order in which they are walked.
    pub(super) fn path(self) -> [i64; 4] {
        if self.close > self.open {
            [self.open, self.low, self.high, self.close]
        } else {
            [self.open, self.high, self.low, self.close]
        }
    }
}

/// Minutes that a file lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gaps {
    pub minutes: i64,
    pub places: u32,
    /// The first of them, Unix seconds.
    pub first_s: i64,
}
