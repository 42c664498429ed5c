//! What is around a result: success, cursors, and refusals in each of their forms.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Words of the venue for people are kept this long.
const DETAIL_MAX: usize = 400;
/// The longest code of a refusal; a longer one is cut.
const CODE_MAX: usize = 64;

/// `{"success":true,"result":…,"meta":…}`, or the same with an error.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    #[serde(default)]
    success: Option<bool>,
    #[serde(default = "none")]
    result: Option<T>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    meta: Option<Meta>,
}

fn none<T>() -> Option<T> {
    None
}

/// Cursors of a paged answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Meta {
    /// Of the next page; `None` when this is the last.
    #[serde(default, deserialize_with = "cursor")]
    pub after: Option<String>,
    /// Rows of the whole list, where the venue says so.
    #[serde(default)]
    pub total_count: Option<usize>,
}

/// Why an answer of success has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoResult {
    /// It is a refusal all the same.
    Refused(Refusal),
    /// It is nothing that was asked for; the words say where it fails.
    Unreadable(String),
}

/// Reads the body of an answer of success. A result that is absent is no empty one.
pub fn result<T: DeserializeOwned>(body: &str) -> Result<(T, Option<Meta>), NoResult> {
    let unreadable = |why: String| match Refusal::parse(body) {
        Some(refusal) => NoResult::Refused(refusal),
        None => NoResult::Unreadable(why),
    };
    let envelope: Envelope<T> = serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?;
    let failed = envelope.success == Some(false) || envelope.error.is_some_and(|error| !error.is_null());
    match envelope.result {
        Some(result) if !failed => Ok((result, envelope.meta)),
        Some(_) | None if failed => Err(unreadable("no success and no error".to_owned())),
        Some(_) | None => Err(unreadable("no result".to_owned())),
    }
}

/// What an answer of success may lack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Result,
    /// Its envelope: the fields of the result may stand at the top.
    MaybeBare,
    /// Its result: that it is a success is all that it says.
    MaybeNothing,
}

/// The same for an answer that may lack something.
pub fn result_in<T: DeserializeOwned>(body: &str, form: Form) -> Result<(T, Option<Meta>), NoResult> {
    let unread = match result(body) {
        Err(NoResult::Unreadable(why)) => why,
        read => return read,
    };
    let value = serde_json::from_str::<Value>(body)
        .ok()
        .filter(|value| value.get("result").is_none_or(Value::is_null));
    let instead = match (form, value) {
        (Form::Result, _) | (_, None) => None,
        (Form::MaybeBare, Some(value)) => Some(value).filter(|value| value.get("success").is_none()),
        (Form::MaybeNothing, Some(value)) => {
            (value.get("success") == Some(&Value::Bool(true))).then_some(Value::Null)
        }
    };
    let Some(instead) = instead else { return Err(NoResult::Unreadable(unread)) };
    serde_json::from_value(instead)
        .map(|result| (result, None))
        .map_err(|error| NoResult::Unreadable(error.to_string()))
}

/// A refusal: a code to decide on and words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: String,
    pub detail: Option<String>,
}

