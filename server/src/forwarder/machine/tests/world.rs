//! An engine, a store and a driver, played in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::super::*;
use crate::forwarder::{Form, Item};
use crate::store::telemetry::StoredRecord;

/// What the engine does with one request.
#[derive(Clone, Debug)]
pub enum Script {
    /// A status for each record, cycled; anything but 409 and 201 is refused.
    Items(Vec<u16>),
    /// Every record with that status and reason.
    AllRefused(u16, String),
    Status(u16),
    /// The records are taken, but no answer comes.
    TakenThenCut,
    /// The same, and then the stream begins another index.
    TakenThenRolledOver,
    Cut,
    /// Taken, with one result too few.
    Short,
}

pub struct World {
    pub machine: Machine,
    limit: usize,
    records: i64,
    lanes: Vec<Lane>,
    urgent: BTreeSet<i64>,
    poison: BTreeSet<i64>,
    poison_in_full: BTreeSet<i64>,
    breaking: BTreeSet<i64>,
    spoiling: BTreeSet<i64>,
    pub blocked: Option<Lane>,
    cursors: BTreeMap<Lane, Position>,
    pub settled: Settled,
    /// In which generation each id was indexed, as often as it was.
    pub index: BTreeMap<String, Vec<u32>>,
    pub forms: BTreeMap<String, Form>,
    /// Of each lane's stream: the index that it writes to.
    generations: BTreeMap<Lane, u32>,
    pub requests: usize,
    pub before_first_rest: usize,
    pub fences: usize,
    pub rested_ms: u64,
    rests: usize,
    script: std::vec::IntoIter<Script>,
    pending: Vec<Effect>,
    told: Vec<ForwarderEvent>,
    order: u64,
}

impl World {
    pub fn with(records: i64) -> Self {
        Self {
            machine: Machine::new(1),
            limit: 1,
            records,
            lanes: vec![Lane::App],
            urgent: BTreeSet::new(),
            poison: BTreeSet::new(),
            poison_in_full: BTreeSet::new(),
            breaking: BTreeSet::new(),
            spoiling: BTreeSet::new(),
            blocked: None,
            cursors: BTreeMap::new(),
            settled: Settled::nothing(Lane::App, 0, 0),
            index: BTreeMap::new(),
            forms: BTreeMap::new(),
            generations: Lane::ALL.into_iter().map(|lane| (lane, 1)).collect(),
            requests: 0,
            before_first_rest: 0,
            fences: 0,
            rested_ms: 0,
            rests: 0,
            script: Vec::new().into_iter(),
            pending: Vec::new(),
            told: Vec::new(),
            order: 0,
        }
    }

    pub fn poison(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.poison.extend(ids);
        self
    }

    pub fn poison_in_full(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.poison_in_full.extend(ids);
        self
    }

    pub fn breaking(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.breaking.extend(ids);
        self
    }

    pub fn spoiling(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.spoiling.extend(ids);
        self
    }

    pub fn urgent(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.urgent.extend(ids);
        self
    }

    pub fn blocked(mut self, lane: Lane) -> Self {
        self.blocked = Some(lane);
        self
    }

    /// Records fall into these lanes in turn.
    pub fn in_lanes(mut self, lanes: &[Lane]) -> Self {
        self.lanes = lanes.to_vec();
        self
    }

    /// Things are done in another order than they were begun.
    pub fn in_order(mut self, order: u64) -> Self {
        self.order = order;
        self
    }

    pub fn grow(&mut self, records: i64) {
        self.records += records;
    }

    pub fn letters(&self) -> Vec<&str> {
        self.settled.dead_letters.iter().map(|letter| letter.record.event_id.as_str()).collect()
    }

    pub fn lane_of(&self, id: &str) -> Lane {
        self.lane(id.trim_start_matches("boot-").parse().unwrap())
    }

    fn lane(&self, id: i64) -> Lane {
        if self.urgent.contains(&id) {
            Lane::AppErrors
        } else {
            self.lanes[(id - 1) as usize % self.lanes.len()]
        }
    }

    /// Runs until there is nothing left to do but to wait for records.
    pub fn run(&mut self, limit: usize, script: Vec<Script>) -> Vec<ForwarderEvent> {
        self.begin(limit, script);
        self.resume(100_000);
        assert!(self.at_rest(), "the machine does not come to rest");
        self.told.clone()
    }

    pub fn run_for(&mut self, limit: usize, script: Vec<Script>, steps: usize) {
        self.begin(limit, script);
        self.resume(steps);
    }

