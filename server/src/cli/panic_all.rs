//! `panic --all`: closes everything when the server is dead. Takes the data directory, recovers from its journal,
//! latches the account and works the venue with the same keys until it is verified flat.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use model::closing::Flatten;
use model::input::OperatorAction;
use model::witness::Doubt;
use model::{Session, TradingState};

use super::Outcome;
use crate::config::Config;
use crate::data_dir::DataDirError;
use crate::health::Condition;
use crate::startup::{self, Running, StartError};
use crate::telling::say;
use crate::{correlation, trading};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Args)]
pub(super) struct Arguments {
    /// Close everything and latch the account
    #[arg(long, required = true)]
    all: bool,
    /// Give up after this many seconds; closing then goes on at the next start of the server
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    patience: u64,
}

/// Closes everything; fails unless it is verified flat in the end.
pub(super) async fn run(arguments: Arguments, mut config: Config) -> Outcome {
    let Arguments { all: _, patience } = arguments;
    // The server's own address may be in use by whoever took its place; nobody is to reach this process.
    config.http.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let running = match startup::start_to_close(config).await {
        Err(StartError::DataDir(DataDirError::Locked { dir })) => {
            let how =
                "press PANIC in the console or post the form at /panic; if it hangs, end it and try again";
            return Err(format!("a server is running on {dir}: {how}").into());
        }
        started => started?,
    };
    let outcome = tokio::time::timeout(Duration::from_secs(patience), close(&running)).await;
    let flat = running.app.trading.hub.state();
    let words = running.stop().await;
    match outcome {
        Ok(Ok(())) => {
            say("verified flat by two reads; the latch stays until it is cleared in the console");
            Ok(())
        }
        Ok(Err(error)) => Err(error),
        Err(_elapsed) => {
            let why = closings(&flat).find_map(|(_, closing)| trouble(closing));
            let why = why.unwrap_or_else(|| "it takes longer".to_owned());
            Err(format!("not verified flat after {patience} s ({why}); {words}").into())
        }
    }
}

/// Latches and waits for the account to be verified flat, saying each step once.
async fn close(running: &Running) -> Outcome {
    let correlation_id = correlation::fresh_id();
    let trace = correlation_id.to_string();
    let action = OperatorAction::Panic { session_id: None, panic_id: trading::new_panic_id() };
    let accepted = running.app.trading.operator.ask("command line", correlation_id, action, None).await?;
    if accepted.status != 202 {
        return Err(accepted.body.to_string().into());
    }
    // Who has not been heard has no number in the journal.
    if accepted.body.get("seq").is_none() {
        say("accepted; the engine has not begun yet, it goes on without a journal that cannot be read");
    } else {
        say(&format!("accepted, {}; trace {trace}", latch_words(running)));
    }
    let mut said = BTreeSet::new();
    loop {
        let state = running.app.trading.hub.state();
        for line in progress(&state) {
            if said.insert(line.clone()) {
                say(&line);
            }
        }
        if state.account.latch.as_ref().is_some_and(|latch| latch.verified_flat_at.is_some()) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn latch_words(running: &Running) -> &'static str {
    match running.app.health.parts().get("journal").map(|part| part.condition.clone()) {
        Some(Condition::Down { .. }) => "the latch cannot be written to the journal",
        Some(_) | None => "the latch is on disk",
    }
}

/// Every close that runs or ran last: of sessions, and of what belongs to none.
fn closings(state: &TradingState) -> impl Iterator<Item = (Option<&Session>, &Flatten)> {
    let sessions = state.sessions.values();
    let of_sessions = sessions.filter_map(|session| Some((Some(session), session.flatten()?)));
    of_sessions.chain(state.account.sweep.as_ref().map(|sweep| (None, sweep)))
}

/// What keeps a close from its end.
fn trouble(closing: &Flatten) -> Option<String> {
    let blocked = closing.blocked.as_ref().map(|code| code.words());
    blocked.or_else(|| closing.doubt.as_ref().map(Doubt::sentence))
}

/// What there is to say of the running closes.
fn progress(state: &TradingState) -> Vec<String> {
    let mut lines = Vec::new();
    // Not those of sessions that ended before this press.
    let pressed = state.account.latch.as_ref().map(|latch| latch.pressed_at);
    for (session, flatten) in
        closings(state).filter(|(_, flatten)| flatten.verified_flat_at >= pressed || !flatten.is_verified())
    {
        lines.extend(flatten.products.iter().map(|(symbol, closing)| {
            let left = match session {
                Some(session) => session.position(symbol),
                None => state.foreign_positions().get(symbol).copied().unwrap_or_default(),
            };
            format!("{symbol}: {left} lots left of {}, attempt {}", closing.was, closing.attempts)
        }));
        let blocked = flatten.blocked.iter();
        lines.extend(blocked.map(|code| format!("the venue cannot be worked: {}; trying on", code.words())));
        let doubt = flatten.doubt.iter();
        lines.extend(doubt.map(|doubt| format!("not called flat: {}; looking on", doubt.sentence())));
    }
    lines
}
