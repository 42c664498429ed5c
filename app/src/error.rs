//! `AppError`: what went wrong, in words a person may read, with the id under which the server told it. It
//! travels from the server to the page, so nothing secret may stand in it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An error of a page, an API call or the live feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppError {
    /// Upper-case word of the API, such as `PRODUCT_LEASED`; ours are `NETWORK`, `NO_PORT`.
    pub code: String,
    /// One sentence for the person at the screen.
    pub message: String,
    pub correlation_id: Option<String>,
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    /// What is wrong with single fields, by their names; the message says it as well.
    #[serde(default)]
    pub fields: Value,
}

impl AppError {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            correlation_id: None,
            status: 0,
            fields: Value::Null,
        }
    }

    /// No answer came: whether the request arrived is not known.
    pub fn network(detail: &str) -> Self {
        Self::new(
            "NETWORK",
            format!("The server did not answer: {detail}. Whether it took the request is not known."),
        )
    }

    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub fn with_correlation(mut self, correlation_id: Option<String>) -> Self {
        self.correlation_id = correlation_id;
        self
    }

    /// Whether sending the same request again, under the same key, may help.
    pub fn may_retry(&self) -> bool {
        matches!(self.status, 0 | 408 | 425 | 429 | 500 | 502 | 503 | 504)
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

/// Reads an error answer, `{error:{code,message,correlation_id,fields?}}`; a body of another form keeps its status. The
/// message says what is wrong with a field, by the name that pages have for it: `fields` is for programs.
pub fn from_answer(status: u16, body: &str, correlation_id: Option<String>) -> AppError {
    let mut read = crate::json::read(body);
    let text = |key: &str| read["error"][key].as_str().map(str::to_owned);
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => AppError {
            code,
            message,
            correlation_id: text("correlation_id").or(correlation_id),
            status,
            fields: read["error"]["fields"].take(),
        },
        (Some(_), None) | (None, _) => AppError::new("HTTP", format!("The server answered {status}."))
            .with_status(status)
            .with_correlation(correlation_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_answer_keeps_its_code_and_correlation_id() {
        let body = r#"{"error":{"code":"PRODUCT_LEASED","message":"session s-1 holds it.","correlation_id":"abc12345"}}"#;
        let error = from_answer(409, body, None);
        assert_eq!((error.code.as_str(), error.status), ("PRODUCT_LEASED", 409));
        assert_eq!(error.correlation_id.as_deref(), Some("abc12345"));
        assert!(!error.may_retry());
    }

    #[test]
    fn an_answer_that_is_no_json_keeps_its_status() {
        let error = from_answer(503, "<html>", Some("id-12345".to_owned()));
        assert_eq!((error.status, error.correlation_id.as_deref()), (503, Some("id-12345")));
        assert!(error.may_retry());
    }

    #[test]
    fn a_field_is_called_what_the_page_calls_it_and_once() {
        let body = r#"{"error":{"code":"INVALID","message":"Not valid. Max loss, USD: Above 0.","correlation_id":null,"fields":{"max_loss":"Above 0."}}}"#;
        let error = from_answer(422, body, None);
        assert_eq!(error.message, "Not valid. Max loss, USD: Above 0.");
        assert_eq!(error.fields["max_loss"], "Above 0.");
    }
}
