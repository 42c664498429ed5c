//! The venue's dead-man switch, held while entry orders are out and only then: should this process die, what of them
//! still rests would sell for nobody. It is scoped to the products that are being entered, because it cancels every order
//! there: what protects or closes must stay when we are gone (venue facts, section 11).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::order::Purpose;
use model::{Symbol, TradingState};
use telemetry::Context;

use crate::random;
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::venue::{Call, Rest, Sent, Switch, SwitchEvent, SwitchHappening};

/// Names of our switches begin so.
const PREFIX: &str = "deltascope.";

/// How long the venue waits, how often it hears of us, how often it is looked whether it has to, and how long after a
/// failure it is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub ttl: Duration,
    pub hold: Duration,
    pub look: Duration,
    pub again: Duration,
}

impl Pace {
    /// The venue's documents hold one of 30 s every 25 to 30 s; a third of it outlives two questions that are lost.
    pub const USUAL: Self = Self {
        ttl: Duration::from_secs(30),
        hold: Duration::from_secs(10),
        look: Duration::from_millis(200),
        again: Duration::from_secs(2),
    };
}

/// Which products are being entered.
pub type Entering = Arc<dyn Fn() -> BTreeSet<Symbol> + Send + Sync>;

/// The task; cheap to clone.
#[derive(Clone)]
pub struct DeadMan {
    entering: Entering,
    rest: Rest,
    teller: Teller,
    pace: Pace,
    /// Of this process.
    name: Arc<str>,
}

/// What is up at the venue, as far as we know.
#[derive(Default)]
struct Held {
    switch: Option<Switch>,
    /// When the venue heard last; it waits from then.
    heard: Option<Instant>,
    failed: Option<Instant>,
    number: u32,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    Arm,
    Hold,
    Disarm,
}

impl Held {
    fn due(&self, wanted: &BTreeSet<Symbol>, now: Instant, pace: Pace) -> Due {
        let waits = self.failed.is_some_and(|at| now.duration_since(at) < pace.again);
        let covers = self.switch.as_ref().is_some_and(|switch| switch.symbols.iter().eq(wanted.iter()));
        match (wanted.is_empty(), self.switch.is_some()) {
            _ if waits => Due::Nothing,
            (true, false) => Due::Nothing,
            (true, true) => Due::Disarm,
            (false, _) if !covers => Due::Arm,
            (false, _) if self.heard.is_none_or(|at| now.duration_since(at) >= pace.hold) => Due::Hold,
            (false, _) => Due::Nothing,
        }
    }
}

impl DeadMan {
    #[must_use]
    pub fn new(entering: Entering, rest: Rest, teller: Teller, pace: Pace) -> Self {
        Self { entering, rest, teller, pace, name: random::hex(4).into() }
    }

    /// Runs until the server stops; what is up then runs out by itself, as it is to.
    pub async fn run(self, mut stop: Stop) {
        self.disarm_earlier().await;
        let mut held = Held::default();
        loop {
            let wanted = (self.entering)();
            let due = held.due(&wanted, Instant::now(), self.pace);
            let done = match due {
                Due::Nothing => Ok(()),
                Due::Arm => self.arm(&mut held, wanted).await,
                Due::Hold => self.hold(&mut held).await,
                Due::Disarm => self.disarm(&mut held).await,
            };
            held.failed = done.err().map(|()| Instant::now()).or(held.failed.filter(|_| due == Due::Nothing));
            tokio::select! {
                () = tokio::time::sleep(self.pace.look) => {}
                () = stop.stopped() => return,
            }
        }
    }

    /// What an earlier process left would cancel what this one closes with.
    async fn disarm_earlier(&self) {
        let Ok(rows) = self.rest.switches().await else { return };
        for row in rows {
            if row.heartbeat_id.starts_with(PREFIX) && row.heartbeat_timestamp.is_some() {
                let symbols = row.product_symbols.into_iter().map(Symbol).collect();
                let switch = Switch { id: row.heartbeat_id, symbols };
                let _ = self.off(&switch).await;
            }
        }
    }

