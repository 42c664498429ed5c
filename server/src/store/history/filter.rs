//! Which finished sessions are asked for, and in which order.

use model::{ExecutionMode, ExitReason, Micros};
use sqlx::{QueryBuilder, Sqlite};

/// How a session went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was in the market.
    Traded,
    Won,
    Lost,
    /// A net of exactly 0.
    Even,
    /// Nobody knows what it made.
    Unknown,
    /// It never was in the market.
    Untraded,
}

impl Outcome {
    pub const ALL: [Self; 6] =
        [Self::Traded, Self::Won, Self::Lost, Self::Even, Self::Unknown, Self::Untraded];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Traded => "traded",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Even => "even",
            Self::Unknown => "unknown",
            Self::Untraded => "untraded",
        }
    }

    fn condition(self) -> &'static str {
        match self {
            Self::Traded => " AND traded = 1",
            Self::Won => " AND traded = 1 AND net_e8 > 0",
            Self::Lost => " AND traded = 1 AND net_e8 < 0",
            Self::Even => " AND traded = 1 AND net_e8 = 0",
            Self::Unknown => " AND traded = 1 AND net_e8 IS NULL",
            Self::Untraded => " AND traded = 0",
        }
    }
}

/// What is `None` does not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultFilter {
    /// Ended at that time or later.
    pub from: Option<Micros>,
    /// Ended before that time.
    pub to: Option<Micros>,
    pub strategy_id: Option<String>,
    pub configuration: Option<String>,
    pub execution_mode: Option<ExecutionMode>,
    pub underlying: Option<String>,
    pub exit_reason: Option<ExitReason>,
    pub outcome: Option<Outcome>,
}

impl ResultFilter {
    /// Adds its conditions to a statement that has a `WHERE`.
    pub(super) fn restrict(&self, builder: &mut QueryBuilder<Sqlite>) {
        if let Some(from) = self.from {
            builder.push(" AND ended_us >= ").push_bind(from.0);
        }
        if let Some(to) = self.to {
            builder.push(" AND ended_us < ").push_bind(to.0);
        }
        let texts = [
            (" AND strategy_id = ", self.strategy_id.clone()),
            (" AND configuration = ", self.configuration.clone()),
            (" AND execution_mode = ", self.execution_mode.map(|mode| mode.word().to_owned())),
            (" AND underlying = ", self.underlying.clone()),
            (" AND exit_reason = ", self.exit_reason.map(|reason| reason.word().to_owned())),
        ];
        for (condition, text) in texts {
            if let Some(text) = text {
                builder.push(condition).push_bind(text);
            }
        }
        if let Some(outcome) = self.outcome {
            builder.push(outcome.condition());
        }
    }
}

/// By what the list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    EndedAt,
    StartedAt,
    Net,
    Fees,
    Credit,
    Held,
    Slippage,
}

impl SortKey {
    pub const ALL: [Self; 7] =
        [Self::EndedAt, Self::StartedAt, Self::Net, Self::Fees, Self::Credit, Self::Held, Self::Slippage];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::EndedAt => "ended_at",
            Self::StartedAt => "started_at",
            Self::Net => "net",
            Self::Fees => "fees",
            Self::Credit => "credit",
            Self::Held => "held",
            Self::Slippage => "slippage",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::EndedAt => "ended_us",
            Self::StartedAt => "started_us",
            Self::Net => "net_e8",
            Self::Fees => "fees_e8",
            Self::Credit => "credit_e8",
            Self::Held => "held_ms",
            Self::Slippage => "slippage_e8",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::EndedAt, descending: true }
    }
}

impl Sort {
    /// What is unknown comes last, whichever way; the id makes the order one.
    pub(super) fn order(self, builder: &mut QueryBuilder<Sqlite>) {
        let direction = if self.descending { " DESC" } else { " ASC" };
        let column = self.key.column();
        builder.push(" ORDER BY ").push(column).push(" IS NULL, ").push(column).push(direction);
        builder.push(", session_id").push(direction);
    }
}
