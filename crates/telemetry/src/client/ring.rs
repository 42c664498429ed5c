//! The buffer: one block with an arena per priority. What a black-box reader needs after a trap stands in the block
//! itself; where, is said in [`super::layout`].

use super::layout::{
    ARENA_HEADS, ARENA_KIB, ARENAS, BLOCK, DROPS, ENVELOPE, ENVELOPE_HEAD, HEAD, MAGIC, NEXT, RECORD_HEAD,
    VERSION,
};
use crate::Level;

/// Of a full arena at least this share is freed at once, so that a flood does not move memory on every call.
const EVICT_SHARE: usize = 16;

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

/// What the head of the block says of an arena, at hand.
#[derive(Clone, Copy, Default)]
struct Arena {
    start: usize,
    size: usize,
    used: usize,
    count: usize,
}

pub(super) struct Ring {
    block: Box<[u8]>,
    arenas: [Arena; ARENAS],
    next: u64,
}

impl Ring {
    pub(super) fn new() -> Self {
        let mut ring =
            Self { block: vec![0; BLOCK].into_boxed_slice(), arenas: [Arena::default(); ARENAS], next: 1 };
        ring.block[..4].copy_from_slice(MAGIC);
        ring.put_u32(4, VERSION);
        ring.put_u64(NEXT, ring.next);
        let mut start = HEAD;
        for (arena, kib) in ARENA_KIB.iter().enumerate() {
            ring.arenas[arena] = Arena { start, size: kib * 1024, used: 0, count: 0 };
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

    /// What the envelope of a batch says of this page, as members of a JSON object; nothing when it is too long.
    pub(super) fn put_envelope(&mut self, members: &str) {
        let members = if members.len() <= HEAD - ENVELOPE { members } else { "" };
        self.put_u32(ENVELOPE_HEAD, ENVELOPE as u32);
        self.block[ENVELOPE..ENVELOPE + members.len()].copy_from_slice(members.as_bytes());
        self.put_u32(ENVELOPE_HEAD + 4, members.len() as u32);
    }

    /// Calls lost and not yet declared, level by level.
    pub(super) fn put_drops(&mut self, counts: impl Iterator<Item = u64>) {
        for (cell, count) in counts.enumerate() {
            self.put_u32(DROPS + 4 * cell, u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    /// Every call takes a number, told or not.
    pub(super) fn take_number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.put_u64(NEXT, self.next);
        number
    }

    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    pub(super) const fn arena_of(level: Level) -> usize {
        match level {
            Level::Fatal | Level::Error => 0,
            Level::Warn => 1,
            Level::Info => 2,
            Level::Debug | Level::Trace => 3,
        }
    }

    /// Where the text of the next record of this level may be written, before [`Self::commit`].
    pub(super) fn page(&mut self, level: Level) -> &mut [u8] {
        let Arena { start, size, used, .. } = self.arenas[Self::arena_of(level)];
        self.block.get_mut(start + used + RECORD_HEAD..start + size).unwrap_or_default()
    }

    /// Makes a record of what was written into the page, and gives its place.
    pub(super) fn commit(&mut self, meta: &Meta, text: usize) -> usize {
        let arena = Self::arena_of(meta.level);
        let Arena { start, used: at, count, .. } = self.arenas[arena];
        let length = RECORD_HEAD + text;
        let mut head = [0; RECORD_HEAD];
        head[..4].copy_from_slice(&(length as u32).to_le_bytes());
        head[4..8].copy_from_slice(&(meta.core as u32).to_le_bytes());
        head[8..16].copy_from_slice(&meta.number.to_le_bytes());
        head[16..24].copy_from_slice(&meta.first_ms.to_le_bytes());
        head[24..32].copy_from_slice(&meta.last_ms.to_le_bytes());
        head[32..36].copy_from_slice(&meta.calls.to_le_bytes());
        head[36..38].copy_from_slice(&meta.slot.to_le_bytes());
        head[38] = meta.level.severity();
        self.block[start + at..start + at + RECORD_HEAD].copy_from_slice(&head);
        // Last, so that a reader after a trap never sees half a record.
        self.set_used(arena, at + length, count + 1);
        at
    }

    /// Appends a record and gives its place; `None` when there is no room (see [`Self::make_room`]).
    pub(super) fn push(&mut self, meta: &Meta, text: &[u8]) -> Option<usize> {
        self.page(meta.level).get_mut(..text.len())?.copy_from_slice(text);
        Some(self.commit(meta, text.len()))
    }

    /// One more call of a record in place.
    pub(super) fn repeat(&mut self, arena: usize, at: usize, now_ms: i64) {
        let base = self.arenas[arena].start + at;
        self.put_u64(base + 24, now_ms.cast_unsigned());
        let calls = self.u32(base + 32);
        self.put_u32(base + 32, calls.saturating_add(1));
    }

    /// Frees room for a text of this level: evicts the oldest of the lowest level of its arena, never one above
    /// its own. False when that would not suffice: then nobody goes.
    pub(super) fn make_room(&mut self, level: Level, text: usize, mut evicted: impl FnMut(Meta)) -> bool {
        let arena = Self::arena_of(level);
        let needed = RECORD_HEAD + text;
        let goal = needed.max(self.arenas[arena].size / EVICT_SHARE);
        let below = self.records(arena).filter(|held| held.meta.level <= level);
        let evictable: usize = below.map(|held| RECORD_HEAD + held.text.len()).sum();
        if self.free(arena) + evictable < needed {
            return false;
        }
        // Never gets above `level`: what stands below suffices.
        for &victim in ARENA_LEVELS[arena] {
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
        true
    }

    /// Keeps the records that the judge wants, in order.
    pub(super) fn retain(&mut self, arena: usize, mut keep: impl FnMut(&Held<'_>) -> bool) {
        let Arena { start, used, .. } = self.arenas[arena];
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
            let held = (at < self.arenas[arena].used).then(|| self.held(arena, at))?;
            at += RECORD_HEAD + held.text.len();
            Some(held)
        })
    }

    /// True when the first so many arenas hold nothing.
    pub(super) fn is_empty(&self, arenas: usize) -> bool {
        self.arenas.iter().take(arenas).all(|arena| arena.count == 0)
    }

    /// Records in all arenas.
    pub(super) fn len(&self) -> usize {
        self.arenas.iter().map(|arena| arena.count).sum()
    }

    /// Bytes in all arenas.
    pub(super) fn bytes(&self) -> usize {
        self.arenas.iter().map(|arena| arena.used).sum()
    }

    fn held(&self, arena: usize, at: usize) -> Held<'_> {
        let base = self.arenas[arena].start + at;
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

    fn free(&self, arena: usize) -> usize {
        self.arenas[arena].size - self.arenas[arena].used
    }

    fn set_used(&mut self, arena: usize, used: usize, count: usize) {
        (self.arenas[arena].used, self.arenas[arena].count) = (used, count);
        let both = (count as u64) << 32 | used as u64;
        self.put_u64(ARENA_HEADS + 16 * arena + 8, both);
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
    use proptest::prelude::*;

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
        assert_eq!(evicted.len(), 3, "no fatal goes for an error, and nobody in vain");
        assert!(ring.make_room(Level::Fatal, 95_000, |meta| evicted.push((meta.level, meta.number))));
        assert_eq!(evicted.len() as u64, number);
        assert_eq!(ring.records(2).count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Priority is respected, whatever comes: who goes stands no higher than who comes, nobody below them stays, and
        /// they are the oldest of their level. Catches: a level that is skipped, and records that move when some go.
        #[test]
        fn who_goes_is_the_oldest_of_the_lowest(pushes in prop::collection::vec((0..6_usize, 1..9_000_usize), 1..200)) {
            let mut ring = Ring::new();
            for (number, (level, bytes)) in (1_u64..).zip(pushes) {
                let level = Level::ALL[level];
                if put(&mut ring, level, number, bytes).is_some() {
                    continue;
                }
                let mut gone = Vec::new();
                let made = ring.make_room(level, bytes, |meta| gone.push((meta.level, meta.number)));
                prop_assert_eq!(made, put(&mut ring, level, number, bytes).is_some());
                prop_assert!(made || gone.is_empty());
                let stays = || ring.records(Ring::arena_of(level)).filter(|held| held.meta.number != number);
                for (lost, its_number) in gone {
                    prop_assert!(lost <= level);
                    prop_assert!(stays().all(|held| held.meta.level > lost
                        || held.meta.level == lost && held.meta.number > its_number));
                }
            }
        }
    }

    /// Catches: a head that does not say what is in the block (a black-box reader has nothing else).
    #[test]
    fn the_block_explains_itself() {
        let mut ring = Ring::new();
        ring.take_number();
        put(&mut ring, Level::Warn, 1, 3);
        ring.put_envelope("\"sid\":1");
        ring.put_drops((0..54).map(|cell| if cell == 19 { 7 } else { 0 }));
        let word = |at: usize| {
            ring.block()[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize
        };
        assert_eq!((&ring.block()[..4], word(4), word(8)), (&b"DLR2"[..], 2, 2));
        let (start, used, count) = (word(32), word(40), word(44));
        assert_eq!((used, count), (RECORD_HEAD + 3, 1));
        let [at, length] = [80, 84].map(word);
        assert_eq!((&ring.block()[at..at + length], word(96 + 4 * 19)), (&b"\"sid\":1"[..], 7));
        assert_eq!((word(start), &ring.block()[start + RECORD_HEAD..start + used]), (used, &b"xxx"[..]));
    }
}
