//! The conversation with the venue over one stream and all its connections, as a pure machine: what is said, what is
//! heard, when a connection is dead and when the next is made. Time is a parameter, chance a seed. The driver beside it
//! (`stream.rs`) has the socket, the keys and the inbox.

mod connection;
mod flood;
mod hearing;
mod status;
mod subscribing;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::ids::Code;
use model::input::{Input, Link, LinkChange};
use model::{Micros, Symbol};
use serde_json::{Value, json};

use super::book::Book;
use super::confirmations::Place;
use super::events::StreamHappening;
use super::gaps::Gaps;
use super::offset::Estimate;
use super::reconnect::Reconnect;
use super::refusals::Refusals;
use super::translate::StatusFrame;
use super::{orders, prices};
use connection::Connection;
use status::Statuses;

/// What happened.
#[derive(Clone, Debug)]
pub enum Turn<'a> {
    Opened,
    /// The venue may have said for how long it takes no more connections.
    NotOpened {
        reason: String,
        wait: Option<Duration>,
    },
    Frame(&'a str),
    Closed(String),
    /// These instruments are wanted from now on.
    Watch(Vec<Symbol>),
    /// How something trades by a list of the venue, which may be a minute old.
    Listed(StatusFrame),
    /// Time passed.
    Passed,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// 1 for the first attempt after a quiet time.
    Connect {
        attempt: u32,
    },
    Close,
    Send(Value),
    /// The first message of the private stream: only the driver has the keys.
    SignIn,
    /// The venue refused a signature for its time.
    DoubtClock,
    /// A frame carries the venue's time.
    VenueTime(Micros),
    /// The connection brought something that proves it alive.
    Alive,
    Input(Input),
    /// What is refused now.
    Refused(Vec<Place>),
    /// What cannot be traded as usual now.
    Disrupted(BTreeSet<String>),
    Tell(StreamHappening),
}

/// The machine of one stream.
#[derive(Clone, Debug)]
pub struct Talk {
    link: Link,
    chance: u64,
    phase: Phase,
    reconnect: Reconnect,
    /// Told to the engine.
    up: bool,
    watched: Vec<Symbol>,
    refusals: Refusals,
    gaps: Gaps,
    statuses: Statuses,
    clock: Estimate,
    effects: Vec<Effect>,
}

#[derive(Clone, Debug)]
enum Phase {
    Away { attempt: u32, connect_at: Micros },
    Connecting { since: Micros },
    Open(Box<Connection>),
}

/// Why a connection ended: a word for the journal, and what was said for people.
struct Loss {
    code: &'static str,
    reason: String,
}

impl Talk {
    /// Nothing was said yet; `seed` gives the jitter of its back-off.
    #[must_use]
    pub fn new(link: Link, seed: u64) -> Self {
        Self {
            link,
            chance: seed,
            phase: Phase::Away { attempt: 1, connect_at: Micros(i64::MIN) },
            reconnect: Reconnect::default(),
            up: false,
            watched: Vec::new(),
            refusals: Refusals::default(),
            gaps: Gaps::default(),
            statuses: Statuses::default(),
            clock: Estimate::default(),
            effects: Vec::new(),
        }
    }

    /// How the venue's clock is known to differ from ours.
    pub fn know_clock(&mut self, clock: Estimate) {
        self.clock = clock;
    }

    /// Something happened at `now`; what is to be done about it.
    pub fn on(&mut self, now: Micros, turn: Turn<'_>) -> Vec<Effect> {
        let outcome = match turn {
            Turn::Opened => {
                self.opened(now);
                Ok(())
            }
            Turn::NotOpened { reason, wait } => {
                self.not_opened(now, reason, wait);
                Ok(())
            }
            Turn::Frame(text) => self.frame(now, text),
            Turn::Closed(reason) => Err(Loss { code: "connection_lost", reason }),
            Turn::Watch(symbols) => {
                self.watch(now, symbols);
                Ok(())
            }
            Turn::Listed(frame) => {
                self.listed(now, frame);
                Ok(())
            }
            Turn::Passed => Ok(()),
        };
        if let Err(loss) = outcome.and_then(|()| self.passed(now)) {
            self.lost(now, loss);
        }
        std::mem::take(&mut self.effects)
    }

    /// When it is to be asked again, should nothing happen.
    #[must_use]
    pub fn next_at(&self) -> Option<Micros> {
        match &self.phase {
            Phase::Away { connect_at, .. } => Some(*connect_at),
            Phase::Connecting { .. } => None,
            Phase::Open(connection) => Some(connection.next_at(self.link)),
        }
    }

    /// The engine was told that the stream is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// The book of an instrument, while it is believed.
    #[must_use]
    pub fn book(&self, symbol: &Symbol) -> Option<&Book> {
        match &self.phase {
            Phase::Open(connection) => connection.books.book(symbol),
            Phase::Away { .. } | Phase::Connecting { .. } => None,
        }
    }

    fn opened(&mut self, now: Micros) {
        let Phase::Connecting { since } = self.phase else { return };
        let latency_us = u64::try_from(now.0 - since.0).unwrap_or(0);
        self.tell(StreamHappening::Connected { latency_us });
        self.send(json!({ "type": "enable_heartbeat" }));
        self.phase = Phase::Open(Box::new(Connection::new(now)));
        match self.link {
            Link::Prices => self.subscribe_all(now),
            Link::Orders => self.effects.push(Effect::SignIn),
        }
    }

