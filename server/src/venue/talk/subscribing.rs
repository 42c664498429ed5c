//! What is subscribed, and what came of it.

use std::collections::BTreeSet;

use model::input::Link;
use model::{Micros, Symbol};

use super::{Effect, Phase, Talk, symbols};
use crate::venue::confirmations::{Overdue, Place};
use crate::venue::events::{PartHappening, StreamHappening};
use crate::venue::translate::Subscribed;
use crate::venue::{prices, underlyings};

/// How long a confirmation is waited for, as it is told.
const WAITED_MS: i64 = 5_000;

impl Talk {
    /// Everything that is wanted, after connecting or signing in.
    pub(super) fn subscribe_all(&mut self, now: Micros) {
        let wanted = self.wanted();
        let followed = underlyings::followed(&self.watched);
        let Phase::Open(connection) = &mut self.phase else { return };
        connection.translator.follow(followed);
        connection.books.follow(now, if self.link == Link::Prices { &self.watched } else { &[] });
        connection.confirmations.ask(now, wanted.iter().cloned(), false);
        self.send(prices::message("subscribe", &wanted));
    }

    /// Other instruments are wanted.
    pub(super) fn resubscribe(&mut self, now: Micros, before: &[Symbol]) {
        let (wanted, had) = (self.wanted(), prices::wanted(before));
        let gone: BTreeSet<Place> = had.difference(&wanted).cloned().collect();
        let new: BTreeSet<Place> = wanted.difference(&had).cloned().collect();
        let followed = underlyings::followed(&self.watched);
        let Phase::Open(connection) = &mut self.phase else { return };
        connection.translator.follow(followed);
        connection.books.follow(now, &self.watched);
        connection.confirmations.keep(|place| wanted.contains(place));
        connection.confirmations.ask(now, new.iter().cloned(), false);
        // What is subscribed anew has not been silent.
        connection.fed = now;
        if !gone.is_empty() {
            self.send(prices::message("unsubscribe", &gone));
            let unwatched = before.iter().filter(|symbol| !self.watched.contains(symbol));
            let symbols: Vec<String> = unwatched.map(|symbol| symbol.0.clone()).collect();
            if !symbols.is_empty() {
                self.tell(StreamHappening::Unsubscribed { symbols });
            }
        }
        if !new.is_empty() {
            self.send(prices::message("subscribe", &new));
        }
        self.note_refusals(&[]);
    }

    pub(super) fn on_subscriptions(&mut self, now: Micros, rows: &[Subscribed]) {
        let granted = rows.iter().filter(|row| row.refused.is_none());
        let channels: Vec<String> = granted.map(|row| row.channel.clone()).collect();
        let refusal =
            |row: &Subscribed| row.refused.as_ref().map(|words| format!("{}: {words}", row.channel));
        let refused = rows.iter().filter_map(refusal).collect();
        let symbols = self.watched.iter().map(|symbol| symbol.0.clone()).collect();
        self.tell(StreamHappening::Subscribed { channels, symbols, refused });
        let Phase::Open(connection) = &mut self.phase else { return };
        let split = connection.confirmations.answered(rows);
        self.note_refusals(rows);
        self.ask_alone(now, split);
        self.settled(now);
    }

    /// The private stream is up when every one of its channels is: orders without fills, or fills without positions, are
    /// half of the truth. Being subscribed is as good as data there: it may be quiet for hours.
    fn settled(&mut self, now: Micros) {
        let Phase::Open(connection) = &self.phase else { return };
        let signed_in = self.link == Link::Orders && connection.signed_in;
        if !signed_in || !connection.confirmations.is_empty() {
            return;
        }
        if self.refusals.is_empty() {
            self.heard_data(now);
        } else {
            self.link("channel_refused", false);
        }
    }

    /// A refused channel is silence of its symbols at once, and something that the engine must know.
    fn note_refusals(&mut self, rows: &[Subscribed]) {
        let wanted = self.wanted();
        let of = |channel: &str| {
            wanted
                .iter()
                .filter(|(of, _)| of == channel)
                .map(|(_, name)| name.clone())
                .collect::<BTreeSet<_>>()
        };
        self.refusals.note(rows, of);
        self.refusals.keep(of);
        self.say_refused();
    }

    fn say_refused(&mut self) {
        let refused = self.refusals.symbols();
        let refused = refused.map(|(channel, name)| (channel.to_owned(), name.to_owned())).collect();
        self.effects.push(Effect::Refused(refused));
    }

    /// Each in a message of its own.
    fn ask_alone(&mut self, now: Micros, places: BTreeSet<Place>) {
        let Phase::Open(connection) = &mut self.phase else { return };
        connection.confirmations.ask(now, places.iter().cloned(), true);
        for place in &places {
            self.send(prices::message("subscribe", [place]));
        }
    }

    /// Confirmations that did not come, books that are to be asked for, and what is refused for a minute.
    pub(super) fn subscriptions_passed(&mut self, now: Micros) {
        let Phase::Open(connection) = &mut self.phase else { return };
        let Overdue { again, missing } = connection.confirmations.overdue(now);
        let (books, never) = connection.books.due(now);
        let ask_again = connection.asks_again(now) && !self.refusals.is_empty();
        self.tell_unconfirmed(&again, false);
        self.ask_alone(now, again);
        if !missing.is_empty() {
            self.tell_unconfirmed(&missing, true);
            self.refusals.miss(missing);
            self.say_refused();
            self.settled(now);
        }
        for symbol in never {
            let told = PartHappening::BookLost {
                symbol: symbol.0,
                reason: "no_snapshot",
                expected: None,
                came: None,
            };
            self.tell(StreamHappening::Part(told));
        }
        let refused = |symbol: &Symbol| self.refusals.holds("ob_updates", symbol.as_str());
        let books: Vec<Symbol> = books.into_iter().filter(|symbol| !refused(symbol)).collect();
        for symbol in books {
            // A subscription that stands is answered by nothing new.
            let place = ("ob_updates".to_owned(), symbol.0);
            self.send(prices::message("unsubscribe", [&place]));
            self.send(prices::message("subscribe", [&place]));
        }
        if ask_again {
            let refused: BTreeSet<Place> = self
                .refusals
                .symbols()
                .map(|(channel, name)| (channel.to_owned(), name.to_owned()))
                .collect();
            self.ask_alone(now, refused);
        }
    }

    fn tell_unconfirmed(&mut self, places: &BTreeSet<Place>, refused: bool) {
        for (channel, symbols) in symbols(places) {
            let told = PartHappening::Unconfirmed { channel, symbols, waited_ms: WAITED_MS, refused };
            self.tell(StreamHappening::Part(told));
        }
    }
}
