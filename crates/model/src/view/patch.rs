//! What changed between two views as JSON: of an object its fields, of a list of the same length its items by number,
//! of anything else the whole. A field that is null and one that is absent mean the same.

use serde_json::{Map, Value};

/// What `merge` must be given to make `before` into `after`; `None` when nothing changed.
pub fn diff(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let patch = match (before, after) {
        (Value::Object(before), Value::Object(after)) => fields(before, after),
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => items(before, after),
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _)
        | (Value::Array(_) | Value::Object(_), _) => after.clone(),
    };
    Some(patch)
}

fn fields(before: &Map<String, Value>, after: &Map<String, Value>) -> Value {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = after.iter().filter_map(|(key, value)| {
        let patch = match before.get(key) {
            Some(before) => diff(before, value)?,
            None => value.clone(),
        };
        Some((key.clone(), patch))
    });
    Value::Object(gone.chain(changed).collect())
}

fn items(before: &[Value], after: &[Value]) -> Value {
    let changed = before.iter().zip(after).enumerate();
    Value::Object(
        changed.filter_map(|(at, (before, after))| Some((at.to_string(), diff(before, after)?))).collect(),
    )
}

/// Puts a patch into what was there. An item that is not there is passed over.
pub fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(fields), Value::Object(patch)) => {
            for (key, patch) in patch {
                match fields.get_mut(&key) {
                    _ if patch.is_null() => {
                        fields.remove(&key);
                    }
                    Some(field) => merge(field, patch),
                    None => {
                        fields.insert(key, patch);
                    }
                }
            }
        }
        (Value::Array(items), Value::Object(patch)) => {
            for (at, patch) in patch {
                if let Some(item) = at.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                    merge(item, patch);
                }
            }
        }
        (into, patch) => *into = patch,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Values of views: no list holds null, and no list becomes an object.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let field = prop_oneof![Just(Value::Null), inner.clone()];
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-d]", field, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn view() -> impl Strategy<Value = Value> {
        (value(), proptest::collection::vec(value(), 0..3))
            .prop_map(|(part, list)| json!({ "part": [part], "list": list }))
    }

    /// Absent and null are the same.
    fn without_null(value: Value) -> Value {
        match value {
            Value::Object(fields) => fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_null(value)))
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(items) => items.into_iter().map(without_null).collect(),
            leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => leaf,
        }
    }

    /// Lists and objects never take each other's place in a view.
    fn same_shape(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                a.iter().all(|(key, a)| b.get(key).is_none_or(|b| same_shape(a, b)))
            }
            (Value::Array(a), Value::Array(b)) => a.iter().zip(b).all(|(a, b)| same_shape(a, b)),
            (Value::Array(_), Value::Object(_)) | (Value::Object(_), Value::Array(_)) => false,
            _ => true,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_patched_is_what_was_meant(before in view(), after in view()) {
            prop_assume!(same_shape(&before, &after));
            let mut patched = before.clone();
            if let Some(patch) = diff(&before, &after) {
                merge(&mut patched, patch.clone());
                // A reader that has seen the change already is not misled by hearing of it again.
                let mut again = patched.clone();
                merge(&mut again, patch);
                prop_assert_eq!(without_null(again), without_null(patched.clone()));
            }
            prop_assert_eq!(without_null(patched), without_null(after));
        }
    }

    #[test]
    fn one_price_of_one_leg_is_one_number() {
        let view = |ask: &str| json!({ "id": "s-1", "legs": [{ "symbol": "C", "ask": ask }, { "symbol": "P", "ask": "7" }] });
        let patch = diff(&view("1"), &view("2"));
        assert_eq!(patch, Some(json!({ "legs": { "0": { "ask": "2" } } })));
        assert_eq!(diff(&view("1"), &view("1")), None);
    }
}
