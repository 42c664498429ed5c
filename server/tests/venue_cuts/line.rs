//! One stream of the client in virtual time: its conversation, the venue's end of the socket, and what is on the wire
//! between them. What it measures of gaps it measures at the wire.

use std::collections::{BTreeMap, VecDeque};

use model::input::{Input, Link};
use model::{Micros, Symbol};
use serde_json::{Value, json};
use server::venue::freshness::Feed;
use server::venue::{Effect, PartHappening, StreamHappening, Talk, Turn};
use simulator::auth::{Credentials, sign};
use simulator::dialect::session::Session;
use simulator::{Exchange, VenueEvent};

use super::chance::Chance;

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The other end is gone, and says so.
    Reset,
    /// Nothing comes and nothing goes any more, and nobody says so.
    HalfOpen,
}

/// Gaps of a feed that ended, milliseconds.
pub type Measured = BTreeMap<(Symbol, Feed), Vec<i64>>;

pub struct Line {
    pub talk: Talk,
    link: Link,
    session: Option<Session>,
    /// What the venue has sent and not arrived yet.
    wire: VecDeque<String>,
    half_open: bool,
    /// When a connection that is being made is there, and whether it is.
    opening: Option<(Micros, bool)>,
    pub connections: u64,
    pub inputs: Vec<Input>,
    pub told: Vec<StreamHappening>,
    pub refused: Vec<(String, String)>,
    pub alive: bool,
    last: BTreeMap<(Symbol, Feed), (Micros, bool)>,
    pending: Measured,
    pub measured: Measured,
}

impl Line {
    pub fn new(link: Link, seed: u64) -> Self {
        Self {
            talk: Talk::new(link, seed),
            link,
            session: None,
            wire: VecDeque::new(),
            half_open: false,
            opening: None,
            connections: 0,
            inputs: Vec::new(),
            told: Vec::new(),
            refused: Vec::new(),
            alive: false,
            last: BTreeMap::new(),
            pending: BTreeMap::new(),
            measured: BTreeMap::new(),
        }
    }

    /// What the venue publishes for it.
    pub fn watches(&self) -> Vec<(simulator::Channel, String)> {
        self.session.as_ref().map(Session::watched).unwrap_or_default()
    }

    pub fn is_open(&self) -> bool {
        self.session.is_some() && !self.half_open
    }

    /// The venue says something to all who listen.
    pub fn says(&mut self, event: &VenueEvent) {
        let frame = self.session.as_ref().and_then(|session| session.frames(event));
        self.wire.extend(frame.map(|frame| frame.to_string()).filter(|_| !self.half_open));
    }

    /// What is under way is lost with the connection.
    pub fn cut(&mut self, how: Cut, now: Micros, exchange: &mut Exchange, chance: &mut Chance) {
        self.wire.clear();
        match how {
            Cut::HalfOpen => self.half_open = true,
            Cut::Reset => {
                self.turn(Turn::Closed("connection reset by peer".to_owned()), now, exchange, chance)
            }
        }
    }

    pub fn watch(&mut self, symbols: &[Symbol], now: Micros, exchange: &mut Exchange, chance: &mut Chance) {
        self.last.retain(|(symbol, feed), _| *feed == Feed::Spot || symbols.contains(symbol));
        self.pending.retain(|(symbol, feed), _| *feed == Feed::Spot || symbols.contains(symbol));
        self.turn(Turn::Watch(symbols.to_vec()), now, exchange, chance);
    }

    /// Ten milliseconds pass, up to `now`.
    pub fn pass(&mut self, now: Micros, exchange: &mut Exchange, chance: &mut Chance) {
        if let Some((at, there)) = self.opening.filter(|(at, _)| *at <= now) {
            self.opening = None;
            if there {
                self.connections += 1;
                self.session = Some(Session::new(self.link == Link::Prices));
                self.turn(Turn::Opened, at, exchange, chance);
            } else {
                let reason = "no connection: connection refused".to_owned();
                self.turn(Turn::NotOpened { reason, wait: None }, at, exchange, chance);
            }
        }
        // Frames arrive one after the other, at odd microseconds of the ten milliseconds.
        let mut at = Micros(now.0 - 9_999);
        while let Some(frame) = self.wire.pop_front() {
            at = Micros((at.0 + chance.up_to(1_500)).min(now.0));
            self.measure(&frame, at);
            self.turn(Turn::Frame(&frame), at, exchange, chance);
        }
        while self.talk.next_at().is_some_and(|due| due <= now) {
            let due = self.talk.next_at().map_or(now, |due| due.max(at));
            self.turn(Turn::Passed, due, exchange, chance);
        }
    }

