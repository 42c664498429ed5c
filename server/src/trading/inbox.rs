//! The driver's inbox. Market events conflate per instrument and kind, and the tick with itself, so both are bounded;
//! what the venue says of our orders and what people ask is never dropped. The tick comes last and through the same
//! door: neither a flood of prices nor a slow step keeps it from being taken.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::input::{ClockReport, HealthReport, Input, Link, LinkChange, OperatorAction};
use model::market::{MarketEvent, MarketKey};
use model::restriction::Restrictions;
use model::words::Health;
use tokio::sync::Notify;

use super::asked::Asked;

/// Requests of people that may wait; nobody presses that often, a program might.
const REQUESTS_MAX: usize = 256;

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
    market: BTreeMap<MarketKey, (u64, MarketEvent)>,
    /// A tick is due.
    tick: bool,
    /// What holds whoever drives, for a driver that begins again.
    standing: Standing,
    arrivals: u64,
    conflated: u64,
}

/// The latest word on what those who tell it tell only when it changes: each link, what the venue restricts, marks of
/// health, and the clocks.
#[derive(Default)]
struct Standing {
    links: BTreeMap<Link, LinkChange>,
    restrictions: Option<Restrictions>,
    health: BTreeMap<Health, HealthReport>,
    stepped: Option<ClockReport>,
    venue_clock: Option<ClockReport>,
}

impl Standing {
    /// Keeps it, if it is one of these.
    fn note(&mut self, input: &Input) -> bool {
        match input {
            Input::Link(change) => {
                self.links.insert(change.link, change.clone());
            }
            Input::Restrictions(now) => self.restrictions = Some(now.clone()),
            Input::Health(report) => {
                self.health.insert(report.health, report.clone());
            }
            Input::Clock(report @ ClockReport::Stepped { .. }) => self.stepped = Some(*report),
            Input::Clock(report @ ClockReport::Venue { .. }) => self.venue_clock = Some(*report),
            Input::Clock(ClockReport::Gap { .. })
            | Input::Market { .. }
            | Input::Execution(_)
            | Input::Truth(_)
            | Input::Witness(_)
            | Input::Instruments(_)
            | Input::Operator(_)
            | Input::Booted
            | Input::Live(_)
            | Input::Timer => return false,
        }
        true
    }

    fn inputs(&self) -> impl Iterator<Item = Input> {
        let clocks = self.venue_clock.into_iter().chain(self.stepped).map(Input::Clock);
        let links = self.links.values().cloned().map(Input::Link);
        let restrictions = self.restrictions.clone().map(Input::Restrictions);
        clocks.chain(links).chain(restrictions).chain(self.health.values().cloned().map(Input::Health))
    }
}

impl Inbox {
    /// Adds an input; never waits.
    pub fn push(&self, input: Input) {
        {
            let mut waiting = self.lock();
            match input {
                Input::Market { events } => {
                    for event in events {
                        waiting.conflate(event);
                    }
                }
                Input::Timer => waiting.tick = true,
                other => {
                    waiting.standing.note(&other);
                    waiting.inputs.push_back(other);
                }
            }
        }
        self.0.wake.notify_one();
    }

    /// Adds a request of an operator; gives it back when too many wait. A panic is always taken.
    pub fn ask(&self, asked: Box<Asked>) -> Result<(), Box<Asked>> {
        {
            let mut waiting = self.lock();
            if waiting.asked.len() >= REQUESTS_MAX && !asked.request.action.is_panic() {
                return Err(asked);
            }
            // Whoever wants out goes before whoever wants in.
            if asked.request.action.is_panic() {
                waiting.asked.push_front(asked);
            } else {
                waiting.asked.push_back(asked);
            }
        }
        self.0.wake.notify_one();
        Ok(())
    }

    /// Whether somebody wants everything closed and nobody has taken it yet.
    #[must_use]
    pub fn holds_panic(&self) -> bool {
        let of_all =
            |asked: &Asked| matches!(asked.request.action, OperatorAction::Panic { session_id: None, .. });
        self.lock().asked.iter().any(|asked| of_all(asked))
    }

    /// Waits for something and takes everything: requests first, then what the venue says of orders, then the
    /// market as one input in order of arrival, then the tick. Safe to drop while it waits.
    pub async fn take(&self) -> Vec<Item> {
        loop {
            let batch = self.lock().take();
            if !batch.is_empty() {
                return batch;
            }
            self.0.wake.notified().await;
        }
    }

    /// The latest word on what holds whoever drives; what waits of it is taken out, so that it is not heard twice.
    #[must_use]
    pub fn standing(&self) -> Vec<Input> {
        let mut waiting = self.lock();
        let Waiting { inputs, standing, .. } = &mut *waiting;
        inputs.retain(|input| !standing.note(input));
        standing.inputs().collect()
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
        if self.market.insert(event.key(), (self.arrivals, event)).is_some() {
            self.conflated += 1;
        }
    }

