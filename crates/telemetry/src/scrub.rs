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
/// addresses (by a hash, so that they can still be correlated). Idempotent. Borrows when nothing was found.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    if !shapes::is_suspicious(text) {
        return clean;
    }
    for find in shapes::ALL {
        if let Some(replaced) = replace_all(&clean, find) {
            clean = Cow::Owned(replaced);
        }
    }
    clean
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