    fn turn(&mut self, turn: Turn<'_>, now: Micros, exchange: &mut Exchange, chance: &mut Chance) {
        for effect in self.talk.on(now, turn) {
            match effect {
                Effect::Connect { .. } => {
                    let there = chance.up_to(8) > 0;
                    self.opening = Some((Micros(now.0 + 20_000 + chance.up_to(60_000)), there));
                }
                Effect::Close => {
                    self.session = None;
                    self.half_open = false;
                    self.wire.clear();
                    for (_, lost) in self.last.values_mut() {
                        *lost = true;
                    }
                }
                Effect::Send(message) => self.hears(&message, now, exchange),
                Effect::SignIn => {
                    let at = (now.0 / 1_000_000).to_string();
                    let signature = sign("s", format!("GET{at}/live").as_bytes());
                    let payload = json!({ "api-key": "k", "timestamp": at, "signature": signature });
                    self.hears(&json!({ "type": "key-auth", "payload": payload }), now, exchange);
                }
                Effect::Alive => self.alive = true,
                Effect::Input(input) => self.inputs.push(input),
                Effect::Refused(places) => self.refused = places,
                Effect::Tell(what) => self.told.push(what),
                Effect::DoubtClock | Effect::VenueTime(_) | Effect::Disrupted(_) => {}
            }
        }
    }

    /// The venue hears a frame of the client.
    fn hears(&mut self, message: &Value, now: Micros, exchange: &mut Exchange) {
        let Some(session) = self.session.as_mut().filter(|_| !self.half_open) else { return };
        let keys = Credentials { key: "k".to_owned(), secret: "s".to_owned() };
        let replies = session.on_text(&message.to_string(), exchange, &keys, &mut (), now.0);
        self.wire.extend(replies.iter().map(Value::to_string));
    }

    /// From the last frame of a feed to the first after a loss.
    fn measure(&mut self, frame: &str, at: Micros) {
        let frame: Value = serde_json::from_str(frame).expect("a frame");
        let name = frame["sy"].as_str().unwrap_or_default();
        let (symbol, feed) = match frame["type"].as_str() {
            Some("ob_l1") => (name, Feed::Top),
            Some("mark_price" | "ticker") => (name.trim_start_matches("MARK:"), Feed::Mark),
            Some("spot_price") => (if name == ".DEXBTUSD" { "BTCUSD" } else { "ETHUSD" }, Feed::Spot),
            _other => return,
        };
        let key = (Symbol::from(symbol), feed);
        if let Some((before, true)) = self.last.insert(key.clone(), (at, false)) {
            self.pending.entry(key.clone()).or_default().push((at.0 - before.0) / 1_000);
        }
        let whole = self.last.iter().all(|((of, _), (_, lost))| *of != key.0 || !lost);
        if whole {
            let of_symbol = self.pending.extract_if(.., |(of, _), _| *of == key.0);
            for (key, gaps) in of_symbol.collect::<Vec<_>>() {
                self.measured.entry(key).or_default().extend(gaps);
            }
        }
    }

    /// Gaps as they were told: of quotes, marks and spot prices.
    pub fn told_gaps(&self) -> BTreeMap<(Symbol, Feed), i64> {
        let mut sums = BTreeMap::new();
        for what in &self.told {
            let StreamHappening::Part(PartHappening::SymbolGap { symbol, feeds, .. }) = what else {
                continue;
            };
            for (feed, ms) in feeds.iter().filter(|(feed, _)| **feed != Feed::Book) {
                *sums.entry((Symbol::from(symbol.as_str()), *feed)).or_default() += ms;
            }
        }
        sums
    }
}
