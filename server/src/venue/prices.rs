//! The public price stream, and the REST polling that stands in for whatever of it is silent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use model::input::Input;
use model::market::MarketEvent;
use model::{Micros, Symbol, Underlying};
use serde_json::{Value, json};
use telemetry::Context;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::events::{StreamEvent, StreamHappening};
use super::freshness::{Effect, Feed, Freshness, REFUSED_EVERY};
use super::stream::{Role, Stream, StreamParts, millis};
use super::{Call, Cause, Rest, RestError, translate, underlyings, wire};
use crate::tasks::Stop;
use crate::{clock, correlation};

/// Silence after which the price connection counts as dead. The venue repeats marks every 2 s.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Keeps a connection with nothing watched provably alive.
pub(super) const PING_EVERY: Duration = Duration::from_secs(2);
/// However long the quota is empty, a poll is tried again after this.
const HELD_MAX: Duration = Duration::from_secs(10);
/// How often silence is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The price stream, and what was heard of each instrument.
#[must_use]
pub fn price_stream(parts: StreamParts, watched: watch::Receiver<Vec<Symbol>>) -> (Stream, Pulse) {
    let pulse = Pulse::beginning_now();
    (Stream::new(Role::Prices { watched, heard: pulse.clone() }, parts), pulse)
}

/// Spot of these underlyings, and four channels of each instrument.
pub(super) fn subscription(word: &str, symbols: &[Symbol], spots: &BTreeSet<Underlying>) -> Value {
    let mut channels = Vec::new();
    for channel in ["spot_price", "ticker", "ob_l1", "ob_l2", "mark_price"] {
        let names = names(channel, symbols, spots);
        if !names.is_empty() {
            channels.push(json!({ "name": channel, "symbols": names }));
        }
    }
    json!({ "type": word, "payload": { "channels": channels } })
}

/// What is wanted of a channel, in its own names.
pub(super) fn names(channel: &str, symbols: &[Symbol], spots: &BTreeSet<Underlying>) -> BTreeSet<String> {
    match channel {
        "spot_price" => spots.iter().map(underlyings::index).collect(),
        "ticker" | "ob_l1" | "ob_l2" => symbols.iter().map(|symbol| symbol.0.clone()).collect(),
        "mark_price" => symbols.iter().map(|symbol| format!("MARK:{symbol}")).collect(),
        _other => BTreeSet::new(),
    }
}

/// What a channel's name for a symbol is to the watch on silence; `None` where polling would not help, such as depth.
fn feed_of(channel: &str, name: &str, spots: &BTreeSet<Underlying>) -> Option<(Symbol, Feed)> {
    match channel {
        "ob_l1" => Some((Symbol::from(name), Feed::Top)),
        "ticker" => Some((Symbol::from(name), Feed::Ticker)),
        "mark_price" => Some((Symbol::from(name.strip_prefix("MARK:").unwrap_or(name)), Feed::Mark)),
        "spot_price" => {
            let of_index = |underlying: &&Underlying| underlyings::index(underlying) == name;
            Some((underlyings::perpetual(spots.iter().find(of_index)?), Feed::Spot))
        }
        _other => None,
    }
}

/// What a market event is to the watch on silence.
fn feed(event: &MarketEvent) -> Option<(Symbol, Feed, Micros)> {
    match event {
        MarketEvent::Quote(quote) => Some((quote.symbol.clone(), Feed::Top, quote.at)),
        MarketEvent::Mark(mark) => Some((mark.symbol.clone(), Feed::Mark, mark.at)),
        MarketEvent::Spot(spot) => Some((underlyings::perpetual(&spot.underlying), Feed::Spot, spot.at)),
        MarketEvent::Depth(_) => None,
    }
}

/// What was heard of each instrument, shared by the stream and the fallback; cheap to clone.
#[derive(Clone)]
pub struct Pulse {
    beginning: Instant,
    freshness: Arc<Mutex<Freshness>>,
    /// Something that is polled was heard.
    wake: Arc<Notify>,
}

impl Pulse {
    fn beginning_now() -> Self {
        Self { beginning: Instant::now(), freshness: Arc::default(), wake: Arc::default() }
    }

    pub(super) fn connection_heard(&self) {
        self.lock().connection_heard(self.now());
    }

    /// An input that came by a frame.
    pub(super) fn heard(&self, input: &Input, received: Micros) {
        let Input::Market(event) = input else { return };
        if let Some((symbol, feed, at)) = feed(event) {
            let age = Duration::from_micros(u64::try_from(received.0 - at.0).unwrap_or(0));
            let polled = self.lock().heard(self.now(), &symbol, feed, at, age);
            if polled {
                self.wake.notify_one();
            }
        }
    }

