//! One row of the journal: a decision with when, why and on whose behalf.

use serde::{Deserialize, Serialize};
use telemetry::{Context, CorrelationId, LogRecord, Micros};

use crate::decision::Decision;
use crate::ids::SessionId;
use crate::words::ExecutionMode;

/// Version of the form in which inputs, decisions and snapshots stand in a journal; every row carries it. It
/// changes when what was written before would be read as something else.
pub const FORMAT: u16 = 2;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The process that decided.
    pub boot_id: String,
    /// The journal's own number: gapless over all processes.
    pub seq: u64,
    /// Number of the input that was looked at.
    pub input_seq: u64,
    /// Time of that input, UTC.
    pub at: Micros,
    pub correlation_id: CorrelationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_mode: Option<ExecutionMode>,
    pub decision: Decision,
}

impl DecisionRecord {
    /// The trading context, as every log record of this decision carries it.
    pub fn context(&self) -> Context {
        Context {
            strategy_id: self.strategy_id.clone(),
            session_id: self.session_id.as_ref().map(|id| id.0.clone()),
            configuration: self.configuration.clone(),
            execution_mode: self.execution_mode.map(|mode| mode.word().to_owned()),
            correlation_id: Some(self.correlation_id.to_string()),
        }
    }

    /// The log record of this decision; the caller gives it its number when it is enqueued.
    pub fn log_record(&self, version: &'static str) -> LogRecord {
        let mut record = LogRecord::build(&self.decision, &self.context(), self.at, "", 0, version);
        record.caused_by = Some(format!("{}-i{}", self.boot_id, self.input_seq));
        record.decision_seq = Some(self.seq);
        record
    }
}
