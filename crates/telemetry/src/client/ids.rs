//! Ids without a source of randomness: everything derives from a seed that the driver draws once a page.

use super::hash::scramble;
use crate::correlation::hex;

/// Batch ids (UUIDv7) and batch numbers of one page.
pub(super) struct Ids {
    seed: u128,
    next: u64,
}

impl Ids {
    pub(super) fn new(seed: u128) -> Self {
        Self { seed, next: 1 }
    }

    /// The next batch id and number.
    pub(super) fn batch(&mut self, now_ms: i64) -> (String, u64) {
        let number = self.next;
        self.next += 1;
        let low = scramble(self.seed as u64 ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let high = scramble((self.seed >> 64) as u64 ^ low);
        let stamp = u128::from(now_ms.max(0).cast_unsigned() & 0xffff_ffff_ffff);
        let bits = stamp << 80
            | 7 << 76
            | u128::from(high & 0xfff) << 64
            | 2 << 62
            | u128::from(low & 0x3fff_ffff_ffff_ffff);
        let digits = hex(bits, 32);
        let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        (parts.join("-"), number)
    }
}
