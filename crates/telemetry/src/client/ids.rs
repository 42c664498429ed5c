//! Ids without a source of randomness: everything derives from a seed that the driver draws once a page.

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

/// The finaliser of SplitMix64: every bit of the input reaches every bit of the output.
pub(super) fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A fast hash for keys inside one page; not stable over releases, not for untrusted peers.
#[derive(Default)]
pub(super) struct Mixer(u64);

impl Mixer {
    pub(super) fn word(&mut self, word: u64) {
        // The shift brings the high half down: without it a difference in the last letter of one word is cancelled
        // by one in the next, and two messages become one record.
        let product = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }

    /// Eight bytes a step; the length keeps neighbours apart ("ab" + "c" is not "a" + "bc").
    pub(super) fn text(&mut self, text: &str) {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        let tail = rest.iter().fold(0, |tail, &b| tail << 8 | u64::from(b));
        self.word(tail);
        self.word(text.len() as u64);
    }

    pub(super) fn finish(&self) -> u64 {
        scramble(self.0)
    }
}
