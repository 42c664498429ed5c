//! A stream that comes back by itself: connect, subscribe, listen, and after a loss do it all again. What it hears
//! goes to the inbox as inputs; what happens to it is told. Prices and orders differ only in their `Role`.

mod flood;
mod hearing;
mod traffic;

use std::sync::Arc;
use std::time::Duration;

use model::Symbol;
use model::input::Link;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::events::{StreamEvent, StreamHappening};
use super::pulse::Pulse;
use super::refusals::{Refusals, Restricted};
use super::socket::Socket;
use super::translate::Translator;
use super::{Address, Reconnect, SessionContext, VenueClock, jitter, orders, prices, underlyings};
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::trading::Inbox;
use crate::{clock, correlation};
use flood::Flood;
use traffic::Counts;

/// A refused channel is asked for again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(60);

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
}

/// What a stream is for.
#[derive(Clone)]
pub(super) enum Role {
    /// Spot always, and the watched instruments.
    Prices { watched: watch::Receiver<Vec<Symbol>>, heard: Pulse },
    /// Our orders, positions and fills, after signing in.
    Orders,
}

impl Role {
    fn name(&self) -> &'static str {
        self.link().word()
    }

    fn link(&self) -> Link {
        match self {
            Role::Prices { .. } => Link::Prices,
            Role::Orders => Link::Orders,
        }
    }

    fn url<'a>(&self, address: &'a Address) -> &'a str {
        match self {
            Role::Prices { .. } => &address.public_ws_url,
            Role::Orders => &address.private_ws_url,
        }
    }

    /// Silence after which the connection counts as dead.
    fn silence_max(&self) -> Duration {
        match self {
            Role::Prices { .. } => prices::SILENCE_MAX,
            Role::Orders => orders::SILENCE_MAX,
        }
    }

    /// The first messages after connecting.
    fn greeting(&mut self, parts: &StreamParts) -> Vec<Value> {
        let mut messages = vec![json!({ "type": "enable_heartbeat" })];
        match self {
            Role::Prices { watched, .. } => {
                let symbols = watched.borrow_and_update();
                messages.push(prices::subscription("subscribe", &symbols, &underlyings::followed(&symbols)));
            }
            Role::Orders => {
                let now = parts.clock.estimate().venue_time(clock::now());
                messages.push(orders::sign_in(&parts.address, now));
            }
        }
        messages
    }
}

/// One stream with its state over all its connections. Cloned where a supervisor may have to run it again.
#[derive(Clone)]
pub struct Stream {
    role: Role,
    parts: StreamParts,
    reconnect: Reconnect,
    /// The link was told to the engine as up.
    up: bool,
    /// Symbols of the latest subscription.
    symbols: Vec<Symbol>,
    refusals: Refusals,
    /// Of this connection, so that its life can be read as one story.
    correlation_id: String,
}

/// The price stream, and what was heard of each instrument.
#[must_use]
pub fn price_stream(parts: StreamParts, watched: watch::Receiver<Vec<Symbol>>) -> (Stream, Pulse) {
    let pulse = Pulse::beginning_now();
    (Stream::new(Role::Prices { watched, heard: pulse.clone() }, parts), pulse)
}

/// The private stream.
#[must_use]
pub fn order_stream(parts: StreamParts) -> Stream {
    Stream::new(Role::Orders, parts)
}

/// Why a connection ended: a word for the journal, and what was said for people.
pub(super) struct Loss {
    pub code: &'static str,
    pub reason: String,
}

impl From<String> for Loss {
    fn from(reason: String) -> Self {
        Self { code: "connection_lost", reason }
    }
}

/// One connection.
struct Connection {
    socket: Socket,
    translator: Translator,
    opened: Instant,
    /// When anything was last heard that proves the connection alive.
    alive: Instant,
    /// Of frames that cannot be decoded.
    flood: Flood,
    counts: Counts,
}

