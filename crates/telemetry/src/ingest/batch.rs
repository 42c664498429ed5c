//! The envelope: what holds for every record of a batch, and the loop over the records.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    AdmitContext, AdmitError, Admitted, DeclaredDrop, RejectCode, Tier, clock, payload, record,
    shared::{Shared, integer, short},
};
use crate::{DropReason, Level, correlation::is_identifier, limits::BATCH_RECORDS, wire::WIRE_VERSION};

pub(super) fn admit(
    mut envelope: Map<String, Value>,
    context: &AdmitContext<'_>,
) -> Result<Admitted, AdmitError> {
    if envelope.get("v").and_then(Value::as_u64) != Some(WIRE_VERSION) {
        return Err(AdmitError::UnknownVersion);
    }
    let Some(Value::Array(records)) = envelope.remove("recs") else { return Err(AdmitError::Records) };
    if records.len() > BATCH_RECORDS {
        return Err(AdmitError::TooManyRecords);
    }
    let shared = shared(&envelope, context)?;
    let mut admitted = Admitted {
        bid: shared.bid.clone(),
        bseq: envelope.get("bseq").and_then(Value::as_u64).unwrap_or(0),
        client_session_id: shared.client_session_id.clone(),
        tab_id: shared.tab_id.clone(),
        records: Vec::with_capacity(records.len()),
        rejected: Vec::new(),
        declared_drops: declared_drops(envelope.get("drops"), &shared),
        calls: 0,
        rejected_calls: 0,
        highest_no: 0,
        skew_ms: shared.skew_ms,
    };
    for (position, value) in records.into_iter().enumerate() {
        let count = record::count(&value);
        let number = value.get("n").and_then(Value::as_u64).unwrap_or(0);
        admitted.highest_no = admitted.highest_no.max(number.saturating_add(count - 1));
        match one(value, position, &shared) {
            Ok(record) => {
                admitted.calls += count;
                admitted.records.push(record);
            }
            Err(code) => {
                admitted.rejected_calls += count;
                admitted.rejected.push((position, code));
            }
        }
    }
    Ok(admitted)
}

fn one(value: Value, position: usize, shared: &Shared<'_>) -> Result<crate::LogRecord, RejectCode> {
    let Value::Object(fields) = value else { return Err(RejectCode::Shape) };
    if shared.expired {
        return Err(RejectCode::Expired);
    }
    let level =
        fields.get("l").and_then(Value::as_u64).and_then(Level::from_severity).ok_or(RejectCode::Level)?;
    if shared.context.tier == Tier::Page && level < Level::Warn {
        return Err(RejectCode::Tier);
    }
    record::admit(fields, level, position, shared)
}

fn shared<'a>(
    envelope: &Map<String, Value>,
    context: &'a AdmitContext<'a>,
) -> Result<Shared<'a>, AdmitError> {
    let bid = envelope.get("bid").and_then(Value::as_str).and_then(uuid).ok_or(AdmitError::BatchId)?;
    let t0_ms = envelope.get("t0").and_then(integer).ok_or(AdmitError::BatchTime)?;
    let part = |object: &str, key: &str| envelope.get(object).and_then(|object| object.get(key));
    let label =
        |object: &str, key: &str| part(object, key).and_then(Value::as_str).map(|text| short(text, 64));
    let identifier = |key: &str| {
        let text = envelope.get(key).and_then(Value::as_str)?;
        is_identifier(text, 1).then(|| text.to_owned())
    };
    let client_session_id = identifier("sid");
    let user_id = context.user_id.filter(|_| context.tier == Tier::Session);
    let session_bound = match (user_id, &client_session_id, context.bound_client_session) {
        (Some(_), Some(sid), Some(bound)) => sid == bound,
        (Some(_), Some(_), None) => true,
        (Some(_), None, _) | (None, _, _) => false,
    };
    let offset_ms = part("self", "off_ms").and_then(integer);
    Ok(Shared {
        expired: clock::is_expired(&bid, context.sent_at_ms),
        bid,
        client_session_id,
        tab_id: identifier("tid"),
        version: label("app", "r").map_or(Cow::Borrowed("unknown"), Cow::Owned),
        build_id: label("app", "b"),
        route: part("ctx", "route").and_then(Value::as_str).map(route),
        page: payload::page(envelope.get("ctx")),
        t0_ms,
        skew_ms: clock::correction_ms(offset_ms, context),
        user_id: user_id.filter(|_| session_bound).map(ToOwned::to_owned),
        session_bound,
        context,
    })
}

fn declared_drops(drops: Option<&Value>, shared: &Shared<'_>) -> Vec<DeclaredDrop> {
    let cells = Level::ALL.len() * DropReason::ALL.len();
    let list = drops.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().take(cells).filter_map(|drop| declared_drop(drop, shared)).collect()
}

fn declared_drop(drop: &Value, shared: &Shared<'_>) -> Option<DeclaredDrop> {
    let time = |key: &str| shared.times(drop.get(key).and_then(integer).unwrap_or(0)).1;
    Some(DeclaredDrop {
        level: Level::from_severity(drop.get("l")?.as_u64()?)?,
        reason: DropReason::parse(drop.get("why")?.as_str()?)?,
        // A tab that told a thousand a second for a day stays below this.
        count: drop.get("c")?.as_u64()?.min(1_000_000_000),
        first: time("f"),
        last: time("t"),
    })
}

/// Route pattern: query and fragment never get in, even if a client sends them.
fn route(text: &str) -> String {
    short(text.split(['?', '#']).next().unwrap_or_default(), 256)
}

fn uuid(text: &str) -> Option<String> {
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let valid = text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| if hyphen(at) { b == b'-' } else { b.is_ascii_hexdigit() });
    valid.then(|| text.to_ascii_lowercase())
}
