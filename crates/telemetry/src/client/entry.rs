//! One call of the logger, borrowed from the caller; and the keys under which it is deduplicated and limited.

use super::ids::Mixer;
use crate::Level;

/// A value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldValue<'a> {
    Str(&'a str),
    I64(i64),
    U64(u64),
    F64(f64),
    Bool(bool),
}

/// A key with its value. A key that begins with `_` is volatile (an id, a counter, a duration): it does not make
/// two calls different, and is told without the `_`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    pub key: &'a str,
    pub value: FieldValue<'a>,
}

/// One frame of a stack; what is unknown is empty or `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame<'a> {
    pub function: &'a str,
    pub module: &'a str,
    /// Index of the WASM function.
    pub index: Option<u32>,
    /// Byte offset in the module.
    pub offset: Option<u32>,
}

/// The error that a call is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure<'a> {
    /// `panic`, `js`, `rejection`, `hydration`, `oom`, `trap` or `boot`.
    pub kind: &'a str,
    pub message: &'a str,
    pub location: &'a str,
    pub stack: &'a [Frame<'a>],
}

/// One call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Entry<'a> {
    pub level: Level,
    /// `ui.*`; empty = `ui.log`.
    pub event: &'a str,
    /// Module that makes the call.
    pub target: &'a str,
    /// `file:line` of the call.
    pub callsite: &'a str,
    pub message: &'a str,
    pub fields: &'a [Field<'a>],
    /// Keys that are volatile at this callsite, beside those that begin with `_`.
    pub volatile: &'a [&'a str],
    /// Trading session that the call is about.
    pub session_id: Option<&'a str>,
    pub correlation_id: Option<&'a str>,
    pub span_id: Option<&'a str>,
    pub failure: Option<Failure<'a>>,
}

impl Entry<'_> {
    /// Identity of the place in the code.
    pub(super) fn callsite_key(&self) -> u64 {
        let mut mixer = Mixer::default();
        mixer.text(self.callsite);
        mixer.text(self.target);
        mixer.text(self.event);
        mixer.finish()
    }

    /// Calls with the same key within a window are one record. Never 0.
    pub(super) fn dedup_key(&self) -> u64 {
        let mut mixer = Mixer::default();
        mixer.word(u64::from(self.level.severity()));
        for text in [self.event, self.callsite, self.message, self.session_id.unwrap_or_default()] {
            mixer.text(text);
        }
        for field in self.fields {
            if field.key.starts_with('_') || self.volatile.contains(&field.key) {
                continue;
            }
            mixer.text(field.key);
            match field.value {
                FieldValue::Str(text) => mixer.text(text),
                FieldValue::I64(number) => mixer.word(number.cast_unsigned()),
                FieldValue::U64(number) => mixer.word(number),
                FieldValue::F64(number) => mixer.word(number.to_bits()),
                FieldValue::Bool(truth) => mixer.word(u64::from(truth)),
            }
        }
        if let Some(failure) = &self.failure {
            mixer.text(failure.kind);
            mixer.text(failure.message);
            mixer.text(failure.location);
        }
        mixer.finish().max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Entry;

    /// Catches: a mixer in which neighbouring words cancel each other.
    #[test]
    fn different_messages_have_different_keys() {
        let mut seen = BTreeMap::new();
        let numbered = (0..100_000).map(|number| format!("number {number}"));
        let letters = || (b'a'..=b'z').map(char::from);
        let last_letters =
            letters().flat_map(|a| letters().map(move |b| format!("aaaaaaa{a}bbbbbbb{b}cccccccc")));
        for (number, message) in numbered.chain(last_letters).enumerate() {
            let key = Entry { message: &message, callsite: "one.rs:1", ..Entry::default() }.dedup_key();
            assert_eq!(seen.insert(key, number), None, "{number}");
        }
    }
}
