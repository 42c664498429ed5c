//! The envelope: what holds for every record of a batch, and the loop over the records.

use std::borrow::Cow;

use super::{
    AdmitContext, AdmitError, Admitted, ClockReading, DeclaredDrop, RejectCode, SessionClock, Tier, clock,
    guard::Envelope,
    json::Raw,
    payload::Payload,
    record::{self, Wire},
    shared::{Shared, identifier, short},
};
use crate::{DropReason, Level, Micros, wire::WIRE_VERSION};

/// What must be right before anything else is looked at. Gives the batch id, lowercase.
pub(super) fn check(envelope: &Envelope<'_>) -> Result<String, AdmitError> {
    if envelope.version.and_then(Raw::unsigned) != Some(WIRE_VERSION) {
        return Err(AdmitError::UnknownVersion);
    }
    if envelope.records.is_none() {
        return Err(AdmitError::Records);
    }
    let bid = envelope.bid.and_then(Raw::text).and_then(|bid| uuid(&bid)).ok_or(AdmitError::BatchId)?;
    envelope.t0.and_then(Raw::integer).ok_or(AdmitError::BatchTime)?;
    Ok(bid)
}

pub(super) fn admit(envelope: &Envelope<'_>, context: &AdmitContext<'_>) -> Result<Admitted, AdmitError> {
    let Some(records) = &envelope.records else { return Err(AdmitError::Records) };
    let shared = shared(envelope, context)?;
    let mut admitted = Admitted {
        bid: shared.bid.clone(),
        bseq: envelope.bseq.and_then(Raw::unsigned).unwrap_or(0),
        client_session_id: shared.client_session_id.clone(),
        tab_id: shared.tab_id.clone(),
        records: Vec::with_capacity(records.len()),
        rejected: Vec::new(),
        declared_drops: declared_drops(envelope.drops, &shared),
        calls: 0,
        rejected_calls: 0,
        highest_no: 0,
        lowest_no: 0,
        skew_ms: shared.skew_ms,
    };
    for (position, raw) in records.iter().enumerate() {
        let wire = Wire::read(*raw);
        let (number, calls) = wire.as_ref().map_or((0, 1), |wire| (wire.number(), wire.count()));
        admitted.count_number(number, calls);
        match wire.and_then(|wire| one(&wire, position, &shared)) {
            Ok(record) => {
                admitted.calls += calls;
                admitted.records.push(record);
            }
            Err(code) => {
                admitted.rejected_calls += calls;
                admitted.rejected.push((position, code));
            }
        }
    }
    Ok(admitted)
}

fn one(wire: &Wire<'_>, position: usize, shared: &Shared<'_>) -> Result<crate::LogRecord, RejectCode> {
    if shared.expired {
        return Err(RejectCode::Expired);
    }
    let level = wire.level()?;
    if shared.context.tier == Tier::Page && level < Level::Warn {
        return Err(RejectCode::Tier);
    }
    record::admit(wire, level, position, shared)
}

fn shared<'a>(envelope: &Envelope<'_>, context: &'a AdmitContext<'a>) -> Result<Shared<'a>, AdmitError> {
    let bid = check(envelope)?;
    let t0_ms = envelope.t0.and_then(Raw::integer).ok_or(AdmitError::BatchTime)?;
    let text = |object: Option<Raw<'_>>, key: &str| object?.get(key)?.text().map(Cow::into_owned);
    let label = |key: &str| text(envelope.app, key).map(|text| short(&text, 64));
    let client_session_id = envelope.sid.and_then(identifier);
    let user_id = context.user_id.filter(|_| context.tier == Tier::Session);
    let session_bound = user_id.is_some() && client_session_id.is_some() && context.session_bound;
    let offset_ms = context.clock_offset_ms.unwrap_or_else(|| {
        SessionClock::default().offset_ms(clock_reading(envelope, context.received_at, context.sent_at_ms))
    });
    Ok(Shared {
        expired: clock::is_expired(&bid, context.sent_at_ms),
        bid,
        client_session_id,
        tab_id: envelope.tid.and_then(identifier),
        version: label("r").map_or(Cow::Borrowed("unknown"), Cow::Owned),
        build_id: label("b").filter(|build| !build.is_empty()).or_else(|| label("r").and_then(build_of)),
        route: text(envelope.page, "route").map(|text| route(&text)),
        page: Payload::page(envelope.page),
        t0_ms,
        skew_ms: clock::correction_ms(offset_ms),
        user_id: user_id.filter(|_| session_bound).map(ToOwned::to_owned),
        session_bound,
        context,
    })
}

/// What the batch says about the clock.
pub(super) fn clock_reading(
    envelope: &Envelope<'_>,
    received_at: Micros,
    sent_at_ms: Option<i64>,
) -> ClockReading {
    let health = |key: &str| envelope.health?.get(key);
    let waited =
        |key: &str| health(key).is_some_and(|raw| raw.boolean() == Some(true) || raw.integer() > Some(0));
    ClockReading {
        transit_ms: sent_at_ms.map(|sent| received_at.as_millis().saturating_sub(sent)),
        measured_ms: health("off_ms").and_then(Raw::integer),
        round_trip_ms: health("rtt_ms").and_then(Raw::integer),
        fresh: !waited("retry")
            && !waited("spooled")
            && last_ms(envelope).is_some_and(|last_ms| clock::is_fresh(last_ms, sent_at_ms)),
    }
}

/// When the last record happened, on the browser's clock.
pub(super) fn last_ms(envelope: &Envelope<'_>) -> Option<i64> {
    let last = envelope.records.iter().flatten().last();
    let after_ms = last.and_then(|last| last.get("d")).and_then(Raw::integer).unwrap_or(0);
    Some(envelope.t0?.integer()?.saturating_add(after_ms))
}

fn declared_drops(drops: Option<Raw<'_>>, shared: &Shared<'_>) -> Vec<DeclaredDrop> {
    let cells = Level::ALL.len() * DropReason::ALL.len();
    let list = drops.and_then(Raw::items).into_iter().flatten();
    list.take(cells).filter_map(|drop| declared_drop(drop, shared)).collect()
}

fn declared_drop(drop: Raw<'_>, shared: &Shared<'_>) -> Option<DeclaredDrop> {
    let time = |key: &str| shared.times(drop.get(key).and_then(Raw::integer).unwrap_or(0)).1;
    Some(DeclaredDrop {
        level: Level::from_severity(drop.get("l")?.unsigned()?)?,
        reason: DropReason::parse(&drop.get("why")?.text()?)?,
        // A tab that told a thousand a second for a day stays below this.
        count: drop.get("c")?.unsigned()?.min(1_000_000_000),
        first: time("f"),
        last: time("t"),
    })
}

/// Route pattern: query and fragment never get in, even if a client sends them.
fn route(text: &str) -> String {
    short(text.split(['?', '#']).next().unwrap_or_default(), 256)
}

/// Who does not know its build tells it with the release: `0.1.0+ab12cd34`.
fn build_of(release: String) -> Option<String> {
    release.split_once('+').map(|(_, build)| build.to_owned()).filter(|build| !build.is_empty())
}

fn uuid(text: &str) -> Option<String> {
    let hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let valid = text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| if hyphen(at) { b == b'-' } else { b.is_ascii_hexdigit() });
    valid.then(|| text.to_ascii_lowercase())
}
