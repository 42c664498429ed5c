//! One stream with its socket: connects when the conversation says so, brings it what is heard, and does what it says.
//! What is heard goes to the inbox as inputs; what happens is told. Prices and orders differ by their `Role`.

use std::sync::Arc;
use std::time::Duration;

use model::input::{Input, Link};
use model::{Micros, Symbol};
use tokio::sync::watch;

use super::confirmations::Place;
use super::events::{ClockMeasured, PartHappening, StreamEvent, StreamHappening};
use super::gaps::GapTimes;
use super::listed::StatusLists;
use super::offset::Reading;
use super::pulse::Pulse;
use super::refusals::Restricted;
use super::socket::{NoSocket, Socket};
use super::talk::{Effect, Talk, Turn};
use super::translate::StatusFrame;
use super::{Address, SessionContext, VenueClock, orders, underlyings};
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::trading::Inbox;
use crate::{clock, correlation};

/// What every stream needs.
#[derive(Clone)]
pub struct StreamParts {
    pub address: Arc<Address>,
    pub teller: Teller,
    pub sessions: SessionContext,
    pub inbox: Inbox,
    /// The one of the REST client.
    pub clock: VenueClock,
    /// The same for both streams.
    pub restricted: Restricted,
    /// For the key figures.
    pub gaps: GapTimes,
    /// How what is watched trades by the venue's lists.
    pub listed: StatusLists,
}

/// What a stream is for.
#[derive(Clone)]
enum Role {
    /// Spot always, and the watched instruments.
    Prices { watched: watch::Receiver<Vec<Symbol>>, heard: Pulse },
    /// Our orders, positions and fills, after signing in.
    Orders,
}

/// One stream with its state over all its connections. Cloned where a supervisor may have to run it again.
#[derive(Clone)]
pub struct Stream {
    role: Role,
    parts: StreamParts,
    talk: Talk,
    /// Of this connection, so that its life can be read as one story.
    correlation_id: String,
}

/// The price stream, and what was heard of each instrument.
#[must_use]
pub fn price_stream(parts: StreamParts, watched: watch::Receiver<Vec<Symbol>>) -> (Stream, Pulse) {
    let pulse = Pulse::beginning_now();
    (Stream::new(Role::Prices { watched, heard: pulse.clone() }, parts, Link::Prices), pulse)
}

/// The private stream.
#[must_use]
pub fn order_stream(parts: StreamParts) -> Stream {
    Stream::new(Role::Orders, parts, Link::Orders)
}