    pub fn begin(&mut self, limit: usize, script: Vec<Script>) {
        self.limit = limit;
        self.script = script.into_iter();
        for lane in Lane::OF_THE_LOG {
            self.cursors.insert(lane, Position { lane, cursor_id: 0, index: None });
        }
        self.restart(limit);
    }

    /// Another process goes on from the cursors.
    pub fn restart(&mut self, limit: usize) {
        self.machine = Machine::new(limit);
        self.pending.clear();
        let positions = self.cursors.values().cloned().collect();
        let effects = self.machine.on(Input::Start(positions), 0);
        self.accept(effects);
    }

    /// The process is killed: of what was under way each thing was done, or was not, and nobody hears of it.
    pub fn kill(&mut self, fate: u64, limit: usize) {
        let under_way = std::mem::take(&mut self.pending);
        for (n, effect) in under_way.into_iter().enumerate() {
            let reaches_out = matches!(effect, Effect::Send { .. } | Effect::Book(_));
            if reaches_out && fate >> (n % 64) & 1 == 1 {
                self.perform(effect);
            }
        }
        self.restart(limit);
    }

    pub fn roll_over(&mut self, lane: Lane) {
        *self.generations.entry(lane).or_default() += 1;
    }

    /// The next records are taken, and nobody hears of it.
    pub fn take_the_next_unheard(&mut self, count: usize) {
        let unseen: Vec<i64> = (1..=self.records)
            .filter(|id| !self.index.contains_key(&format!("boot-{id}")))
            .take(count)
            .collect();
        for id in unseen {
            self.create(&Outgoing { record: stored(id), form: Form::Full });
        }
    }

    pub fn at_rest(&self) -> bool {
        self.pending.iter().all(|effect| *effect == Effect::AwaitCommit)
    }

    /// Does that many things; new records are noticed before the first.
    pub fn resume(&mut self, steps: usize) {
        let waits = self.pending.iter().position(|effect| *effect == Effect::AwaitCommit);
        if let Some(position) = waits {
            self.pending.remove(position);
            let effects = self.machine.on(Input::Committed, 1);
            self.accept(effects);
        }
        for step in 0..steps {
            if self.at_rest() {
                return;
            }
            self.step(step as u32);
        }
    }

