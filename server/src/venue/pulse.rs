//! What was heard of each instrument, by which the fallback knows what is silent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::input::Input;
use model::market::MarketEvent;
use model::{Micros, Symbol, Underlying};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::freshness::{Feed, Freshness};
use super::underlyings;

/// What was heard of each instrument, shared by the stream and the fallback; cheap to clone.
#[derive(Clone)]
pub struct Pulse {
    beginning: Instant,
    freshness: Arc<Mutex<Freshness>>,
    /// Something that is polled was heard.
    pub(super) wake: Arc<Notify>,
}

impl Pulse {
    pub(super) fn beginning_now() -> Self {
        Self { beginning: Instant::now(), freshness: Arc::default(), wake: Arc::default() }
    }

    pub(super) fn connection_heard(&self) {
        self.lock().connection_heard(self.now());
    }

    /// An input that came by a frame.
    pub(super) fn heard(&self, input: &Input, received: Micros) {
        let Input::Market { events } = input else { return };
        for (symbol, feed, at) in events.iter().filter_map(polled_feed) {
            let age = Duration::from_micros(u64::try_from(received.0 - at.0).unwrap_or(0));
            let polled = self.lock().heard(self.now(), &symbol, feed, at, age);
            if polled {
                self.wake.notify_one();
            }
        }
    }

    /// Channels with their names that the venue refuses.
    pub(super) fn refused(&self, refused: &[(String, String)], spots: &BTreeSet<Underlying>) {
        let refused = refused.iter().filter_map(|(channel, name)| feed_of(channel, name, spots)).collect();
        self.lock().refused(refused);
        self.wake.notify_one();
    }

    pub(super) fn now(&self) -> Duration {
        self.beginning.elapsed()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Freshness> {
        self.freshness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a channel's name for a symbol is to the watch on silence; `None` where polling would not help, such as depth.
pub fn feed_of(channel: &str, name: &str, spots: &BTreeSet<Underlying>) -> Option<(Symbol, Feed)> {
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

/// What a market event is to the watch on silence; `None` where polling would not help.
pub fn polled_feed(event: &MarketEvent) -> Option<(Symbol, Feed, Micros)> {
    let (symbol, feed) = feed_of_event(event);
    (feed != Feed::Book).then(|| (symbol, feed, event.at()))
}

/// Which feed of which instrument a market event is.
pub(super) fn feed_of_event(event: &MarketEvent) -> (Symbol, Feed) {
    match event {
        MarketEvent::Quote(quote) => (quote.symbol.clone(), Feed::Top),
        MarketEvent::Mark(mark) => (mark.symbol.clone(), Feed::Mark),
        MarketEvent::Spot(spot) => (underlyings::perpetual(&spot.underlying), Feed::Spot),
        MarketEvent::Depth(depth) => (depth.symbol.clone(), Feed::Book),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
