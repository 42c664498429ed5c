//! An entry as JSON without its braces, cut to the field limits and free of secrets. What a follow-up record
//! repeats (level, event, place, message) comes first, so that it is a prefix.

use std::io::Write as _;

use super::{
    entry::{Entry, Failure, Field, FieldValue, Frame},
    json::{push_numbers, push_text, push_u64},
};
use crate::{
    Level, MASK, clean, is_secret_key,
    limits::{
        ERROR_RECORD_BYTES, FIELDS, FRAME_BYTES, KEY_BYTES, RECORD_BYTES, STACK_FRAMES, TEXT_BYTES, prefix,
    },
};

/// Room for what follows the fields.
const RESERVE: usize = 64;

/// Reused scratch space: the hot path allocates nothing.
pub(super) struct Encoder {
    pub out: Vec<u8>,
    cut: bool,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self { out: Vec::with_capacity(ERROR_RECORD_BYTES + 4 * 1024), cut: false }
    }

    /// Encodes into `out`; gives the length of the part that a follow-up repeats, `None` when the record is too
    /// large even when cut.
    pub(super) fn encode(&mut self, entry: &Entry<'_>, key: u64, permille: u16) -> Option<usize> {
        self.out.clear();
        self.cut = false;
        let limit = if entry.level >= Level::Error { ERROR_RECORD_BYTES } else { RECORD_BYTES };
        self.core(entry, key);
        let core = self.out.len();
        self.text_if(",\"tr\":", entry.correlation_id.unwrap_or_default(), 64);
        self.text_if(",\"sp\":", entry.span_id.unwrap_or_default(), 64);
        if let Some(failure) = &entry.failure {
            self.failure(failure, limit * 3 / 4);
        }
        if !entry.fields.is_empty() {
            self.fields(entry.fields, limit - RESERVE);
        }
        if entry.level == Level::Info && permille < 1_000 {
            push_numbers(&mut self.out, &[(",\"sr\":0.", i64::from(permille / 100))]);
            push_numbers(
                &mut self.out,
                &[("", i64::from(permille / 10 % 10)), ("", i64::from(permille % 10))],
            );
        }
        if self.cut {
            self.raw(",\"cut\":1");
        }
        (self.out.len() <= limit).then_some(core)
    }

    fn core(&mut self, entry: &Entry<'_>, key: u64) {
        push_numbers(&mut self.out, &[("\"l\":", i64::from(entry.level.severity()))]);
        self.text_if(",\"ev\":", entry.event, 64);
        self.text_if(",\"ss\":", entry.session_id.unwrap_or_default(), 64);
        self.text_if(",\"g\":", entry.target, 128);
        self.text_if(",\"cs\":", entry.callsite, 128);
        self.raw(",\"m\":");
        self.text(entry.message, TEXT_BYTES);
        self.raw(",\"k\":\"");
        for place in (0..8).rev() {
            self.out.push(b"0123456789abcdef"[(key >> (4 * place) & 15) as usize]);
        }
        self.out.push(b'"');
    }

    fn fields(&mut self, fields: &[Field<'_>], limit: usize) {
        self.raw(",\"f\":{");
        let empty = self.out.len();
        for (position, field) in fields.iter().enumerate() {
            let before = self.out.len();
            if before > empty {
                self.out.push(b',');
            }
            self.field(field);
            if position >= FIELDS || self.out.len() >= limit {
                self.out.truncate(before);
                self.cut = true;
                break;
            }
        }
        self.out.push(b'}');
    }

    fn field(&mut self, field: &Field<'_>) {
        let key = field.key.strip_prefix('_').unwrap_or(field.key);
        self.out.push(b'"');
        for c in key.chars().take(KEY_BYTES) {
            self.out.push(match c.to_ascii_lowercase() {
                c @ ('a'..='z' | '0'..='9' | '_' | '.') => c as u8,
                _ => b'_',
            });
        }
        self.raw("\":");
        match field.value {
            _ if is_secret_key(key) => self.text(MASK, TEXT_BYTES),
            FieldValue::Str(text) => self.text(text, TEXT_BYTES),
            FieldValue::I64(number) => push_numbers(&mut self.out, &[("", number)]),
            FieldValue::U64(number) => push_u64(&mut self.out, number),
            FieldValue::Bool(truth) => self.raw(if truth { "true" } else { "false" }),
            // Writing to a vector cannot fail; JSON has no word for what is not finite.
            FieldValue::F64(number) if number.is_finite() => drop(write!(self.out, "{number:?}")),
            FieldValue::F64(_) => self.raw("null"),
        }
    }

    fn failure(&mut self, failure: &Failure<'_>, limit: usize) {
        self.raw(",\"ex\":{\"kind\":");
        self.text(failure.kind, 16);
        self.raw(",\"msg\":");
        self.text(failure.message, TEXT_BYTES);
        self.text_if(",\"loc\":", failure.location, FRAME_BYTES);
        if !failure.stack.is_empty() {
            self.raw(",\"st\":[");
            self.cut |= failure.stack.len() > STACK_FRAMES;
            for (position, frame) in failure.stack.iter().take(STACK_FRAMES).enumerate() {
                if self.out.len() + 3 * FRAME_BYTES > limit {
                    self.cut = true;
                    break;
                }
                self.raw(if position == 0 { "{\"fn\":" } else { ",{\"fn\":" });
                self.frame(frame);
            }
            self.out.push(b']');
        }
        self.out.push(b'}');
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        self.text(frame.function, FRAME_BYTES);
        self.text_if(",\"mod\":", frame.module, FRAME_BYTES / 2);
        for (name, number) in [(",\"ix\":", frame.index), (",\"off\":", frame.offset)] {
            if let Some(number) = number {
                push_numbers(&mut self.out, &[(name, i64::from(number))]);
            }
        }
        self.out.push(b'}');
    }

    fn raw(&mut self, json: &str) {
        self.out.extend_from_slice(json.as_bytes());
    }

    fn text_if(&mut self, name: &str, text: &str, max: usize) {
        if !text.is_empty() {
            self.raw(name);
            self.text(text, max);
        }
    }

    /// Cleans before cutting, so that no half of a secret is left; looks at four times the limit at most.
    fn text(&mut self, text: &str, max: usize) {
        let cleaned = clean(prefix(text, 4 * max));
        let kept = prefix(&cleaned, max);
        self.cut |= kept.len() < cleaned.len() || text.len() > 4 * max;
        push_text(&mut self.out, kept);
    }
}
