//! Query text as typed values, with the venue's schema errors.

use std::collections::BTreeMap;

use crate::exchange::order::Reject;

/// Decoded query parameters.
#[derive(Debug, Default)]
pub struct Query(BTreeMap<String, String>);

impl Query {
    /// Decodes `a=b&c=d%2Ce`.
    ///
    /// # Errors
    /// Empty values are refused, as the venue does.
    pub fn parse(text: Option<&str>) -> Result<Query, Reject> {
        let mut values = BTreeMap::new();
        for pair in text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value);
            if value.is_empty() {
                return Err(Reject::BadSchema(format!("{name} must not be empty")));
            }
            values.insert(decode(name), value);
        }
        Ok(Query(values))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Comma-separated values; empty when absent.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).map(|text| text.split(',').map(str::trim).collect()).unwrap_or_default()
    }

    /// Everything that was asked, for what remembers answers.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True if the list is absent or contains the value.
    pub fn admits(&self, name: &str, value: &str) -> bool {
        let list = self.list(name);
        list.is_empty() || list.contains(&value)
    }

    /// A whole number.
    ///
    /// # Errors
    /// Anything else that is present.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Reject> {
        let parse = |text: &str| {
            text.parse().map_err(|_| Reject::BadSchema(format!("{name} must be a whole number")))
        };
        self.get(name).map(parse).transpose()
    }

    /// Whole numbers, at most ten.
    ///
    /// # Errors
    /// More of them, or something that is not a number.
    pub fn numbers(&self, name: &str) -> Result<Vec<i64>, Reject> {
        let list = self.list(name);
        if list.len() > 10 {
            return Err(Reject::BadSchema(format!("{name} may have at most 10 entries")));
        }
        let parse =
            |text: &str| text.parse().map_err(|_| Reject::BadSchema(format!("{name} must be whole numbers")));
        list.into_iter().map(parse).collect()
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'+' => Some(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            plain => Some(plain),
        };
        bytes.push(decoded.unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
