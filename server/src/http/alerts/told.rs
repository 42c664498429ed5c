//! Alerts as programs get them.

use serde_json::{Value, json};

use crate::alerts::{Alert, Looked, Reading, RuleId, Silence, View};

pub(super) fn alert_json(alert: &Alert, view: &View) -> Value {
    let rule = alert.rule.rule();
    let silence = view.silence_of(alert.rule, &alert.subject).filter(|_| alert.resolved.is_none());
    json!({
        "id": alert.id,
        "rule": rule.word,
        "title": rule.title,
        "severity": alert.severity.word(),
        "state": state(alert),
        "subject": alert.subject,
        "message": alert.message,
        "advice": rule.advice,
        "count": alert.count,
        "fired_at": alert.fired_at,
        "last_at": alert.last_at,
        "acknowledged": alert.acknowledged,
        "resolved": alert.resolved,
        "silence": silence.map(silence_json),
        "escalations": alert.escalations,
        "escalates_at": alert.escalates_at,
        "receipts": alert.receipts,
        "session_id": alert.context.session_id,
        "strategy_id": alert.context.strategy_id,
        "correlation_id": alert.context.correlation_id,
        "runbook": rule.anchor(),
    })
}

const fn state(alert: &Alert) -> &'static str {
    match (&alert.resolved, &alert.acknowledged) {
        (Some(_), _) => "resolved",
        (None, Some(_)) => "acknowledged",
        (None, None) => "firing",
    }
}

fn silence_json(silence: &Silence) -> Value {
    json!({
        "rule": silence.rule.word(),
        "subject": silence.subject,
        "until": silence.until,
        "reason": silence.reason,
        "by": silence.by,
    })
}

pub(super) fn rule_json(
    id: RuleId,
    looked: &Looked,
    reading: &Result<Reading, &'static str>,
    view: &View,
) -> Value {
    let rule = id.rule();
    let firing = view.open.iter().filter(|alert| alert.rule == id).count();
    let silences: Vec<Value> =
        view.silences.iter().filter(|silence| silence.rule == id).map(silence_json).collect();
    json!({
        "rule": rule.word,
        "title": rule.title,
        "severity": rule.severity.word(),
        "fires": rule.fires,
        "window_s": rule.window() / 1_000_000,
        "evaluated_at": view.as_of,
        "seen_at": looked.seen_at,
        "last_fired_at": looked.fired_at,
        "value": reading.as_ref().ok().map(|reading| &reading.value),
        "value_at": reading.as_ref().ok().map(|reading| reading.at),
        "unknown": reading.as_ref().err(),
        "firing": firing,
        "silences": silences,
        "silence_most_s": rule.silence_most / 1_000_000,
        "runbook": rule.anchor(),
    })
}
