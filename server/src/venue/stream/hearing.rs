//! What a stream does with the frames it hears.

use model::ids::Code;
use model::input::{ExecutionReport, Input, LinkChange};
use telemetry::Micros;
use tokio::time::Instant;

use super::{Connection, Loss, Role, Stream, traffic};
use crate::clock;
use crate::venue::events::{ClockMeasured, StreamHappening, truncated};
use crate::venue::offset::Reading;
use crate::venue::translate::{Heard, PositionSeen, Subscribed, Undecodable};
use crate::venue::{orders, prices, underlyings};

impl Stream {
    pub(super) async fn on_frame(&mut self, connection: &mut Connection, frame: &str) -> Result<(), Loss> {
        let now = clock::now();
        connection.translator.know_clock(self.parts.clock.estimate());
        let heard = match connection.translator.frame(frame, now) {
            Ok(heard) => heard,
            Err(Undecodable { why, inputs }) => {
                connection.counts.frame(connection.opened.elapsed(), "undecodable", frame.len());
                self.undecodable(connection, &why, frame);
                // A row that fails does not take its neighbours with it.
                self.push(inputs, now);
                return Ok(());
            }
        };
        connection.counts.frame(connection.opened.elapsed(), traffic::kind(&heard), frame.len());
        if let Some(made_at) = connection.translator.venue_time() {
            self.parts.clock.lock().heard(made_at, now);
        }
        // An answer to our own ping proves a socket, but no feed: with instruments watched, only data counts.
        if heard != Heard::Pong || self.symbols.is_empty() {
            connection.alive = Instant::now();
            if let Role::Prices { heard, .. } = &self.role {
                heard.connection_heard();
            }
        }
        match heard {
            Heard::Inputs(inputs) => self.on_inputs(inputs, now),
            Heard::KeyAuth { success: true, .. } => {
                let latency_us = u64::try_from(connection.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
                self.tell(StreamHappening::SignedIn { latency_us });
                connection.socket.send(&orders::subscription()).await?;
            }
            Heard::KeyAuth { success: false, expired, status } => {
                if expired {
                    self.parts.clock.lock().doubt();
                }
                self.tell(StreamHappening::SignInRefused { status: truncated(&status) });
                let reason = format!("the venue refused our key: {status}");
                return Err(Loss { code: "key_refused", reason });
            }
            Heard::Subscriptions(channels) => self.on_subscriptions(&channels),
            Heard::Positions(seen) => self.on_inputs(seen.into_iter().map(position).collect(), now),
            Heard::Heartbeat | Heard::Pong | Heard::Ignored => {}
        }
        Ok(())
    }

    /// What the handshake says of the venue's clock: known before we sign in.
    pub(super) fn learn(&self, reading: Option<Reading>) {
        let change = reading.and_then(|reading| self.parts.clock.lock().learn(reading));
        if let Some(change) = change {
            let context = self.parts.sessions.under(&self.correlation_id);
            self.parts.teller.tell(&ClockMeasured(change), &context);
        }
    }

    fn on_inputs(&mut self, inputs: Vec<Input>, now: Micros) {
        self.heard_data();
        self.push(inputs, now);
    }

    fn push(&self, inputs: Vec<Input>, now: Micros) {
        for input in inputs {
            if let Role::Prices { heard, .. } = &self.role {
                heard.heard(&input, now);
            }
            self.parts.inbox.push(input);
        }
    }

    fn undecodable(&self, connection: &mut Connection, why: &str, frame: &str) {
        if !connection.flood.admits(connection.opened.elapsed()) {
            return;
        }
        let (bytes, frame) = (frame.len(), truncated(frame));
        self.tell(StreamHappening::DecodeError { failure: truncated(why), frame, bytes });
    }

    /// Frames that were not told one by one.
    pub(super) fn tell_hidden(&self, connection: &mut Connection, last: bool) {
        if let Some(count) = connection.flood.hidden(connection.opened.elapsed(), last) {
            self.tell(StreamHappening::DecodeErrorsSuppressed { count });
        }
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
        self.note_refusals(rows);
        // Orders may be quiet for hours: being subscribed is as good as data there.
        if signed_in {
            self.heard_data();
        }
    }

    /// A refused channel is silence of its symbols at once, and something that the engine must know.
    fn note_refusals(&mut self, rows: &[Subscribed]) {
        let spots = underlyings::followed(&self.symbols);
        let symbols = &self.symbols;
        self.refusals.note(rows, |channel| prices::names(channel, symbols, &spots));
        if let Role::Prices { heard, .. } = &self.role {
            self.refusals.keep(|channel| prices::names(channel, symbols, &spots));
            heard.refused(self.refusals.symbols(), &spots);
        }
        let report = self.parts.restricted.note(self.role.name(), self.refusals.channels());
        if let Some(report) = report {
            self.parts.inbox.push(Input::Health(report));
        }
    }

    /// Asks again for all that is refused: a limit may have been lifted.
    pub(super) async fn ask_again(&self, connection: &mut Connection) -> Result<(), String> {
        if self.refusals.is_empty() {
            return Ok(());
        }
        let spots = underlyings::followed(&self.symbols);
        let message = match self.role {
            Role::Prices { .. } => prices::subscription("subscribe", &self.symbols, &spots),
            Role::Orders => orders::subscription(),
        };
        connection.socket.send(&message).await
    }

    fn heard_data(&mut self) {
        if let Some(gap_ms) = self.reconnect.heard(clock::now()) {
            self.tell(StreamHappening::Gap { gap_ms });
        }
        if !self.up {
            self.up = true;
            self.link("data_arrives", true);
        }
    }

    pub(super) fn link_down(&mut self, code: &str) {
        if self.up {
            self.up = false;
            self.link(code, false);
        }
    }

    fn link(&self, code: &str, up: bool) {
        let change = LinkChange { link: self.role.link(), up, code: Code::from(code) };
        self.parts.inbox.push(Input::Link(change));
    }
}

fn position(seen: PositionSeen) -> Input {
    let PositionSeen { symbol, lots, at } = seen;
    Input::Execution(ExecutionReport::Position { symbol, lots, at })
}
