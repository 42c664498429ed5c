//! The buffer: one block of 512 KiB with an arena per priority. Everything that a black-box reader needs after a
//! trap (magic, sizes, length prefixes, encoded records) stands in the block itself, little-endian.
//!
//! Head: magic, version (u32), next number (u64), then per arena start, size, used, count (u32 each).
//! Record: length, core length (u32), number, first ms, last ms (u64/i64), calls (u32), slot (u16), severity (u8),
//! one spare byte, then the JSON without braces.

use crate::Level;

const MAGIC: &[u8; 4] = b"DLR1";
const VERSION: u32 = 1;
const NEXT: usize = 8;
const ARENA_HEADS: usize = 16;
const HEAD: usize = ARENA_HEADS + 16 * ARENAS;
const RECORD_HEAD: usize = 40;
/// Of a full arena at least this share is freed at once, so that a flood does not move memory on every call.
const EVICT_SHARE: usize = 16;

pub(super) const ARENAS: usize = 4;
/// KiB for fatal and error, warn, info, debug and trace.
const ARENA_KIB: [usize; ARENAS] = [96, 96, 288, 32];
/// Levels of an arena, lowest first.
const ARENA_LEVELS: [&[Level]; ARENAS] =
    [&[Level::Error, Level::Fatal], &[Level::Warn], &[Level::Info], &[Level::Trace, Level::Debug]];

/// A record that has no deduplication slot.
pub(super) const NO_SLOT: u16 = u16::MAX;

/// What the ring knows of a record beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub level: Level,
    /// Number of its first call.
    pub number: u64,
    pub first_ms: i64,
    pub last_ms: i64,
    /// Calls that it stands for.
    pub calls: u32,
    pub slot: u16,
    /// Bytes of the text that a follow-up repeats.
    pub core: usize,
}

/// One record in place.
pub(super) struct Held<'a> {
    pub meta: Meta,
    /// Where it begins in its arena.
    pub at: usize,
    pub text: &'a [u8],
}

pub(super) struct Ring {
    block: Box<[u8]>,
}

impl Ring {
    pub(super) fn new() -> Self {
        let total = HEAD + ARENA_KIB.iter().sum::<usize>() * 1024;
        let mut ring = Self { block: vec![0; total].into_boxed_slice() };
        ring.block[..4].copy_from_slice(MAGIC);
        ring.put_u32(4, VERSION);
        ring.put_u64(NEXT, 1);
        let mut start = HEAD;
        for (arena, kib) in ARENA_KIB.iter().enumerate() {
            ring.put_u32(ARENA_HEADS + 16 * arena, start as u32);
            ring.put_u32(ARENA_HEADS + 16 * arena + 4, (kib * 1024) as u32);
            start += kib * 1024;
        }
        ring
    }

    /// The whole block.
    pub(super) fn block(&self) -> &[u8] {
        &self.block
    }

    /// Every call takes a number, told or not.
    pub(super) fn take_number(&mut self) -> u64 {
        let number = self.next_number();
        self.put_u64(NEXT, number + 1);
        number
    }

    pub(super) fn next_number(&self) -> u64 {
        self.u64(NEXT)
    }

    pub(super) const fn arena_of(level: Level) -> usize {
        match level {
            Level::Fatal | Level::Error => 0,
            Level::Warn => 1,
            Level::Info => 2,
            Level::Debug | Level::Trace => 3,
        }
    }

    /// Appends a record and gives its place; `None` when there is no room (see [`Self::make_room`]).
    pub(super) fn push(&mut self, meta: &Meta, text: &[u8]) -> Option<usize> {
        let arena = Self::arena_of(meta.level);
        let at = self.used(arena);
        let length = RECORD_HEAD + text.len();
        if length > self.size(arena) - at {
            return None;
        }
        let base = self.start(arena) + at;
        self.put_u32(base, length as u32);
        self.put_u32(base + 4, meta.core as u32);
        self.put_u64(base + 8, meta.number);
        self.put_u64(base + 16, meta.first_ms.cast_unsigned());
        self.put_u64(base + 24, meta.last_ms.cast_unsigned());
        self.put_u32(base + 32, meta.calls);
        self.block[base + 36..base + 38].copy_from_slice(&meta.slot.to_le_bytes());
        self.block[base + 38] = meta.level.severity();
        self.block[base + RECORD_HEAD..base + length].copy_from_slice(text);
        // Last, so that a reader after a trap never sees half a record.
        self.set_used(arena, at + length, self.count(arena) + 1);
        Some(at)
    }

    /// One more call of a record in place.
    pub(super) fn repeat(&mut self, arena: usize, at: usize, now_ms: i64) {
        let base = self.start(arena) + at;
        self.put_u64(base + 24, now_ms.cast_unsigned());
        let calls = self.u32(base + 32);
        self.put_u32(base + 32, calls.saturating_add(1));
    }

    /// Frees room for a text of this level: evicts the oldest of the lowest level of its arena, never one above
    /// its own. False when that does not suffice; what was evicted is told either way.
    pub(super) fn make_room(&mut self, level: Level, text: usize, mut evicted: impl FnMut(Meta)) -> bool {
        let arena = Self::arena_of(level);
        let needed = RECORD_HEAD + text;
        let goal = needed.max(self.size(arena) / EVICT_SHARE);
        for &victim in ARENA_LEVELS[arena].iter().filter(|&&victim| victim <= level) {
            if self.free(arena) >= needed {
                break;
            }
            let mut free = self.free(arena);
            self.retain(arena, |held| {
                let goes = held.meta.level == victim && free < goal;
                if goes {
                    free += RECORD_HEAD + held.text.len();
                    evicted(held.meta);
                }
                !goes
            });
        }
        self.free(arena) >= needed
    }

