//! What a database has to tell: slow statements, waits for a connection, an exhausted pool, commit latency.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// Happenings of the databases. Latencies in microseconds.
#[derive(Clone, Debug)]
pub enum DbEvent {
    SlowStatement {
        database: &'static str,
        statement: &'static str,
        latency_us: u64,
        suppressed: u64,
    },
    PoolWait {
        database: &'static str,
        latency_us: u64,
    },
    PoolExhausted {
        database: &'static str,
        latency_us: u64,
    },
    StatementFailed {
        database: &'static str,
        statement: &'static str,
        failure: String,
    },
    /// Commits of the last interval.
    CommitLatency {
        database: &'static str,
        commits: u64,
        mean_us: u64,
        max_us: u64,
    },
}

impl Event for DbEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::SlowStatement { .. } => "db.slow_statement",
            Self::PoolWait { .. } => "db.pool_wait",
            Self::PoolExhausted { .. } => "db.pool_exhausted",
            Self::StatementFailed { .. } => "db.statement_failed",
            Self::CommitLatency { .. } => "db.commit_latency",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::SlowStatement { .. } | Self::PoolWait { .. } => Level::Warn,
            Self::PoolExhausted { .. } | Self::StatementFailed { .. } => Level::Error,
            Self::CommitLatency { .. } => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::SlowStatement { database, statement, latency_us, .. } => {
                format!("Statement {statement} on {database} took {latency_us} µs")
            }
            Self::PoolWait { database, latency_us } => {
                format!("Waited {latency_us} µs for a connection to {database}")
            }
            Self::PoolExhausted { database, latency_us } => {
                format!("No connection to {database} became free within {latency_us} µs")
            }
            Self::StatementFailed { database, statement, failure } => {
                format!("Statement {statement} on {database} failed: {failure}")
            }
            Self::CommitLatency { database, commits, mean_us, max_us } => {
                format!("{commits} commits to {database}: mean {mean_us} µs, longest {max_us} µs")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::SlowStatement { database, statement, latency_us, suppressed } => vec![
                ("database", Value::from(*database)),
                ("statement", Value::from(*statement)),
                ("latency_us", Value::from(*latency_us)),
                ("suppressed", Value::from(*suppressed)),
            ],
            Self::PoolWait { database, latency_us } | Self::PoolExhausted { database, latency_us } => {
                vec![("database", Value::from(*database)), ("latency_us", Value::from(*latency_us))]
            }
            Self::StatementFailed { database, statement, failure } => vec![
                ("database", Value::from(*database)),
                ("statement", Value::from(*statement)),
                ("error", Value::from(failure.as_str())),
            ],
            Self::CommitLatency { database, commits, mean_us, max_us } => vec![
                ("database", Value::from(*database)),
                ("commits", Value::from(*commits)),
                ("mean_us", Value::from(*mean_us)),
                ("max_us", Value::from(*max_us)),
            ],
        };
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let database = "telemetry";
    let statement = "logs.page";
    let failure = "database is locked".to_owned();
    [
        (
            DbEvent::SlowStatement { database, statement, latency_us: 412_000, suppressed: 0 },
            "over database.slow_statement_ms, at most once a second and statement",
        ),
        (DbEvent::PoolWait { database, latency_us: 150_000 }, "over database.slow_acquire_ms"),
        (DbEvent::PoolExhausted { database, latency_us: 5_000_000 }, ""),
        (DbEvent::StatementFailed { database, statement, failure }, "at most once a second and statement"),
        (DbEvent::CommitLatency { database, commits: 512, mean_us: 800, max_us: 9_000 }, "once a minute"),
    ]
    .into_iter()
    .map(|(event, doc)| CatalogueEntry::from_sample(&event).with_doc(doc))
    .collect()
}
