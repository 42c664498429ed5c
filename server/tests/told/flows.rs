//! The flows: each runs a part of the program, with what goes wrong in it, and gives every record that was told.

mod browser;
mod engine;
mod forwarding;
mod platform;
mod trading;

use serde_json::Value;

use crate::told::Told;

/// Runs all of them, side by side.
pub async fn all() -> Told {
    server::tls::install();
    let (session, ambush, lost, refused, tape, people, browser, forwarding) = tokio::join!(
        trading::session(),
        trading::ambush(),
        trading::journal_lost(),
        trading::key_refused(),
        trading::short_tape(),
        platform::people(),
        browser::batches(),
        forwarding::engine_that_refuses(),
    );
    let mut others: Vec<Value> = engine::worlds();
    others
        .extend([ambush, lost, refused, tape, people, browser, forwarding, platform::alone().await].concat());
    Told { session, others }
}
