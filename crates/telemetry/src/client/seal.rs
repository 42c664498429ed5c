//! From the ring to the text of a batch: highest priority first, oldest first within a priority.

use super::{
    batch::Piece,
    dedup::Dedup,
    json::push_numbers,
    layout::ARENAS,
    ring::{Held, Ring},
};

/// What a record costs beside its text: its head in the batch and the repeat summary.
const RECORD_EXTRA: usize = 96;

/// What may go into one batch.
#[derive(Clone, Copy)]
pub(super) struct Portion {
    pub records: usize,
    pub raw_bytes: usize,
    /// Only the first so many arenas: 2 = warn and above.
    pub arenas: usize,
}

/// Records taken out of the ring.
pub(super) struct Taken {
    pub t0_ms: i64,
    pub text: Vec<u8>,
    pub pieces: Vec<Piece>,
}

/// Takes what fits out of the ring; `None` when there is nothing to take.
pub(super) fn take(ring: &mut Ring, dedup: &mut Dedup, portion: Portion) -> Option<Taken> {
    let (counts, bytes, t0_ms) = choose(ring, portion)?;
    let pieces = Vec::with_capacity(counts.iter().sum());
    let mut taken = Taken { t0_ms, text: Vec::with_capacity(bytes), pieces };
    for (arena, &count) in counts.iter().enumerate() {
        let mut left = count;
        ring.retain(arena, |held| {
            if left == 0 {
                return true;
            }
            left -= 1;
            dedup.left_ring(held.meta.slot, held.meta.number, Some(&held.text[..held.meta.core]));
            taken.push(held);
            false
        });
    }
    dedup.relocate(ring);
    Some(taken)
}

/// How many records of each arena go, at most how many bytes they make, and the earliest time among them. At least one
/// goes, however large.
fn choose(ring: &Ring, portion: Portion) -> Option<([usize; ARENAS], usize, i64)> {
    let mut counts = [0; ARENAS];
    let (mut records, mut bytes, mut t0_ms) = (0, 0, None);
    for (arena, count) in counts.iter_mut().enumerate().take(portion.arenas) {
        for held in ring.records(arena) {
            bytes += held.text.len() + RECORD_EXTRA;
            if records >= portion.records || records > 0 && bytes > portion.raw_bytes {
                return t0_ms.map(|t0_ms| (counts, bytes, t0_ms));
            }
            records += 1;
            *count += 1;
            t0_ms = Some(t0_ms.map_or(held.meta.first_ms, |t0_ms: i64| t0_ms.min(held.meta.first_ms)));
        }
    }
    t0_ms.map(|t0_ms| (counts, bytes, t0_ms))
}

impl Taken {
    fn push(&mut self, held: &Held<'_>) {
        let meta = &held.meta;
        let start = self.text.len();
        let out = &mut self.text;
        push_numbers(out, &[("{\"d\":", meta.first_ms - self.t0_ms), (",\"n\":", meta.number.cast_signed())]);
        out.push(b',');
        out.extend_from_slice(held.text);
        if meta.calls > 1 {
            push_numbers(
                out,
                &[
                    (",\"rep\":{\"c\":", i64::from(meta.calls)),
                    (",\"f\":", meta.first_ms - self.t0_ms),
                    (",\"l\":", meta.last_ms - self.t0_ms),
                ],
            );
            out.push(b'}');
        }
        out.push(b'}');
        self.pieces.push(Piece {
            start,
            end: self.text.len(),
            level: meta.level,
            calls: meta.calls,
            number: meta.number,
            first_ms: meta.first_ms,
            last_ms: meta.last_ms,
        });
    }
}
