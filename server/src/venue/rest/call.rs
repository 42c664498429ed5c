//! One request to the venue, before it is signed. The routes stand beside it by what they are about: `market`, `orders`,
//! `account`, `switch`, each with its weight and with what it is for.

mod account;
mod ask;
mod market;
mod orders;
mod raw;
mod switch;

use std::time::Duration;

use model::decision::{OrderDecision, TruthDecision};
use model::ids::Symbol;
use model::{Decision, DecisionRecord, Micros};
use reqwest::Method;
use serde_json::{Map, Value};
use telemetry::Context;

use crate::venue::budget::{Priority, Spender};
use crate::venue::offset::Estimate;
use crate::venue::wire::Form;
pub use ask::{Ask, Bracket, BracketLeg, Edit, Named, StopAt, StopKind, Trigger};
pub use switch::Switch;

/// What is traded here. Lists of the account are asked for with it where they would hold fractions of spot assets.
const OPTIONS: &str = "call_options,put_options";
/// A read that fails is tried so often in all.
const READ_ATTEMPTS: u32 = 3;
/// A read is given this long.
const READ_TIMEOUT: Duration = Duration::from_secs(2);
/// The reply to an entry order, and to what changes anything else, is awaited this long.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// The reply to a close order or a cancel: soon looked up when it does not come (engine design, section 7).
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// A request. `pattern` names the variable parts of the path, for the log.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub pattern: &'static str,
    query: Vec<(&'static str, String)>,
    /// Rows since then, by our clock; asked for by the venue's.
    since: Option<Micros>,
    pub body: Option<Value>,
    pub symbols: Vec<String>,
    /// What it is asked for, where it names no symbol itself: by them it is known whose it is.
    pub for_symbols: Vec<String>,
    /// On behalf of no session, but of the account.
    pub of_account: bool,
    pub client_order_id: Option<String>,
    /// Units of the venue's quota.
    pub weight: u32,
    /// Of a signed request.
    pub priority: Priority,
    pub signed: bool,
    pub timeout: Duration,
    /// How often a read is tried.
    pub attempts: u32,
    /// What an answer of success may lack.
    pub(super) form: Form,
    pub context: Context,
    /// The decision that asked for it, as `{boot_id}-d{decision_seq}`.
    pub caused_by: Option<String>,
}

impl Call {
    fn get(path: &str, pattern: &'static str, weight: u32, signed: bool) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            pattern,
            query: Vec::new(),
            since: None,
            body: None,
            symbols: Vec::new(),
            for_symbols: Vec::new(),
            of_account: false,
            client_order_id: None,
            weight,
            priority: Priority::Normal,
            signed,
            timeout: READ_TIMEOUT,
            attempts: READ_ATTEMPTS,
            form: Form::Result,
            context: Context::default(),
            caused_by: None,
        }
    }

    /// What changes something of the account; signed, and sent once.
    fn write(
        method: Method,
        path: &str,
        pattern: &'static str,
        weight: u32,
        body: Map<String, Value>,
    ) -> Self {
        let body = Some(Value::Object(body));
        Self { method, body, timeout: WRITE_TIMEOUT, ..Self::get(path, pattern, weight, true) }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    fn of(mut self, symbol: &Symbol) -> Self {
        self.symbols.push(symbol.0.clone());
        self
    }

    fn for_truth(mut self) -> Self {
        self.priority = Priority::Read;
        self
    }

    /// Its answer says that it was done, and nothing else.
    fn without_result(mut self) -> Self {
        self.form = Form::MaybeNothing;
        self
    }

    fn for_closing(mut self) -> Self {
        self.priority = Priority::Close;
        self
    }

    /// Whose quota it spends.
    #[must_use]
    pub fn spender(&self) -> Spender {
        if self.signed { Spender::Account(self.priority) } else { Spender::Public }
    }

    /// On behalf of a decision: its context and correlation id.
    #[must_use]
    pub fn behalf(mut self, record: &DecisionRecord) -> Self {
        self.context = record.context();
        match &record.decision {
            Decision::Truth(TruthDecision::Requested { products, .. }) => {
                self.for_symbols = products.iter().map(|(_, symbol)| symbol.0.clone()).collect();
            }
            Decision::Order(OrderDecision::CancelRequested { symbol, .. })
            | Decision::Order(OrderDecision::LookupRequested { symbol, .. }) => {
                self.symbols = vec![symbol.0.clone()];
            }
            Decision::Account(_)
            | Decision::Market(_)
            | Decision::Session(_)
            | Decision::Entry(_)
            | Decision::Order(_)
            | Decision::Truth(_)
            | Decision::Rules(_)
            | Decision::Closing(_) => {}
        }
        // Without a session an order or a close is the account's own, whatever runs.
        self.of_account = match &record.decision {
            Decision::Order(_) | Decision::Closing(_) => record.session_id.is_none(),
            Decision::Account(_)
            | Decision::Market(_)
            | Decision::Session(_)
            | Decision::Entry(_)
            | Decision::Truth(_)
            | Decision::Rules(_) => false,
        };
        self.caused_by = Some(format!("{}-d{}", record.boot_id, record.seq));
        self
    }

    /// On behalf of whatever `context` says.
    #[must_use]
    pub fn under(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Of the one instrument that it is about.
    pub(super) fn symbol(&self) -> Option<&str> {
        match self.symbols.as_slice() {
            [symbol] => Some(symbol),
            _none_or_several => None,
        }
    }

    pub(super) fn set_query(&mut self, name: &'static str, value: String) {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
    }

    /// Tried once only: whoever asks again anyway.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.attempts = 1;
        self
    }

    /// Rows that a page was asked to have.
    pub(super) fn page_size(&self) -> Option<usize> {
        let (_, size) = self.query.iter().find(|(name, _)| *name == "page_size")?;
        size.parse().ok()
    }

    /// Path and query exactly as they are signed and sent, by what is known of the venue's clock.
    pub(super) fn path_and_query(&self, clock: &Estimate) -> String {
        // The earlier of both clocks: rows too many are known by their ids, rows too few by nothing.
        let start = self.since.map(|since| since.min(clock.venue_time(since)).0.max(0).to_string());
        let mut text = self.path.clone();
        let query = self.query.iter().map(|(name, value)| (*name, value));
        for (index, (name, value)) in query.chain(start.iter().map(|start| ("start_time", start))).enumerate()
        {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(&encoded(value));
        }
        text
    }
}

/// A JSON object of these fields; what is none is left out, because the venue refuses empty ones.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}

/// Percent-encodes everything but letters, digits and `-_.~`: the comma too, because what is signed must be what
/// is sent.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