    /// Channels with their names that the venue refuses.
    pub(super) fn refused<'a>(
        &self,
        refused: impl Iterator<Item = (&'a str, &'a str)>,
        spots: &BTreeSet<Underlying>,
    ) {
        let refused = refused.filter_map(|(channel, name)| feed_of(channel, name, spots)).collect();
        self.lock().refused(refused);
        self.wake.notify_one();
    }

    fn now(&self) -> Duration {
        self.beginning.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Freshness> {
        self.freshness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Polls the ticker of each instrument that has been silent for more than three seconds, once a second.
#[derive(Clone)]
pub struct Fallback {
    pub parts: StreamParts,
    pub rest: Rest,
    pub watched: watch::Receiver<Vec<Symbol>>,
    pub heard: Pulse,
}

impl Fallback {
    /// Runs until the server stops.
    pub async fn run(self, mut stop: Stop) {
        let mut id = correlation::fresh();
        let mut polls = FuturesUnordered::new();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.look(&mut look) => {
                    let symbols = self.step(&mut id);
                    let context = self.parts.sessions.under(&id);
                    polls.extend(symbols.into_iter().map(|symbol| self.poll(symbol, context.clone())));
                }
                Some((symbol, pause)) = polls.next() => {
                    self.heard.lock().polled(self.heard.now(), &symbol, pause);
                }
                () = stop.stopped() => return,
            }
        }
    }

    /// Waits until it is time to look.
    async fn look(&self, every: &mut tokio::time::Interval) {
        tokio::select! {
            _ = every.tick() => {}
            () = self.heard.wake.notified() => {}
        }
    }

    /// Looks for silence, tells where it begins and ends, and gives who is to be polled.
    fn step(&self, id: &mut String) -> Vec<Symbol> {
        let now = self.heard.now();
        let effects = {
            let mut freshness = self.heard.lock();
            freshness.watch(now, &self.watched.borrow());
            freshness.step(now)
        };
        let mut due = Vec::new();
        for effect in effects {
            match effect {
                Effect::Entered { symbols, silence } => {
                    *id = correlation::fresh();
                    let silence_ms = millis(silence);
                    self.tell(StreamHappening::FallbackEntered { silence_ms, symbols: texts(symbols) }, id);
                }
                Effect::Left { symbols, polled_for, polls } => {
                    let (fallback_ms, symbols) = (millis(polled_for), texts(symbols));
                    self.tell(StreamHappening::FallbackLeft { fallback_ms, polls, symbols }, id);
                }
                Effect::Poll(symbol) => due.push(symbol),
            }
        }
        due
    }

    /// A poll that fails brings nothing; the request itself was told. Gives how long the next one may wait.
    async fn poll(&self, symbol: Symbol, context: Context) -> (Symbol, Duration) {
        let call = Call::ticker(&symbol).once().under(context.clone());
        let ticker = match self.rest.read::<wire::Ticker>(&call).await {
            Ok((ticker, _)) => ticker,
            Err(error) => return (symbol, pause_after(&error)),
        };
        let now = clock::now();
        let at = ticker.timestamp.map(Micros).map_or(now, |made_at| {
            let mut clock = self.parts.clock.lock();
            clock.heard(made_at, now);
            clock.our_time(made_at, now)
        });
        let inputs = if ticker.symbol == symbol.as_str() {
            translate::ticker(&ticker, at)
        } else {
            Err("the ticker of another instrument".to_owned())
        };
        match inputs {
            Ok(inputs) => self.take(inputs),
            Err(failure) => {
                let frame = format!("ticker of {symbol}");
                let what = StreamHappening::DecodeError { failure, frame, bytes: 0 };
                self.parts.teller.tell(&StreamEvent { stream: "prices", what }, &context);
            }
        }
        (symbol, Duration::ZERO)
    }

    /// Hands over what is younger than what the stream has brought.
    fn take(&self, inputs: Vec<Input>) {
        for input in inputs {
            let news = if let Input::Market(event) = &input {
                feed(event).is_none_or(|(symbol, feed, at)| self.heard.lock().is_news(&symbol, feed, at))
            } else {
                true
            };
            if news {
                self.parts.inbox.push(input);
            }
        }
    }

    fn tell(&self, what: StreamHappening, id: &str) {
        let context = self.parts.sessions.under(id);
        self.parts.teller.tell(&StreamEvent { stream: "prices", what }, &context);
    }
}

/// What is refused will be refused again, and what our quota holds back would be told once a second for nothing.
fn pause_after(error: &RestError) -> Duration {
    match error {
        RestError::Refused { .. } => REFUSED_EVERY,
        RestError::Failed(Cause::BudgetEmpty { wait_ms }) => Duration::from_millis(*wait_ms).min(HELD_MAX),
        RestError::Failed(_) => Duration::ZERO,
    }
}

fn texts(symbols: Vec<Symbol>) -> Vec<String> {
    symbols.into_iter().map(|symbol| symbol.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_names_every_channel_of_an_instrument_and_the_spots() {
        let symbols = [Symbol::from("C-ETH-3000-070122")];
        let text = subscription("subscribe", &symbols, &underlyings::followed(&symbols)).to_string();
        for part in
            ["spot_price", ".DEXBTUSD", ".DEETHUSD", "ticker", "ob_l1", "ob_l2", "MARK:C-ETH-3000-070122"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let spot_only = subscription("subscribe", &[], &underlyings::followed(&[]));
        assert_eq!(spot_only["payload"]["channels"].as_array().map(Vec::len), Some(1));
        let nothing = subscription("unsubscribe", &[], &BTreeSet::new());
        assert_eq!(nothing["payload"]["channels"], json!([]));
    }

    #[test]
    fn a_refused_name_is_the_silence_of_its_symbol() {
        let spots = underlyings::followed(&[]);
        for (channel, name, expected) in [
            ("ob_l1", "C-BTC-1-1", Some(("C-BTC-1-1", Feed::Top))),
            ("mark_price", "MARK:C-BTC-1-1", Some(("C-BTC-1-1", Feed::Mark))),
            ("ticker", "C-BTC-1-1", Some(("C-BTC-1-1", Feed::Ticker))),
            ("spot_price", ".DEXBTUSD", Some(("BTCUSD", Feed::Spot))),
            ("spot_price", ".DEDOGEUSD", None),
            ("ob_l2", "C-BTC-1-1", None),
            ("orders", "all", None),
        ] {
            let expected = expected.map(|(symbol, feed)| (Symbol::from(symbol), feed));
            assert_eq!(feed_of(channel, name, &spots), expected, "{channel} {name}");
        }
    }
}
