//! Deflate (RFC 1951) in one block: repeats are looked for in 32 KiB by chains of equal hashes, and the codes are made
//! for the very text. It travels with every first load, so it is short before it is fast, and has no tables.

/// How far back a repeat may lie, and how long it may be.
const WINDOW: usize = 32 * 1024;
const LONGEST: usize = 257;
const SHORTEST: usize = 4;
/// Earlier places that are looked at for each byte.
const PROBES: usize = 12;
/// A repeat as long as this is taken without looking for a longer one.
const ENOUGH: usize = 32;
const HASH_BITS: u32 = 13;

/// Symbols for bytes, the end of the block and lengths; then those for distances.
const TEXT_SYMBOLS: usize = 286;
const END: usize = 256;
const SYMBOLS: usize = TEXT_SYMBOLS + 30;
/// No code is longer.
const CODE_BITS: u32 = 14;
/// Stands for at least so many lengths of zero in a row.
const ZEROS: u32 = 15;
const ZEROS_FROM: usize = 11;
const ZEROS_MOST: usize = ZEROS_FROM + 127;

/// Appends the block to `out`.
pub fn squeeze(bytes: &[u8], out: &mut Vec<u8>) {
    let parts = repeats(bytes);
    let mut counts = [0; SYMBOLS];
    // Two of each, so that no code is left with a single word.
    for symbol in [0, END, TEXT_SYMBOLS, TEXT_SYMBOLS + 1] {
        counts[symbol] = 1;
    }
    for part in &parts {
        for (symbol, _, _) in part.symbols().into_iter().flatten() {
            counts[symbol] += 1;
        }
    }
    let mut lengths = [0; SYMBOLS];
    let (text, distances) = counts.split_at_mut(TEXT_SYMBOLS);
    let (text_lengths, distance_lengths) = lengths.split_at_mut(TEXT_SYMBOLS);
    choose_lengths(text, text_lengths);
    choose_lengths(distances, distance_lengths);
    let mut codes = [0; SYMBOLS];
    let (text_codes, distance_codes) = codes.split_at_mut(TEXT_SYMBOLS);
    name(text_lengths, text_codes);
    name(distance_lengths, distance_codes);

    let mut bits = Bits { out, held: 0, count: 0 };
    write_head(&mut bits, &lengths);
    for part in &parts {
        for (symbol, extra, extra_bits) in part.symbols().into_iter().flatten() {
            bits.put(codes[symbol], lengths[symbol]);
            bits.put(extra, extra_bits);
        }
    }
    bits.put(codes[END], lengths[END]);
    bits.put(0, 7);
}

/// A byte, or a repeat of what was there before.
#[derive(Clone, Copy)]
enum Part {
    Byte(u8),
    Repeat { length: usize, distance: usize },
}

impl Part {
    /// Symbol, extra bits, and how many of them: one for a byte, two for a repeat.
    fn symbols(self) -> [Option<(usize, u32, u32)>; 2] {
        match self {
            Part::Byte(byte) => [Some((usize::from(byte), 0, 0)), None],
            Part::Repeat { length, distance } => {
                [Some(symbol(END + 1, length - 3, 2)), Some(symbol(TEXT_SYMBOLS, distance - 1, 1))]
            }
        }
    }
}

/// Numbers share a symbol with those of equal leading bits; the rest follows as extra bits.
fn symbol(first: usize, value: usize, leading: u32) -> (usize, u32, u32) {
    let extra = (value | 1).ilog2().saturating_sub(leading);
    let symbol = first + ((extra as usize) << leading) + (value >> extra);
    (symbol, (value & ((1 << extra) - 1)) as u32, extra)
}

