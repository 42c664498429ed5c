//! Telling is data: an `Event` has a name, a level, a sentence and typed fields; a `Context` says which
//! trading session and which intent it belongs to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Level;

/// Who tells: the server and its engine, a browser, or the audit trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    #[default]
    Backend,
    Frontend,
    Audit,
}

impl Source {
    /// Lowercase word, as on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Frontend => "frontend",
            Self::Audit => "audit",
        }
    }

    /// Reads the word exactly; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Backend, Self::Frontend, Self::Audit].into_iter().find(|source| source.as_str() == text)
    }
}

/// The trading context and the intent of a record. What does not apply is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Name of the strategy configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// `simulated` or `live`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_mode: Option<String>,
    /// W3C trace id of the click, timer or tick that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl Context {
    /// A context that only knows the intent it belongs to.
    #[must_use]
    pub fn correlated(correlation_id: impl Into<String>) -> Self {
        Self { correlation_id: Some(correlation_id.into()), ..Self::default() }
    }
}

/// Something that happened and can be told. Implementations match exhaustively on their own enums, so a new
/// happening does not compile until it has a name, a level, a sentence and fields.
pub trait Event {
    /// Catalogue name, `family.past_tense_or_noun`.
    fn name(&self) -> &'static str;

    /// How much it matters.
    fn level(&self) -> Level;

    /// Who tells it.
    fn source(&self) -> Source {
        Source::Backend
    }

    /// One sentence that stands alone.
    fn message(&self) -> String;

    /// Typed fields, units in the keys. Known keys are promoted to fields of the record (see [`crate::promote`]).
    fn payload(&self) -> Map<String, Value>;
}