    /// Keeps the records that the judge wants, in order.
    pub(super) fn retain(&mut self, arena: usize, mut keep: impl FnMut(&Held<'_>) -> bool) {
        let (start, used) = (self.start(arena), self.used(arena));
        let (mut read, mut write, mut count) = (0, 0, 0);
        while read < used {
            let length = self.u32(start + read) as usize;
            if keep(&self.held(arena, read)) {
                if write < read {
                    self.block.copy_within(start + read..start + read + length, start + write);
                }
                write += length;
                count += 1;
            }
            read += length;
        }
        self.set_used(arena, write, count);
    }

    /// The records of an arena, oldest first.
    pub(super) fn records(&self, arena: usize) -> impl Iterator<Item = Held<'_>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let held = (at < self.used(arena)).then(|| self.held(arena, at))?;
            at += RECORD_HEAD + held.text.len();
            Some(held)
        })
    }

    /// Records in all arenas.
    pub(super) fn len(&self) -> usize {
        (0..ARENAS).map(|arena| self.count(arena)).sum()
    }

    /// Bytes in all arenas.
    pub(super) fn bytes(&self) -> usize {
        (0..ARENAS).map(|arena| self.used(arena)).sum()
    }

    /// True when the arena is three quarters full.
    pub(super) fn is_filling(&self, arena: usize) -> bool {
        self.used(arena) >= self.size(arena) / 4 * 3
    }

    fn held(&self, arena: usize, at: usize) -> Held<'_> {
        let base = self.start(arena) + at;
        let length = self.u32(base) as usize;
        let meta = Meta {
            level: Level::from_severity(u64::from(self.block[base + 38])).unwrap_or_default(),
            number: self.u64(base + 8),
            first_ms: self.u64(base + 16).cast_signed(),
            last_ms: self.u64(base + 24).cast_signed(),
            calls: self.u32(base + 32),
            slot: u16::from_le_bytes([self.block[base + 36], self.block[base + 37]]),
            core: self.u32(base + 4) as usize,
        };
        Held { meta, at, text: &self.block[base + RECORD_HEAD..base + length] }
    }

    fn start(&self, arena: usize) -> usize {
        self.u32(ARENA_HEADS + 16 * arena) as usize
    }

    fn size(&self, arena: usize) -> usize {
        self.u32(ARENA_HEADS + 16 * arena + 4) as usize
    }

    fn used(&self, arena: usize) -> usize {
        self.u32(ARENA_HEADS + 16 * arena + 8) as usize
    }

    fn count(&self, arena: usize) -> usize {
        self.u32(ARENA_HEADS + 16 * arena + 12) as usize
    }

    fn free(&self, arena: usize) -> usize {
        self.size(arena) - self.used(arena)
    }

    fn set_used(&mut self, arena: usize, used: usize, count: usize) {
        self.put_u32(ARENA_HEADS + 16 * arena + 12, count as u32);
        self.put_u32(ARENA_HEADS + 16 * arena + 8, used as u32);
    }

    fn u32(&self, at: usize) -> u32 {
        self.block[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&self, at: usize) -> u64 {
        self.block[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    fn put_u32(&mut self, at: usize, value: u32) {
        self.block[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, at: usize, value: u64) {
        self.block[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(ring: &mut Ring, level: Level, number: u64, bytes: usize) -> Option<usize> {
        let meta = Meta { level, number, first_ms: 1, last_ms: 1, calls: 1, slot: NO_SLOT, core: 1 };
        ring.push(&meta, &vec![b'x'; bytes])
    }

    /// Catches: evicting the newest first, a higher level, or from another arena; forgetting to tell.
    #[test]
    fn eviction_takes_the_oldest_of_the_lowest() {
        let mut ring = Ring::new();
        put(&mut ring, Level::Info, 100, 1_000);
        let levels = [Level::Fatal, Level::Error, Level::Fatal, Level::Error];
        let mut number = 0;
        while put(&mut ring, levels[number as usize % 4], number, 8_000).is_some() {
            number += 1;
        }
        let mut evicted = Vec::new();
        assert!(ring.make_room(Level::Error, 20_000, |meta| evicted.push((meta.level, meta.number))));
        assert_eq!(evicted, [(Level::Error, 1), (Level::Error, 3), (Level::Error, 5)]);
        assert!(!ring.make_room(Level::Error, 95_000, |meta| evicted.push((meta.level, meta.number))));
        assert!(evicted.iter().all(|(level, _)| *level == Level::Error), "no fatal goes for an error");
        assert!(ring.make_room(Level::Fatal, 95_000, |meta| evicted.push((meta.level, meta.number))));
        assert_eq!(evicted.len() as u64, number);
        assert_eq!(ring.records(2).count(), 1);
    }

    /// Catches: a head that does not say what is in the block (a black-box reader has nothing else).
    #[test]
    fn the_block_explains_itself() {
        let mut ring = Ring::new();
        ring.take_number();
        put(&mut ring, Level::Warn, 1, 3);
        let word = |at: usize| {
            ring.block()[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize
        };
        assert_eq!((&ring.block()[..4], word(4), word(8)), (&b"DLR1"[..], 1, 2));
        let (start, used, count) = (word(32), word(40), word(44));
        assert_eq!((used, count), (RECORD_HEAD + 3, 1));
        assert_eq!((word(start), &ring.block()[start + RECORD_HEAD..start + used]), (used, &b"xxx"[..]));
    }
}
