//! How a decision becomes a line of the log: with the session that it belongs to although it names none, and for the
//! summary of a session with what its prices were and why it left.

use model::decision::{AccountDecision, SessionDecision};
use model::result::{LegResult, legs_of};
use model::{Decision, DecisionRecord, Session};
use serde_json::{Value, json};
use telemetry::{LogRecord, Map};

use crate::sessions::SessionContext;
use crate::telling::VERSION;

/// The line of a decision.
pub(super) fn line(record: &DecisionRecord, sessions: &SessionContext) -> LogRecord {
    let mut line = record.log_record(VERSION);
    if line.session_id.is_none() && may_belong(&record.decision) {
        let context = sessions.at(record.at, &symbols(&line), true);
        let correlation_id = line.correlation_id.take();
        line.set_context(&context);
        line.correlation_id = correlation_id;
    }
    line
}

/// Whether a decision without a session may be about one all the same. Orders and closes without a session are the
/// account's own.
fn may_belong(decision: &Decision) -> bool {
    match decision {
        Decision::Truth(_) | Decision::Market(_) | Decision::Entry(_) => true,
        Decision::Account(decision) => matches!(decision, AccountDecision::Watching { .. }),
        Decision::Session(_) | Decision::Order(_) | Decision::Rules(_) | Decision::Closing(_) => false,
    }
}

/// Instruments that a line speaks of.
fn symbols(line: &LogRecord) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let listed = line.payload.get("symbols").and_then(Value::as_array);
    let read = line.payload.get("positions").and_then(Value::as_object);
    let mut symbols: Vec<String> = listed.into_iter().flatten().filter_map(text).collect();
    symbols.extend(read.into_iter().flat_map(Map::keys).cloned());
    symbols.extend(line.symbol.clone());
    symbols
}

/// Whether a line wants [`conclude`].
pub(super) fn is_summary(record: &DecisionRecord) -> bool {
    matches!(record.decision, Decision::Session(SessionDecision::Summarised(_)))
}

/// Adds to the summary what stands in the session and not in the decision: prices of entry and exit, the reason, and
/// the other rules that matched.
pub(super) fn conclude(line: &mut LogRecord, session: &Session) {
    let legs: Vec<Value> = legs_of(session).iter().map(leg).collect();
    let mut add = |key: &str, value: Value| {
        if !value.is_null() {
            line.payload.insert(key.to_owned(), value);
        }
    };
    add("legs", Value::Array(legs));
    if let Some(exit) = session.exit() {
        add("reason", json!(exit.reason));
        add("also_matched", json!(exit.also_matched));
        add("exit_decided_at", json!(exit.decided_at));
        add("exit_executable", json!(exit.executable));
        add("exit_correlation_id", json!(exit.correlation_id));
        add("user", json!(exit.who));
    }
    telemetry::promote(line);
}

/// What a leg was sold at to open and bought back at to close.
fn leg(leg: &LegResult) -> Value {
    json!({
        "symbol": leg.symbol, "entry_qty": leg.sold, "entry_price": leg.sold_average, "exit_qty": leg.bought,
        "exit_price": leg.bought_average, "fees": leg.fees, "net": leg.net,
    })
}
