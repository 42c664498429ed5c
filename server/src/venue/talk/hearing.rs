//! What is done with the frames that are heard.

use model::input::{ExecutionReport, Input, Link};
use model::market::{Depth, MarketEvent};
use model::{Micros, Symbol};

use super::{Effect, Loss, Phase, Talk, traffic};
use crate::brief::truncated;
use crate::venue::book::BookFrame;
use crate::venue::books::BookNews;
use crate::venue::events::{PartHappening, StreamHappening};
use crate::venue::gaps::SymbolGap;
use crate::venue::pulse::feed_of_event;
use crate::venue::sequence::Missed;
use crate::venue::translate::{Heard, PositionSeen, Undecodable};
use crate::venue::underlyings;

/// Missed frames are answered by reading the account anew, not more often than this.
const RECOUNT_EVERY: i64 = 5_000_000;

impl Talk {
    pub(super) fn frame(&mut self, now: Micros, text: &str) -> Result<(), Loss> {
        let Phase::Open(connection) = &mut self.phase else { return Ok(()) };
        connection.translator.know_clock(self.clock);
        let age = connection.age(now);
        let heard = match connection.translator.frame(text, now) {
            Ok(heard) => heard,
            Err(Undecodable { why, inputs }) => {
                connection.pinged = None;
                connection.counts.frame(age, "undecodable", text.len());
                if connection.flood.admits(age) {
                    let (failure, frame, bytes) = (truncated(&why), truncated(text), text.len());
                    self.tell(StreamHappening::DecodeError { failure, frame, bytes });
                }
                // A row that fails does not take its neighbours with it.
                inputs.into_iter().for_each(|input| self.push(input));
                return Ok(());
            }
        };
        connection.counts.frame(age, traffic::kind(&heard), text.len());
        self.effects.extend(connection.translator.venue_time().map(Effect::VenueTime));
        let proves = connection.heard(now, &heard, self.link, &self.watched);
        match self.link {
            Link::Prices if proves => self.effects.push(Effect::Alive),
            // Frames come in order: before whatever came last nothing about our account was missed.
            Link::Orders if self.up => {
                self.reconnect.heard(now);
            }
            Link::Prices | Link::Orders => {}
        }
        match heard {
            Heard::Inputs(inputs) => self.inputs(now, inputs),
            Heard::Book(frame) => self.book_frame(now, *frame),
            Heard::Positions(seen) => self.inputs(now, seen.into_iter().map(position).collect()),
            Heard::KeyAuth { success, expired, status } => {
                return self.key_auth(now, success, expired, &status);
            }
            Heard::Status(frame) => self.status(now, frame),
            Heard::Subscriptions(rows) => self.on_subscriptions(now, &rows),
            Heard::Heartbeat | Heard::Pong | Heard::Ignored => {}
        }
        Ok(())
    }

    fn key_auth(&mut self, now: Micros, success: bool, expired: bool, status: &str) -> Result<(), Loss> {
        let Phase::Open(connection) = &mut self.phase else { return Ok(()) };
        if success {
            connection.signed_in = true;
            let latency_us = u64::try_from(now.0 - connection.opened.0).unwrap_or(0);
            self.tell(StreamHappening::SignedIn { latency_us });
            self.subscribe_all(now);
            return Ok(());
        }
        if expired {
            self.effects.push(Effect::DoubtClock);
        }
        let status = truncated(status);
        self.tell(StreamHappening::SignInRefused { status: status.clone() });
        Err(Loss { code: "key_refused", reason: format!("the venue refused our key: {status}") })
    }

    fn inputs(&mut self, now: Micros, inputs: Vec<Input>) {
        let Phase::Open(connection) = &mut self.phase else { return };
        let missed = connection.translator.numbered().and_then(|frame| connection.sequences.heard(frame));
        self.confirmed_by(&inputs);
        for input in inputs {
            match input {
                Input::Market { events } => self.market(now, events),
                other => self.push(other),
            }
        }
        if let Some(missed) = missed {
            self.missed(now, missed);
        }
        if self.link == Link::Prices {
            self.heard_data(now);
        }
    }

    /// Prices, and books that the other channel shows.
    fn market(&mut self, now: Micros, events: Vec<MarketEvent>) {
        for event in events {
            match event {
                MarketEvent::Depth(depth) => self.shown(now, depth),
                MarketEvent::Quote(_) | MarketEvent::Mark(_) | MarketEvent::Spot(_) => {
                    self.push_market(now, event);
                }
            }
        }
    }

