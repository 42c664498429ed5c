//! Client fields to a payload: dotted keys of a narrow alphabet, scalars and short arrays of them, bounded in
//! number and bytes, so that ten thousand invented keys create no field in the index.

use serde_json::{Map, Value};

use super::json::Raw;
use crate::{
    MASK, clean, is_secret_key,
    limits::{ARRAY_ITEMS, FIELD_DEPTH, FIELDS, KEY_BYTES, TEXT_BYTES, field_key, prefix},
    scrub,
    shapes::is_card_number,
};

/// What the server itself adds has its own room.
const ADDED: usize = 8;

/// The payload of a record while it is made.
pub(super) struct Payload {
    map: Map<String, Value>,
    budget_bytes: usize,
    pub cut: bool,
}

impl Payload {
    /// Of `f`.
    pub fn flatten(fields: Option<Raw<'_>>, budget_bytes: usize) -> Self {
        let mut flat = Self { map: Map::new(), budget_bytes, cut: false };
        match fields {
            Some(value) if value.is_object() => flat.object("", value, 1),
            Some(value) if !value.is_null() => flat.put("value".to_owned(), value),
            Some(_) | None => {}
        }
        flat
    }

    /// The state of the page (visibility, network, language, viewport) under `page.`.
    pub fn page(context: Option<Raw<'_>>) -> Map<String, Value> {
        let mut flat = Self { map: Map::new(), budget_bytes: 512, cut: false };
        for key in ["vis", "net", "lang", "vp"] {
            if let Some(value) = context.and_then(|context| context.get(key)) {
                flat.put(["page.", key].concat(), value);
            }
        }
        flat.map
    }

    /// A field of the server's own, which is clean and short.
    pub fn add(&mut self, key: &str, value: Value) {
        if self.map.len() < FIELDS + ADDED
            && let Some(key) = self.place(key.to_owned())
        {
            self.map.insert(key, value);
        }
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.map
    }

    fn object(&mut self, prefix: &str, object: Raw<'_>, depth: usize) {
        let Ok(members) = object.members() else {
            self.cut = true;
            return;
        };
        for member in members {
            let Ok((name, value)) = member else {
                self.cut = true;
                return;
            };
            if self.map.len() >= FIELDS {
                self.cut = true;
                return;
            }
            let path = [prefix, &segments(&name)].concat();
            if is_secret_key(&name) || is_secret_key(&path) {
                self.insert(path, Value::String(MASK.to_owned()));
            } else if !value.is_object() {
                self.put(path, value);
            } else if depth < FIELD_DEPTH {
                self.object(&[&path, "."].concat(), value, depth + 1);
            } else {
                self.cut = true;
            }
        }
    }

    fn put(&mut self, key: String, raw: Raw<'_>) {
        match self.value(raw) {
            Some(value) => self.insert(key, value),
            None => self.cut = true,
        }
    }

    fn insert(&mut self, key: String, value: Value) {
        let Some(key) = Some(key).filter(|_| self.map.len() < FIELDS).and_then(|key| self.place(key)) else {
            self.cut = true;
            return;
        };
        let cost = key.len() + bytes(&value);
        if key.len() > KEY_BYTES || cost > self.budget_bytes {
            self.cut = true;
            return;
        }
        self.budget_bytes -= cost;
        self.map.insert(key, value);
    }

    /// The key itself, or one beside it: what is both a value and an object keeps its value as `….value`, whichever
    /// came first. `None` when it is taken.
    fn place(&mut self, key: String) -> Option<String> {
        for (at, _) in key.match_indices('.') {
            if let Some(value) = self.map.remove(&key[..at]) {
                self.map.insert([&key[..at], ".value"].concat(), value);
            }
        }
        let inside = [&key, "."].concat();
        let is_object = self.map.keys().any(|other| other.starts_with(&inside));
        let key = if is_object { [&key, ".value"].concat() } else { key };
        (!self.map.contains_key(&key)).then_some(key)
    }

    /// `None`: nothing of it can be kept.
    fn value(&mut self, raw: Raw<'_>) -> Option<Value> {
        if !raw.is_array() {
            return self.scalar(raw);
        }
        let mut kept = Vec::new();
        for (place, item) in raw.items()?.enumerate() {
            match self.scalar(item).filter(|_| place < ARRAY_ITEMS) {
                Some(item) => kept.push(item),
                None => self.cut = true,
            }
            if place >= ARRAY_ITEMS {
                break;
            }
        }
        Some(Value::Array(kept))
    }

    fn scalar(&mut self, raw: Raw<'_>) -> Option<Value> {
        if let Some(text) = raw.text() {
            let cleaned = clean(&text);
            self.cut |= cleaned.len() > TEXT_BYTES;
            return Some(Value::String(prefix(&cleaned, TEXT_BYTES).to_owned()));
        }
        if let Some(number) = raw.number() {
            let is_card = number.as_u64().is_some_and(is_card_number);
            return Some(if is_card { Value::String("[card]".to_owned()) } else { Value::Number(number) });
        }
        raw.boolean().map(Value::Bool).or_else(|| raw.is_null().then_some(Value::Null))
    }
}

/// A name in the alphabet of keys, without a secret in it and without empty parts between its dots.
fn segments(name: &str) -> String {
    let name = field_key(&scrub(name));
    let parts: Vec<&str> = name.split('.').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "_".to_owned() } else { parts.join(".") }
}

/// About what the value takes as JSON.
fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 6,
        Value::Array(items) => items.iter().map(bytes).sum::<usize>() + 6,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => 24,
    }
}
