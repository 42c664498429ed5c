//! A scalar of a frame as it stands in the frame's text, without a copy: frames of the market come a thousand times a
//! second. It never fails to be read; what it must not be is told where it is looked at.

use std::borrow::Cow;
use std::fmt;

use model::Decimal;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::venue::wire::{decimal_text, whole_text};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Field<'a> {
    /// The frame does not have it.
    #[default]
    Absent,
    Null,
    Whole(i64),
    /// A text, or a number that is not whole.
    Text(Cow<'a, str>),
    Odd(&'static str),
}

impl<'a> Field<'a> {
    /// The field, which must be there, be it null.
    pub fn there(&self, name: &str) -> Result<&Self, String> {
        if *self == Field::Absent { Err(format!("{name} is missing")) } else { Ok(self) }
    }

    pub fn decimal(&self) -> Result<Option<Decimal>, String> {
        match self {
            Field::Absent | Field::Null => Ok(None),
            Field::Whole(number) => decimal_text(&number.to_string()),
            Field::Text(text) => decimal_text(text),
            Field::Odd(kind) => Err(format!("a number or its text was expected, not {kind}")),
        }
    }

    pub fn whole(&self) -> Result<Option<i64>, String> {
        match self {
            Field::Absent | Field::Null => Ok(None),
            Field::Whole(number) => Ok(Some(*number)),
            Field::Text(text) => whole_text(text),
            Field::Odd(kind) => Err(format!("a whole number was expected, not {kind}")),
        }
    }

    /// As the venue spelled it.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Field::Absent | Field::Null | Field::Odd(_) => None,
            Field::Whole(number) => Some(Cow::Owned(number.to_string())),
            Field::Text(text) => Some(Cow::Borrowed(text)),
        }
    }

    /// A word, where it is one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Field::Text(text) => Some(text),
            Field::Absent | Field::Null | Field::Whole(_) | Field::Odd(_) => None,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar)
    }
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Field<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Null)
    }

    fn visit_bool<E>(self, _flag: bool) -> Result<Self::Value, E> {
        Ok(Field::Odd("a truth value"))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Field::Text(number.to_string().into()), Field::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // As short as it can be told from its neighbours, which is how it stood in the text.
        let text = serde_json::Number::from_f64(number).map(|number| number.to_string());
        Ok(text.map_or(Field::Odd("no number"), |text| Field::Text(text.into())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Odd("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Odd("an object"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::venue::wire::{decimal_of, whole_of};

    /// One scalar means the same here and where answers to requests are read.
    #[test]
    fn a_scalar_means_what_it_means_elsewhere() {
        for json in [
            "null",
            "0",
            "-1",
            "3862",
            "0.5",
            "1e300",
            "18446744073709551615",
            "99999999999999999999",
            "true",
            "[]",
            "[[1]]",
            "{}",
            r#"{"a":{"b":1}}"#,
            r#""""#,
            r#"" 5 ""#,
            r#""0.2""#,
            r#""-0.20""#,
            r#""1.5""#,
            r#""abc""#,
            r#""\u0035""#,
            "2887971.772999999",
        ] {
            let (field, value) = (
                serde_json::from_str::<Field<'_>>(json).unwrap(),
                serde_json::from_str::<Value>(json).unwrap(),
            );
            assert_eq!(field.decimal().ok(), decimal_of(&value).ok(), "{json}");
            assert_eq!(field.whole().ok(), whole_of(&value).ok(), "{json}");
        }
        assert!(Field::Absent.there("p").is_err() && Field::Null.there("p").is_ok());
    }
}
