//! How bodies are spelled where the venue's sources disagree (venue facts, sections 5 and 11): booleans as JSON or as
//! text, a product by its id or also by its symbol, the impact of a switch in one word or another. The venue's refusal of
//! one spelling names the field, and then the other is right; nothing was done by then. Pure.

use serde_json::{Map, Value};

use crate::venue::wire::Refusal;

/// Booleans of order bodies. Flags of positions are JSON in every source.
const FLAGS: [&str; 7] = [
    "post_only",
    "reduce_only",
    "mmp",
    "cancel_orders_accepted",
    "cancel_limit_orders",
    "cancel_stop_orders",
    "cancel_reduce_only_orders",
];

/// What is recorded or documented most, unless the venue was heard to want the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    flags_as_text: bool,
    symbol_too: bool,
    impact_by_level: bool,
}

impl Spelling {
    /// The body as it is signed and sent. `symbol` is of the one product that it is about.
    pub(super) fn write(self, body: &Value, symbol: Option<&str>) -> String {
        if self == Self::default() {
            return body.to_string();
        }
        let mut body = body.clone();
        if let Value::Object(fields) = &mut body {
            if let (true, Some(symbol), true) = (self.symbol_too, symbol, fields.contains_key("product_id")) {
                fields.insert("product_symbol".to_owned(), Value::from(symbol));
            }
            if self.impact_by_level && fields.contains_key("impact") {
                fields.insert("impact".to_owned(), Value::from("medium"));
            }
            if self.flags_as_text {
                flags_to_text(fields);
            }
        }
        body.to_string()
    }

    /// The spelling to try after this one was refused; none where the refusal is about something else.
    pub(super) fn other(self, refusal: &Refusal, body: &Value, symbol: Option<&str>) -> Option<Self> {
        let said = refusal.detail.as_deref().filter(|_| refusal.code == "bad_schema")?;
        let names = |field: &str| said.contains(field) && has(body, field);
        if FLAGS.iter().any(|flag| names(flag)) {
            return Some(Self { flags_as_text: !self.flags_as_text, ..self });
        }
        if said.contains("product_symbol") && has(body, "product_id") && symbol.is_some() {
            return Some(Self { symbol_too: !self.symbol_too, ..self });
        }
        names("impact").then_some(Self { impact_by_level: !self.impact_by_level, ..self })
    }
}

fn flags_to_text(fields: &mut Map<String, Value>) {
    for (name, value) in fields.iter_mut() {
        match value {
            Value::Bool(on) if FLAGS.contains(&name.as_str()) => *value = Value::from(on.to_string()),
            Value::Array(rows) => rows.iter_mut().filter_map(Value::as_object_mut).for_each(flags_to_text),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {}
        }
    }
}

/// Whether a body has the field, itself or in one of its rows.
fn has(body: &Value, field: &str) -> bool {
    let rows = body.get("orders").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    body.get(field).is_some() || rows.iter().any(|row| row.get(field).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(message: &str) -> Refusal {
        let context =
            json!({ "schema_errors": [{ "code": "validation_error", "message": message, "param": "" }] });
        Refusal { code: "bad_schema".to_owned(), detail: Some(context.to_string()) }
    }

    #[test]
    fn what_a_refusal_names_is_spelled_otherwise() {
        let body = json!({ "product_id": 27, "reduce_only": true, "size": 5 });
        let usual = Spelling::default();
        assert_eq!(usual.write(&body, Some("C")), body.to_string());
        let text = usual.other(&schema("reduce_only must be true or false"), &body, Some("C")).unwrap();
        let written: Value = serde_json::from_str(&text.write(&body, Some("C"))).unwrap();
        assert_eq!(written, json!({ "product_id": 27, "reduce_only": "true", "size": 5 }));
        assert_eq!(text.other(&schema("reduce_only must be a boolean"), &body, None), Some(usual));
        let both = usual.other(&schema("product_symbol is required"), &body, Some("C")).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&both.write(&body, Some("C"))).unwrap()["product_symbol"],
            "C"
        );
        let one =
            both.other(&schema("only one of product_id and product_symbol is allowed"), &body, Some("C"));
        assert_eq!(one, Some(usual));
        let switch = json!({ "impact": "products" });
        let level = usual.other(&schema("impact must be low or medium"), &switch, None).unwrap();
        assert_eq!(level.write(&switch, None), r#"{"impact":"medium"}"#);
    }

    #[test]
    fn rows_of_a_batch_are_spelled_too() {
        let body = json!({ "product_id": 27, "orders": [{ "reduce_only": false }, { "post_only": true }] });
        let text = Spelling::default().other(&schema("post_only"), &body, None).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&text.write(&body, None)).unwrap()["orders"],
            json!([{ "reduce_only": "false" }, { "post_only": "true" }])
        );
    }

    #[test]
    fn a_refusal_about_something_else_is_final() {
        let body = json!({ "product_id": 27, "reduce_only": true });
        let other = |refusal: &Refusal| Spelling::default().other(refusal, &body, Some("C"));
        assert_eq!(other(&schema("limit_price must be positive")), None);
        assert_eq!(other(&schema("post_only must be true or false")), None, "it is not in the body");
        assert_eq!(other(&Refusal { code: "bad_schema".to_owned(), detail: None }), None);
        let elsewhere = Refusal { code: "insufficient_margin".to_owned(), ..schema("reduce_only") };
        assert_eq!(other(&elsewhere), None);
        assert_eq!(Spelling::default().other(&schema("product_symbol"), &body, None), None, "there is none");
    }
}
