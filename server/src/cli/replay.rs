//! `replay SESSION`: re-runs the recorded inputs through the engine; exit status 0 only if every decision is
//! identical.

use super::Outcome;
use crate::config::Config;
use crate::replay;
use crate::store::trading::TradingStore;
use crate::telling::Teller;

/// Replays one session of the data directory, also while a server runs on it.
pub(super) async fn run(session: &str, config: Config) -> Outcome {
    if !config.data.dir.join("trading.db").exists() {
        return Err(format!("there is no journal in {}", config.data.dir.display()).into());
    }
    let teller = Teller::new(config.log.level, 1_024);
    let store = TradingStore::open_beside(&config.data.dir, teller, &config.database).await?;
    let done = replay::replay(&store, session).await?;
    let Some(difference) = done.difference else {
        println!("session {session}: {} decisions from {} inputs are identical", done.decisions, done.inputs);
        return Ok(());
    };
    eprintln!("recorded: {}", difference.recorded.as_deref().unwrap_or("nothing"));
    eprintln!("replayed: {}", difference.replayed.as_deref().unwrap_or("nothing"));
    Err(format!("session {session} differs at decision {}", difference.decision_seq).into())
}
