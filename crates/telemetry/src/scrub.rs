//! Secrets do not get into records: value patterns in free text and a denylist of keys. No regular expressions,
//! because the same code runs in the browser.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{
    denylist::{MASK, is_secret_key},
    hygiene,
    shapes::{self, Finder},
};

/// Replaces secrets in text: `key=value` of denylisted keys (URL queries and headers included), bearer and basic
/// credentials, JWTs, runs of 64 and more hex digits, exchange key shapes, card numbers that pass Luhn, e-mail
/// addresses (by a hash, so that they can still be correlated). Where records are stored, tokens of well-known services
/// and private keys as well. Idempotent. Borrows when nothing was found.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    replace_tokens(&mut clean);
    if shapes::is_suspicious(&clean) && replace_each(&mut clean, &shapes::ALL) {
        // One that was glued to a secret stands alone now.
        replace_tokens(&mut clean);
    }
    clean
}

#[cfg(not(target_arch = "wasm32"))]
fn replace_tokens(clean: &mut Cow<'_, str>) {
    if crate::tokens::is_suspicious(clean) {
        replace_each(clean, &crate::tokens::ALL);
    }
}

/// The server's part, see there.
#[cfg(target_arch = "wasm32")]
fn replace_tokens(_: &mut Cow<'_, str>) {}

/// Whether anything was found.
fn replace_each(clean: &mut Cow<'_, str>, finders: &[Finder]) -> bool {
    let mut any = false;
    for find in finders {
        if let Some(replaced) = replace_all(clean, *find) {
            (*clean, any) = (Cow::Owned(replaced), true);
        }
    }
    any
}

/// [`hygiene`], then [`scrub`]: what every string from outside goes through.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    match hygiene(text) {
        Cow::Borrowed(text) => scrub(text),
        Cow::Owned(text) => Cow::Owned(scrub(&text).into_owned()),
    }
}

/// Cleans a payload in place, at any depth: denylisted keys become `***`, all strings are [`clean`]ed.
pub fn redact(payload: &mut Map<String, Value>) {
    for (key, value) in payload.iter_mut() {
        if is_secret_key(key) && !value.is_null() {
            *value = Value::String(MASK.to_owned());
        } else {
            redact_value(value);
        }
    }
}

fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(cleaned) = clean(text) {
                *text = cleaned;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(map) => redact(map),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// True for text that [`clean`] would leave alone in a browser and JSON would not escape; found out in one pass. False
/// says nothing.
#[must_use]
pub(crate) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut seen, mut digits) = (0, 0);
    for &b in bytes {
        let class = CLASSES[usize::from(b)];
        seen |= class;
        digits += u32::from(class / DIGIT);
    }
    seen & ODD == 0
        && digits < 13
        && (bytes.len() < LONG || !has_long_word(bytes))
        && (seen & LOOK == 0 || !shapes::is_suspicious(text))
}

/// Letters and digits that may be a key.
const LONG: usize = 30;

/// A word as long as that lies across one of every so many places.
fn has_long_word(bytes: &[u8]) -> bool {
    let is_letter = |b: &u8| b.is_ascii_alphanumeric();
    (LONG - 1..bytes.len()).step_by(LONG).any(|at| {
        let before = bytes[..at].iter().rev().take_while(|b| is_letter(b)).count();
        let after = bytes[at..].iter().take_while(|b| is_letter(b)).count();
        after > 0 && before + after >= LONG
    })
}

/// Not printable, not ASCII, escaped in JSON, or the middle of an assignment or an address.
const ODD: u16 = 1;
/// May begin a secret that names itself.
const LOOK: u16 = 2;
/// Counted.
const DIGIT: u16 = 4;

static CLASSES: [u16; 256] = {
    let mut classes = [0; 256];
    let mut b = 0_u8;
    loop {
        classes[b as usize] = match b {
            0..=0x1f | 0x7f.. | b'"' | b'\\' | b'@' | b'=' | b':' => ODD,
            b'0'..=b'9' => DIGIT,
            b'b' | b'B' | b'J' | b'%' => LOOK,
            _ => 0,
        };
        if b == u8::MAX {
            break classes;
        }
        b += 1;
    }
};

fn replace_all(text: &str, find: Finder) -> Option<String> {
    let mut found = find(text, 0)?;
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    loop {
        clean.push_str(&text[from..found.start]);
        clean.push_str(&found.instead);
        from = found.end;
        match find(text, from) {
            Some(next) => found = next,
            None => break,
        }
    }
    clean.push_str(&text[from..]);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Catches: a class that forgets a byte, and a run of letters or a count of digits that is not looked at.
        #[test]
        fn what_is_plain_is_left_alone_and_needs_no_escape(
            parts in prop::collection::vec(
                "[a-zA-Z0-9]{1,34}|[0-9 -]{1,24}|[ -~]{0,4}|bearer |Basic |eyJ|[\\x00-\\x1f\\x7f-\u{a0}\u{202e}é]",
                1..6,
            )
        ) {
            let text = parts.concat();
            if is_plain(&text) {
                prop_assert!(shapes::ALL.iter().all(|find| find(&text, 0).is_none()));
                prop_assert!(matches!(hygiene(&text), Cow::Borrowed(same) if same == text));
                prop_assert_eq!(serde_json::to_string(&text).unwrap_or_default(), format!("\"{text}\""));
            }
        }
    }

    #[test]
    fn ordinary_texts_are_plain() {
        for text in [
            "lifecycle",
            "STARTING",
            "/api/v1/sessions",
            "The button answered 202 in 79 ms.",
            "s-01jf3k9x2m",
            "",
        ] {
            assert!(is_plain(text), "{text}");
        }
    }
}