/// The text as bytes and repeats. A repeat waits for one byte: a longer one may begin there.
fn repeats(bytes: &[u8]) -> Vec<Part> {
    let mut finder = Finder { bytes, heads: Box::new([0; 1 << HASH_BITS]), before: Box::new([0; WINDOW]) };
    let mut parts = Vec::with_capacity(bytes.len() / 4);
    let (mut at, mut held) = (0, None);
    while at < bytes.len() {
        let held_length = held.map_or(0, |(length, _)| length);
        let (length, distance) = if held_length < ENOUGH { finder.find(at) } else { (0, 0) };
        finder.note(at);
        if let Some((held_length, held_distance)) = held.take() {
            if held_length >= SHORTEST && held_length >= length {
                parts.push(Part::Repeat { length: held_length, distance: held_distance });
                let next = at + held_length - 1;
                (at + 1..next).for_each(|passed| finder.note(passed));
                at = next;
                continue;
            }
            parts.push(Part::Byte(bytes[at - 1]));
        }
        held = Some((length, distance));
        at += 1;
    }
    // What waits at the end is too short for a repeat.
    parts.extend(held.and(bytes.last()).map(|last| Part::Byte(*last)));
    parts
}

/// Where each hash was seen last, and where before that; places count from one, zero is none.
struct Finder<'a> {
    bytes: &'a [u8],
    heads: Box<[u32; 1 << HASH_BITS]>,
    before: Box<[u32; WINDOW]>,
}

impl Finder<'_> {
    fn hash(&self, at: usize) -> Option<usize> {
        let four = self.bytes.get(at..)?.first_chunk::<4>()?;
        Some((u32::from_le_bytes(*four).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)) as usize)
    }

    fn note(&mut self, at: usize) {
        if let Some(hash) = self.hash(at) {
            self.before[at % WINDOW] = self.heads[hash];
            self.heads[hash] = at as u32 + 1;
        }
    }

    /// Length and distance of the longest repeat at this place; the nearest of equals.
    fn find(&self, at: usize) -> (usize, usize) {
        let Some(hash) = self.hash(at) else { return (0, 0) };
        let here = &self.bytes[at..self.bytes.len().min(at + LONGEST)];
        let (mut best, mut place) = ((0, 0), self.heads[hash] as usize);
        for _ in 0..PROBES {
            if place == 0 || at + 1 - place > WINDOW || best.0 >= ENOUGH {
                break;
            }
            let there = &self.bytes[place - 1..];
            // A longer one agrees where the best so far ends, and few others do.
            if there.get(best.0) == here.get(best.0) {
                let length = there.iter().zip(here).take_while(|(a, b)| a == b).count();
                if length > best.0 {
                    best = (length, at + 1 - place);
                }
            }
            place = self.before[(place - 1) % WINDOW] as usize;
        }
        best
    }
}

/// How many bits each symbol takes: as few as its share asks for, then whatever room is left goes to those that need
/// it most, until the code is complete. Readers refuse another.
fn choose_lengths(counts: &mut [u32], lengths: &mut [u32]) {
    // The rarest are counted up, so that their codes stay short enough.
    let least = counts.iter().sum::<u32>() >> 12;
    counts.iter_mut().filter(|count| **count > 0).for_each(|count| *count = (*count).max(least));
    let total = u64::from(counts.iter().sum::<u32>());
    let mut room = 1_u32 << CODE_BITS;
    for (count, length) in counts.iter().zip(&mut *lengths).filter(|(count, _)| **count > 0) {
        *length = 1;
        while (u64::from(*count) << *length) < total {
            *length += 1;
        }
        room -= 1 << (CODE_BITS - *length);
    }
    let mut bar = 16;
    while room > 0 {
        for (count, length) in counts.iter().zip(&mut *lengths).filter(|(_, length)| **length > 1) {
            let cost = 1 << (CODE_BITS - *length);
            if cost <= room && (u64::from(*count) << *length) * 8 >= total * bar {
                *length -= 1;
                room -= cost;
            }
        }
        bar = bar.saturating_sub(1);
    }
}

/// The words of the code, first bit lowest: in the order of their lengths, then of their symbols.
fn name(lengths: &[u32], codes: &mut [u32]) {
    let mut next = 0_u32;
    for bits in 1..=CODE_BITS {
        next <<= 1;
        for (length, code) in lengths.iter().zip(&mut *codes).filter(|(length, _)| **length == bits) {
            *code = next.reverse_bits() >> (32 - *length);
            next += 1;
        }
    }
}

