//! Who answers questions about records: the log of this server, or the search engine that it forwards to. Same
//! questions, same answers.

use telemetry::Micros;

use crate::elastic::{IndexError, Search};
use crate::http::ApiError;
use crate::shared::App;
use crate::store::StoreError;
use crate::store::telemetry::{Bucket, Cursor, ErrorGroup, Filter, Page, TelemetryStore};

/// The word of addresses and of the command line for the search engine.
pub const INDEX: &str = "elastic";

/// One of the two.
pub enum Answers<'a> {
    Log(&'a TelemetryStore),
    Index(&'a Search),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    #[error(transparent)]
    Log(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl App {
    /// Who is asked: nothing or `log`, else `elastic`.
    pub fn answers(&self, asked: &str) -> Result<Answers<'_>, ApiError> {
        let wrong = |why: &str| Err(ApiError::invalid(format!("ask must be {why}.")).with_field("ask", why));
        match (asked, &self.index) {
            ("" | "log", _) => Ok(Answers::Log(&self.records)),
            (INDEX, Some(index)) => Ok(Answers::Index(index)),
            (INDEX, None) => wrong("log: no search engine is configured"),
            _ => wrong("log or elastic"),
        }
    }
}

impl Answers<'_> {
    /// A page of at most `limit` records as JSON lines, newest first, and the cursor of the next page.
    pub async fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, AnswersError> {
        Ok(match self {
            Self::Log(log) => log.page(filter, after, limit).await?,
            Self::Index(index) => {
                let (lines, next) = index.page(filter, after, limit).await?;
                Page { lines, next, looked_to: None }
            }
        })
    }

    /// Records of one correlation id as JSON lines, in order of time.
    pub async fn trace(&self, correlation_id: &str) -> Result<Vec<String>, AnswersError> {
        Ok(match self {
            Self::Log(log) => log.trace(correlation_id).await?,
            Self::Index(index) => index.trace(correlation_id).await?,
        })
    }

    /// Counts by level in steps of `step_us` from `from`; empty steps are left out.
    pub async fn histogram(
        &self,
        filter: &Filter,
        from: Micros,
        step_us: i64,
    ) -> Result<Vec<Bucket>, AnswersError> {
        Ok(match self {
            Self::Log(log) => log.histogram(filter, from, step_us).await?,
            Self::Index(index) => index.histogram(filter, from, step_us).await?,
        })
    }

    /// Errors and worse in groups, latest first.
    pub async fn errors(&self, filter: &Filter) -> Result<Vec<ErrorGroup>, AnswersError> {
        Ok(match self {
            Self::Log(log) => log.errors(filter).await?,
            Self::Index(index) => index.errors(filter).await?,
        })
    }
}

impl From<AnswersError> for ApiError {
    fn from(error: AnswersError) -> Self {
        match error {
            AnswersError::Log(error) => error.into(),
            AnswersError::Index(error) => {
                Self { code: "INDEX_UNAVAILABLE", ..Self::unavailable(format!("{error}."), 5) }
            }
        }
    }
}