    fn take(&mut self) -> Vec<Item> {
        let mut market: Vec<(u64, MarketEvent)> = std::mem::take(&mut self.market).into_values().collect();
        market.sort_by_key(|(arrival, _)| *arrival);
        let mut items: Vec<Item> = self.asked.drain(..).map(Item::Asked).collect();
        items.extend(self.inputs.drain(..).map(Item::Input));
        if !market.is_empty() {
            let events = market.into_iter().map(|(_, event)| event).collect();
            items.push(Item::Input(Input::Market { events }));
        }
        if std::mem::take(&mut self.tick) {
            items.push(Item::Input(Input::Timer));
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use model::input::{OperatorAction, OperatorRequest};
    use model::market::{MarketSource, Spot};
    use model::{Decimal, Micros, PanicId, Underlying};
    use telemetry::CorrelationId;
    use tokio::sync::oneshot;

    use super::*;

    fn spot(underlying: &str, price: i64) -> MarketEvent {
        MarketEvent::Spot(Spot {
            underlying: Underlying::from(underlying),
            price: Decimal::from(price),
            source: MarketSource::Stream,
            at: Micros(price),
        })
    }

    fn prices(events: &[MarketEvent]) -> Input {
        Input::Market { events: events.to_vec() }
    }

    fn asked(action: OperatorAction) -> Box<Asked> {
        let correlation_id = CorrelationId::from_bits(1);
        let request = OperatorRequest { who: "ann".to_owned(), correlation_id, action };
        Box::new(Asked { request, idempotency: None, reply: oneshot::channel().0 })
    }

    async fn taken(inbox: &Inbox) -> Vec<Input> {
        let items = inbox.take().await.into_iter();
        items
            .map(|item| match item {
                Item::Input(input) => input,
                Item::Asked(asked) => Input::Operator(asked.request),
            })
            .collect()
    }

    #[tokio::test]
    async fn the_market_and_the_tick_conflate_and_executions_do_not() {
        let inbox = Inbox::default();
        inbox.push(Input::Timer);
        inbox.push(prices(&[spot("BTC", 1), spot("ETH", 2)]));
        inbox.push(Input::Booted);
        inbox.push(prices(&[spot("BTC", 3)]));
        inbox.push(Input::Booted);
        inbox.push(Input::Timer);
        let expected =
            [Input::Booted, Input::Booted, prices(&[spot("ETH", 2), spot("BTC", 3)]), Input::Timer];
        assert_eq!(taken(&inbox).await, expected);
        assert_eq!(inbox.conflated(), 1);
    }

    #[tokio::test]
    async fn a_driver_that_begins_again_hears_what_holds_once() {
        use model::Code;
        use model::causes::HealthCause;
        use model::input::GapKind;
        use model::restriction::Restriction;
        let inbox = Inbox::default();
        let link = |up| Input::Link(LinkChange { link: Link::Prices, up, code: Code::from("x") });
        let maintained =
            Input::Restrictions(Restrictions { venue: Some(Restriction::Maintenance), products: [].into() });
        let marked = |on| {
            let cause = HealthCause::Disrupted { what: "the venue (maintenance)".to_owned() };
            Input::Health(HealthReport { health: Health::VenueRestricted, on, cause })
        };
        let offset = |offset_ms| Input::Clock(ClockReport::Venue { offset_ms });
        let stepped = Input::Clock(ClockReport::Stepped { skew_ms: -600_000 });
        let gap = Input::Clock(ClockReport::Gap { gap_ms: 9_000, kind: GapKind::Stalled });
        let told = [
            link(true),
            maintained.clone(),
            marked(false),
            offset(-700),
            stepped.clone(),
            marked(true),
            offset(-3_600_000),
            gap.clone(),
            link(false),
            Input::Booted,
        ];
        told.into_iter().for_each(|input| inbox.push(input));
        let holds = [offset(-3_600_000), stepped, link(false), maintained, marked(true)];
        assert_eq!(inbox.standing(), holds);
        assert_eq!(taken(&inbox).await, [gap, Input::Booted], "what happened is heard once");
        assert_eq!(inbox.standing(), holds, "and the next driver as well");
    }

    #[tokio::test]
    async fn a_panic_goes_first_and_is_taken_when_nothing_else_is() {
        let inbox = Inbox::default();
        let other = || asked(OperatorAction::Acknowledge { reason: "x".to_owned() });
        for _ in 0..REQUESTS_MAX {
            assert!(inbox.ask(other()).is_ok());
        }
        assert!(inbox.ask(other()).is_err());
        let panic = || OperatorAction::Panic { session_id: None, panic_id: PanicId::from("p-1") };
        assert!(inbox.ask(asked(panic())).is_ok());
        let first = taken(&inbox).await.into_iter().next();
        assert!(matches!(first, Some(Input::Operator(request)) if request.action == panic()));
    }
}