impl Refusal {
    /// Reads `{"success":false,"error":{"code":…,"context":…}}` and `{"error":"…","message":"…"}`; `None` for a
    /// body that is no refusal of the venue itself. Codes are snake case, whatever form they came in.
    #[must_use]
    pub fn parse(body: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(body).ok()?;
        let (code, detail) = match value.get("error")? {
            Value::String(word) => (word, value.get("message").and_then(Value::as_str).map(str::to_owned)),
            Value::Object(error) => match error.get("code") {
                Some(Value::String(code)) => (code, error.get("context").map(Value::to_string)),
                Some(_) | None => return None,
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
        };
        let code = snake(code);
        let detail = detail.map(|words| words.chars().take(DETAIL_MAX).collect());
        (!code.is_empty()).then_some(Self { code, detail })
    }

    /// A signature that the venue did not accept because of its time: nothing was done.
    #[must_use]
    pub fn is_expired_signature(&self) -> bool {
        matches!(self.code.as_str(), "expired_signature" | "signature_expired" | "request_expired")
    }

    /// The venue's time as a refusal for its sake tells it, in Unix seconds.
    #[must_use]
    pub fn server_time_s(&self) -> Option<i64> {
        let context: Value = serde_json::from_str(self.detail.as_deref()?).ok()?;
        let number: i64 = match context.get("server_time")? {
            Value::Number(number) => number.as_i64()?,
            Value::String(text) => text.trim().parse().ok()?,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        // Which unit is not documented; they are a thousand apart.
        Some(match number {
            ..100_000_000_000 => number,
            100_000_000_000..100_000_000_000_000 => number / 1_000,
            100_000_000_000_000.. => number / 1_000_000,
        })
    }
}

/// `SignatureExpired`, `Signature Mismatch`, `SIGNATURE_EXPIRED` and `signature_mismatch` alike become snake case of
/// letters and digits.
fn snake(word: &str) -> String {
    let letters: Vec<char> = word.trim().chars().collect();
    let mut out = String::with_capacity(word.len() + 4);
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| letters.get(before));
        let starts_word = letter.is_ascii_uppercase() && before.is_some_and(char::is_ascii_lowercase);
        if starts_word && !out.ends_with('_') {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out.truncate(CODE_MAX);
    out.trim_end_matches('_').to_owned()
}

/// Text or a number; null and empty text say that there is no further page.
fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text).filter(|text| !text.is_empty())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(serde::de::Error::custom("a cursor was expected"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_in_every_form() {
        for (body, code, detail) in [
            (r#"{"error":{"code":"open_order_not_found"},"success":false}"#, "open_order_not_found", false),
            (
                r#"{"error":{"code":"insufficient_margin","context":{"available_balance":"0"}},"success":false}"#,
                "insufficient_margin",
                true,
            ),
            (
                r#"{"error":"SignatureExpired","message":"your signature has expired"}"#,
                "signature_expired",
                true,
            ),
            (r#"{"success":false,"error":{"code":"Signature Mismatch"}}"#, "signature_mismatch", false),
            (
                r#"{"success":false,"error":{"code":"IP_NOT_WHITELISTED for key"}}"#,
                "ip_not_whitelisted_for_key",
                false,
            ),
            (r#"{"success":false,"error":{"code":"invalid_api_key"}}"#, "invalid_api_key", false),
        ] {
            let refusal = Refusal::parse(body).unwrap_or_else(|| panic!("{body}"));
            assert_eq!((refusal.code.as_str(), refusal.detail.is_some()), (code, detail), "{body}");
        }
        for body in [
            "{}",
            "<html>403</html>",
            r#"{"success":true,"result":{}}"#,
            "",
            r#"{"error":" "}"#,
            r#"{"error":{}}"#,
        ] {
            assert_eq!(Refusal::parse(body), None, "{body}");
        }
    }

    #[test]
    fn an_enormous_refusal_is_cut() {
        let long = "x".repeat(100_000);
        let body = format!(r#"{{"error":{{"code":"{long}","context":"{long}"}}}}"#);
        let refusal = Refusal::parse(&body).unwrap();
        assert_eq!((refusal.code.len(), refusal.detail.map(|words| words.len())), (64, Some(400)));
    }

    #[test]
    fn a_signature_out_of_time_is_known_in_every_spelling() {
        for word in [
            "expired_signature",
            "SignatureExpired",
            "signature_expired",
            "Signature Expired",
            "SIGNATURE_EXPIRED",
            "expired-signature",
            "ExpiredSignature",
            "request_expired",
        ] {
            for body in [format!(r#"{{"error":"{word}"}}"#), format!(r#"{{"error":{{"code":"{word}"}}}}"#)] {
                assert!(Refusal::parse(&body).unwrap().is_expired_signature(), "{body}");
            }
        }
        let other = Refusal::parse(r#"{"error":"SignatureMismatch"}"#).unwrap();
        assert!(!other.is_expired_signature());
        let told =
            r#"{"error":{"code":"expired_signature","context":{"request_time":1,"server_time":1757}}}"#;
        assert_eq!(Refusal::parse(told).unwrap().server_time_s(), Some(1_757));
        for time in ["1788431318", "1788431318663", "\"1788431318663014\""] {
            let body = told.replace("1757", time);
            assert_eq!(Refusal::parse(&body).unwrap().server_time_s(), Some(1_788_431_318), "{time}");
        }
        assert_eq!(other.server_time_s(), None);
    }

    #[test]
    fn a_result_is_there_or_it_is_an_error() {
        let read = |body: &str| result::<Vec<u32>>(body);
        assert_eq!(read(r#"{"success":true,"result":[1],"meta":{"after":null}}"#).unwrap().0, [1]);
        assert_eq!(read(r#"{"result":[],"success":true}"#).unwrap().0, [0; 0]);
        for body in [
            r#"{"success":true}"#,
            r#"{"success":true,"result":null}"#,
            r#"{"success":false,"result":[]}"#,
            r#"{"success":true,"result":{}}"#,
            r#"{"success":true,"result":[],"meta":{"after":{}}}"#,
            r#"{"success":true,"result":[],"meta":{"after":true}}"#,
            r#"{"success":true,"result":[1"#,
            "[]",
            "",
        ] {
            assert!(matches!(read(body), Err(NoResult::Unreadable(_))), "{body}");
        }
        let refused = read(r#"{"success":false,"result":[],"error":{"code":"unavailable"}}"#);
        assert!(matches!(refused, Err(NoResult::Refused(refusal)) if refusal.code == "unavailable"));
    }

    #[test]
    fn an_answer_may_lack_what_its_call_says_it_may() {
        let nothing = |body: &str| result_in::<serde::de::IgnoredAny>(body, Form::MaybeNothing).is_ok();
        for body in
            [r#"{"success":true}"#, r#"{"success":true,"result":null}"#, r#"{"success":true,"result":{}}"#]
        {
            assert!(nothing(body), "{body}");
        }
        for body in [
            "{}",
            "",
            "null",
            "[]",
            "<html>",
            r#"{"success":false}"#,
            r#"{"success":"true"}"#,
            r#"{"success":true,"error":{"code":"unavailable"}}"#,
        ] {
            assert!(!nothing(body), "{body}");
        }
        let bare = |body: &str| result_in::<std::collections::BTreeMap<String, u32>>(body, Form::MaybeBare);
        assert_eq!(bare(r#"{"used":5}"#).unwrap().0["used"], 5);
        assert_eq!(bare(r#"{"success":true,"result":{"used":5}}"#).unwrap().0["used"], 5);
        assert!(bare(r#"{"success":true}"#).is_err() && bare("<html>").is_err());
        assert!(matches!(bare(r#"{"error":"Unavailable"}"#), Err(NoResult::Refused(_))));
        assert!(result_in::<serde::de::IgnoredAny>(r#"{"success":true}"#, Form::Result).is_err());
    }

    #[test]
    fn cursors_are_text_numbers_or_none() {
        let after = |meta: &str| serde_json::from_str::<Meta>(meta).map(|meta| meta.after);
        assert_eq!(after(r#"{"after":"abc"}"#).unwrap(), Some("abc".to_owned()));
        assert_eq!(after(r#"{"after":17}"#).unwrap(), Some("17".to_owned()));
        for none in ["{}", r#"{"after":null}"#, r#"{"after":""}"#] {
            assert_eq!(after(none).unwrap(), None, "{none}");
        }
    }
}
