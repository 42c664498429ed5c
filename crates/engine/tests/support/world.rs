//! Time, the engine's process, its journal, and the wires between engine and venue.

use std::collections::BTreeMap;

use engine::Engine;
use model::input::{ExecutionReport, InstrumentsRead, Link, LinkChange, OperatorAction, OperatorRequest};
use model::record::DecisionRecord;
use model::{
    Command, Configuration, Decision, ExecutionMode, Input, Lifecycle, Micros, PanicId, Session, SessionId,
    Stamp, TradingState,
};
use telemetry::{CorrelationId, Event, Level};

use super::venue::Venue;
use super::{START, listed};

/// One way on the wire.
const LATENCY: i64 = 3_000;

pub struct World {
    pub now: Micros,
    pub venue: Venue,
    pub engine: Engine,
    /// The journal: inputs that led to something, and all decisions.
    pub inputs: Vec<(Stamp, Input)>,
    pub records: Vec<DecisionRecord>,
    /// What is on its way to the engine.
    wire: BTreeMap<(Micros, u64), Input>,
    boots: u64,
    next_input: u64,
    next_wire: u64,
    /// The market publishes; false is a silent socket.
    pub publishes: bool,
}

impl World {
    pub fn new() -> Self {
        let mut world = World {
            now: START,
            venue: Venue::new(),
            engine: Engine::new(TradingState::default(), 1),
            inputs: Vec::new(),
            records: Vec::new(),
            wire: BTreeMap::new(),
            boots: 1,
            next_input: 1,
            next_wire: 0,
            publishes: true,
        };
        world.boot();
        world
    }

    fn boot(&mut self) {
        self.input(Input::Booted);
        for link in [Link::Prices, Link::Orders] {
            self.input(Input::Link(LinkChange { link, up: true, reason: "connected".to_owned() }));
        }
    }

    /// kill -9: what was on the wire is gone, the state is folded from the journal.
    pub fn kill_and_restart(&mut self) {
        self.wire.clear();
        self.boots += 1;
        let mut state = TradingState::default();
        for record in &self.records {
            state.apply(record);
        }
        self.engine = Engine::new(state, self.records.len() as u64 + 1);
        self.boot();
    }

    pub fn input(&mut self, input: Input) -> Vec<DecisionRecord> {
        let stamp = Stamp {
            at: self.now,
            boot_id: format!("boot{}", self.boots),
            input_seq: self.next_input,
            correlation_id: CorrelationId::from_bits(
                u128::from(self.next_input) << 32 | u128::from(self.boots),
            ),
            previous_step_us: Some(7),
        };
        let records = self.engine.step(stamp.clone(), input.clone());
        if records.is_empty() {
            return records;
        }
        self.next_input += 1;
        self.inputs.push((stamp, input));
        self.records.extend(records.clone());
        for record in &records {
            if let Some(command) = record.decision.command() {
                self.carry_out(&command);
            }
        }
        records
    }

    fn carry_out(&mut self, command: &Command) {
        let arrives = Micros(self.now.0 + LATENCY);
        match command {
            Command::Place(request) => {
                let reports = self.venue.place(request, arrives);
                reports.into_iter().for_each(|report| self.reply(report));
            }
            Command::Cancel { client_order_id, .. } => {
                let report = self.venue.cancel(client_order_id);
                self.reply(report);
            }
            Command::Lookup { client_order_id } => {
                let report = self.venue.lookup(client_order_id);
                self.reply(report);
            }
            Command::ReadTruth(request) => {
                let truth = self.venue.truth(request, self.now);
                self.send(Input::Truth(truth));
            }
            Command::ReadInstruments { .. } => {
                self.send(Input::Instruments(InstrumentsRead::Known { listed: listed() }));
            }
            Command::Watch { .. } => {}
        }
    }

    fn reply(&mut self, report: ExecutionReport) {
        self.send(Input::Execution(report));
    }

    fn send(&mut self, input: Input) {
        self.next_wire += 1;
        self.wire.insert((Micros(self.now.0 + 2 * LATENCY), self.next_wire), input);
    }

    /// Lets time pass in steps of 50 ms: wires deliver, the market publishes twice a second, timers tick.
    pub fn run_ms(&mut self, ms: i64) {
        let end = self.now.0 + ms * 1_000;
        while self.now.0 < end {
            self.now = Micros(self.now.0 + 50_000);
            while let Some(((_, _), input)) = self.due() {
                self.input(input);
            }
            if self.publishes && self.now.0 % 500_000 == 0 {
                for event in self.venue.publish(self.now) {
                    self.input(Input::Market(event));
                }
            }
            if self.now.0 % 100_000 == 0 {
                self.input(Input::Timer);
            }
        }
    }

    fn due(&mut self) -> Option<((Micros, u64), Input)> {
        let first = *self.wire.keys().next()?;
        if first.0 > self.now {
            return None;
        }
        self.wire.remove(&first).map(|input| (first, input))
    }

    /// Runs until `done`, at most `seconds`; panics with the last decisions otherwise.
    pub fn run_until(&mut self, what: &str, seconds: i64, done: impl Fn(&World) -> bool) {
        for _ in 0..seconds * 20 {
            if done(self) {
                return;
            }
            self.run_ms(50);
        }
        let tail: Vec<_> =
            self.decisions().filter(|decision| decision.level() >= Level::Info).map(Event::message).collect();
        let tail = &tail[tail.len().saturating_sub(25)..];
        panic!("{what} did not happen in {seconds} s; latest last: {tail:#?}");
    }

    pub fn operate(&mut self, action: OperatorAction) -> Vec<DecisionRecord> {
        let correlation_id = CorrelationId::from_bits(0xC11C_0000 + u128::from(self.next_input));
        self.input(Input::Operator(OperatorRequest { who: "admin".to_owned(), correlation_id, action }))
    }

    pub fn start(&mut self, configuration: Configuration) -> SessionId {
        let session_id = SessionId::new("s-test000001");
        self.operate(OperatorAction::Start {
            session_id: session_id.clone(),
            configuration: Box::new(configuration),
            execution_mode: ExecutionMode::Simulated,
        });
        session_id
    }

    pub fn panic(&mut self, session_id: Option<SessionId>) -> Vec<DecisionRecord> {
        let panic_id = PanicId(format!("p-test{:06}", self.next_input));
        self.operate(OperatorAction::Panic { session_id, panic_id })
    }

    pub fn session(&self) -> &Session {
        self.engine.state().session.as_ref().expect("a session")
    }

    pub fn lifecycle(&self) -> Lifecycle {
        self.session().lifecycle
    }

    /// Starts and waits until both legs are sold.
    pub fn start_and_enter(&mut self, configuration: Configuration) -> SessionId {
        let id = self.start(configuration);
        self.run_until("entry", 8, |world| world.session().entry.completed_at.is_some());
        id
    }

    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.records.iter().map(|record| &record.decision)
    }
}
