//! Requests and answers as values: what came over the wire, what goes back, and refusals as the venue words
//! them.

use serde_json::{Value, json};

use super::auth::Given;
use super::wire;
use crate::exchange::order::Reject;

/// A request as it came over the wire.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Upper case.
    pub method: &'a str,
    /// From the first slash to the question mark, still encoded.
    pub path: &'a str,
    /// After the question mark, still encoded.
    pub query: Option<&'a str>,
    pub user_agent: Option<&'a str>,
    pub given: Given<'a>,
    /// Pays for unsigned requests.
    pub address: &'a str,
    pub body: &'a [u8],
}

/// An answer to be written as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub(crate) fn json(status: u16, body: String) -> Reply {
        Reply { status, content_type: "application/json; charset=utf-8", headers: Vec::new(), body }
    }

    /// 429 with the time until requests are welcome again.
    pub fn rate_limited(reset_ms: i64) -> Reply {
        let mut reply = Reply::json(429, "{}".to_owned());
        reply.headers.push(("x-rate-limit-reset", reset_ms.to_string()));
        reply
    }

    /// An answer of the gateway in front of the venue: not JSON.
    pub fn gateway(status: u16, title: &str) -> Reply {
        let body = format!("<html><head><title>{status} {title}</title></head><body>{title}</body></html>");
        Reply { status, content_type: "text/html", headers: Vec::new(), body }
    }
}

/// A result with its `meta`, or a refusal.
pub(crate) type Answer = Result<(Value, Option<Value>), Refused>;

/// Why a request has no result.
#[derive(Debug)]
pub(crate) enum Refused {
    Rejected(Reject),
    NotFound { code: &'static str, context: Value },
}

impl From<Reject> for Refused {
    fn from(reject: Reject) -> Self {
        Refused::Rejected(reject)
    }
}

impl Refused {
    pub fn reply(self) -> Reply {
        match self {
            Refused::NotFound { code, context } => Reply::json(404, wire::failure(code, Some(context))),
            Refused::Rejected(reject) => {
                let context = match &reject {
                    Reject::BadSchema(message) => Some(json!({
                        "schema_errors": [{ "code": "validation_error", "message": message, "param": "" }]
                    })),
                    Reject::InsufficientMargin { available, additional } => Some(json!({
                        "available_balance": available.to_string(),
                        "required_additional_balance": additional.to_string(),
                    })),
                    Reject::OutOfPriceBand { price, lower, upper } => Some(json!({
                        "limit_price": price.to_string(),
                        "lower_limit": lower.to_string(),
                        "upper_limit": upper.to_string(),
                    })),
                    _without_context => None,
                };
                Reply::json(400, wire::failure(reject.code(), context))
            }
        }
    }
}