    fn not_opened(&mut self, now: Micros, reason: String, wait: Option<Duration>) {
        if let Some(wait) = wait {
            self.tell(StreamHappening::ConnectionLimited { wait_ms: millis(wait) });
        }
        self.tell(StreamHappening::Disconnected { reason, open_ms: 0 });
        self.away(now, "no_connection", wait.unwrap_or_default());
    }

    /// The connection is over.
    fn lost(&mut self, now: Micros, loss: Loss) {
        let phase = std::mem::replace(&mut self.phase, Phase::Connecting { since: now });
        if let Phase::Open(mut connection) = phase {
            if let Some(count) = connection.flood.hidden(connection.age(now), true) {
                self.tell(StreamHappening::DecodeErrorsSuppressed { count });
            }
            let open_ms = millis(connection.age(now));
            self.tell(StreamHappening::Disconnected { reason: loss.reason, open_ms });
        }
        self.effects.push(Effect::Close);
        self.gaps.lost();
        self.statuses.lost(now);
        self.away(now, loss.code, Duration::ZERO);
    }

    fn away(&mut self, now: Micros, code: &'static str, least: Duration) {
        self.link(code, false);
        let jitter = self.jitter();
        let retry = self.reconnect.lost(jitter, least);
        let pause_us = i64::try_from(retry.pause.as_micros()).unwrap_or(i64::MAX);
        let connect_at = Micros(now.0.saturating_add(pause_us));
        self.phase = Phase::Away { attempt: retry.attempt, connect_at };
        let backoff_ms = millis(retry.pause);
        self.tell(StreamHappening::Reconnecting { attempt: retry.attempt, backoff_ms });
    }

    /// What is due by now.
    fn passed(&mut self, now: Micros) -> Result<(), Loss> {
        match self.phase {
            Phase::Away { attempt, connect_at } if connect_at <= now => {
                self.phase = Phase::Connecting { since: now };
                self.effects.push(Effect::Connect { attempt });
                Ok(())
            }
            Phase::Away { .. } | Phase::Connecting { .. } => Ok(()),
            Phase::Open(_) => self.open_passed(now),
        }
    }

    fn open_passed(&mut self, now: Micros) -> Result<(), Loss> {
        let (link, watched) = (self.link, self.watched.len());
        let Phase::Open(connection) = &mut self.phase else { return Ok(()) };
        if let Some(death) = connection.death(now, link) {
            self.effects.extend(death.told.map(Effect::Tell));
            return Err(Loss { code: death.code, reason: death.reason });
        }
        if connection.ping_at <= now {
            connection.ping_at = Micros(now.0 + micros(prices::PING_EVERY));
            connection.pinged.get_or_insert(now);
            let (age, mut told) = (connection.age(now), Vec::new());
            told.extend(
                connection
                    .flood
                    .hidden(age, false)
                    .map(|count| StreamHappening::DecodeErrorsSuppressed { count }),
            );
            told.extend(connection.counts.heartbeat(age, watched).map(StreamHappening::Heartbeat));
            told.into_iter().for_each(|what| self.tell(what));
            self.send(json!({ "type": "ping" }));
        }
        self.subscriptions_passed(now);
        self.statuses_passed(now);
        Ok(())
    }

    fn watch(&mut self, now: Micros, symbols: Vec<Symbol>) {
        let before = std::mem::replace(&mut self.watched, symbols);
        let followed: Vec<Symbol> =
            super::underlyings::followed(&self.watched).iter().map(super::underlyings::perpetual).collect();
        let watched = &self.watched;
        self.gaps.keep(|symbol| watched.contains(symbol) || followed.contains(symbol));
        if matches!(self.phase, Phase::Open(_)) && self.link == Link::Prices {
            self.resubscribe(now, &before);
        }
        self.say_disrupted();
    }

    /// All that is wanted of the stream.
    fn wanted(&self) -> BTreeSet<Place> {
        match self.link {
            Link::Prices => prices::wanted(&self.watched),
            Link::Orders => orders::wanted(),
        }
    }

    fn link(&mut self, code: &str, up: bool) {
        if self.up != up {
            self.up = up;
            self.say_link(code, up);
        }
    }

    fn say_link(&mut self, code: &str, up: bool) {
        let change = LinkChange { link: self.link, up, code: Code::from(code) };
        self.effects.push(Effect::Input(Input::Link(change)));
    }

    fn tell(&mut self, what: StreamHappening) {
        self.effects.push(Effect::Tell(what));
    }

    fn send(&mut self, message: Value) {
        self.effects.push(Effect::Send(message));
    }

    /// The next number from 0 to 1,000 (SplitMix64).
    fn jitter(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.chance;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % 1_001
    }
}

/// Instruments of places by channel, without the prefix of marks; a channel for the whole account has none.
fn symbols(places: &BTreeSet<Place>) -> BTreeMap<String, Vec<String>> {
    let mut by_channel: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (channel, name) in places {
        let plain = name.strip_prefix("MARK:").unwrap_or(name);
        let names = by_channel.entry(channel.clone()).or_default();
        names.extend((plain != "all").then(|| plain.to_owned()));
    }
    by_channel
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
