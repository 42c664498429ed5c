//! Answers that are not true: emptied, or with fields missing and changed. They work on the text of a
//! successful answer and leave any other as it is.

use serde_json::{Map, Value, json};

/// The answer of a venue in which there is nothing: lists without rows, a position of size 0.
/// None when the answer is one thing that would then not be found.
pub(crate) fn emptied(body: &str) -> Option<String> {
    let Some((mut envelope, result)) = success(body) else { return Some(body.to_owned()) };
    let empty = match result {
        Value::Array(_) => json!([]),
        Value::Object(fields) if fields.contains_key("size") && !fields.contains_key("id") => {
            let mut flat = fields;
            flat.insert("size".to_owned(), json!(0));
            flat.insert("entry_price".to_owned(), Value::Null);
            Value::Object(flat)
        }
        _one_thing => return None,
    };
    envelope.insert("result".to_owned(), empty);
    Some(Value::Object(envelope).to_string())
}

/// The answer without `drop` and with other values where `set` names a field that is there; at any depth
/// of the result.
pub(crate) fn altered(body: &str, drop: &[String], set: &[(String, Value)]) -> String {
    let Some((mut envelope, mut result)) = success(body) else { return body.to_owned() };
    alter(&mut result, drop, set);
    envelope.insert("result".to_owned(), result);
    Value::Object(envelope).to_string()
}

fn alter(value: &mut Value, drop: &[String], set: &[(String, Value)]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !drop.contains(name));
            for (name, field) in fields.iter_mut() {
                match set.iter().find(|(wanted, _)| wanted == name) {
                    Some((_, other)) => *field = other.clone(),
                    None => alter(field, drop, set),
                }
            }
        }
        Value::Array(rows) => rows.iter_mut().for_each(|row| alter(row, drop, set)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Envelope and result of a success.
fn success(body: &str) -> Option<(Map<String, Value>, Value)> {
    let Ok(Value::Object(mut envelope)) = serde_json::from_str(body) else { return None };
    let result = envelope.remove("result")?;
    (envelope.get("success") == Some(&Value::Bool(true))).then_some((envelope, result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_emptied_by_their_shape() {
        let cases = [
            (
                r#"{"success":true,"result":[{"size":-5}],"meta":{}}"#,
                Some(r#"{"success":true,"meta":{},"result":[]}"#),
            ),
            (
                r#"{"success":true,"result":{"size":-5,"entry_price":"3","timestamp":1}}"#,
                Some(r#"{"success":true,"result":{"size":0,"entry_price":null,"timestamp":1}}"#),
            ),
            (r#"{"success":true,"result":{"id":7,"size":5}}"#, None),
            (r#"{"success":false,"error":{"code":"x"}}"#, Some(r#"{"success":false,"error":{"code":"x"}}"#)),
            ("<html>", Some("<html>")),
        ];
        for (body, expected) in cases {
            let parsed = |text: Option<String>| text.map(|text| serde_json::from_str::<Value>(&text).ok());
            assert_eq!(parsed(emptied(body)), parsed(expected.map(str::to_owned)), "{body}");
        }
    }

    #[test]
    fn fields_are_dropped_and_changed_where_they_are() {
        let body = r#"{"success":true,"result":[{"size":1,"deep":{"size":2,"b":3}}],"meta":{"size":4}}"#;
        let drop = ["size".to_owned()];
        let set = [("b".to_owned(), json!("-200")), ("absent".to_owned(), json!(1))];
        let got: Value = serde_json::from_str(&altered(body, &drop, &set)).unwrap();
        assert_eq!(
            got,
            json!({ "success": true, "result": [{ "deep": { "b": "-200" } }], "meta": { "size": 4 } })
        );
    }
}
