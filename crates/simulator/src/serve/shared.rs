//! What every task of a serving venue shares: the exchange and its keeping behind one lock, the wire's
//! clock, and the list from which connections take what is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::sync::{Notify, broadcast, watch};

use super::keeper::Keeper;
use crate::dialect::rest::{self, Gate, Reply, Request};
use crate::exchange::Exchange;
use crate::exchange::event::{Channel, Level, Telling, VenueEvent};
use crate::exchange::time::Micros;
use crate::faults::TimedFault;
use crate::faults::condition::Scene;
use crate::faults::plan::{Begun, Fates, FaultPlan};

const EVENTS_HELD: usize = 65_536;
/// Answers kept for a fault that repeats them.
const ANSWERS_KEPT: usize = 256;

/// What the lock guards.
pub(crate) struct Venue {
    pub exchange: Exchange,
    pub gate: Gate,
    pub plan: FaultPlan,
    pub keeper: Keeper,
    /// Answers to reads, for a cache that is too old.
    pub kept: BTreeMap<String, Kept>,
    watching: BTreeMap<u64, Vec<(Channel, String)>>,
    connections: u64,
}

/// An answer that may be given again.
pub(crate) struct Kept {
    pub reply: Reply,
    pub at_us: Micros,
}

/// What goes to every connection.
pub(crate) enum Sent {
    /// What becomes of it on which sockets, and by how much its stamps are wrong.
    Event(VenueEvent, Fates, Micros),
    Fault(TimedFault),
}

/// What every task shares.
pub(crate) struct Shared {
    venue: Mutex<Venue>,
    pub sent: broadcast::Sender<Arc<Sent>>,
    pub wake: Notify,
    /// An answer has left.
    pub left: Notify,
    pub tell: Box<dyn Fn(Telling) + Send + Sync>,
}

/// What every handler gets.
#[derive(Clone)]
pub(crate) struct Context {
    pub shared: Arc<Shared>,
    pub stopped: watch::Receiver<bool>,
    /// How long a socket of which nothing was heard lives.
    pub socket_idle: Duration,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    pub fn new(venue: Venue, tell: Box<dyn Fn(Telling) + Send + Sync>) -> Shared {
        let sent = broadcast::channel(EVENTS_HELD).0;
        Shared { venue: Mutex::new(venue), sent, wake: Notify::new(), left: Notify::new(), tell }
    }

    pub fn lock(&self) -> MutexGuard<'_, Venue> {
        self.venue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that a fault of the feed began to strike.
    pub fn tell_begun(&self, begun: Vec<Begun>) {
        for Begun { fault, channel, symbol } in begun {
            self.tell_fault(fault, json!({ "fault": fault, "channel": channel, "symbol": symbol }));
        }
    }

    /// Tells that a fault struck.
    pub fn tell_fault(&self, fault: &str, payload: serde_json::Value) {
        let message = format!("the fault file struck: {fault}");
        (self.tell)(Telling { name: "simulator.fault_injected", level: Level::Warn, message, payload });
    }
}

impl Venue {
    pub fn new(exchange: Exchange, gate: Gate, plan: FaultPlan, keeper: Keeper) -> Venue {
        Venue {
            exchange,
            gate,
            plan,
            keeper,
            kept: BTreeMap::new(),
            watching: BTreeMap::new(),
            connections: 0,
        }
    }

    /// Lets the rules of the fault file see the account and the market, if any of them looks.
    pub fn look(&mut self) {
        if self.plan.has_conditions() {
            let (holding, resting, spot_usd) = self.exchange.scene();
            self.plan.set_scene(Scene { holding, resting, spot_usd });
        }
    }

    /// Keeps an answer; the oldest goes when there are too many.
    pub fn keep_answer(&mut self, target: String, kept: Kept) {
        self.kept.insert(target, kept);
        if self.kept.len() > ANSWERS_KEPT {
            let oldest =
                self.kept.iter().min_by_key(|(_, kept)| kept.at_us).map(|(target, _)| target.clone());
            oldest.map(|target| self.kept.remove(&target));
        }
    }

    /// A number for a new connection.
    pub fn next_connection(&mut self) -> u64 {
        self.connections += 1;
        self.connections
    }

    /// Replaces what a connection watches; an empty list forgets it.
    pub fn watch(&mut self, connection: u64, watched: Vec<(Channel, String)>) {
        if watched.is_empty() {
            self.watching.remove(&connection);
        } else {
            self.watching.insert(connection, watched);
        }
        let mut all: BTreeMap<Channel, BTreeSet<String>> = BTreeMap::new();
        for (channel, token) in self.watching.values().flatten() {
            all.entry(*channel).or_default().insert(token.clone());
        }
        self.exchange.set_watched(all);
    }

    /// Lets the exchange answer, and saves what that changed before the answer may leave. What cannot be saved
    /// is undone and asked again: then only what reduces risk is carried out.
    pub fn carry_out(&mut self, now_us: Micros, request: &Request<'_>) -> (Reply, Option<Telling>) {
        let changes = request.method != "GET" && self.keeper.may_fail();
        let before = changes.then(|| (self.exchange.clone(), self.gate.clone()));
        let reply = rest::respond(&mut self.exchange, &mut self.gate, now_us, request);
        let note = self.keeper.keep(&mut self.exchange, now_us);
        match before {
            Some((exchange, gate)) if self.keeper.is_failing() => {
                (self.exchange, self.gate) = (exchange, gate);
                self.exchange.only_reducing(true);
                (rest::respond(&mut self.exchange, &mut self.gate, now_us, request), note)
            }
            Some(_) | None => (reply, note),
        }
    }
}

/// Wall time.
pub(crate) fn wall_us() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros::try_from(since.as_micros()).unwrap_or(Micros::MAX)
}

/// Returns when the venue is to stop.
pub(crate) async fn until(stopped: &mut watch::Receiver<bool>) {
    // The sender gone means the same as its word.
    let _stop = stopped.wait_for(|stop| *stop).await;
}
