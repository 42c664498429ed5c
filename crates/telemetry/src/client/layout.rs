//! Where everything stands in the block of the ring, for who reads it from outside after the program has died (the
//! sentinel, from the module's linear memory). [`BLOCK`] bytes at an address that never changes; little-endian.
//!
//! | at | what |
//! |---|---|
//! | 0 | magic `DLR2` |
//! | 4 | u32 version: 2 |
//! | 8 | u64 next number: calls so far, plus one |
//! | 16 | four arenas (fatal and error, warn, info, debug and trace) of u32 each: start, size, used, count |
//! | 80 | u32 start, u32 length of the envelope |
//! | 96 | u32 calls lost and not yet declared, 9 for each level from trace to fatal, in the order of `DropReason::ALL` |
//! | 312 | the envelope: members of a batch that say who tells, `"v":1,"sid":…,"tid":…,"app":{…},"ctx":{…}` |
//! | start of an arena | its records without a gap, oldest first, `used` bytes in all |
//!
//! A record:
//!
//! | at | what |
//! |---|---|
//! | 0 | u32 length of the whole record |
//! | 4 | u32 length of the part of the text that a follow-up repeats |
//! | 8 | u64 number |
//! | 16 | i64 milliseconds of the first call since the epoch |
//! | 24 | i64 the same of the last call |
//! | 32 | u32 calls that it stands for |
//! | 36 | u16 slot of deduplication, of no use outside |
//! | 38 | u8 severity; then a spare byte |
//! | 40 | the text: a record of the wire format without its braces, and without `d`, `n` and `rep` |
//!
//! As a record of a batch with the base time `t0`: `{"d":` first - t0 `,"n":` number `,` text, and if the calls are more
//! than one `,"rep":{"c":` calls `,"f":` first - t0 `,"l":` last - t0 `}`, then `}`.
//!
//! `used` is written after the record, so that half a record is never seen; a trap while records are moved (they are
//! when some are sealed or evicted) may leave one of them twice, or a length below 40 or beyond `used`: stop there.
//! What is not in the block: records that were sealed (the driver has their bytes, and the spool if there is one), and
//! repeats of those that wait for their follow-up.

use crate::{DropReason, Level};

pub(super) const MAGIC: &[u8; 4] = b"DLR2";
pub(super) const VERSION: u32 = 2;
pub(super) const NEXT: usize = 8;
pub(super) const ARENA_HEADS: usize = 16;
pub(super) const ENVELOPE_HEAD: usize = ARENA_HEADS + 16 * ARENAS;
pub(super) const DROPS: usize = ENVELOPE_HEAD + 16;
pub(super) const ENVELOPE: usize = DROPS + 4 * Level::ALL.len() * DropReason::ALL.len();
pub(super) const HEAD: usize = 2 * 1024;
pub(super) const RECORD_HEAD: usize = 40;

pub(super) const ARENAS: usize = 4;
/// KiB for fatal and error, warn, info, debug and trace.
pub(super) const ARENA_KIB: [usize; ARENAS] = [96, 96, 288, 32];

/// Bytes of the whole block.
pub const BLOCK: usize = HEAD + 512 * 1024;

const _: () = assert!(ARENA_KIB[0] + ARENA_KIB[1] + ARENA_KIB[2] + ARENA_KIB[3] == 512 && ENVELOPE == 312);
