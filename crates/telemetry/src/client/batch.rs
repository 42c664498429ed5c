//! A sealed batch: frozen bytes in wire format v1, and what is needed to account for it, split it, or send it
//! again.

use std::sync::Arc;

use super::{
    drops::{self, DropCell},
    json::{push_numbers, push_text},
};
use crate::{DropReason, Level, deflate, limits::BATCH_ENCODED_BYTES, wire::WIRE_VERSION};

/// Smaller batches are sent as they are.
const GZIP_FROM_BYTES: usize = 2 * 1024;

/// What every batch of a page repeats, written once.
pub(super) struct Head {
    pub sid: String,
    pub tid: String,
    /// JSON of `app`.
    pub app: String,
    /// JSON of `ctx`.
    pub page: String,
    pub gzip: bool,
}

impl Head {
    /// Who tells, as members of a batch: what a reader of the ring puts before the records that it finds.
    pub(super) fn members(&self) -> String {
        let mut out = Vec::new();
        push_numbers(&mut out, &[("\"v\":", WIRE_VERSION.cast_signed())]);
        for (name, text) in [(",\"sid\":", &self.sid), (",\"tid\":", &self.tid)] {
            out.extend_from_slice(name.as_bytes());
            push_text(&mut out, text);
        }
        for (name, json) in [(",\"app\":", &self.app), (",\"ctx\":", &self.page)] {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(json.as_bytes());
        }
        String::from_utf8(out).unwrap_or_default()
    }
}

/// How the logger itself is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Health {
    /// Sends that had to be repeated since the last batch.
    pub retries: u32,
    /// Server clock minus ours, and the round trip it was measured with.
    pub offset_ms: Option<i64>,
    pub round_trip_ms: i64,
    /// There is no disk for the spool.
    pub memory_only: bool,
}

/// One record of a batch, by its bytes in `raw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub start: usize,
    pub end: usize,
    pub level: Level,
    pub calls: u32,
    pub number: u64,
    pub first_ms: i64,
    pub last_ms: i64,
}

impl Piece {
    /// Its calls as a loss.
    pub(super) fn dropped(&self, reason: DropReason) -> DropCell {
        DropCell {
            level: self.level,
            reason,
            count: u64::from(self.calls),
            first_ms: self.first_ms,
            last_ms: self.last_ms,
        }
    }
}

/// Calls told and calls declared.
pub(super) fn calls(pieces: &[Piece], declared: &[DropCell]) -> (u64, u64) {
    (pieces.iter().map(|piece| u64::from(piece.calls)).sum(), drops::total(declared))
}

/// A batch being written, or its parts when it is split.
pub(super) struct Draft {
    pub bid: String,
    pub bseq: u64,
    pub t0_ms: i64,
    pub drops: Vec<DropCell>,
    pub health: Health,
    /// Texts of the pieces, one after the other.
    pub text: Vec<u8>,
    pub pieces: Vec<Piece>,
}

pub(super) struct Sealed {
    pub bid: String,
    pub t0_ms: i64,
    pub drops: Vec<DropCell>,
    pub health: Health,
    pub pieces: Vec<Piece>,
    pub raw: Arc<[u8]>,
    pub gzip: Option<Arc<[u8]>>,
}

impl Draft {
    /// Freezes the bytes. `next_number` stands in for `n0` when there are no records.
    pub(super) fn seal(self, head: &Head, next_number: u64) -> Sealed {
        let n0 = self.pieces.iter().map(|piece| piece.number).min().unwrap_or(next_number);
        let mut raw = Vec::with_capacity(self.text.len() + 1024);
        self.push_head(&mut raw, head, n0);
        let mut pieces = self.pieces;
        for (position, piece) in pieces.iter_mut().enumerate() {
            if position > 0 {
                raw.push(b',');
            }
            let start = raw.len();
            raw.extend_from_slice(&self.text[piece.start..piece.end]);
            (piece.start, piece.end) = (start, raw.len());
        }
        raw.extend_from_slice(b"]}");
        let gzip = (head.gzip && raw.len() >= GZIP_FROM_BYTES).then(|| Arc::from(deflate(&raw)));
        Sealed {
            bid: self.bid,
            t0_ms: self.t0_ms,
            drops: self.drops,
            health: self.health,
            pieces,
            raw: Arc::from(raw),
            gzip,
        }
    }

    fn push_head(&self, raw: &mut Vec<u8>, head: &Head, n0: u64) {
        raw.push(b'{');
        raw.extend_from_slice(head.members().as_bytes());
        raw.extend_from_slice(b",\"bid\":");
        push_text(raw, &self.bid);
        push_numbers(raw, &[(",\"bseq\":", self.bseq.cast_signed())]);
        push_numbers(raw, &[(",\"t0\":", self.t0_ms), (",\"n0\":", n0.cast_signed())]);
        raw.extend_from_slice(b",\"drops\":");
        drops::push_cells(raw, &self.drops, self.t0_ms);
        push_numbers(raw, &[(",\"self\":{\"retry\":", i64::from(self.health.retries))]);
        if let Some(offset_ms) = self.health.offset_ms {
            push_numbers(raw, &[(",\"off_ms\":", offset_ms), (",\"rtt_ms\":", self.health.round_trip_ms)]);
        }
        if self.health.memory_only {
            raw.extend_from_slice(b",\"memory\":1");
        }
        raw.extend_from_slice(b"},\"recs\":[");
    }
}

impl Sealed {
    /// The bytes to send, and whether they are gzip.
    pub(super) fn body(&self, plain: bool) -> (Arc<[u8]>, bool) {
        match &self.gzip {
            Some(gzip) if !plain => (Arc::clone(gzip), true),
            Some(_) | None => (Arc::clone(&self.raw), false),
        }
    }

    /// Highest level in it; a batch of declared drops alone counts as info.
    pub(super) fn level(&self) -> Level {
        self.pieces.iter().map(|piece| piece.level).max().unwrap_or_default()
    }

    /// Lowest level in it.
    pub(super) fn lowest(&self) -> Level {
        self.pieces.iter().map(|piece| piece.level).min().unwrap_or_default()
    }

    /// Calls told and calls declared.
    pub(super) fn calls(&self) -> (u64, u64) {
        calls(&self.pieces, &self.drops)
    }

    /// True when it cannot be sent by a request that outlives its page.
    pub(super) fn is_oversize(&self) -> bool {
        self.pieces.len() > 1 && self.body(false).0.len() > BATCH_ENCODED_BYTES
    }

    /// Two drafts, by a judge that sees position and piece; the declared drops go with the first. Both have new
    /// ids, the records keep their bytes.
    pub(super) fn split(
        self,
        ids: [(String, u64); 2],
        mut goes_first: impl FnMut(usize, &Piece) -> bool,
    ) -> [Draft; 2] {
        let (first, second): (Vec<_>, Vec<_>) =
            self.pieces.iter().enumerate().partition(|(position, piece)| goes_first(*position, piece));
        let draft = |(bid, bseq): (String, u64), picked: Vec<(usize, &Piece)>, drops| {
            let mut text = Vec::new();
            let mut pieces = Vec::with_capacity(picked.len());
            for (_, piece) in picked {
                let start = text.len();
                text.extend_from_slice(&self.raw[piece.start..piece.end]);
                pieces.push(Piece { start, end: text.len(), ..*piece });
            }
            Draft { bid, bseq, t0_ms: self.t0_ms, drops, health: self.health, text, pieces }
        };
        let [one, two] = ids;
        [draft(one, first, self.drops.clone()), draft(two, second, Vec::new())]
    }
}
