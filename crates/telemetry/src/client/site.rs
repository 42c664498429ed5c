//! A place that tells: everything about a record that is known when the program is compiled. What a call brings are
//! only values, one for each key.

use super::{call::FieldValue, hash::Mixer};
use crate::{
    Level, Map, Value, is_secret_key,
    limits::{KEY_BYTES, prefix},
};

/// What a key's value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A field. Two calls that differ in it are two records.
    Told,
    /// A field (a duration, an id, a counter) that makes two calls no different.
    Volatile,
    /// Stands in the sentence only, and makes two calls different.
    Said,
    /// Stands in the sentence only, and makes them no different.
    SaidVolatile,
}

impl Role {
    pub(super) const fn is_field(self) -> bool {
        matches!(self, Self::Told | Self::Volatile)
    }

    pub(super) const fn tells_apart(self) -> bool {
        matches!(self, Self::Told | Self::Said)
    }
}

/// A key and what its value is for. Of `a-z 0-9 _ .`, at most 64; any other name does not compile in a `static`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) name: &'static str,
    pub(super) role: Role,
    secret: bool,
}

impl Key {
    /// # Panics
    /// When the name is not allowed.
    #[must_use]
    pub const fn new(name: &'static str, role: Role) -> Self {
        let text = name.as_bytes();
        assert!(text.len() <= KEY_BYTES, "a key is too long");
        let mut at = 0;
        while at < text.len() {
            assert!(matches!(text[at], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'), "a key has an odd letter");
            at += 1;
        }
        Self { name, role, secret: is_secret_key(name) }
    }

    #[must_use]
    pub const fn told(name: &'static str) -> Self {
        Self::new(name, Role::Told)
    }

    #[must_use]
    pub const fn volatile(name: &'static str) -> Self {
        Self::new(name, Role::Volatile)
    }

    #[must_use]
    pub const fn said(name: &'static str) -> Self {
        Self::new(name, Role::Said)
    }

    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its value is never told.
    pub(super) const fn is_secret(&self) -> bool {
        self.secret
    }
}

const TARGET_BYTES: usize = 128;
/// Values that one sentence may hold.
const HOLES: usize = 8;

/// A stretch of the sentence, and the value that follows it: an index of `keys`, [`NO_VALUE`] at the end.
#[derive(Clone, Copy, Debug)]
struct Piece {
    start: u16,
    end: u16,
    value: u8,
}

const NO_VALUE: u8 = u8::MAX;

/// See the module. Made by [`Site::new`], as a `static` or on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    pub level: Level,
    /// `ui.*`.
    pub event: &'static str,
    /// Module that tells.
    pub target: &'static str,
    /// File and line; ("", 0) = not told.
    pub place: (&'static str, u32),
    pub keys: &'static [Key],
    sentence: &'static str,
    pieces: [Piece; HOLES + 1],
    id: u64,
}

impl Site {
    /// `sentence` names its values in braces: `"Opened {route}."`. In a `static`, a name that is no key, or a brace
    /// that is not closed, does not compile.
    ///
    /// # Panics
    /// When the sentence names what is no key, or more than eight values; and when a text is not of printable ASCII
    /// without quotes and backslashes.
    #[must_use]
    pub const fn new(
        level: Level,
        event: &'static str,
        target: &'static str,
        sentence: &'static str,
        keys: &'static [Key],
    ) -> Self {
        assert!(target.len() <= TARGET_BYTES, "a target is too long");
        assert!(
            needs_no_escape(event) && needs_no_escape(target) && needs_no_escape(sentence),
            "an odd letter"
        );
        let mut mixer = Mixer::new().and_word(level.severity() as u64).and_text(event).and_text(target);
        mixer = mixer.and_text(sentence);
        let mut key = 0;
        while key < keys.len() {
            mixer = mixer.and_text(keys[key].name);
            key += 1;
        }
        let pieces = pieces(sentence, keys);
        Self { level, event, target, place: ("", 0), keys, sentence, pieces, id: mixer.finish() }
    }

    /// A place of a library, known only when it tells. What it says comes with the call.
    #[must_use]
    pub fn of_library(
        level: Level,
        event: &'static str,
        target: &'static str,
        place: (&'static str, u32),
    ) -> Self {
        let target = if needs_no_escape(target) { prefix(target, TARGET_BYTES) } else { "" };
        let mixer = Mixer::new().and_word(u64::from(level.severity())).and_text(target);
        let id = mixer.and_text(place.0).and_word(u64::from(place.1)).finish();
        let pieces = [Piece { start: 0, end: 0, value: NO_VALUE }; HOLES + 1];
        Self { level, event, target, place, keys: &[], sentence: "", pieces, id }
    }

    /// The same at a known place.
    #[must_use]
    pub const fn at(self, file: &'static str, line: u32) -> Self {
        let mixer = Mixer::new().and_word(self.id).and_text(file).and_word(line as u64);
        Self { place: (file, line), id: mixer.finish(), ..self }
    }

    /// Identity of the place in the code.
    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Gives the sentence piece by piece: text of its own (ASCII), then a value and which it is.
    pub(super) fn say<'v>(
        &self,
        values: &[FieldValue<'v>],
        mut part: impl FnMut(&'static [u8], u8, Option<FieldValue<'v>>),
    ) {
        let sentence = self.sentence.as_bytes();
        for piece in &self.pieces {
            let text = sentence.get(usize::from(piece.start)..usize::from(piece.end)).unwrap_or_default();
            part(text, piece.value, values.get(usize::from(piece.value)).copied());
            if piece.value == NO_VALUE {
                break;
            }
        }
    }

    /// The sentence with its values.
    #[must_use]
    pub fn sentence(&self, values: &[FieldValue<'_>]) -> String {
        let mut said = String::new();
        self.say(values, |text, _, value| {
            said.push_str(&String::from_utf8_lossy(text));
            if let Some(value) = value {
                said.push_str(&value.to_string());
            }
        });
        said
    }

    /// The fields with their values.
    #[must_use]
    pub fn payload(&self, values: &[FieldValue<'_>]) -> Map<String, Value> {
        let told = self.keys.iter().zip(values).filter(|(key, _)| key.role.is_field());
        let mut payload: Map<String, Value> =
            told.filter_map(|(key, value)| Some((key.name.to_owned(), value.to_json()?))).collect();
        crate::redact(&mut payload);
        payload
    }
}

/// The texts of a site are written as they are.
const fn needs_no_escape(text: &str) -> bool {
    let text = text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        if !matches!(text[at], b' '..=b'~') || matches!(text[at], b'"' | b'\\') {
            return false;
        }
        at += 1;
    }
    true
}

const fn pieces(sentence: &str, keys: &[Key]) -> [Piece; HOLES + 1] {
    let text = sentence.as_bytes();
    let mut pieces = [Piece { start: 0, end: 0, value: NO_VALUE }; HOLES + 1];
    let (mut count, mut start, mut at) = (0, 0, 0);
    while at < text.len() {
        assert!(text[at] != b'}', "a brace of the sentence was not opened");
        if text[at] == b'{' {
            let mut end = at + 1;
            while text[end] != b'}' {
                end += 1;
            }
            assert!(count < HOLES, "too many values in one sentence");
            pieces[count] =
                Piece { start: start as u16, end: at as u16, value: find(text, at + 1, end, keys) };
            count += 1;
            start = end + 1;
            at = end;
        }
        at += 1;
    }
    pieces[count] = Piece { start: start as u16, end: text.len() as u16, value: NO_VALUE };
    pieces
}

const fn find(text: &[u8], start: usize, end: usize, keys: &[Key]) -> u8 {
    let mut key = 0;
    while key < keys.len() {
        let name = keys[key].name.as_bytes();
        let mut same = 0;
        while same < name.len() && start + same < end && name[same] == text[start + same] {
            same += 1;
        }
        if same == name.len() && start + same == end {
            return key as u8;
        }
        key += 1;
    }
    panic!("the sentence names a value that is no key")
}

#[cfg(test)]
mod tests {
    use super::*;

    static CLOSED: Site = Site::new(
        Level::Warn,
        "ui.feed_closed",
        "app",
        "Live feed closed ({reason}); next try in {backoff_ms} ms.",
        &[Key::told("reason"), Key::volatile("attempt"), Key::volatile("backoff_ms")],
    );

    #[test]
    fn a_sentence_names_its_values() {
        let values = [FieldValue::Str("code 1006"), FieldValue::U64(2), FieldValue::I64(-740)];
        assert_eq!(CLOSED.sentence(&values), "Live feed closed (code 1006); next try in -740 ms.");
        assert_eq!(Site::new(Level::Info, "", "", "", &[]).sentence(&values), "");
    }

    /// Catches: a place, a sentence, a key or a level that does not count.
    #[test]
    fn sites_that_differ_have_different_ids() {
        let site = |level, sentence, keys| Site::new(level, "ui.one", "app", sentence, keys);
        let ids = [
            site(Level::Info, "One.", &[]),
            site(Level::Warn, "One.", &[]),
            site(Level::Info, "Two.", &[]),
            site(Level::Info, "One.", &[Key { name: "a", role: Role::Told, secret: false }]),
            site(Level::Info, "One.", &[]).at("a.rs", 1),
            site(Level::Info, "One.", &[]).at("a.rs", 2),
        ]
        .map(|site| site.id());
        let different: std::collections::BTreeSet<u64> = ids.into_iter().collect();
        assert_eq!(different.len(), ids.len());
    }
}
