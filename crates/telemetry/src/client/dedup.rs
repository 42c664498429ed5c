//! Identical calls within a window are one record with a count. Repeats are merged into the record while it is in
//! the ring; later ones wait in the slot and go out as one follow-up when the window closes.

use super::ring::{ARENAS, NO_SLOT, Ring};
use crate::Level;

const SETS: usize = 32;
const WAYS: usize = 8;
const QUIET_MS: i64 = 10_000;
const LONGEST_MS: i64 = 60_000;

/// An open window.
#[derive(Clone, Default)]
pub(super) struct Slot {
    /// 0 = free.
    key: u64,
    pub level: Level,
    /// Number of the record that opened the window.
    number: u64,
    /// Where that record is in its arena; `None` when it has left the ring.
    place: Option<usize>,
    opened_ms: i64,
    last_ms: i64,
    /// Calls since the record left the ring, and the first of them.
    pub calls: u32,
    pub first_number: u64,
    pub first_ms: i64,
    /// What a follow-up repeats; kept when the record leaves the ring.
    pub core: Vec<u8>,
}

impl Slot {
    pub(super) fn last_ms(&self) -> i64 {
        self.last_ms
    }

    fn closes_ms(&self) -> i64 {
        self.last_ms.saturating_add(QUIET_MS).min(self.opened_ms.saturating_add(LONGEST_MS))
    }
}

/// 256 slots in sets of 8.
pub(super) struct Dedup {
    slots: Vec<Slot>,
    /// Not later than the first moment at which a window with waiting calls closes.
    due_ms: Option<i64>,
}

impl Dedup {
    pub(super) fn new() -> Self {
        Self { slots: vec![Slot::default(); SETS * WAYS], due_ms: None }
    }

    /// The slot of an open window.
    pub(super) fn find(&self, key: u64) -> Option<usize> {
        let set = (key % SETS as u64) as usize * WAYS;
        (set..set + WAYS).find(|&slot| self.slots[slot].key == key)
    }

    /// True when the window of this slot is over.
    pub(super) fn is_over(&self, slot: usize, now_ms: i64) -> bool {
        now_ms >= self.slots[slot].closes_ms()
    }

    /// One more call in an open window.
    pub(super) fn repeat(&mut self, slot: usize, number: u64, now_ms: i64, ring: &mut Ring) {
        let slot = &mut self.slots[slot];
        slot.last_ms = now_ms.max(slot.last_ms);
        if let Some(place) = slot.place {
            ring.repeat(Ring::arena_of(slot.level), place, now_ms);
            return;
        }
        if slot.calls == 0 {
            (slot.first_number, slot.first_ms) = (number, now_ms);
            let closes_ms = slot.closes_ms();
            self.due_ms = Some(self.due_ms.map_or(closes_ms, |due| due.min(closes_ms)));
        }
        slot.calls = slot.calls.saturating_add(1);
    }

    /// The slot for a new key: a free one of its set, else the one that was quiet longest, whose window must be
    /// closed first.
    pub(super) fn choose(&self, key: u64) -> usize {
        let set = (key % SETS as u64) as usize * WAYS;
        let age = |&slot: &usize| {
            let slot = &self.slots[slot];
            (slot.key != 0, slot.last_ms, slot.number)
        };
        (set..set + WAYS).min_by_key(age).unwrap_or(set)
    }

    /// Opens a window for a record that is about to be put at `place`.
    pub(super) fn open(
        &mut self,
        slot: usize,
        key: u64,
        level: Level,
        number: u64,
        now_ms: i64,
        place: usize,
    ) {
        self.slots[slot] = Slot {
            key,
            level,
            number,
            place: Some(place),
            opened_ms: now_ms,
            last_ms: now_ms,
            ..Slot::default()
        };
    }

    /// Closes a window and gives what waits in it, if anything does.
    pub(super) fn close(&mut self, slot: usize) -> Option<Slot> {
        let closed = std::mem::take(&mut self.slots[slot]);
        (closed.key != 0 && closed.calls > 0).then_some(closed)
    }

    /// The first slot whose window is over (all open ones with `everything`) and has calls waiting.
    pub(super) fn next_over(&self, now_ms: i64, everything: bool) -> Option<usize> {
        (0..self.slots.len())
            .find(|&slot| self.slots[slot].calls > 0 && (everything || self.is_over(slot, now_ms)))
    }

    /// The record of a window left the ring: by sealing (its core is kept) or by eviction (the window ends).
    pub(super) fn left_ring(&mut self, slot: u16, number: u64, core: Option<&[u8]>) {
        let Some(slot) = self.slots.get_mut(usize::from(slot)) else { return };
        if slot.key == 0 || slot.number != number {
            return;
        }
        match core {
            Some(core) => {
                slot.place = None;
                slot.core = core.to_vec();
            }
            None => *slot = Slot::default(),
        }
    }

    /// Records have moved: finds the places again.
    pub(super) fn relocate(&mut self, ring: &Ring) {
        for arena in 0..ARENAS {
            for held in ring.records(arena).filter(|held| held.meta.slot != NO_SLOT) {
                let slot = &mut self.slots[usize::from(held.meta.slot)];
                if slot.key != 0 && slot.number == held.meta.number {
                    slot.place = Some(held.at);
                }
            }
        }
    }

    /// When to look again.
    pub(super) fn due_ms(&self) -> Option<i64> {
        self.due_ms
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
