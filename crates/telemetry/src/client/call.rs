//! One call of the logger, borrowed from the caller; and the key under which it is deduplicated.

use std::fmt::{Display, Formatter, Write as _};

use super::{hash::Mixer, site::Site};
use crate::{Level, Value};

/// A value of a field. Numbers are whole ones, in a unit that is small enough: writing fractions would take tables that
/// weigh as much as the rest of the pen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// There is none: the field is left out.
    #[default]
    Absent,
    Str(&'a str),
    I64(i64),
    U64(u64),
    Bool(bool),
}

impl FieldValue<'_> {
    /// As a value of a payload; `None` for what is absent.
    #[must_use]
    pub fn to_json(self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Str(text) => Some(text.into()),
            Self::I64(number) => Some(number.into()),
            Self::U64(number) => Some(number.into()),
            Self::Bool(truth) => Some(truth.into()),
        }
    }
}

/// As it stands in a sentence.
impl Display for FieldValue<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Str(text) => f.write_str(text),
            Self::I64(number) => number.fmt(f),
            Self::U64(number) => number.fmt(f),
            Self::Bool(truth) => truth.fmt(f),
        }
    }
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

/// What the record says.
#[derive(Clone, Copy)]
pub enum Message<'a> {
    /// The sentence of the site. Made of static text and of values, so that the values alone tell calls apart.
    Sentence,
    Text(&'a str),
    /// Written only when the record is: hashing it costs no memory.
    Shown(&'a dyn Display),
}

/// One call.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub site: &'a Site,
    /// One for each key of the site, in order.
    pub values: &'a [FieldValue<'a>],
    pub message: Message<'a>,
    /// Trading session that the call is about.
    pub session_id: Option<&'a str>,
    pub correlation_id: Option<&'a str>,
    pub span_id: Option<&'a str>,
    /// Somebody wanted something: two of them are two records, however alike they look.
    pub intent: bool,
    pub failure: Option<Failure<'a>>,
}

impl<'a> Call<'a> {
    /// A call that says the sentence of its site.
    #[must_use]
    pub const fn of(site: &'a Site, values: &'a [FieldValue<'a>]) -> Self {
        Self {
            site,
            values,
            message: Message::Sentence,
            session_id: None,
            correlation_id: None,
            span_id: None,
            intent: false,
            failure: None,
        }
    }

    pub(super) fn level(&self) -> Level {
        self.site.level
    }

    /// Calls with the same key within a window are one record. Never 0.
    pub(super) fn dedup_key(&self) -> u64 {
        let mut mixer = Mixer::new();
        mixer.word(self.site.id());
        match self.message {
            Message::Sentence => {}
            Message::Text(text) => mixer.text(text),
            // Hashing never fails.
            Message::Shown(shown) => drop(write!(mixer, "{shown}")),
        }
        for (key, value) in self.site.keys.iter().zip(self.values) {
            if key.role.tells_apart() {
                hash_value(&mut mixer, *value);
            }
        }
        mixer.text(self.session_id.unwrap_or_default());
        if self.intent {
            mixer.text(self.correlation_id.unwrap_or_default());
        }
        if let Some(failure) = &self.failure {
            mixer.text(failure.kind);
            mixer.text(failure.message);
            mixer.text(failure.location);
        }
        mixer.finish().max(1)
    }
}

fn hash_value(mixer: &mut Mixer, value: FieldValue<'_>) {
    match value {
        FieldValue::Absent => mixer.word(1),
        FieldValue::Str(text) => mixer.text(text),
        FieldValue::I64(number) => mixer.word(number.cast_unsigned()),
        FieldValue::U64(number) => mixer.word(number),
        FieldValue::Bool(truth) => mixer.word(u64::from(truth)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::client::Key;

    static SITE: Site = Site::new(
        Level::Info,
        "ui.one",
        "app",
        "One {what} after {wait_ms} ms.",
        &[Key::told("what"), Key::volatile("wait_ms")],
    );

    /// Catches: a mixer in which neighbouring words cancel each other.
    #[test]
    fn different_messages_have_different_keys() {
        let mut seen = BTreeMap::new();
        let numbered = (0..100_000).map(|number| format!("number {number}"));
        let letters = || (b'a'..=b'z').map(char::from);
        let last_letters =
            letters().flat_map(|a| letters().map(move |b| format!("aaaaaaa{a}bbbbbbb{b}cccccccc")));
        for (number, message) in numbered.chain(last_letters).enumerate() {
            let key = Call { message: Message::Text(&message), ..Call::of(&SITE, &[]) }.dedup_key();
            assert_eq!(seen.insert(key, number), None, "{number}");
        }
    }

    /// Catches: a duration that makes two calls different, also by way of the sentence that holds it.
    #[test]
    fn volatile_values_make_no_difference_and_others_do() {
        let key = |what, wait_ms| {
            let values = [FieldValue::Str(what), FieldValue::I64(wait_ms)];
            Call::of(&SITE, &values).dedup_key()
        };
        assert_eq!(key("a", 1), key("a", 2));
        assert_ne!(key("a", 1), key("b", 1));
    }

    #[test]
    fn intents_differ_by_their_correlation_id() {
        let key = |intent, id| Call { intent, correlation_id: Some(id), ..Call::of(&SITE, &[]) }.dedup_key();
        assert_eq!(key(false, "one"), key(false, "two"));
        assert_ne!(key(true, "one"), key(true, "two"));
    }
}