    fn shown(&mut self, now: Micros, view: Depth) {
        let Phase::Open(connection) = &mut self.phase else { return };
        let at = connection.translator.book_time().unwrap_or(now);
        let symbol = view.symbol.clone();
        let (depth, fault) = connection.books.shown(now, view, at);
        if let Some(fault) = fault {
            self.book_lost(&symbol, fault);
        }
        if let Some(depth) = depth {
            self.push_market(now, MarketEvent::Depth(depth));
        }
    }

    fn book_frame(&mut self, now: Micros, frame: BookFrame) {
        let symbol = frame.symbol.clone();
        let Phase::Open(connection) = &mut self.phase else { return };
        connection.confirmations.heard("ob_updates", symbol.as_str());
        match connection.books.heard(now, frame) {
            None => {}
            Some(BookNews::Lost(fault)) => self.book_lost(&symbol, fault),
            Some(BookNews::Depth(depth)) => self.push_market(now, MarketEvent::Depth(depth)),
            Some(BookNews::Restored { lost_ms, depth }) => {
                let restored = PartHappening::BookRestored { symbol: symbol.0, lost_ms };
                self.tell(StreamHappening::Part(restored));
                self.push_market(now, MarketEvent::Depth(depth));
            }
        }
        self.heard_data(now);
    }

    /// A frame of a subscription that was not confirmed yet confirms it.
    fn confirmed_by(&mut self, inputs: &[Input]) {
        let Phase::Open(connection) = &mut self.phase else { return };
        let kind = connection.translator.kind();
        if connection.confirmations.is_empty() || kind.is_empty() {
            return;
        }
        for input in inputs {
            let Input::Market { events } = input else { continue };
            for event in events {
                match event {
                    MarketEvent::Spot(spot) => {
                        connection.confirmations.heard(kind, &underlyings::index(&spot.underlying));
                    }
                    MarketEvent::Quote(_) | MarketEvent::Mark(_) | MarketEvent::Depth(_) => {
                        connection.confirmations.heard(kind, feed_of_event(event).0.as_str());
                    }
                }
            }
        }
    }

    fn push_market(&mut self, now: Micros, event: MarketEvent) {
        let (symbol, feed) = feed_of_event(&event);
        let gap = self.gaps.heard(now, &symbol, feed);
        self.push(Input::Market { events: vec![event] });
        if let Some(gap) = gap {
            let gap_ms = gap.gap_ms();
            let SymbolGap { symbol, feeds, count, total_ms } = gap;
            let told = PartHappening::SymbolGap { symbol: symbol.0, gap_ms, feeds, gaps: count, total_ms };
            self.tell(StreamHappening::Part(told));
        }
    }

    fn push(&mut self, input: Input) {
        self.effects.push(Effect::Input(input));
    }

    /// Something about our account did not reach us: the engine reads the account anew when the stream comes back, and
    /// that is what it is told.
    fn missed(&mut self, now: Micros, missed: Missed) {
        let Missed { channel, symbol, expected, came } = missed;
        let told = PartHappening::FramesMissed { symbol: symbol.0, channel, expected, came };
        self.tell(StreamHappening::Part(told));
        let Phase::Open(connection) = &mut self.phase else { return };
        if self.up && connection.recount_at <= now {
            connection.recount_at = Micros(now.0 + RECOUNT_EVERY);
            self.say_link("frames_missed", false);
            self.say_link("frames_missed", true);
        }
    }

    fn book_lost(&mut self, symbol: &Symbol, fault: crate::venue::book::BookFault) {
        let (reason, numbers) = fault.told();
        let (expected, came) = numbers.unzip();
        let told = PartHappening::BookLost { symbol: symbol.0.clone(), reason, expected, came };
        self.tell(StreamHappening::Part(told));
    }

    /// Data came: of prices any is enough; of orders it is said when all is subscribed.
    pub(super) fn heard_data(&mut self, now: Micros) {
        if let Some(gap_ms) = self.reconnect.heard(now) {
            self.tell(StreamHappening::Gap { gap_ms });
        }
        self.link("data_arrives", true);
    }
}

fn position(seen: PositionSeen) -> Input {
    let PositionSeen { symbol, lots, at } = seen;
    Input::Execution(ExecutionReport::Position { symbol, lots, at })
}
