//! The public price stream, and the REST polling that stands in while it is away.

use std::time::Duration;

use model::Symbol;
use serde_json::{Value, json};
use telemetry::Context;
use tokio::sync::watch;
use tokio::time::Instant;

use super::events::{StreamEvent, StreamHappening};
use super::stream::{Role, Stream, StreamParts, millis};
use super::{Call, Rest, translate, wire};
use crate::tasks::Stop;
use crate::{clock, correlation};

/// Silence after which the price connection counts as dead. The venue repeats marks every 2 s.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Keeps a connection with nothing watched provably alive.
pub(super) const PING_EVERY: Duration = Duration::from_secs(2);
/// How long the stream may bring nothing before prices are polled.
const PATIENCE: Duration = Duration::from_secs(3);
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Asked for its spot price while nothing is watched.
const SPOT_PRODUCT: &str = "BTCUSD";

/// The price stream, and when it was last heard.
#[must_use]
pub fn price_stream(
    parts: StreamParts,
    watched: watch::Receiver<Vec<Symbol>>,
) -> (Stream, watch::Receiver<Instant>) {
    let (heard, shown) = watch::channel(Instant::now());
    (Stream::new(Role::Prices { watched, heard }, parts), shown)
}

/// Spot of the underlyings, and four channels of each instrument.
pub(super) fn subscription(word: &str, symbols: &[Symbol], with_spot: bool) -> Value {
    let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
    let marks: Vec<String> = names.iter().map(|name| format!("MARK:{name}")).collect();
    let mut channels = Vec::new();
    if with_spot {
        channels.push(json!({ "name": "spot_price", "symbols": [".DEXBTUSD"] }));
    }
    if !symbols.is_empty() {
        channels.extend(["ticker", "ob_l1", "ob_l2"].map(|name| json!({ "name": name, "symbols": names })));
        channels.push(json!({ "name": "mark_price", "symbols": marks }));
    }
    json!({ "type": word, "payload": { "channels": channels } })
}

/// Polls tickers once a second while the price stream has brought nothing for more than three: lost, or silent.
#[derive(Clone)]
pub struct Fallback {
    pub parts: StreamParts,
    pub rest: Rest,
    pub watched: watch::Receiver<Vec<Symbol>>,
    pub heard: watch::Receiver<Instant>,
}

impl Fallback {
    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        loop {
            tokio::select! {
                () = self.turn() => {}
                () = stop.stopped() => return,
            }
        }
    }

    /// Waits for an outage and bridges it.
    async fn turn(&mut self) {
        let last = *self.heard.borrow_and_update();
        tokio::time::sleep_until(last + PATIENCE).await;
        if *self.heard.borrow_and_update() != last {
            return;
        }
        let context = self.parts.sessions.under(&correlation::fresh());
        let symbols = self.symbols().iter().map(|symbol| symbol.0.clone()).collect();
        self.tell(StreamHappening::FallbackEntered { silence_ms: millis(last.elapsed()), symbols }, &context);
        let entered = Instant::now();
        let mut polls = 0;
        let mut every = tokio::time::interval(POLL_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // Nobody left to bring anything: the server is ending.
                heard = self.heard.changed() => match heard {
                    Ok(()) => break,
                    Err(_) => std::future::pending().await,
                },
                _ = every.tick() => {}
            }
            polls += 1;
            self.poll(&context).await;
        }
        self.tell(StreamHappening::FallbackLeft { fallback_ms: millis(entered.elapsed()), polls }, &context);
    }

    fn symbols(&self) -> Vec<Symbol> {
        let watched = self.watched.borrow().clone();
        if watched.is_empty() { vec![Symbol::from(SPOT_PRODUCT)] } else { watched }
    }

    /// A poll that fails brings nothing; the request itself was told.
    async fn poll(&self, context: &Context) {
        let reads = self.symbols().into_iter().map(|symbol| async move {
            let call = Call::ticker(&symbol).under(context.clone());
            self.rest.read::<wire::Ticker>(&call).await
        });
        for (ticker, _) in futures_util::future::join_all(reads).await.into_iter().flatten() {
            for input in translate::ticker(&ticker, clock::now()).unwrap_or_default() {
                self.parts.inbox.push(input);
            }
        }
    }

    fn tell(&self, what: StreamHappening, context: &Context) {
        self.parts.teller.tell(&StreamEvent { stream: "prices", what }, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_names_every_channel_of_an_instrument() {
        let text = subscription("subscribe", &[Symbol::from("C-BTC-1")], true).to_string();
        for part in ["spot_price", ".DEXBTUSD", "ticker", "ob_l1", "ob_l2", "MARK:C-BTC-1"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let spot_only = subscription("subscribe", &[], true);
        assert_eq!(spot_only["payload"]["channels"].as_array().map(Vec::len), Some(1));
    }
}
