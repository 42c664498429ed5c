//! One connection: what it brought, and whether it is dead. Not everything that comes proves that it lives: an answer to
//! our own ping proves a socket, and a heartbeat no prices.

use std::time::Duration;

use model::input::Link;
use model::{Micros, Symbol};

use super::flood::Flood;
use super::traffic::Counts;
use super::{micros, millis};
use crate::venue::books::Books;
use crate::venue::confirmations::Confirmations;
use crate::venue::events::StreamHappening;
use crate::venue::sequence::Sequences;
use crate::venue::translate::{Heard, Translator};
use crate::venue::{orders, prices};

/// The venue answers a ping within five seconds.
const PONG_WITHIN: Duration = Duration::from_secs(5);
/// And a sign-in.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(10);
/// What is refused is asked for again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub opened: Micros,
    /// When anything was last heard that proves its feed alive.
    pub fed: Micros,
    /// When the first ping was sent of those after which nothing came.
    pub pinged: Option<Micros>,
    pub ping_at: Micros,
    pub ask_again_at: Micros,
    pub signed_in: bool,
    /// Missed frames are answered by reading the account anew, not more often than this.
    pub recount_at: Micros,
    pub translator: Translator,
    pub books: Books,
    pub confirmations: Confirmations,
    pub sequences: Sequences,
    /// Of frames that cannot be decoded.
    pub flood: Flood,
    pub counts: Counts,
}

/// Why it is dead.
pub(super) struct Death {
    pub code: &'static str,
    pub reason: String,
    pub told: Option<StreamHappening>,
}

impl Connection {
    pub fn new(now: Micros) -> Self {
        Self {
            opened: now,
            fed: now,
            pinged: None,
            ping_at: Micros(now.0 + micros(prices::PING_EVERY)),
            ask_again_at: Micros(now.0 + micros(ASK_AGAIN)),
            signed_in: false,
            recount_at: now,
            translator: Translator::default(),
            books: Books::default(),
            confirmations: Confirmations::default(),
            sequences: Sequences::default(),
            flood: Flood::default(),
            counts: Counts::default(),
        }
    }

    pub fn age(&self, now: Micros) -> Duration {
        Duration::from_micros(u64::try_from(now.0 - self.opened.0).unwrap_or(0))
    }

    /// Something came; whether it proves that the feed lives.
    pub fn heard(&mut self, now: Micros, heard: &Heard, link: Link, watched: &[Symbol]) -> bool {
        self.pinged = None;
        let proves = match heard {
            Heard::Inputs(_) | Heard::Book(_) | Heard::Positions(_) | Heard::Ignored => true,
            Heard::KeyAuth { .. } | Heard::Subscriptions(_) | Heard::Status(_) | Heard::Heartbeat => {
                link == Link::Orders || watched.is_empty()
            }
            Heard::Pong => link == Link::Prices && watched.is_empty(),
        };
        if proves {
            self.fed = now;
        }
        proves
    }

    /// It is dead by now, and why.
    pub fn death(&self, now: Micros, link: Link) -> Option<Death> {
        let since = |at: Micros| Duration::from_micros(u64::try_from(now.0 - at.0).unwrap_or(0));
        let silent = |at: Micros| {
            let silence_ms = millis(since(at));
            Some(Death {
                code: "silent",
                reason: format!("silent for {silence_ms} ms"),
                told: Some(StreamHappening::HeartbeatMissed { silence_ms }),
            })
        };
        if now >= self.feed_until(link) {
            return silent(self.fed);
        }
        if let Some(pinged) = self.pinged.filter(|at| since(*at) >= PONG_WITHIN) {
            return silent(pinged);
        }
        let unanswered = link == Link::Orders && !self.signed_in && self.age(now) >= SIGN_IN_WITHIN;
        unanswered.then(|| Death {
            code: "sign_in_unanswered",
            reason: format!("the sign-in was not answered within {} ms", SIGN_IN_WITHIN.as_millis()),
            told: None,
        })
    }

    fn feed_until(&self, link: Link) -> Micros {
        let most = match link {
            Link::Prices => prices::SILENCE_MAX,
            Link::Orders => orders::SILENCE_MAX,
        };
        Micros(self.fed.0 + micros(most))
    }

    /// When something of it is due.
    pub fn next_at(&self, link: Link) -> Micros {
        let pong = self.pinged.map(|at| Micros(at.0 + micros(PONG_WITHIN)));
        let sign_in =
            (link == Link::Orders && !self.signed_in).then(|| Micros(self.opened.0 + micros(SIGN_IN_WITHIN)));
        let fixed = [self.ping_at, self.ask_again_at, self.feed_until(link)];
        let others = [pong, sign_in, self.confirmations.next_at(), self.books.next_at()];
        fixed.into_iter().chain(others.into_iter().flatten()).min().unwrap_or(self.ping_at)
    }

    /// Whether it is time to ask again for what is refused.
    pub fn asks_again(&mut self, now: Micros) -> bool {
        let due = self.ask_again_at <= now;
        if due {
            self.ask_again_at = Micros(now.0 + micros(ASK_AGAIN));
        }
        due
    }
}
