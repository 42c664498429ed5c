//! Numbers, ids, flags and words as the venue spells them: as text or as numbers, and null, absent or empty for none.
//! What is neither is an error, never a default.

use model::Decimal;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// No price, size or sum of this venue is larger. What is would run over in sums of money.
const MOST: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

/// Reads a decimal from text or number; null and empty text are none. Never through a binary float.
pub fn decimal_of(value: &Value) -> Result<Option<Decimal>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => decimal_text(text),
        Value::Number(number) => decimal_text(&number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err("a number or its text was expected".to_owned())
        }
    }
}

/// Reads a decimal from its text; nothing is none.
pub fn decimal_text(text: &str) -> Result<Option<Decimal>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(text));
    let number = parsed.map_err(|_| format!("{} is no decimal", shortened(text)))?;
    if number.abs() > MOST {
        return Err(format!("{} is beyond any number of this venue", shortened(text)));
    }
    Ok(Some(number.normalize()))
}

/// Of an error's words, so much that they can be told.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

pub(super) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    decimal_of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A decimal that must be there.
pub(super) fn some_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    decimal(deserializer)?.ok_or_else(|| D::Error::custom("a number was expected, not nothing"))
}

/// An id that comes as text or as an integer; the same one either way.
pub fn id_of(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) if number.is_u64() => Ok(Some(number.to_string())),
        Value::String(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err("an id was expected".to_owned())
        }
    }
}

pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    id_of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A whole number, as text or as a number; null and empty text are none.
pub fn whole_of(value: &Value) -> Result<Option<i64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_i64().map(Some).ok_or_else(|| format!("{number} is not whole")),
        Value::String(text) => whole_text(text),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err("a whole number was expected".to_owned()),
    }
}

/// A whole number from its text; nothing is none.
pub fn whole_text(text: &str) -> Result<Option<i64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("{} is not whole", shortened(text)))
}

pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    whole_of(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The number of a product.
pub(super) fn product<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = whole(deserializer)?.map(u64::try_from).transpose();
    number.map_err(|_| D::Error::custom("the number of a product is not negative"))
}

/// The number of a product that must be there.
pub(super) fn some_product<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    product(deserializer)?.ok_or_else(|| D::Error::custom("the number of a product was expected"))
}

/// Text, where empty means none. A number in its place is its text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(D::Error::custom("a text was expected")),
    }
}

/// A boolean, or its text; null and empty text are none.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(flag)),
        Value::String(text) => match text.trim() {
            "" => Ok(None),
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _other => Err(D::Error::custom("true or false was expected")),
        },
        Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(D::Error::custom("true or false was expected"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn decimals_are_read_from_text_and_number_and_none_from_nothing() {
        for (json, expected) in [
            ("\"0.100000000000000000\"", Some("0.1")),
            ("0.035", Some("0.035")),
            ("3", Some("3")),
            ("\" 3 \"", Some("3")),
            ("-200", Some("-200")),
            ("\"-200\"", Some("-200")),
            ("1e-7", Some("0.0000001")),
            ("1000000000000", Some("1000000000000")),
            ("\"\"", None),
            ("null", None),
        ] {
            let expected = expected.map(|text| text.parse::<Decimal>().unwrap());
            assert_eq!(decimal_of(&value(json)), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_large_to_be_one_is_an_error() {
        let long = format!("\"{}\"", "9".repeat(100_000));
        for json in [
            "true",
            "[]",
            "{}",
            "\"abc\"",
            "\"NaN\"",
            "\"1e400\"",
            "1e300",
            "1000000000001",
            "\"-79228162514264337593543950335\"",
            &long,
        ] {
            let error = decimal_of(&value(json)).unwrap_err();
            assert!(error.len() < 100, "{error}");
        }
    }

    #[test]
    fn ids_and_whole_numbers_are_the_same_as_text_and_as_numbers() {
        for json in ["152870626", "\"152870626\"", "\" 152870626 \""] {
            assert_eq!(id_of(&value(json)), Ok(Some("152870626".to_owned())), "{json}");
            assert_eq!(whole_of(&value(json)), Ok(Some(152_870_626)), "{json}");
        }
        for json in ["null", "\"\"", "\" \""] {
            assert_eq!((id_of(&value(json)), whole_of(&value(json))), (Ok(None), Ok(None)), "{json}");
        }
        for json in ["1.5", "-1.0", "true", "[1]", "99999999999999999999999"] {
            assert!(id_of(&value(json)).is_err() && whole_of(&value(json)).is_err(), "{json}");
        }
        assert!(whole_of(&value("\"1.5\"")).is_err());
    }

    #[test]
    fn flags_say_yes_or_no_or_nothing() {
        #[derive(Deserialize)]
        struct Row {
            #[serde(default, deserialize_with = "flag")]
            on: Option<bool>,
        }
        let read = |json: &str| serde_json::from_str::<Row>(json).map(|row| row.on);
        for (json, expected) in [
            (r#"{"on":true}"#, Some(true)),
            (r#"{"on":"true"}"#, Some(true)),
            (r#"{"on":false}"#, Some(false)),
            (r#"{"on":"false"}"#, Some(false)),
            (r#"{"on":null}"#, None),
            ("{}", None),
        ] {
            assert_eq!(read(json).unwrap(), expected, "{json}");
        }
        for json in [r#"{"on":"yes"}"#, r#"{"on":1}"#, r#"{"on":{}}"#] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
