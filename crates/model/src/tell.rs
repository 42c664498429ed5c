//! Small helpers with which decisions write their payloads and sentences, in one style.

use std::collections::BTreeMap;

use serde::Serialize;
use telemetry::{Map, Micros, Value};

use crate::amount::Lots;
use crate::ids::Symbol;

/// Builds a payload: `fields().put("symbol", &symbol).map()`.
#[derive(Default)]
pub(crate) struct Fields(Map<String, Value>);

pub(crate) fn fields() -> Fields {
    Fields::default()
}

impl Fields {
    /// Adds one typed field; what is `None` is left out.
    pub(crate) fn put(mut self, key: &str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(Value::Null) | Err(_) => {}
            Ok(value) => {
                self.0.insert(key.to_owned(), value);
            }
        }
        self
    }

    /// Adds the fields of a value that serialises as an object.
    pub(crate) fn merge(mut self, value: impl Serialize) -> Self {
        if let Ok(Value::Object(map)) = serde_json::to_value(value) {
            self.0.extend(map.into_iter().filter(|(_, value)| !value.is_null()));
        }
        self
    }

    pub(crate) fn map(self) -> Map<String, Value> {
        self.0
    }
}

/// `NEEDS_OPERATOR` within a sentence: `needs operator`.
pub fn said(word: &str) -> String {
    word.replace('_', " ").to_ascii_lowercase()
}

/// `1,565` for 1565: thousands as people read them.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("−{out}") } else { out }
}

/// `−200 C-BTC-47000-070122, 0 P-BTC-45000-070122`: positions as people read them; `nothing` when there are none.
pub fn positions(lots: &BTreeMap<Symbol, Lots>) -> String {
    if lots.is_empty() {
        return "nothing".to_owned();
    }
    lots.iter().map(|(symbol, lots)| format!("{} {symbol}", grouped(*lots))).collect::<Vec<_>>().join(", ")
}

/// `A, B and C`.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}

/// Whole milliseconds between two moments.
pub fn elapsed_ms(from: Micros, to: Micros) -> i64 {
    to.0.saturating_sub(from.0) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_565, "1,565"), (-48_391, "−48,391"), (1_000_000, "1,000,000")]
        {
            assert_eq!(grouped(number), text);
        }
    }
}
