//! Whether what stands there is what we would put. Engines give things back in a dress of their own (settings as text,
//! defaults filled in), so that ours has to be found in theirs, value by value; what they have beside is theirs.

use serde_json::Value;

/// The first place that differs, in words. `None`: all of `ours` is in `theirs`.
pub(super) fn difference(ours: &Value, theirs: &Value) -> Option<String> {
    at("", ours, theirs)
}

fn at(path: &str, ours: &Value, theirs: &Value) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            at(&path, value, found.get(key).unwrap_or(&Value::Null))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.find_map(|(n, (value, there))| at(&format!("{path}[{n}]"), value, there))
        }
        // An empty object says no more than that something is there or is left at its defaults.
        (Value::Object(wanted), _) if wanted.is_empty() => None,
        (wanted, found) if plain(wanted).is_some() && plain(wanted) == plain(found) => None,
        (wanted, found) => Some(format!("{path} is {}, not {}", short(found), short(wanted))),
    }
}

/// `1`, `"1"` and `true`, `"true"` are the same setting.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "absent".to_owned(),
        other => other.to_string(),
    };
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_engine_adds_or_writes_otherwise_is_no_difference() {
        let ours = json!({ "index": { "number_of_shards": 1, "sort": { "field": ["a", "b"] }, "x": true, "e": {} } });
        let theirs = json!({ "index": { "number_of_shards": "1", "sort": { "field": ["a", "b"] }, "x": "true", "y": 1 },
            "created_date_millis": 7 });
        assert_eq!(difference(&ours, &theirs), None);
    }

    #[test]
    fn the_first_difference_is_named_with_its_place() {
        let ours = json!({ "index": { "mode": "logsdb", "sort": ["a"], "limit": 300 } });
        let table = [
            (json!({}), "index is absent, not {\"limit\":300,\"mode\":\"logsdb\",\"sort\":[\"a\"]}"),
            (
                json!({ "index": { "mode": "standard", "sort": ["a"], "limit": 300 } }),
                "index.mode is \"standard\", not \"logsdb\"",
            ),
            (
                json!({ "index": { "mode": "logsdb", "sort": ["b"], "limit": 300 } }),
                "index.sort[0] is \"b\", not \"a\"",
            ),
            (
                json!({ "index": { "mode": "logsdb", "sort": ["a", "b"], "limit": "300" } }),
                "index.sort is [\"a\",\"b\"], not [\"a\"]",
            ),
            (json!({ "index": { "mode": "logsdb", "sort": ["a"] } }), "index.limit is absent, not 300"),
        ];
        for (theirs, told) in table {
            assert_eq!(difference(&ours, &theirs).as_deref(), Some(told));
        }
    }
}
