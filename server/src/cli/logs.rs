//! `logs tail|query|reindex|replay-dead-letters`: records of the data directory as JSON lines, with or without a server that
//! runs on it.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::answers::{self, Answers};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::elastic::Search;
use crate::http::logs::LogParameters;
use crate::store::telemetry::TelemetryStore;
use crate::telling::{Teller, say};

#[derive(Subcommand)]
pub(super) enum Action {
    /// Prints records as they are committed, until Ctrl-C
    #[command(after_help = "Example: deltascope logs tail --level warn")]
    Tail(Filters),
    /// Prints records, newest first
    #[command(after_help = "Example: deltascope logs query --event order.filled --from 2026-01-05T00:00:00Z")]
    Query {
        #[command(flatten)]
        filters: Filters,
        /// Most records, 1 to 1000
        #[arg(long, default_value = "100")]
        limit: String,
    },
    /// Makes the indexes of the log anew; a server that runs does it by itself once they are removed
    #[command(after_help = "Example: deltascope logs reindex")]
    Reindex,
    /// Sends again what the search engine refused for good, once it was put right; the server does it
    #[command(after_help = "Example: deltascope logs replay-dead-letters")]
    ReplayDeadLetters,
}

#[derive(Args)]
pub(super) struct Filters {
    /// That level and above
    #[arg(long, default_value = "")]
    level: String,
    /// backend, frontend or audit
    #[arg(long, default_value = "")]
    source: String,
    /// Exact event name
    #[arg(long, default_value = "")]
    event: String,
    #[arg(long, default_value = "")]
    session_id: String,
    #[arg(long, default_value = "")]
    correlation_id: String,
    /// Substring of event or message, case ignored
    #[arg(long, default_value = "")]
    q: String,
    /// RFC 3339, inclusive; or `elastic`, which asks the search engine instead of the data directory. Both may be given
    #[arg(long)]
    from: Vec<String>,
    /// RFC 3339, exclusive
    #[arg(long, default_value = "")]
    to: String,
}

/// Reads the store of the data directory, or asks the search engine.
pub(super) async fn run(action: Action, config: Config) -> Outcome {
    let action = match action {
        Action::Query { filters, limit } => {
            let parameters = LogParameters { limit, ..filters.into() };
            if parameters.ask == answers::INDEX {
                let search = Search::new(&config.elasticsearch)?
                    .ok_or("elasticsearch.url is not set: there is no search engine to ask")?;
                return page(&Answers::Index(&search), &parameters).await;
            }
            Asked::Page(parameters)
        }
        Action::Tail(filters) => {
            let parameters = LogParameters::from(filters);
            if parameters.ask == answers::INDEX {
                return Err(
                    "tail follows the log of the data directory; ask the search engine with query".into()
                );
            }
            Asked::Tail(parameters)
        }
        Action::ReplayDeadLetters => Asked::Replay,
        Action::Reindex => Asked::Reindex,
    };
    let dir = &config.data.dir;
    if !dir.join("telemetry.db").exists() && !dir.join("log").exists() {
        return Err(format!("there are no records in {}", dir.display()).into());
    }
    let teller = Teller::new(config.log.level, 1_024);
    if matches!(action, Asked::Reindex)
        && let Ok(_held) = DataDir::open(dir)
    {
        return reindex(&config, teller).await;
    }
    let store = TelemetryStore::open(dir, teller, &config.database).await?;
    match action {
        Asked::Reindex => {
            let removed = store.remove_indexes().await;
            println!("{removed} indexes were removed; the server that runs here makes them again");
            Ok(())
        }
        Asked::Page(parameters) => page(&Answers::Log(&store), &parameters).await,
        Asked::Replay => {
            let letters = store.replay_letters().await?;
            println!("{letters} dead letters are sent again by the server, now or when it runs");
            Ok(())
        }
        Asked::Tail(parameters) => tail(&store, &parameters).await,
    }
}

/// What is asked of the data directory.
enum Asked {
    Page(LogParameters),
    Tail(LogParameters),
    Reindex,
    Replay,
}

/// With the data directory for itself.
async fn reindex(config: &Config, teller: Teller) -> Outcome {
    let store = TelemetryStore::own(&config.data.dir, teller, &config.database).await?;
    let made = store.reindex().await?;
    store.close().await;
    println!("{} records of {} days were indexed", made.records, made.days);
    Ok(())
}

async fn page(answers: &Answers<'_>, parameters: &LogParameters) -> Outcome {
    let page = answers.page(&read(parameters.filter())?, None, read(parameters.limit())?).await?;
    for line in page.lines {
        println!("{line}");
    }
    if let Some(at) = page.looked_to {
        say(&format!("looked back to {at} only; --to {at} goes on from there"));
    }
    Ok(())
}

async fn tail(store: &TelemetryStore, parameters: &LogParameters) -> Outcome {
    let filter = read(parameters.filter())?;
    let mut last = *store.committed().borrow();
    loop {
        let (lines, looked_to) = store.follow_from(&filter, last, 1_000).await?;
        for (_, line) in lines {
            println!("{line}");
        }
        last = looked_to;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn read<T>(value: Result<T, crate::http::ApiError>) -> Result<T, String> {
    value.map_err(|error| error.message)
}

impl From<Filters> for LogParameters {
    fn from(filters: Filters) -> Self {
        let Filters { level, source, event, session_id, correlation_id, q, from, to } = filters;
        let (asked, times): (Vec<String>, Vec<String>) =
            from.into_iter().partition(|from| from == answers::INDEX);
        let (ask, from) = (asked.into_iter().next().unwrap_or_default(), times.join(" "));
        Self { ask, level, source, event, session_id, correlation_id, q, from, to, ..Self::default() }
    }
}