    /// A switch of its own for each set of products, so that none is changed while it is up.
    async fn arm(&self, held: &mut Held, wanted: BTreeSet<Symbol>) -> Result<(), ()> {
        let before = held.switch.take();
        held.number += 1;
        let id = format!("{PREFIX}{}.{}", self.name, held.number);
        let switch = Switch { id, symbols: wanted.into_iter().collect() };
        self.asked(&switch, "arm", &Call::create_switch(&switch)).await.inspect_err(|()| {
            held.switch.clone_from(&before);
        })?;
        held.switch = Some(switch.clone());
        let done = self.hold(held).await;
        if done.is_ok() {
            let ttl_ms = u64::try_from(self.pace.ttl.as_millis()).unwrap_or(u64::MAX);
            self.tell(&switch, SwitchHappening::Armed { ttl_ms });
        }
        if let Some(before) = before {
            let _ = self.off(&before).await;
        }
        done
    }

    async fn hold(&self, held: &mut Held) -> Result<(), ()> {
        let Some(switch) = &held.switch else { return Ok(()) };
        self.asked(switch, "hold", &Call::hold_switch(switch, self.pace.ttl)).await?;
        held.heard = Some(Instant::now());
        Ok(())
    }

    async fn disarm(&self, held: &mut Held) -> Result<(), ()> {
        if let Some(switch) = &held.switch {
            self.off(switch).await?;
        }
        (held.switch, held.heard) = (None, None);
        Ok(())
    }

    async fn off(&self, switch: &Switch) -> Result<(), ()> {
        self.asked(switch, "disarm", &Call::hold_switch(switch, Duration::ZERO)).await?;
        self.tell(switch, SwitchHappening::Disarmed);
        Ok(())
    }

    /// Asked again whatever came of it the last time: to say twice that we are there changes nothing.
    async fn asked(&self, switch: &Switch, asked: &'static str, call: &Call) -> Result<(), ()> {
        let call = call.clone().under(self.context(switch));
        let reason = match self.rest.send::<serde::de::IgnoredAny>(&call).await {
            Sent::Acked(_) => return Ok(()),
            Sent::Rejected(refusal) => refusal.code,
            Sent::Ambiguous(cause) | Sent::NotSent(cause) => cause.code().to_owned(),
        };
        self.tell(switch, SwitchHappening::Failed { asked, reason });
        Err(())
    }

    fn tell(&self, switch: &Switch, what: SwitchHappening) {
        let symbols = texts(switch);
        let event = SwitchEvent { heartbeat_id: switch.id.clone(), symbols, what };
        self.teller.tell(&event, &self.context(switch));
    }

    fn context(&self, switch: &Switch) -> Context {
        let context = self.teller.sessions().at(crate::clock::now(), &texts(switch), true);
        Context { correlation_id: Some(crate::correlation::fresh()), ..context }
    }
}

fn texts(switch: &Switch) -> Vec<String> {
    switch.symbols.iter().map(|symbol| symbol.0.clone()).collect()
}

/// Products with entry orders that have not ended.
pub(super) fn entering(state: &TradingState) -> BTreeSet<Symbol> {
    let live = state.sessions.values().flat_map(|session| session.orders.live());
    live.filter(|order| order.request.purpose == Purpose::Entry)
        .map(|order| order.request.symbol.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(symbols: &[&str], heard: Option<Instant>) -> Held {
        let symbols = symbols.iter().map(|symbol| Symbol::from(*symbol)).collect();
        Held { switch: Some(Switch { id: "s".to_owned(), symbols }), heard, ..Held::default() }
    }

    #[test]
    fn it_is_up_while_something_is_entered_and_held_in_time() {
        let (now, pace) = (Instant::now(), Pace::USUAL);
        let wanted = |symbols: &[&str]| symbols.iter().map(|symbol| Symbol::from(*symbol)).collect();
        let due =
            |held: &Held, symbols: &[&str], later: Duration| held.due(&wanted(symbols), now + later, pace);
        let none = Duration::ZERO;
        assert_eq!(due(&Held::default(), &[], none), Due::Nothing);
        assert_eq!(due(&Held::default(), &["C"], none), Due::Arm);
        let up = held(&["C"], Some(now));
        assert_eq!(due(&up, &["C"], none), Due::Nothing);
        assert_eq!(due(&up, &["C"], pace.hold), Due::Hold);
        assert_eq!(due(&up, &["C", "P"], none), Due::Arm, "another product is entered");
        assert_eq!(due(&up, &[], none), Due::Disarm);
        let failed = Held { failed: Some(now), ..held(&["C"], None) };
        assert_eq!(due(&failed, &[], none), Due::Nothing, "not at once again");
        assert_eq!(due(&failed, &[], pace.again), Due::Disarm);
        assert!(pace.hold * 3 <= pace.ttl && pace.again * 3 < pace.hold, "two failures are outlived");
    }
}
