//! What a checkpoint is: a record by its name, what must hold of it, and the fields that it must have.

use serde_json::Value;

/// How much of the context a record must carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Strategy, session, configuration, mode and correlation id.
    Session,
    /// A correlation id.
    Intent,
    /// Browser session, tab, route and user.
    Browser,
    /// Nothing beyond what every record has.
    House,
}

impl Of {
    /// Fields of the context.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Of::Session => {
                &["strategy_id", "session_id", "configuration", "execution_mode", "correlation_id"]
            }
            Of::Intent => &["correlation_id"],
            Of::Browser => &["client_session_id", "tab_id", "route", "user_id"],
            Of::House => &[],
        }
    }
}

/// One line of the plan.
pub(super) struct Checkpoint {
    pub area: &'static str,
    pub what: &'static str,
    pub event: &'static str,
    pub of: Of,
    /// Fields, of the record or of its payload.
    pub fields: &'static [&'static str],
    /// Beyond its name.
    pub holds: fn(&Value) -> bool,
}

/// The area of the checkpoints that are made next.
pub(super) struct Area(pub &'static str);

impl Area {
    pub fn point(
        &self,
        of: Of,
        event: &'static str,
        what: &'static str,
        fields: &'static [&'static str],
    ) -> Checkpoint {
        Checkpoint { area: self.0, what, event, of, fields, holds: |_| true }
    }
}

impl Checkpoint {
    /// Of those of its name, only records of which this holds.
    pub fn when(self, holds: fn(&Value) -> bool) -> Self {
        Self { holds, ..self }
    }

    /// What this record lacks; `None` when it is about something else.
    pub fn lacks(&self, record: &Value) -> Option<Vec<&'static str>> {
        let same = record["event"] == self.event && (self.holds)(record);
        let wanted = self.of.fields().iter().chain(self.fields);
        same.then(|| wanted.filter(|field| !has(record, field)).copied().collect())
    }
}

/// A field of the record or of its payload, whatever it is called to be inside of it.
fn has(record: &Value, field: &str) -> bool {
    let there = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
    there(record.get(field)) || there(record["payload"].get(field))
}

/// A text of the payload or of the record.
pub(super) fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record["payload"][field].as_str().or_else(|| record[field].as_str()).unwrap_or_default()
}

/// A list of the payload that has something in it.
pub(super) fn listed(record: &Value, field: &str) -> bool {
    record["payload"][field].as_array().is_some_and(|list| !list.is_empty())
}
