//! A fast hash for keys inside one page; not stable over releases, not for untrusted peers.

/// The finaliser of SplitMix64: every bit of the input reaches every bit of the output.
pub(super) const fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Mixes words and texts, at run time or when compiled.
#[derive(Clone, Copy)]
pub(super) struct Mixer(u64);

impl Mixer {
    pub(super) const fn new() -> Self {
        Self(0)
    }

    pub(super) const fn and_word(self, word: u64) -> Self {
        // The shift brings the high half down: without it a difference in the last letter of one word is cancelled
        // by one in the next, and two messages become one record.
        let product = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(product ^ (product >> 32))
    }

    /// Eight bytes a step; the length keeps neighbours apart ("ab" + "c" is not "a" + "bc").
    pub(super) const fn and_text(self, text: &str) -> Self {
        let (words, rest) = text.as_bytes().as_chunks::<8>();
        let mut mixer = self;
        let mut at = 0;
        while at < words.len() {
            mixer = mixer.and_word(u64::from_le_bytes(words[at]));
            at += 1;
        }
        let (mut tail, mut at) = (0, 0);
        while at < rest.len() {
            tail = tail << 8 | rest[at] as u64;
            at += 1;
        }
        mixer.and_word(tail ^ (text.len() as u64) << 56)
    }

    pub(super) fn word(&mut self, word: u64) {
        *self = self.and_word(word);
    }

    pub(super) fn text(&mut self, text: &str) {
        *self = self.and_text(text);
    }

    pub(super) const fn finish(self) -> u64 {
        scramble(self.0)
    }
}

/// Hashes what would be written, without writing it.
impl std::fmt::Write for Mixer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.text(text);
        Ok(())
    }
}
