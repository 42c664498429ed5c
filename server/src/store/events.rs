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
    /// A file cannot be used any more: it is kept under another name, and a new one is begun.
    SetAside {
        database: &'static str,
        file: String,
        kept_as: String,
        reason: String,
    },
    /// A write-ahead log lay beside a file that it does not belong to.
    LogSetAside {
        database: &'static str,
        kept_as: String,
        reason: String,
    },
    /// There was a file, and nothing in it.
    FoundEmpty {
        database: &'static str,
        file: String,
    },
    /// No file can be opened or begun; the server runs without it and tries again.
    Unusable {
        database: &'static str,
        failure: String,
    },
    UsableAgain {
        database: &'static str,
        outage_ms: u64,
    },
    /// Old log records were deleted.
    RecordsForgotten {
        records: u64,
        not_forwarded: u64,
        dead_letters: u64,
    },
}

impl DbEvent {
    /// Which database it is about.
    #[must_use]
    pub fn database(&self) -> &'static str {
        match self {
            Self::SlowStatement { database, .. }
            | Self::PoolWait { database, .. }
            | Self::PoolExhausted { database, .. }
            | Self::StatementFailed { database, .. }
            | Self::CommitLatency { database, .. }
            | Self::SetAside { database, .. }
            | Self::LogSetAside { database, .. }
            | Self::FoundEmpty { database, .. }
            | Self::Unusable { database, .. }
            | Self::UsableAgain { database, .. } => database,
            Self::RecordsForgotten { .. } => "telemetry",
        }
    }
}

impl Event for DbEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::SlowStatement { .. } => "db.slow_statement",
            Self::PoolWait { .. } => "db.pool_wait",
            Self::PoolExhausted { .. } => "db.pool_exhausted",
            Self::StatementFailed { .. } => "db.statement_failed",
            Self::CommitLatency { .. } => "db.commit_latency",
            Self::SetAside { .. } => "db.set_aside",
            Self::LogSetAside { .. } => "db.log_set_aside",
            Self::FoundEmpty { .. } => "db.found_empty",
            Self::Unusable { .. } => "db.unusable",
            Self::UsableAgain { .. } => "db.usable_again",
            Self::RecordsForgotten { .. } => "db.records_forgotten",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::SlowStatement { .. } | Self::PoolWait { .. } | Self::FoundEmpty { .. } => Level::Warn,
            Self::RecordsForgotten { not_forwarded, .. } if *not_forwarded > 0 => Level::Warn,
            Self::PoolExhausted { .. }
            | Self::StatementFailed { .. }
            | Self::SetAside { .. }
            | Self::LogSetAside { .. }
            | Self::Unusable { .. } => Level::Error,
            Self::CommitLatency { .. } | Self::UsableAgain { .. } | Self::RecordsForgotten { .. } => {
                Level::Info
            }
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
            Self::SetAside { file, kept_as, reason, .. } => {
                format!("{file} cannot be used ({reason}); it is kept as {kept_as} and a new one is begun")
            }
            Self::LogSetAside { database, kept_as, reason } => {
                format!(
                    "A write-ahead log beside the database {database} does not belong to it ({reason}); it is kept as {kept_as}"
                )
            }
            Self::FoundEmpty { file, .. } => format!("{file} was empty and is begun anew"),
            Self::Unusable { database, failure } => {
                format!("The server runs without the database {database} and tries again: {failure}")
            }
            Self::UsableAgain { database, outage_ms } => {
                format!("The database {database} is there after {outage_ms} ms")
            }
            Self::RecordsForgotten { records, not_forwarded, dead_letters } => format!(
                "{records} old log records and {dead_letters} dead letters were deleted; {not_forwarded} were still to be forwarded"
            ),
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
            Self::SetAside { database, file, kept_as, reason } => vec![
                ("database", Value::from(*database)),
                ("file", Value::from(file.as_str())),
                ("kept_as", Value::from(kept_as.as_str())),
                ("error", Value::from(reason.as_str())),
            ],
            Self::LogSetAside { database, kept_as, reason } => vec![
                ("database", Value::from(*database)),
                ("kept_as", Value::from(kept_as.as_str())),
                ("error", Value::from(reason.as_str())),
            ],
            Self::FoundEmpty { database, file } => {
                vec![("database", Value::from(*database)), ("file", Value::from(file.as_str()))]
            }
            Self::Unusable { database, failure } => {
                vec![("database", Value::from(*database)), ("error", Value::from(failure.as_str()))]
            }
            Self::UsableAgain { database, outage_ms } => {
                vec![("database", Value::from(*database)), ("outage_ms", Value::from(*outage_ms))]
            }
            Self::RecordsForgotten { records, not_forwarded, dead_letters } => vec![
                ("records", Value::from(*records)),
                ("not_forwarded", Value::from(*not_forwarded)),
                ("dead_letters", Value::from(*dead_letters)),
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
    .chain(of_files(database))
    .map(|(event, doc)| CatalogueEntry::from_sample(&event).with_doc(doc))
    .collect()
}

fn of_files(database: &'static str) -> [(DbEvent, &'static str); 6] {
    let file = || "telemetry.db".to_owned();
    let kept_as = "telemetry.db.damaged-20260105T101500".to_owned();
    let reason =
        "database telemetry is damaged: Tree 4 page 7: btreeInitPage() returns error code 11".to_owned();
    let stale = "trading.db-wal.stale-20260105T101500".to_owned();
    let other = "it continues the file of mark 8021433, and this one has mark 8021001".to_owned();
    let failure = "database telemetry cannot be opened, there is no room left".to_owned();
    [
        (
            DbEvent::SetAside { database, file: file(), kept_as, reason },
            "damage, another version or a file that may not be written; only of files that trading does without",
        ),
        (
            DbEvent::LogSetAside { database: "trading", kept_as: stale, reason: other },
            "at the start: a file was put back beside the log of a killed process",
        ),
        (DbEvent::FoundEmpty { database, file: file() }, ""),
        (DbEvent::Unusable { database, failure }, "once in an outage"),
        (DbEvent::UsableAgain { database, outage_ms: 61_000 }, ""),
        (
            DbEvent::RecordsForgotten { records: 4_096, not_forwarded: 0, dead_letters: 0 },
            "by log.keep_days and log.keep_mb, at most once a minute",
        ),
    ]
}
