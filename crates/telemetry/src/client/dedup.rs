//! Identical calls within a window are one record with a count. Repeats are merged into the record while it is in
//! the ring; later ones wait in the slot and go out as one follow-up when the window closes.

use super::{
    layout::ARENAS,
    ring::{Meta, NO_SLOT, Ring},
};
use crate::Level;

const SETS: usize = 32;
const WAYS: usize = 8;
const QUIET_MS: i64 = 10_000;
const LONGEST_MS: i64 = 60_000;
const TOGETHER_MS: i64 = 250;

/// An open window.
#[derive(Clone, Default)]
struct Slot {
    level: Level,
    /// Number of the record that opened the window.
    number: u64,
    /// Where that record is in its arena; `None` when it has left the ring.
    place: Option<usize>,
    opened_ms: i64,
    last_ms: i64,
    /// Calls since the record left the ring, and the first of them.
    calls: u32,
    first_number: u64,
    first_ms: i64,
    /// What a follow-up repeats; kept when the record leaves the ring. Its memory stays with the slot.
    core: Vec<u8>,
}

impl Slot {
    fn closes_ms(&self) -> i64 {
        self.last_ms.saturating_add(QUIET_MS).min(self.opened_ms.saturating_add(LONGEST_MS))
    }
}

/// 256 slots in sets of 8.
pub(super) struct Dedup {
    /// Beside each other, because every call looks at a set of them; 0 = free.
    keys: [u64; SETS * WAYS],
    /// Number of the last call of each; 0 = free.
    lasts: [u64; SETS * WAYS],
    slots: Vec<Slot>,
    /// Not later than the first moment at which a window with waiting calls closes.
    due_ms: Option<i64>,
}

impl Dedup {
    pub(super) fn new() -> Self {
        Self {
            keys: [0; SETS * WAYS],
            lasts: [0; SETS * WAYS],
            slots: vec![Slot::default(); SETS * WAYS],
            due_ms: None,
        }
    }

    /// The slot of an open window.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        let set = (key % SETS as u64) as usize;
        let way = self.keys.as_chunks::<WAYS>().0[set].iter().position(|&open| open == key)?;
        Some(set * WAYS + way)
    }

    /// True when the window of this slot is over.
    pub(super) fn is_over(&self, slot: usize, now_ms: i64) -> bool {
        now_ms >= self.slots[slot].closes_ms()
    }

    /// One more call in an open window. True when it is the first that waits: now there is something to close.
    pub(super) fn repeat(&mut self, slot: usize, number: u64, now_ms: i64, ring: &mut Ring) -> bool {
        self.lasts[slot] = number;
        let slot = &mut self.slots[slot];
        slot.last_ms = now_ms.max(slot.last_ms);
        if let Some(place) = slot.place {
            ring.repeat(Ring::arena_of(slot.level), place, now_ms);
            return false;
        }
        let first = slot.calls == 0;
        if slot.calls == 0 {
            (slot.first_number, slot.first_ms) = (number, now_ms);
            let closes_ms = slot.closes_ms();
            self.due_ms = Some(self.due_ms.map_or(closes_ms, |due| due.min(closes_ms)));
        }
        slot.calls = slot.calls.saturating_add(1);
        first
    }

    /// The slot for a new key: a free one of its set, else the one that was quiet longest, whose window must be
    /// closed first.
    pub(super) fn choose(&self, key: u64) -> usize {
        let set = (key % SETS as u64) as usize;
        let (mut chosen, mut least) = (0, u64::MAX);
        for (way, &last) in self.lasts.as_chunks::<WAYS>().0[set].iter().enumerate() {
            if last < least {
                (chosen, least) = (way, last);
            }
        }
        set * WAYS + chosen
    }

    /// Opens a window for a record that is at `place`.
    pub(super) fn open(&mut self, slot: usize, key: u64, meta: &Meta, place: usize) {
        (self.keys[slot], self.lasts[slot]) = (key, meta.number);
        let slot = &mut self.slots[slot];
        slot.level = meta.level;
        slot.number = meta.number;
        slot.place = Some(place);
        (slot.opened_ms, slot.last_ms) = (meta.first_ms, meta.first_ms);
        slot.calls = 0;
    }

    /// Closes a window and gives what waits in it, if anything does.
    pub(super) fn close(&mut self, slot: usize) -> Option<(Meta, &[u8])> {
        let was_open = std::mem::take(&mut self.keys[slot]) != 0;
        self.lasts[slot] = 0;
        let slot = &mut self.slots[slot];
        let calls = std::mem::take(&mut slot.calls);
        let slot = &*slot;
        let meta = Meta {
            level: slot.level,
            number: slot.first_number,
            first_ms: slot.first_ms,
            last_ms: slot.last_ms,
            calls,
            slot: NO_SLOT,
            core: slot.core.len(),
        };
        (was_open && calls > 0).then_some((meta, &slot.core))
    }

    /// The first slot whose window is over (all open ones with `everything`) and has calls waiting.
    pub(super) fn next_over(&self, now_ms: i64, everything: bool) -> Option<usize> {
        (0..self.slots.len())
            .find(|&slot| self.slots[slot].calls > 0 && (everything || self.is_over(slot, now_ms)))
    }

    /// The record of a window left the ring: by sealing (its core is kept) or by eviction (the window ends).
    pub(super) fn left_ring(&mut self, slot: u16, number: u64, core: Option<&[u8]>) {
        let at = usize::from(slot);
        let Some(slot) = self.slots.get_mut(at) else { return };
        if self.keys[at] == 0 || slot.number != number {
            return;
        }
        match core {
            Some(core) => {
                slot.place = None;
                slot.core.clear();
                slot.core.extend_from_slice(core);
            }
            None => (self.keys[at], self.lasts[at]) = (0, 0),
        }
    }

    /// Records have moved: finds the places again.
    pub(super) fn relocate(&mut self, ring: &Ring) {
        for arena in 0..ARENAS {
            for held in ring.records(arena).filter(|held| held.meta.slot != NO_SLOT) {
                let at = usize::from(held.meta.slot);
                let slot = &mut self.slots[at];
                if self.keys[at] != 0 && slot.number == held.meta.number {
                    slot.place = Some(held.at);
                }
            }
        }
    }

    /// When to look again: a little later than the first window closes, so that those which follow it close with it.
    pub(super) fn due_ms(&self) -> Option<i64> {
        self.due_ms.map(|due_ms| due_ms.saturating_add(TOGETHER_MS - 1) / TOGETHER_MS * TOGETHER_MS)
    }

    /// The clock was set back by so much: a window is as long as it would have been.
    pub(super) fn set_back(&mut self, ms: i64) {
        for slot in &mut self.slots {
            (slot.opened_ms, slot.last_ms) = (slot.opened_ms - ms, slot.last_ms - ms);
        }
        self.reckon();
    }

    /// After windows were closed: when the next one does.
    pub(super) fn reckon(&mut self) {
        self.due_ms = self.slots.iter().filter(|slot| slot.calls > 0).map(Slot::closes_ms).min();
    }

    /// Calls that wait in slots.
    pub(super) fn held_calls(&self) -> u64 {
        self.slots.iter().map(|slot| u64::from(slot.calls)).sum()
    }
}