impl Stream {
    fn new(role: Role, parts: StreamParts, link: Link) -> Self {
        // Without randomness every process has the same jitter, which is still one.
        let seed = getrandom::u64().unwrap_or(7);
        Self { role, parts, talk: Talk::new(link, seed), correlation_id: correlation::fresh() }
    }

    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        let mut socket: Option<Socket> = None;
        let watched = match &mut self.role {
            Role::Prices { watched, .. } => watched.borrow_and_update().clone(),
            Role::Orders => Vec::new(),
        };
        let mut happened = Happened::Watched(watched);
        loop {
            let mut connects = match happened {
                Happened::Frame(text) => self.turn(Turn::Frame(&text), &mut socket).await,
                Happened::Closed(reason) => self.turn(Turn::Closed(reason), &mut socket).await,
                Happened::Watched(symbols) => self.turn(Turn::Watch(symbols), &mut socket).await,
                Happened::Listed(frames) => self.hear_lists(frames, &mut socket).await,
                Happened::Passed => self.turn(Turn::Passed, &mut socket).await,
            };
            while connects {
                let opened = tokio::select! {
                    opened = self.open(&mut socket) => opened,
                    () = stop.stopped() => return,
                };
                connects = self.turn(opened, &mut socket).await;
            }
            let Some(next) = self.wait(socket.as_mut(), &mut stop).await else { return };
            happened = next;
        }
    }

    /// The next thing that happens. Frames go before time: what came in time is not late because we are.
    async fn wait(&mut self, socket: Option<&mut Socket>, stop: &mut Stop) -> Option<Happened> {
        let wait = self
            .talk
            .next_at()
            .map(|at| Duration::from_micros(u64::try_from(at.0.saturating_sub(clock::now().0)).unwrap_or(0)));
        let prices = matches!(self.role, Role::Prices { .. });
        let lists = self.parts.listed.clone();
        let frame = async {
            match socket {
                Some(socket) => socket.next().await,
                None => std::future::pending().await,
            }
        };
        let listed = async {
            match prices {
                true => lists.next().await,
                false => std::future::pending().await,
            }
        };
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.stopped() => None,
            symbols = changed(&mut self.role) => Some(Happened::Watched(symbols)),
            frames = listed => Some(Happened::Listed(frames)),
            frame = frame => Some(match frame {
                Ok(text) => Happened::Frame(text),
                Err(reason) => Happened::Closed(reason),
            }),
            () = due => Some(Happened::Passed),
        }
    }

    /// Like every turn: gives whether a connection is to be made.
    async fn hear_lists(&mut self, frames: Vec<StatusFrame>, socket: &mut Option<Socket>) -> bool {
        let mut connects = false;
        for frame in frames {
            connects |= self.turn(Turn::Listed(frame), socket).await;
        }
        connects
    }

    async fn open(&mut self, socket: &mut Option<Socket>) -> Turn<'static> {
        match Socket::open(self.url()).await {
            Ok((opened, reading)) => {
                self.learn(reading);
                *socket = Some(opened.speaking(self.parts.address.terms.quote));
                self.parts.listed.opened();
                Turn::Opened
            }
            Err(NoSocket { reason, wait }) => Turn::NotOpened { reason, wait },
        }
    }

    /// One turn of the conversation, with everything that follows from it. Gives whether a connection is to be made.
    async fn turn(&mut self, turn: Turn<'_>, socket: &mut Option<Socket>) -> bool {
        let mut connects = false;
        let mut turn = Some(turn);
        while let Some(now_turn) = turn.take() {
            let now = clock::now();
            self.talk.know_clock(self.parts.clock.estimate());
            for effect in self.talk.on(now, now_turn) {
                match effect {
                    Effect::Connect { attempt } => {
                        self.correlation_id = correlation::fresh();
                        let endpoint = self.url().to_owned();
                        self.tell(StreamHappening::Connecting { endpoint, attempt });
                        connects = true;
                    }
                    Effect::Close => *socket = None,
                    Effect::Send(message) => {
                        let sent = match socket {
                            Some(socket) => socket.send(&message).await,
                            None => Ok(()),
                        };
                        turn = sent.err().map(Turn::Closed).or(turn);
                    }
                    Effect::SignIn => {
                        let at = self.parts.clock.estimate().venue_time(clock::now());
                        let message = orders::sign_in(&self.parts.address, at);
                        let sent = match socket {
                            Some(socket) => socket.send(&message).await,
                            None => Ok(()),
                        };
                        turn = sent.err().map(Turn::Closed).or(turn);
                    }
                    other => self.perform(other, now),
                }
            }
        }
        connects
    }

    /// What concerns no socket.
    fn perform(&mut self, effect: Effect, now: Micros) {
        match effect {
            Effect::Connect { .. } | Effect::Close | Effect::Send(_) | Effect::SignIn => {}
            Effect::DoubtClock => self.parts.clock.lock().doubt(),
            Effect::VenueTime(made_at) => self.parts.clock.lock().heard(made_at, now),
            Effect::Alive => {
                if let Role::Prices { heard, .. } = &self.role {
                    heard.connection_heard();
                }
            }
            Effect::Input(input) => {
                if let Role::Prices { heard, .. } = &self.role {
                    heard.heard(&input, now);
                }
                self.parts.inbox.push(input);
            }
            Effect::Refused(places) => self.refused(&places),
            Effect::Disrupted(what) => {
                self.parts.listed.disrupted(!what.is_empty());
                let report = self.parts.restricted.disrupted(what);
                report.into_iter().for_each(|report| self.parts.inbox.push(Input::Health(report)));
            }
            Effect::Tell(what) => self.tell(what),
        }
    }

    fn refused(&self, places: &[Place]) {
        if let Role::Prices { watched, heard } = &self.role {
            heard.refused(places, &underlyings::followed(&watched.borrow()));
        }
        let channels = places.iter().map(|(channel, _)| channel.as_str());
        if let Some(report) = self.parts.restricted.note(self.name(), channels) {
            self.parts.inbox.push(Input::Health(report));
        }
    }

    /// What the handshake says of the venue's clock: known before we sign in.
    fn learn(&self, reading: Option<Reading>) {
        let change = reading.and_then(|reading| self.parts.clock.lock().learn(reading));
        if let Some(change) = change {
            let context = self.parts.sessions.under(&self.correlation_id);
            self.parts.teller.tell(&ClockMeasured(change), &context);
        }
    }

    /// Two hosts: prices are public.
    fn url(&self) -> &str {
        match self.role {
            Role::Prices { .. } => &self.parts.address.public_ws_url,
            Role::Orders => &self.parts.address.private_ws_url,
        }
    }

    fn name(&self) -> &'static str {
        match self.role {
            Role::Prices { .. } => Link::Prices.word(),
            Role::Orders => Link::Orders.word(),
        }
    }

    fn tell(&self, what: StreamHappening) {
        if let StreamHappening::Part(PartHappening::SymbolGap { symbol, gap_ms, .. }) = &what {
            self.parts.gaps.note(symbol, *gap_ms);
        }
        // The session of now, not of when the connection was made.
        let context = if what.about().is_empty() {
            self.parts.sessions.under(&self.correlation_id)
        } else {
            self.parts.sessions.about(what.about(), &self.correlation_id)
        };
        self.parts.teller.tell(&StreamEvent { stream: self.name(), what }, &context);
    }
}

/// What a stream waits for.
enum Happened {
    Frame(String),
    Closed(String),
    Watched(Vec<Symbol>),
    Listed(Vec<StatusFrame>),
    Passed,
}

/// The instruments that are to be watched from now on; never for orders, or when nobody can ask any more.
async fn changed(role: &mut Role) -> Vec<Symbol> {
    if let Role::Prices { watched, .. } = role
        && watched.changed().await.is_ok()
    {
        return watched.borrow_and_update().clone();
    }
    std::future::pending().await
}
