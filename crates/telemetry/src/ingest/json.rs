//! JSON read where it lies: each value is a slice of the body, looked into only where somebody asks. Lenient where
//! that saves a neighbour: one broken value is told from its surroundings by quotes and brackets alone. No recursion.

use std::borrow::Cow;

use serde_json::Number;

/// The text of one value, white space around it left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a>(&'a str);

/// Not an object, or its members cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl<'a> Raw<'a> {
    pub fn new(text: &'a str) -> Self {
        Self(text.trim_ascii())
    }

    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// Members in their order; names may repeat.
    pub fn members(self) -> Result<Members<'a>, Broken> {
        Ok(Members(Pieces::within(self.0, '{', '}').ok_or(Broken)?))
    }

    /// Items of an array, broken ones included.
    pub fn items(self) -> Option<Pieces<'a>> {
        Pieces::within(self.0, '[', ']')
    }

    /// The member of this name, the last one as everywhere in JSON.
    pub fn get(self, name: &str) -> Option<Raw<'a>> {
        let members = self.members().ok()?;
        members.map_while(Result::ok).filter(|(key, _)| key == name).last().map(|(_, value)| value)
    }

    /// Lone surrogates and unknown escapes become U+FFFD.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?;
        (string_end(inner.as_bytes(), 0)? == inner.len()).then_some(())?;
        let inner = &inner[..inner.len() - 1];
        Some(if inner.contains('\\') { Cow::Owned(unescaped(inner)) } else { Cow::Borrowed(inner) })
    }

    pub fn number(self) -> Option<Number> {
        let first = self.0.as_bytes().first()?;
        (first.is_ascii_digit() || *first == b'-').then(|| serde_json::from_str(self.0).ok())?
    }

    pub fn boolean(self) -> Option<bool> {
        self.0.parse().ok()
    }

    pub fn unsigned(self) -> Option<u64> {
        self.number()?.as_u64()
    }

    /// A number as an integer; fractions are cut, what does not fit saturates.
    pub fn integer(self) -> Option<i64> {
        let number = self.number()?;
        number.as_i64().or_else(|| number.as_f64().map(|number| number as i64))
    }

    /// Deepest nesting, itself included.
    pub fn depth(self) -> usize {
        let (mut now, mut deepest, mut at, bytes) = (0_usize, 0, 0, self.0.as_bytes());
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'"' => at = string_end(bytes, at + 1).map_or(bytes.len(), |end| end - 1),
                b'[' | b'{' => {
                    now += 1;
                    deepest = deepest.max(now);
                }
                b']' | b'}' => now = now.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        deepest
    }

    /// Whether every word in it is one that JSON knows, every number one that can be held, and every value has its
    /// place. Brackets may be of the wrong kind: that shows where they are used.
    pub fn is_sound(self) -> bool {
        let (bytes, mut at, mut before) = (self.0.as_bytes(), 0, b',');
        while let Some(&byte) = bytes.get(at) {
            let from = at;
            at += 1;
            let is_value = match byte {
                b' ' | b'\t' | b'\n' | b'\r' => continue,
                b',' | b':' | b'}' | b']' => {
                    if before == b':' {
                        return false;
                    }
                    before = byte;
                    continue;
                }
                b'{' | b'[' => true,
                b'"' => match string_end(bytes, at) {
                    Some(end) => {
                        at = end;
                        true
                    }
                    None => false,
                },
                _ => {
                    at += bytes[at..]
                        .iter()
                        .position(|b| b" \t\n\r,:{}[]\"".contains(b))
                        .unwrap_or(bytes.len() - at);
                    is_word(&self.0[from..at])
                }
            };
            if !is_value || matches!(before, b'"' | b'}' | b']') {
                return false;
            }
            before = if matches!(byte, b'{' | b'[') { b',' } else { b'"' };
        }
        true
    }
}

fn is_word(word: &str) -> bool {
    matches!(word, "true" | "false" | "null") || Raw(word).number().is_some()
}

/// Iterator over the members of an object; ends with the first that is none.
pub(super) struct Members<'a>(Pieces<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Cow<'a, str>, Raw<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.0.next()?;
        // A comma at the end is forgiven.
        (!piece.0.is_empty() || !self.0.at_end).then_some(())?;
        let member = member(piece.0);
        if member.is_none() {
            self.0.at_end = true;
        }
        Some(member.ok_or(Broken))
    }
}

fn member(piece: &str) -> Option<(Cow<'_, str>, Raw<'_>)> {
    let end = string_end(piece.as_bytes(), usize::from(piece.starts_with('"')))?;
    let name = Raw(&piece[..end]).text()?;
    let value = piece[end..].trim_ascii_start().strip_prefix(':')?;
    Some((name, Raw::new(value)))
}

/// Iterator over what stands between the commas of one level.
pub(super) struct Pieces<'a> {
    rest: &'a str,
    at_end: bool,
}

impl<'a> Pieces<'a> {
    fn within(text: &'a str, open: char, close: char) -> Option<Self> {
        let rest = text.strip_prefix(open)?.strip_suffix(close)?;
        Some(Self { rest, at_end: rest.trim_ascii().is_empty() })
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        if self.at_end {
            return None;
        }
        let end = piece_end(self.rest.as_bytes());
        let piece = Raw::new(&self.rest[..end]);
        match self.rest.get(end + 1..) {
            Some(rest) => self.rest = rest,
            None => self.at_end = true,
        }
        Some(piece)
    }
}

/// Where the first comma stands that is in no text and no bracket; the end when there is none.
fn piece_end(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let Some(end) = string_end(bytes, at + 1) else { return bytes.len() };
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The place after the quote that ends the text whose inside begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|b| matches!(b, b'"' | b'\\'))?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let (c, length) = escape(after);
        plain.push(c);
        rest = &after[length..];
    }
    plain.push_str(rest);
    plain
}

/// The character of an escape and how many bytes after the backslash it takes.
fn escape(after: &str) -> (char, usize) {
    match after.as_bytes().first() {
        Some(b'n') => ('\n', 1),
        Some(b't') => ('\t', 1),
        Some(b'r') => ('\r', 1),
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(&byte @ (b'"' | b'\\' | b'/')) => (char::from(byte), 1),
        Some(b'u') => match (unit(after), after.get(5..).and_then(|pair| unit(pair.strip_prefix('\\')?))) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11)
            }
            (Some(code), _) => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
            (None, _) => (char::REPLACEMENT_CHARACTER, 0),
        },
        Some(_) | None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

/// The code unit of `uXXXX` at the beginning.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}
