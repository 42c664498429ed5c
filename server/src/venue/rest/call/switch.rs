//! The dead-man switch: a promise to be heard, and whose orders the venue cancels when it is broken (venue facts, section
//! 11). It never closes a position.

use std::time::Duration;

use model::ids::Symbol;
use reqwest::Method;
use serde_json::{Value, json};

use super::{CLOSE_TIMEOUT, Call, object};

/// A switch under its name, for orders of these products only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    pub id: String,
    pub symbols: Vec<Symbol>,
}

impl Call {
    /// Puts the switch up; it is off until it is first heard of.
    #[must_use]
    pub fn create_switch(switch: &Switch) -> Self {
        let symbols: Vec<&str> = switch.symbols.iter().map(Symbol::as_str).collect();
        let body = object([
            ("heartbeat_id", Some(Value::from(switch.id.as_str()))),
            ("impact", Some(Value::from("products"))),
            ("product_symbols", Some(Value::from(symbols))),
            ("config", Some(json!([{ "action": "cancel_orders", "unhealthy_count": 1 }]))),
        ]);
        let path = "/v2/heartbeat/create";
        Self::write(Method::POST, path, path, 1, body).of_each(&switch.symbols).for_closing()
    }

    /// We are there: the switch waits so long for the next time. Zero turns it off.
    #[must_use]
    pub fn hold_switch(switch: &Switch, for_: Duration) -> Self {
        let ttl_ms = u64::try_from(for_.as_millis()).unwrap_or(u64::MAX);
        let body = object([
            ("heartbeat_id", Some(Value::from(switch.id.as_str()))),
            ("ttl", Some(Value::from(ttl_ms))),
        ]);
        let path = "/v2/heartbeat";
        let call = Self::write(Method::POST, path, path, 1, body).of_each(&switch.symbols).for_closing();
        Self { timeout: CLOSE_TIMEOUT, ..call }
    }

    /// The switches of the account.
    #[must_use]
    pub fn switches() -> Self {
        Self::get("/v2/heartbeat", "/v2/heartbeat", 1, true)
    }

    /// The same where the venue wants to be told whose, as its schema says and its prose does not.
    #[must_use]
    pub fn switches_of(user_id: u64) -> Self {
        Self::switches().with("user_id", user_id.to_string())
    }

    fn of_each(self, symbols: &[Symbol]) -> Self {
        symbols.iter().fold(self, Call::of)
    }
}
