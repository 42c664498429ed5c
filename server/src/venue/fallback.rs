//! The REST polling that stands in for whatever of the public price stream is silent.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use model::input::Input;
use model::market::MarketEvent;
use model::{Micros, Symbol};
use telemetry::Context;
use tokio::sync::watch;

use super::events::{StreamEvent, StreamHappening};
use super::freshness::{Effect, REFUSED_EVERY};
use super::pulse::{Pulse, polled_feed};
use super::stream::StreamParts;
use super::talk::millis;
use super::{Call, Cause, Rest, RestError, translate, wire};
use crate::tasks::Stop;
use crate::{clock, correlation};

/// However long the quota is empty, a poll is tried again after this.
const HELD_MAX: Duration = Duration::from_secs(10);

/// How often silence is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);

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
                    let about = |symbol: &Symbol| self.parts.sessions.about(std::slice::from_ref(&symbol.0), &id);
                    polls.extend(symbols.into_iter().map(|symbol| {
                        let context = about(&symbol);
                        self.poll(symbol, context)
                    }));
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
                    let symbols = texts(symbols);
                    let context = self.parts.sessions.about(&symbols, id);
                    self.tell(StreamHappening::FallbackEntered { silence_ms, symbols }, &context);
                }
                Effect::Left { symbols, polled_for, polls } => {
                    let (fallback_ms, symbols) = (millis(polled_for), texts(symbols));
                    let context = self.parts.sessions.about(&symbols, id);
                    self.tell(StreamHappening::FallbackLeft { fallback_ms, polls, symbols }, &context);
                }
                Effect::Poll(symbol) => due.push(symbol),
            }
        }
        due
    }

    /// A poll that fails brings nothing; the request itself was told. Gives how long the next one may wait.
    async fn poll(&self, symbol: Symbol, context: Context) -> (Symbol, Duration) {
        let call = Call::ticker(&symbol).once().under(context);
        match self.rest.read_as(&call, |ticker| self.understand(&ticker, &symbol)).await {
            Ok(events) => self.take(events),
            Err(error) => return (symbol, pause_after(&error)),
        }
        (symbol, Duration::ZERO)
    }

    /// A ticker as the stream would have brought it.
    fn understand(&self, ticker: &wire::Ticker, symbol: &Symbol) -> Result<Vec<MarketEvent>, String> {
        let now = clock::now();
        let at = ticker.timestamp.map(Micros).map_or(now, |made_at| {
            let mut clock = self.parts.clock.lock();
            clock.heard(made_at, now);
            clock.our_time(made_at, now)
        });
        if ticker.symbol == symbol.as_str() {
            translate::ticker(ticker, at)
        } else {
            Err("the ticker of another instrument".to_owned())
        }
    }

    /// Hands over what is younger than what the stream has brought.
    fn take(&self, mut events: Vec<MarketEvent>) {
        let is_news = |event: &MarketEvent| {
            polled_feed(event).is_none_or(|(symbol, feed, at)| self.heard.lock().is_news(&symbol, feed, at))
        };
        events.retain(is_news);
        if !events.is_empty() {
            self.parts.inbox.push(Input::Market { events });
        }
    }

    fn tell(&self, what: StreamHappening, context: &Context) {
        self.parts.teller.tell(&StreamEvent { stream: "prices", what }, context);
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
