//! Writes JSON straight into the bytes of the ring. Text that is plain (almost all of it) is looked at once and copied;
//! only what may hold a control, a quote or a secret takes the long way through hygiene and scrubbing.

use crate::{clean, is_plain};

/// Two digits at a time.
const DIGITS: &[u8; 200] = b"0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899";

/// A place to write, and how far it is written. What does not fit is not written, and `full` says so.
pub(super) struct Pen<'a> {
    page: &'a mut [u8],
    at: usize,
    full: bool,
}

impl<'a> Pen<'a> {
    pub(super) fn new(page: &'a mut [u8]) -> Self {
        Self { page, at: 0, full: false }
    }

    pub(super) fn len(&self) -> usize {
        self.at
    }

    /// True when something did not fit: what is written is good for nothing.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.at = self.at.min(length);
    }

    /// Text whose length the compiler knows: a few stores.
    pub(super) fn literal<const N: usize>(&mut self, text: &[u8; N]) {
        match self.page.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            Some(room) => {
                *room = *text;
                self.at += N;
            }
            None => self.full = true,
        }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.literal(&[byte]);
    }

    /// Text of ours, which needs no escape.
    pub(super) fn own(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        match self.page.get_mut(self.at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            Some(room) => {
                copy(room, bytes);
                self.at += bytes.len();
            }
            None => self.full = true,
        }
    }

    pub(super) fn unsigned(&mut self, mut value: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        while value > u64::from(u32::MAX) {
            let low = (value % 100) as usize * 2;
            value /= 100;
            at -= 2;
            digits[at..at + 2].copy_from_slice(&DIGITS[low..low + 2]);
        }
        let mut value = value as u32;
        while value >= 100 {
            let low = (value % 100) as usize * 2;
            value /= 100;
            at -= 2;
            digits[at..at + 2].copy_from_slice(&DIGITS[low..low + 2]);
        }
        if value >= 10 {
            at -= 2;
            digits[at..at + 2].copy_from_slice(&DIGITS[value as usize * 2..value as usize * 2 + 2]);
        } else {
            at -= 1;
            digits[at] = b'0' + value as u8;
        }
        self.bytes(&digits[at..]);
    }

    pub(super) fn signed(&mut self, value: i64) {
        if value < 0 {
            self.byte(b'-');
        }
        self.unsigned(value.unsigned_abs());
    }

    /// Text from outside, without quotes around it. Gives true when it had to be cut: at `max` bytes after
    /// cleaning, and four times as much is looked at.
    pub(super) fn text(&mut self, text: &str, max: usize) -> bool {
        !self.plain(text, max) && self.odd_text(text, max)
    }

    /// Writes a text that is plain and short enough; false: it is not, and nothing was written.
    pub(super) fn plain(&mut self, text: &str, max: usize) -> bool {
        let is_plain = text.len() <= max && is_plain(text);
        if is_plain {
            self.own(text);
        }
        is_plain
    }

    /// Cleans before cutting, so that no half of a secret is left.
    #[cold]
    #[inline(never)]
    pub(super) fn odd_text(&mut self, text: &str, max: usize) -> bool {
        use crate::limits::prefix;
        let cleaned = clean(prefix(text, 4 * max));
        let kept = prefix(&cleaned, max);
        for &b in kept.as_bytes() {
            match b {
                b'"' => self.literal(b"\\\""),
                b'\\' => self.literal(b"\\\\"),
                b'\n' => self.literal(b"\\n"),
                b'\t' => self.literal(b"\\t"),
                0..=0x1f => self.byte(b' '),
                _ => self.byte(b),
            }
        }
        kept.len() < cleaned.len() || text.len() > 4 * max
    }
}

/// Word by word: a call of the engine's copy costs more than the few words that most texts have. The test of each
/// word keeps the compiler from making such a call of it; text of ours is ASCII, and what is not takes the call.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    let (words, rest) = from.as_chunks::<8>();
    let (to_words, to_rest) = to.as_chunks_mut::<8>();
    for (to, from) in to_words.iter_mut().zip(words) {
        let word = u64::from_le_bytes(*from);
        if word & 0x8080_8080_8080_8080 != 0 {
            return copy_odd(to_words.as_flattened_mut(), words.as_flattened(), to_rest, rest);
        }
        *to = word.to_le_bytes();
    }
    match (to_rest, rest) {
        ([a], [x]) => *a = *x,
        ([a, b], [x, y]) => (*a, *b) = (*x, *y),
        ([a, b, c], [x, y, z]) => (*a, *b, *c) = (*x, *y, *z),
        (to, from) => {
            // Four to seven bytes are two halves that may overlap.
            if let (Some(from_first), Some(from_last)) = (from.first_chunk::<4>(), from.last_chunk::<4>())
                && let Some(to_first) = to.first_chunk_mut::<4>()
            {
                *to_first = *from_first;
                if let Some(to_last) = to.last_chunk_mut::<4>() {
                    *to_last = *from_last;
                }
            }
        }
    }
}

#[cold]
#[inline(never)]
fn copy_odd(to: &mut [u8], from: &[u8], to_rest: &mut [u8], rest: &[u8]) {
    to.copy_from_slice(from);
    to_rest.copy_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches: a tail that is copied short, and a number of digits that is off by one.
    #[test]
    fn texts_and_numbers_of_all_lengths_are_written_whole() {
        let text = "abcdefghijklmnopqrstuvwxyz, 'é' and so on to the end of what is copied word by word";
        for length in 0..text.len() {
            let text = crate::limits::prefix(text, length);
            let mut page = [b'#'; 120];
            let mut pen = Pen::new(&mut page);
            pen.own(text);
            let written = pen.len();
            assert_eq!((&page[..written], page[written]), (text.as_bytes(), b'#'), "{length}");
            let mut short = vec![0; text.len().saturating_sub(1)];
            let mut pen = Pen::new(&mut short);
            pen.own(text);
            assert_eq!(pen.is_full(), !text.is_empty());
        }
        for shift in 0..64 {
            for number in
                [u64::MAX >> shift, 1 << shift, 10_u64.pow(shift.min(19)), 10_u64.pow(shift.min(19)) - 1]
            {
                let mut page = [0; 20];
                let mut pen = Pen::new(&mut page);
                pen.unsigned(number);
                let written = pen.len();
                assert_eq!(page[..written], *number.to_string().as_bytes());
            }
        }
    }
}
