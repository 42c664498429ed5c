//! What health says of the venue: whether its positions can be read, and whether it says anything at all. The console
//! must be reachable then more than ever, so it is told and nothing else.

use std::time::Duration;

use model::{Health as Mark, Micros, TradingState};

use super::FeedHub;
use crate::clock;
use crate::health::{Condition, Health};
use crate::tasks::Stop;

/// The part in health.
const PART: &str = "venue";
const EVERY: Duration = Duration::from_secs(1);
/// Neither prices nor a read for so long is silence.
const SILENT: Micros = Micros(10_000_000);

/// The task; cheap to clone.
#[derive(Clone)]
pub struct VenueWatch {
    hub: FeedHub,
    health: Health,
    /// What was said last.
    said: Option<Condition>,
}

impl VenueWatch {
    #[must_use]
    pub fn new(hub: FeedHub, health: Health) -> Self {
        Self { hub, health, said: None }
    }

    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        loop {
            let now = clock::now();
            let condition = self.hub.look(|state, _| match trouble(state, now) {
                Some(why) => Condition::Degraded { why },
                None => Condition::Up,
            });
            if self.said.as_ref() != Some(&condition) {
                self.health.set(PART, condition.clone());
                self.said = Some(condition);
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.stopped() => return,
            }
        }
    }
}

/// What is wrong, with the time since when it is; the same words for as long as nothing changes.
fn trouble(state: &TradingState, now: Micros) -> Option<String> {
    let truth = &state.account.truth;
    let read_at = truth.latest.map(|mark| mark.read_at);
    let began_at = state.boot.as_ref().map(|boot| boot.at);
    let heard_at = state.market_heard_at.max(read_at).max(began_at)?;
    let silent = now.0.saturating_sub(heard_at.0) >= SILENT.0;
    let unread = state.account.health.contains(&Mark::VenueUnreachable);
    let last = match state.market_heard_at.max(read_at) {
        Some(at) => format!("the last answer came at {}", at.to_rfc3339()),
        None => "there was no answer since the start".to_owned(),
    };
    match (unread.then_some(truth.unknown.as_ref()).flatten(), silent) {
        (Some((since, code)), true) => {
            let since = since.to_rfc3339();
            Some(format!(
                "silent: positions cannot be read since {since} ({code}) and no prices come; {last}"
            ))
        }
        (Some((since, code)), false) => {
            Some(format!("positions cannot be read since {} ({code}); prices come", since.to_rfc3339()))
        }
        (None, true) => Some(format!("silent: neither prices nor reads; {last}")),
        (None, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use model::ids::Code;
    use model::read::ReadMark;
    use model::state::Boot;

    use super::*;

    const START: i64 = 1_764_190_000_000_000;

    fn at(seconds: i64) -> Micros {
        Micros(START + seconds * 1_000_000)
    }

    fn state() -> TradingState {
        let boot = Some(Boot { boot_id: "b".to_owned(), at: at(0) });
        TradingState { boot, ..TradingState::default() }
    }

    #[test]
    fn a_venue_that_never_spoke_is_silent_ten_seconds_after_the_start() {
        assert_eq!(trouble(&state(), at(9)), None);
        let why = trouble(&state(), at(10)).unwrap();
        assert_eq!(why, "silent: neither prices nor reads; there was no answer since the start");
    }

    #[test]
    fn prices_or_reads_are_an_answer() {
        let mut heard = state();
        heard.market_heard_at = Some(at(30));
        assert_eq!(trouble(&heard, at(39)), None);
        assert!(trouble(&heard, at(40)).unwrap().contains(&at(30).to_rfc3339()));
        heard.account.truth.latest = Some(ReadMark { request: 1, requested_at: at(34), read_at: at(35) });
        assert_eq!(trouble(&heard, at(40)), None);
        assert!(trouble(&heard, at(45)).unwrap().contains(&at(35).to_rfc3339()));
    }

    #[test]
    fn reads_that_fail_are_told_though_prices_come() {
        let mut unread = state();
        unread.market_heard_at = Some(at(40));
        unread.account.truth.unknown = Some((at(30), Code::from("rate_limited")));
        assert_eq!(trouble(&unread, at(41)), None, "the engine says when it is too long");
        unread.account.health.insert(Mark::VenueUnreachable);
        let why = trouble(&unread, at(41)).unwrap();
        assert!(why.contains(&at(30).to_rfc3339()) && why.contains("(rate_limited); prices come"), "{why}");
        let why = trouble(&unread, at(50)).unwrap();
        assert!(why.starts_with("silent: ") && why.contains(&at(40).to_rfc3339()), "{why}");
    }
}