/// The last block, with codes of its own: the lengths from 0 to 14 and a row of zeros are words of four bits.
fn write_head(bits: &mut Bits<'_>, lengths: &[u32]) {
    bits.put(0b101, 3);
    for (value, count) in [(29, 5), (29, 5), (15, 4)] {
        bits.put(value, count);
    }
    // In the order of the RFC: 16, 17, 18, 0, 8, … 1, 15. Without use: 16, 17 and 15.
    for place in 0..19 {
        bits.put(if matches!(place, 0 | 1 | 18) { 0 } else { 4 }, 3);
    }
    let mut at = 0;
    while at < lengths.len() {
        let zeros = lengths[at..].iter().take(ZEROS_MOST).take_while(|length| **length == 0).count();
        if zeros >= ZEROS_FROM {
            bits.put(ZEROS, 4);
            bits.put((zeros - ZEROS_FROM) as u32, 7);
            at += zeros;
        } else {
            bits.put(lengths[at].reverse_bits() >> 28, 4);
            at += 1;
        }
    }
}

/// Bits in the order of the format: the first is the lowest of a byte.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits<'_> {
    fn put(&mut self, bits: u32, count: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use flate2::read::DeflateDecoder;
    use flate2::{Compression, write::DeflateEncoder};

    use super::*;

    /// Squeezes, has the library read it, and gives how long it was.
    fn there_and_back(bytes: &[u8]) -> usize {
        let mut squeezed = Vec::new();
        squeeze(bytes, &mut squeezed);
        let mut read = Vec::new();
        DeflateDecoder::new(squeezed.as_slice()).read_to_end(&mut read).expect("a block that can be read");
        assert!(read == bytes, "{} bytes came back as {}", bytes.len(), read.len());
        squeezed.len()
    }

    fn noise(count: usize, mut seed: u32, mask: u8) -> Vec<u8> {
        let draw = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8 & mask
        };
        std::iter::repeat_with(draw).take(count).collect()
    }

    /// Records as they stand in a batch.
    fn records(count: u32) -> Vec<u8> {
        let record = |number: u32| {
            format!(
                "{{\"d\":{},\"n\":{number},\"l\":9,\"ev\":\"ui.truth_seen\",\"g\":\"app\",\"m\":\"Lifecycle went from \
                 RUNNING to PAUSED {}.\",\"k\":\"{:08x}\",\"f\":{{\"truth\":\"lifecycle\",\"took_ms\":{}}}}},",
                number * 7,
                number * 31,
                number.wrapping_mul(0x9e37_79b1),
                number % 97
            )
        };
        (0..count).map(record).collect::<String>().into_bytes()
    }

    #[test]
    fn every_reader_gets_back_what_was_squeezed() {
        for count in 0..300 {
            there_and_back(&noise(count, 7, 0xff));
            there_and_back(&noise(count, 9, 3));
            there_and_back(&vec![b'a'; count]);
        }
        for (count, mask) in [(70_000, 0xff), (200_000, 1), (100_000, 15), (WINDOW + 1, 0), (256 * 1024, 0)] {
            there_and_back(&noise(count, 3, mask));
        }
        let half = noise(WINDOW, 5, 0xff);
        assert!(there_and_back(&[half.clone(), half].concat()) < 34_000, "a repeat at the end of the window");
    }

    /// Codes are longest where each symbol is as frequent as all rarer ones together.
    #[test]
    fn a_text_of_very_unequal_letters_keeps_its_codes_within_bounds() {
        let mut text = Vec::new();
        let (mut fewer, mut more) = (1_usize, 1);
        for letter in 0..24 {
            text.extend(std::iter::repeat_n(letter * 5, more));
            (fewer, more) = (more, fewer + more);
        }
        there_and_back(&text);
        for (place, byte) in noise(text.len(), 1, 0xff).into_iter().enumerate() {
            let other = (place * 7919 + usize::from(byte)) % text.len();
            text.swap(place, other);
        }
        there_and_back(&text);
    }

    #[test]
    fn a_batch_becomes_no_longer_than_by_the_library_that_it_replaced() {
        for count in [20, 100, 1_000, 2_000] {
            let batch = records(count);
            let mut library = DeflateEncoder::new(Vec::new(), Compression::fast());
            library.write_all(&batch).expect("memory");
            let library = library.finish().expect("memory").len();
            let ours = there_and_back(&batch);
            assert!(ours <= library + 64, "{count} records: {ours}, the library {library}");
        }
    }
}
