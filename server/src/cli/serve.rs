//! `serve`: runs until SIGTERM or Ctrl-C. Words for people go to stderr, records to stdout.

use super::Outcome;
use super::stop::Signals;
use crate::config::Config;
use crate::startup;
use crate::telling::{self, Output, say};

/// Starts the server, says where it is, waits for the end.
pub(super) async fn run(config: Config) -> Outcome {
    let signals = Signals::new()?;
    let output = if config.log.stdout { Output::stdout() } else { Output::none() };
    let level = config.log.level;
    let running = startup::start(config, output).await?;
    telling::install_panic_hook(running.app.teller.clone());
    telling::install_tracing(running.app.teller.clone(), level);
    say(&format!("ready on http://{}", running.address));
    if let Some(link) = &running.sign_in_link {
        say(&startup::words_of(link));
    }
    signals.asked().await?;
    let words = running.stop().await;
    say(&format!("stopped; {words}"));
    Ok(())
}
