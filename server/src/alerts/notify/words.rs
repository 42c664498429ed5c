//! What a message says, for people and for programs.

use serde_json::{Value, json};

use crate::alerts::alert::{Alert, Kind, Notice};

/// Makes words; knows where the console is.
#[derive(Clone, Debug)]
pub struct Words {
    base: String,
}

impl Words {
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { base: base.trim_end_matches('/').to_owned() }
    }

    /// One line.
    #[must_use]
    pub fn subject(&self, notice: &Notice) -> String {
        let title = notice.alert.rule.rule().title;
        let severity = notice.alert.severity.word().to_uppercase();
        match notice.kind {
            Kind::Fired => format!("[{severity}] {title}"),
            Kind::Escalated => format!("[{severity}, told again] {title}"),
            Kind::Resolved => format!("[ENDED] {title}"),
            Kind::Test => "[TEST] Deltascope tests this channel".to_owned(),
        }
    }

    /// The whole message as plain text.
    #[must_use]
    pub fn text(&self, notice: &Notice) -> String {
        let alert = &notice.alert;
        let mut lines = vec![self.subject(notice), alert.message.clone()];
        if let (Kind::Resolved, Some(ending)) = (notice.kind, &alert.resolved) {
            let seconds = (ending.at.0 - alert.fired_at.0) / 1_000_000;
            lines.push(format!("It ended after {seconds} s: {}", ending.why));
        }
        if matches!(notice.kind, Kind::Fired | Kind::Escalated) {
            lines.push(format!("What to do: {}", alert.rule.rule().advice));
        }
        if !alert.subject.is_empty() {
            lines.push(format!("About: {}", alert.subject));
        }
        if notice.kind != Kind::Test {
            lines.push(format!("Fired: {}", alert.fired_at.to_rfc3339()));
        }
        if notice.repeated {
            lines
                .push("This may have been sent before: the server ended while it was on its way.".to_owned());
        }
        lines.push(format!("{}/alerts", self.base));
        lines.extend(self.trace(alert));
        lines.join("\n")
    }

    fn trace(&self, alert: &Alert) -> Option<String> {
        let id = alert.context.correlation_id.as_ref()?;
        Some(format!("{}/trace/{id}", self.base))
    }

    /// The message as programs get it.
    #[must_use]
    pub fn json(&self, notice: &Notice) -> Value {
        let alert = &notice.alert;
        json!({
            "version": 1,
            "delivery_id": delivery_id(notice),
            "kind": notice.kind.word(),
            "attempt": notice.attempts + 1,
            "repeated": notice.repeated,
            "alert": {
                "id": alert.id,
                "rule": alert.rule.word(),
                "title": alert.rule.rule().title,
                "severity": alert.severity.word(),
                "subject": alert.subject,
                "fired_at": alert.fired_at,
                "last_at": alert.last_at,
                "count": alert.count,
                "message": alert.message,
                "advice": alert.rule.rule().advice,
                "session_id": alert.context.session_id,
                "strategy_id": alert.context.strategy_id,
                "execution_mode": alert.context.execution_mode,
                "correlation_id": alert.context.correlation_id,
                "escalations": alert.escalations,
                "resolved": alert.resolved,
            },
            "links": { "alerts": format!("{}/alerts", self.base), "trace": self.trace(alert) },
        })
    }
}

/// The same for every attempt, so that a receiver knows a message that it has had.
#[must_use]
pub fn delivery_id(notice: &Notice) -> String {
    format!("{}-{}", notice.alert.id, notice.id)
}
