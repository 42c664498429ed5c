//! JSON in the browser: read by the browser's own reader, written by a few lines. Readers and writers for every type
//! would be a fifth of the module.

use serde_json::{Map, Value};

/// Reads; null when it is no JSON.
#[cfg(feature = "hydrate")]
pub fn read(text: &str) -> Value {
    js_sys::JSON::parse(text).map(|value| crate::platform::value_of(&value)).unwrap_or_default()
}

/// Reads; null when it is no JSON.
#[cfg(not(feature = "hydrate"))]
pub fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Writes. Numbers are whole ones: what is not is a text in all that is sent.
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    push(&mut out, value);
    out
}

fn push(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.as_i64().unwrap_or_default().to_string()),
        Value::String(text) => push_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                comma(out, at);
                push(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (at, (name, field)) in fields.iter().enumerate() {
                comma(out, at);
                push_text(out, name);
                out.push(':');
                push(out, field);
            }
            out.push('}');
        }
    }
}

fn comma(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Nobody types another control character.
            '\0'..='\u{1f}' => out.push(' '),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// An object of these fields.
pub fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let mut map = Map::new();
    for (name, value) in fields {
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

/// A text of an object, empty when it has none of that name.
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let value =
            json!({ "text": "a \"b\" \\ c\nd\té–", "list": [1, -2, true, null, {}], "object": { "x": "" } });
        assert_eq!(read(&write(&value)), value);
        assert_eq!(read("no JSON"), Value::Null);
    }
}
