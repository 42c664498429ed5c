//! Client fields to a payload: dotted keys of a narrow alphabet, scalars and short arrays of them, bounded in
//! number and bytes, so that ten thousand invented keys create no field in the index.

use serde_json::{Map, Value};

use crate::{
    MASK, clean, is_secret_key,
    limits::{ARRAY_ITEMS, FIELD_DEPTH, FIELDS, KEY_BYTES, TEXT_BYTES, field_key, prefix},
};

/// The payload of `f`, and whether something had to be cut.
pub(super) fn flatten(fields: Option<&Value>, budget_bytes: usize) -> (Map<String, Value>, bool) {
    let mut flat = Flat { map: Map::new(), budget_bytes, cut: false };
    match fields {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) => flat.object("", map, 1),
        Some(value) => flat.put("value".to_owned(), value),
    }
    (flat.map, flat.cut)
}

/// The state of the page (visibility, network, language, viewport) with the prefix `page.`.
pub(super) fn page(context: Option<&Value>) -> Map<String, Value> {
    let mut flat = Flat { map: Map::new(), budget_bytes: 512, cut: false };
    for key in ["vis", "net", "lang", "vp"] {
        if let Some(value) = context.and_then(|context| context.get(key)) {
            flat.put(["page.", key].concat(), value);
        }
    }
    flat.map
}

struct Flat {
    map: Map<String, Value>,
    budget_bytes: usize,
    cut: bool,
}

impl Flat {
    fn object(&mut self, prefix: &str, map: &Map<String, Value>, depth: usize) {
        for (name, value) in map {
            let path = [prefix, &field_key(name)].concat();
            match value {
                Value::Object(inner) if depth < FIELD_DEPTH => {
                    self.object(&[&path, "."].concat(), inner, depth + 1);
                }
                Value::Object(_) => self.cut = true,
                value => self.put(path, value),
            }
        }
    }

    fn put(&mut self, key: String, value: &Value) {
        let full = self.map.len() >= FIELDS;
        if full || key.len() > KEY_BYTES || key.is_empty() || self.map.contains_key(&key) {
            self.cut = true;
            return;
        }
        let value = match value {
            Value::Null => Value::Null,
            _ if is_secret_key(&key) => Value::String(MASK.to_owned()),
            Value::Array(items) => self.array(items),
            other => self.scalar(other).unwrap_or_default(),
        };
        let cost = key.len() + bytes(&value);
        if cost > self.budget_bytes {
            self.cut = true;
            return;
        }
        self.budget_bytes -= cost;
        self.map.insert(key, value);
    }

    fn array(&mut self, items: &[Value]) -> Value {
        let kept: Vec<Value> = items.iter().take(ARRAY_ITEMS).filter_map(|item| self.scalar(item)).collect();
        self.cut |= kept.len() < items.len();
        Value::Array(kept)
    }

    fn scalar(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::String(text) => {
                let cleaned = clean(text);
                self.cut |= cleaned.len() > TEXT_BYTES;
                Some(Value::String(prefix(&cleaned, TEXT_BYTES).to_owned()))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.clone()),
            Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// About what the value takes as JSON.
fn bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 6,
        Value::Array(items) => items.iter().map(bytes).sum::<usize>() + 6,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => 24,
    }
}
