//! The flows: each runs a part of the program, with what goes wrong in it, and gives every record that was told.

mod browser;
mod engine;
mod forwarding;
mod platform;
mod trading;
mod watch;

use serde_json::Value;

use crate::told::Told;

/// Runs all of them, side by side.
pub async fn all() -> Told {
    server::tls::install();
    let (session, ambush, lost, refused, tape, people, browser, forwarding, alerts, held, unread, stalled) = tokio::join!(
        trading::session(),
        trading::ambush(),
        trading::journal_lost(),
        trading::key_refused(),
        trading::short_tape(),
        platform::people(),
        browser::batches(),
        forwarding::engine_that_refuses(),
        watch::alerts(),
        trading::entry_held(),
        trading::journal_of_before(),
        platform::stalled(),
    );
    let mut others: Vec<Value> = engine::worlds();
    others.extend(
        [ambush, lost, refused, tape, people, browser, forwarding, alerts, held, unread, stalled].concat(),
    );
    others.extend(platform::alone().await);
    Told { session, others }
}
