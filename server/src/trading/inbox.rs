//! The driver's inbox. Market events conflate per instrument and kind, so it is bounded by what is watched; what
//! the venue says of our orders and what people ask is never dropped.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::input::{Input, Link, LinkChange, OperatorRequest};
use model::market::MarketEvent;
use tokio::sync::{Notify, oneshot};

use super::Accepted;
use super::operator::{Idempotency, RequestError};

/// Requests of people that may wait; nobody presses that often, a program might.
const REQUESTS_MAX: usize = 256;

/// A request of an operator, and where its answer goes.
pub struct Asked {
    pub request: OperatorRequest,
    pub idempotency: Option<Idempotency>,
    pub reply: oneshot::Sender<Result<Accepted, RequestError>>,
}

/// What the driver takes.
pub enum Item {
    Input(Input),
    Asked(Box<Asked>),
}

/// Handle to the inbox; cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    asked: VecDeque<Box<Asked>>,
    inputs: VecDeque<Input>,
    /// Latest market event per key, with the number of its arrival.
    market: BTreeMap<(u8, String), (u64, MarketEvent)>,
    /// The latest word on each link, for a driver that begins again.
    links: BTreeMap<Link, LinkChange>,
    arrivals: u64,
    conflated: u64,
}

impl Inbox {
    /// Adds an input; never waits.
    pub fn push(&self, input: Input) {
        {
            let mut waiting = self.lock();
            match input {
                Input::Market(event) => waiting.conflate(event),
                Input::Link(change) => {
                    waiting.links.insert(change.link, change.clone());
                    waiting.inputs.push_back(Input::Link(change));
                }
                other => waiting.inputs.push_back(other),
            }
        }
        self.0.wake.notify_one();
    }

    /// Adds a request of an operator; gives it back when too many wait.
    pub fn ask(&self, asked: Box<Asked>) -> Result<(), Box<Asked>> {
        {
            let mut waiting = self.lock();
            if waiting.asked.len() >= REQUESTS_MAX {
                return Err(asked);
            }
            waiting.asked.push_back(asked);
        }
        self.0.wake.notify_one();
        Ok(())
    }

    /// Waits for something and takes everything: requests first, then what the venue says of orders, then the
    /// market in order of arrival. Safe to drop while it waits.
    pub async fn take(&self) -> Vec<Item> {
        loop {
            let batch = self.lock().take();
            if !batch.is_empty() {
                return batch;
            }
            self.0.wake.notified().await;
        }
    }

    /// The latest word on each link; what waits of it is taken out, so that it is not heard twice.
    #[must_use]
    pub fn links(&self) -> Vec<LinkChange> {
        let mut waiting = self.lock();
        waiting.inputs.retain(|input| !matches!(input, Input::Link(_)));
        waiting.links.values().cloned().collect()
    }

    /// Market events that were replaced by a newer one of their key, since the start.
    #[must_use]
    pub fn conflated(&self) -> u64 {
        self.lock().conflated
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn conflate(&mut self, event: MarketEvent) {
        self.arrivals += 1;
        if self.market.insert(key(&event), (self.arrivals, event)).is_some() {
            self.conflated += 1;
        }
    }

    fn take(&mut self) -> Vec<Item> {
        let mut market: Vec<(u64, MarketEvent)> = std::mem::take(&mut self.market).into_values().collect();
        market.sort_by_key(|(arrival, _)| *arrival);
        let asked = self.asked.drain(..).map(Item::Asked);
        let inputs = self.inputs.drain(..).map(Item::Input);
        let market = market.into_iter().map(|(_, event)| Item::Input(Input::Market(event)));
        asked.chain(inputs).chain(market).collect()
    }
}

/// What a market event conflates with: its kind and its instrument.
pub(super) fn key(event: &MarketEvent) -> (u8, String) {
    match event {
        MarketEvent::Quote(quote) => (0, quote.symbol.0.clone()),
        MarketEvent::Depth(depth) => (1, depth.symbol.0.clone()),
        MarketEvent::Mark(mark) => (2, mark.symbol.0.clone()),
        MarketEvent::Spot(spot) => (3, spot.underlying.0.clone()),
    }
}

#[cfg(test)]
mod tests {
    use model::market::{MarketSource, Spot};
    use model::{Decimal, Micros, Underlying};

    use super::*;

    fn spot(underlying: &str, price: i64) -> Input {
        Input::Market(MarketEvent::Spot(Spot {
            underlying: Underlying::from(underlying),
            price: Decimal::from(price),
            source: MarketSource::Stream,
            at: Micros(price),
        }))
    }

    #[tokio::test]
    async fn the_market_conflates_and_executions_do_not() {
        let inbox = Inbox::default();
        let lost = || Input::Timer;
        inbox.push(spot("BTC", 1));
        inbox.push(lost());
        inbox.push(spot("ETH", 2));
        inbox.push(spot("BTC", 3));
        inbox.push(lost());
        let taken: Vec<Input> = inbox
            .take()
            .await
            .into_iter()
            .filter_map(|item| match item {
                Item::Input(input) => Some(input),
                Item::Asked(_) => None,
            })
            .collect();
        assert_eq!(taken, [Input::Timer, Input::Timer, spot("ETH", 2), spot("BTC", 3)]);
        assert_eq!(inbox.conflated(), 1);
    }
}
