//! Requests and answers as values: what came over the wire, what goes back, and refusals as the venue words
//! them.

use serde_json::{Value, json};

use super::auth::Given;
use super::wire;
use crate::exchange::order::Reject;
use crate::exchange::quirks::Quirks;

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
    NotFound {
        code: &'static str,
        context: Value,
    },
    /// A call that keys may not make.
    Forbidden,
}

impl From<Reject> for Refused {
    fn from(reject: Reject) -> Self {
        Refused::Rejected(reject)
    }
}

impl Refused {
    pub fn reply(self, quirks: Quirks) -> Reply {
        match self {
            Refused::NotFound { code, context } => Reply::json(404, wire::failure(code, Some(context))),
            Refused::Forbidden => Reply::json(401, wire::failure("unauthorized_api_access", None)),
            Refused::Rejected(reject) => {
                let status = if reject == Reject::OrderNotFound { 404 } else { 400 };
                let first = reject.first_code().filter(|_| quirks.undocumented_order_codes);
                let code = first.unwrap_or_else(|| reject.code());
                Reply::json(status, wire::failure(code, context(&reject, quirks)))
            }
        }
    }
}

/// What the venue says besides the code.
fn context(reject: &Reject, quirks: Quirks) -> Option<Value> {
    let schema = |message: &str, param: &str| json!({ "schema_errors": [{ "code": "validation_error", "message": message, "param": param }] });
    match reject {
        Reject::BadSchema(message) => Some(schema(message, "")),
        Reject::DuplicateClientOrderId => (!quirks.undocumented_order_codes)
            .then(|| schema("client_order_id is that of an open order already", "client_order_id")),
        Reject::InsufficientMargin { additional, .. } if quirks.documented_margin_context => {
            Some(json!({ "additional_margin_required": additional.to_string() }))
        }
        Reject::InsufficientMargin { available, additional } => Some(json!({
            "available_balance": available.to_string(),
            "required_additional_balance": additional.to_string(),
        })),
        Reject::OutOfPriceBand { price, lower, upper } => {
            let why = format!("limit_price {price} is outside the price band {lower} to {upper}");
            let mut context = schema(&why, "limit_price");
            for (name, value) in [("limit_price", price), ("lower_limit", lower), ("upper_limit", upper)] {
                context[name] = json!(value.to_string());
            }
            Some(context)
        }
        Reject::InvalidContract
        | Reject::OpenOrderNotFound
        | Reject::OrderNotFound
        | Reject::OrderSizeExceedAvailable
        | Reject::OrderSizeNotAvailable
        | Reject::ImmediateExecutionPostOnly
        | Reject::NoPositionForReduceOnly
        | Reject::ReduceOnlyOrdersAllowed
        | Reject::OverlappingOrders
        | Reject::Unsupported
        | Reject::NoLiquidityForMarketOrder
        | Reject::LessThanMinSize
        | Reject::MaxSizeExceeded
        | Reject::OrderAlreadyFilled
        | Reject::SelfMatchingInAuction
        | Reject::TradingBlocked
        | Reject::NoOpenPosition
        | Reject::BracketExists
        | Reject::MaxLeverageExceeded
        | Reject::MinLeverageExceeded
        | Reject::ImmediateLiquidation
        | Reject::Unavailable => None,
    }
}
