//! A stream that comes back by itself: connect, subscribe, listen, and after a loss do it all again. What it hears
//! goes to the inbox as inputs; what happens to it is told. Prices and orders differ only in their `Role`.

use std::sync::Arc;
use std::time::Duration;

use model::Symbol;
use model::input::{Input, Link, LinkChange};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::events::{ClockMeasured, StreamEvent, StreamHappening, truncated};
use super::offset::Reading;
use super::socket::Socket;
use super::translate::{Heard, Subscribed, Translator, Undecodable};
use super::{Address, Reconnect, SessionContext, VenueClock, jitter, orders, prices};
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
}

/// What a stream is for.
#[derive(Clone)]
pub(super) enum Role {
    /// Spot always, and the watched instruments.
    Prices { watched: watch::Receiver<Vec<Symbol>>, heard: watch::Sender<Instant> },
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
                messages.push(prices::subscription("subscribe", &watched.borrow_and_update(), true));
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
    /// Of this connection, so that its life can be read as one story.
    correlation_id: String,
}

/// One connection.
struct Connection {
    socket: Socket,
    translator: Translator,
    opened: Instant,
    /// When anything was last heard that proves the connection alive.
    alive: Instant,
}

impl Stream {
    pub(super) fn new(role: Role, parts: StreamParts) -> Self {
        Self {
            role,
            parts,
            reconnect: Reconnect::default(),
            up: false,
            symbols: Vec::new(),
            correlation_id: correlation::fresh(),
        }
    }

    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        let mut attempt = 1;
        loop {
            self.correlation_id = correlation::fresh();
            let reason = tokio::select! {
                reason = self.connect(attempt) => reason,
                () = stop.stopped() => return,
            };
            self.link_down(&reason);
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

    /// One connection from its beginning to its end; gives the reason of the end.
    async fn connect(&mut self, attempt: u32) -> String {
        let url = self.role.url(&self.parts.address).to_owned();
        self.tell(StreamHappening::Connecting { endpoint: url.clone(), attempt });
        let started = Instant::now();
        let socket = match Socket::open(&url).await {
            Ok((socket, reading)) => {
                self.learn(reading);
                socket
            }
            Err(reason) => {
                self.tell(StreamHappening::Disconnected { reason: reason.clone(), open_ms: 0 });
                return reason;
            }
        };
        let latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.tell(StreamHappening::Connected { latency_us });
        let now = Instant::now();
        let mut connection =
            Connection { socket, translator: Translator::default(), opened: now, alive: now };
        let reason = match self.listen(&mut connection).await {
            Ok(never) => match never {},
            Err(reason) => reason,
        };
        let open_ms = millis(connection.opened.elapsed());
        self.tell(StreamHappening::Disconnected { reason: reason.clone(), open_ms });
        reason
    }

    async fn listen(&mut self, connection: &mut Connection) -> Result<std::convert::Infallible, String> {
        for message in self.role.greeting(&self.parts) {
            connection.socket.send(&message).await?;
        }
        self.note_symbols();
        let mut ping = tokio::time::interval(prices::PING_EVERY);
        loop {
            let deadline = connection.alive + self.role.silence_max();
            tokio::select! {
                frame = connection.socket.next() => {
                    let frame = frame?;
                    self.on_frame(connection, &frame).await?;
                }
                () = changed(&mut self.role) => self.resubscribe(connection).await?,
                _ = ping.tick() => connection.socket.send(&json!({ "type": "ping" })).await?,
                () = tokio::time::sleep_until(deadline) => {
                    let silence_ms = millis(connection.alive.elapsed());
                    self.tell(StreamHappening::HeartbeatMissed { silence_ms });
                    return Err(format!("silent for {silence_ms} ms"));
                }
            }
        }
    }

    async fn on_frame(&mut self, connection: &mut Connection, frame: &str) -> Result<(), String> {
        let now = clock::now();
        connection.translator.know_clock(self.parts.clock.estimate());
        let heard = match connection.translator.frame(frame, now) {
            Ok(heard) => heard,
            Err(Undecodable { why, inputs }) => {
                self.undecodable(&why, frame);
                // A row that fails does not take its neighbours with it.
                for input in inputs {
                    self.parts.inbox.push(input);
                }
                return Ok(());
            }
        };
        if let Some(made_at) = connection.translator.venue_time() {
            self.parts.clock.lock().heard(made_at, now);
        }
        // An answer to our own ping proves a socket, but no feed: with instruments watched, only data counts.
        if heard != Heard::Pong || self.symbols.is_empty() {
            connection.alive = Instant::now();
            if let Role::Prices { heard, .. } = &self.role {
                heard.send_replace(connection.alive);
            }
        }
        match heard {
            Heard::Inputs(inputs) => self.on_inputs(inputs),
            Heard::KeyAuth { success: true, .. } => connection.socket.send(&orders::subscription()).await?,
            Heard::KeyAuth { success: false, expired, status } => {
                if expired {
                    self.parts.clock.lock().doubt();
                }
                return Err(format!("the venue refused our key: {status}"));
            }
            Heard::Subscriptions(channels) => self.on_subscriptions(&channels),
            Heard::Positions(_) | Heard::Heartbeat | Heard::Pong | Heard::Ignored => {}
        }
        Ok(())
    }

    /// What the handshake says of the venue's clock: known before we sign in.
    fn learn(&self, reading: Option<Reading>) {
        let change = reading.and_then(|reading| self.parts.clock.lock().learn(reading));
        if let Some(change) = change {
            let context = self.parts.sessions.under(&self.correlation_id);
            self.parts.teller.tell(&ClockMeasured(change), &context);
        }
    }

    fn on_inputs(&mut self, inputs: Vec<Input>) {
        self.heard_data();
        for input in inputs {
            self.parts.inbox.push(input);
        }
    }

    fn undecodable(&self, why: &str, frame: &str) {
        let (bytes, frame) = (frame.len(), truncated(frame));
        self.tell(StreamHappening::DecodeError { failure: truncated(why), frame, bytes });
    }

    fn on_subscriptions(&mut self, rows: &[Subscribed]) {
        let granted = rows.iter().filter(|row| row.refused.is_none());
        let channels: Vec<String> = granted.map(|row| row.channel.clone()).collect();
        let refusal =
            |row: &Subscribed| row.refused.as_ref().map(|words| format!("{}: {words}", row.channel));
        let refused = rows.iter().filter_map(refusal).collect();
        let signed_in = matches!(self.role, Role::Orders) && !channels.is_empty();
        let symbols = self.symbols.iter().map(|symbol| symbol.0.clone()).collect();
        self.tell(StreamHappening::Subscribed { channels, symbols, refused });
        // Orders may be quiet for hours: being subscribed is as good as data there.
        if signed_in {
            self.heard_data();
        }
    }

    fn heard_data(&mut self) {
        if let Some(gap_ms) = self.reconnect.heard(clock::now()) {
            self.tell(StreamHappening::Gap { gap_ms });
        }
        if !self.up {
            self.up = true;
            self.link("data arrives", true);
        }
    }

    fn link_down(&mut self, reason: &str) {
        if self.up {
            self.up = false;
            self.link(reason, false);
        }
    }

    fn link(&self, reason: &str, up: bool) {
        let change = LinkChange { link: self.role.link(), up, reason: reason.to_owned() };
        self.parts.inbox.push(Input::Link(change));
    }

    fn note_symbols(&mut self) {
        if let Role::Prices { watched, .. } = &self.role {
            self.symbols.clone_from(&watched.borrow());
        }
    }

    async fn resubscribe(&mut self, connection: &mut Connection) -> Result<(), String> {
        let before = std::mem::take(&mut self.symbols);
        self.note_symbols();
        let gone: Vec<Symbol> =
            before.iter().filter(|symbol| !self.symbols.contains(symbol)).cloned().collect();
        let new: Vec<Symbol> =
            self.symbols.iter().filter(|symbol| !before.contains(symbol)).cloned().collect();
        for (word, symbols) in [("unsubscribe", gone), ("subscribe", new)] {
            if !symbols.is_empty() {
                connection.socket.send(&prices::subscription(word, &symbols, false)).await?;
            }
        }
        connection.alive = Instant::now();
        Ok(())
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