    /// Pauses end last: nothing else takes so long.
    fn step(&mut self, step: u32) {
        let able = |wanted: fn(&Effect) -> bool| -> Vec<usize> {
            (0..self.pending.len()).filter(|&position| wanted(&self.pending[position])).collect()
        };
        let mut able_now = able(|effect| !matches!(effect, Effect::AwaitCommit | Effect::Rest { .. }));
        if able_now.is_empty() {
            able_now = able(|effect| matches!(effect, Effect::Rest { .. }));
        }
        self.order =
            self.order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(self.order != 0));
        let position = able_now[(self.order >> 33) as usize % able_now.len()];
        let effect = self.pending.remove(position);
        let input = self.perform(effect);
        let effects = self.machine.on(input, step.wrapping_mul(2_654_435_761));
        self.accept(effects);
    }

    fn accept(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Tell(event) => self.told.push(event),
                Effect::Rest { ms, .. } => {
                    assert!((1..=10_000).contains(&ms), "{ms}");
                    if self.rests == 0 {
                        self.before_first_rest = self.requests;
                    }
                    self.rests += 1;
                    self.rested_ms += ms;
                    self.pending.push(effect);
                }
                effect => self.pending.push(effect),
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Input {
        match effect {
            Effect::SetUp => Input::SetUp(Ok(Destination::Ready)),
            Effect::Fetch { lane, after, limit } => Input::Backlog(lane, self.backlog(lane, after, limit)),
            Effect::Send { lane, request, records } => {
                self.requests += 1;
                let answer = self.answer(lane, &records);
                match answer {
                    Ok(reply) => Input::Answered(lane, request, reply),
                    Err(reason) => Input::Ambiguous(lane, request, reason),
                }
            }
            Effect::Fence { lane, index, ids } => {
                self.fences += 1;
                let from: u32 = index.parse().unwrap_or(0);
                let now = self.generations[&lane];
                let old = |id: &&String| {
                    self.index.get(*id).is_some_and(|in_| in_.iter().any(|g| (from..now).contains(g)))
                };
                let found = ids.iter().filter(old).cloned().collect();
                Input::Fenced(lane, Ok(Fenced { found, index: Some(now.to_string()) }))
            }
            Effect::Book(settled) => {
                settled.into_iter().for_each(|lane| self.book(lane));
                Input::Booked
            }
            Effect::Rest { lane, .. } => Input::Rested(lane),
            Effect::AwaitCommit | Effect::Tell(_) => unreachable!("done at once"),
        }
    }

    fn backlog(&self, lane: Lane, after: i64, limit: usize) -> Backlog {
        if lane == Lane::Letters {
            return Backlog { end: after, ..Backlog::default() };
        }
        let ids = (after + 1..=self.records).filter(|id| self.lane(*id) == lane);
        let records: Vec<StoredRecord> = ids.take(limit).map(stored).collect();
        let end = if records.len() < limit { self.records } else { records.last().unwrap().id };
        Backlog { records, end: end.max(after), more: end < self.records }
    }

    fn book(&mut self, settled: Settled) {
        let position = self.cursors.get_mut(&settled.lane).unwrap();
        assert_eq!(position.cursor_id, settled.from, "from where the lane stood");
        assert!(settled.cursor_id >= settled.from, "the cursor moves forwards");
        position.cursor_id = settled.cursor_id;
        position.index = settled.index.or(position.index.take());
        self.settled.delivered += settled.delivered;
        self.settled.duplicates += settled.duplicates;
        self.settled.failure_store += settled.failure_store;
        self.settled.dead_letters.extend(settled.dead_letters);
    }

    fn answer(&mut self, lane: Lane, records: &[Outgoing]) -> Result<Reply, String> {
        let spoiled = |outgoing: &Outgoing| self.spoiling.contains(&outgoing.record.id);
        if records.iter().any(spoiled) {
            return Ok(Reply::Refused { status: 400, reason: "HTTP 400".to_owned() });
        }
        if self.blocked == Some(lane) {
            let reason = "cluster_block_exception: blocked".to_owned();
            let refused = Item { status: 403, reason, ..Item::default() };
            return Ok(Reply::Items(vec![refused; records.len()]));
        }
        match self.script.next().unwrap_or(Script::Items(vec![201])) {
            Script::Items(statuses) => {
                let results = records.iter().zip(statuses.iter().cycle());
                Ok(Reply::Items(results.map(|(outgoing, &status)| self.one(outgoing, status)).collect()))
            }
            Script::AllRefused(status, reason) => {
                Ok(Reply::Items(vec![Item { status, reason, ..Item::default() }; records.len()]))
            }
            Script::Status(status) => Ok(Reply::Refused { status, reason: format!("HTTP {status}") }),
            Script::TakenThenCut => {
                records.iter().for_each(|outgoing| drop(self.one(outgoing, 201)));
                Err("cut".to_owned())
            }
            Script::TakenThenRolledOver => {
                records.iter().for_each(|outgoing| drop(self.one(outgoing, 201)));
                self.roll_over(lane);
                Err("cut".to_owned())
            }
            Script::Cut => Err("cut".to_owned()),
            Script::Short => {
                let mut results: Vec<Item> = records.iter().map(|outgoing| self.one(outgoing, 201)).collect();
                results.pop();
                Ok(Reply::Items(results))
            }
        }
    }

    fn one(&mut self, outgoing: &Outgoing, status: u16) -> Item {
        let refused = |status, reason: &str| Item { status, reason: reason.to_owned(), ..Item::default() };
        let id = outgoing.record.id;
        if self.breaking.contains(&id) {
            return refused(500, "null_pointer_exception: null");
        }
        if self.poison.contains(&id) || (self.poison_in_full.contains(&id) && outgoing.form == Form::Full) {
            return refused(400, "illegal_argument_exception: mapper cannot be changed");
        }
        match status {
            201 => self.create(outgoing),
            other => refused(other, "scripted: by the test"),
        }
    }

    /// An id is refused in the index that is written to, and in no other.
    fn create(&mut self, outgoing: &Outgoing) -> Item {
        let generation = self.generations[&self.lane(outgoing.record.id)];
        let places = self.index.entry(outgoing.record.event_id.clone()).or_default();
        if places.contains(&generation) {
            return Item { status: 409, reason: "there".to_owned(), ..Item::default() };
        }
        places.push(generation);
        self.forms.insert(outgoing.record.event_id.clone(), outgoing.form);
        Item { status: 201, index: generation.to_string(), ..Item::default() }
    }

    pub fn assert_closed(&self) {
        let quarantined = self.settled.dead_letters.len() as u64;
        assert_eq!(
            self.settled.delivered + quarantined,
            self.records as u64,
            "delivered + quarantined = offered"
        );
        assert!(self.index.values().all(|places| places.len() == 1), "indexed once each: {:?}", self.index);
        let lost = self.index.len() as u64 + quarantined;
        assert!(lost >= self.records as u64, "every record is in the index or a dead letter");
    }
}

fn stored(id: i64) -> StoredRecord {
    StoredRecord { id, event_id: format!("boot-{id}"), at_us: id, body: String::new().into() }
}