impl Stream {
    fn new(role: Role, parts: StreamParts) -> Self {
        Self {
            role,
            parts,
            reconnect: Reconnect::default(),
            up: false,
            symbols: Vec::new(),
            refusals: Refusals::default(),
            correlation_id: correlation::fresh(),
        }
    }

    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        let mut attempt = 1;
        loop {
            self.correlation_id = correlation::fresh();
            let loss = tokio::select! {
                loss = self.connect(attempt) => loss,
                () = stop.stopped() => return,
            };
            self.link_down(loss.code);
            let retry = self.reconnect.lost(u64::try_from(jitter()).unwrap_or(500));
            attempt = retry.attempt;
            let backoff_ms = u64::try_from(retry.pause.as_millis()).unwrap_or(u64::MAX);
            self.tell(StreamHappening::Reconnecting { attempt, backoff_ms });
            tokio::select! {
                () = tokio::time::sleep(retry.pause) => {}
                () = stop.stopped() => return,
            }
        }
    }

    /// One connection from its beginning to its end; gives why it ended.
    async fn connect(&mut self, attempt: u32) -> Loss {
        let url = self.role.url(&self.parts.address).to_owned();
        self.tell(StreamHappening::Connecting { endpoint: url.clone(), attempt });
        let started = Instant::now();
        let socket = match Socket::open(&url).await {
            Ok((socket, reading)) => {
                self.learn(reading);
                socket.speaking(self.parts.address.terms.quote)
            }
            Err(reason) => {
                self.tell(StreamHappening::Disconnected { reason: reason.clone(), open_ms: 0 });
                return Loss { code: "no_connection", reason };
            }
        };
        let latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.tell(StreamHappening::Connected { latency_us });
        let now = Instant::now();
        let mut connection = Connection {
            socket,
            translator: Translator::default(),
            opened: now,
            alive: now,
            flood: Flood::default(),
            counts: Counts::default(),
        };
        let loss = match self.listen(&mut connection).await {
            Ok(never) => match never {},
            Err(loss) => loss,
        };
        self.tell_hidden(&mut connection, true);
        let open_ms = millis(connection.opened.elapsed());
        self.tell(StreamHappening::Disconnected { reason: loss.reason.clone(), open_ms });
        loss
    }

    async fn listen(&mut self, connection: &mut Connection) -> Result<std::convert::Infallible, Loss> {
        for message in self.role.greeting(&self.parts) {
            connection.socket.send(&message).await?;
        }
        self.note_symbols();
        connection.translator.follow(underlyings::followed(&self.symbols));
        let mut ping = tokio::time::interval(prices::PING_EVERY);
        let mut again = tokio::time::interval_at(Instant::now() + ASK_AGAIN, ASK_AGAIN);
        loop {
            let deadline = connection.alive + self.role.silence_max();
            tokio::select! {
                frame = connection.socket.next() => {
                    let frame = frame?;
                    self.on_frame(connection, &frame).await?;
                }
                () = changed(&mut self.role) => self.resubscribe(connection).await?,
                _ = again.tick() => self.ask_again(connection).await?,
                _ = ping.tick() => {
                    self.tell_hidden(connection, false);
                    self.tell_heartbeat(connection);
                    connection.socket.send(&json!({ "type": "ping" })).await?;
                }
                () = tokio::time::sleep_until(deadline) => {
                    let silence_ms = millis(connection.alive.elapsed());
                    self.tell(StreamHappening::HeartbeatMissed { silence_ms });
                    return Err(Loss { code: "silent", reason: format!("silent for {silence_ms} ms") });
                }
            }
        }
    }

    fn note_symbols(&mut self) {
        if let Role::Prices { watched, .. } = &self.role {
            self.symbols.clone_from(&watched.borrow());
        }
    }

    async fn resubscribe(&mut self, connection: &mut Connection) -> Result<(), String> {
        let before = std::mem::take(&mut self.symbols);
        self.note_symbols();
        let spots = underlyings::followed(&self.symbols);
        let spots_before = underlyings::followed(&before);
        connection.translator.follow(spots.clone());
        let without = |of: &[Symbol], others: &[Symbol]| -> Vec<Symbol> {
            of.iter().filter(|symbol| !others.contains(symbol)).cloned().collect()
        };
        let gone = (without(&before, &self.symbols), &spots_before - &spots);
        let new = (without(&self.symbols, &before), &spots - &spots_before);
        for (word, (symbols, spots)) in [("unsubscribe", gone), ("subscribe", new)] {
            if !symbols.is_empty() || !spots.is_empty() {
                connection.socket.send(&prices::subscription(word, &symbols, &spots)).await?;
            }
            if word == "unsubscribe" && !symbols.is_empty() {
                let symbols: Vec<String> = symbols.into_iter().map(|symbol| symbol.0).collect();
                let context = self.parts.sessions.about(&symbols, &self.correlation_id);
                let event =
                    StreamEvent { stream: self.role.name(), what: StreamHappening::Unsubscribed { symbols } };
                self.parts.teller.tell(&event, &context);
            }
        }
        connection.alive = Instant::now();
        Ok(())
    }

    fn tell_heartbeat(&self, connection: &mut Connection) {
        let at = connection.opened.elapsed();
        if let Some(traffic) = connection.counts.heartbeat(at, self.symbols.len()) {
            self.tell(StreamHappening::Heartbeat(traffic));
        }
    }

    fn tell(&self, what: StreamHappening) {
        // The session of now, not of when the connection was made.
        let context = self.parts.sessions.under(&self.correlation_id);
        self.parts.teller.tell(&StreamEvent { stream: self.role.name(), what }, &context);
    }
}

/// Resolves when other instruments are to be watched; never for orders, or when nobody can ask any more.
async fn changed(role: &mut Role) {
    match role {
        Role::Prices { watched, .. } => {
            if watched.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
        Role::Orders => std::future::pending::<()>().await,
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
