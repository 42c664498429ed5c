//! Time, the engine's process, its journal, and the wires between engine and venue.

use std::collections::BTreeMap;

use engine::Engine;
use model::decision::{AccountDecision, MarketDecision, SessionDecision};
use model::input::{
    ClockReport, ExecutionReport, GapKind, InstrumentsOutcome, InstrumentsRead, Link, LinkChange,
    OperatorAction, OperatorRequest,
};
use model::record::DecisionRecord;
use model::restriction::Restrictions;
use model::{
    Code, Command, Configuration, Decision, ExecutionMode, Input, Lifecycle, Micros, PanicId, Session,
    SessionId, Stamp, TradingState,
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
    sessions: u64,
    /// The session that was started last.
    pub latest: Option<SessionId>,
    /// The market publishes; false is a silent socket.
    pub publishes: bool,
    /// When what is restricted trades as usual again.
    pub restricted_until: Option<Micros>,
    /// What is decided is journaled and does not leave: the process is about to die.
    pub muted: bool,
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
            sessions: 0,
            latest: None,
            publishes: true,
            restricted_until: None,
            muted: false,
        };
        world.boot();
        world
    }

    fn boot(&mut self) {
        self.input(Input::Booted);
        for link in [Link::Prices, Link::Orders] {
            self.input(Input::Link(LinkChange { link, up: true, code: Code::from("connected") }));
        }
    }

    /// kill -9: what was on the wire is gone, the state is folded from the journal. The venue lives on meanwhile.
    pub fn kill_and_restart(&mut self) {
        self.kill_for_ms(0);
    }

    pub fn kill_for_ms(&mut self, down_ms: i64) {
        self.wire.clear();
        self.muted = false;
        self.sleep(down_ms);
        self.boots += 1;
        let mut state = TradingState::default();
        for record in &self.records {
            state.apply(record);
        }
        self.engine = Engine::new(state, self.records.len() as u64 + 1);
        self.boot();
    }

    /// The process goes on with another directory: it knows nothing of what was.
    pub fn lose_the_journal(&mut self) {
        self.wire.clear();
        self.boots += 1;
        self.inputs.clear();
        self.records.clear();
        self.next_input = 1;
        self.engine = Engine::new(TradingState::default(), 1);
        self.boot();
    }

    /// The journal of `keep` decisions ago is put back.
    pub fn restore_older(&mut self, keep: usize) {
        // An input and its decisions are written together or not at all.
        let last = self.records.get(keep).map_or(u64::MAX, |record| record.input_seq - 1);
        self.records.retain(|record| record.input_seq <= last);
        let last = self.records.last().map_or(0, |record| record.input_seq);
        self.inputs.retain(|(stamp, _)| stamp.input_seq <= last);
        self.next_input = last + 1;
        self.kill_for_ms(0);
    }

    /// Time passes at the venue while the process is away, in whole steps of 50 ms.
    fn sleep(&mut self, ms: i64) {
        let end = self.now.0 + ms * 1_000;
        while self.now.0 < end {
            self.now = Micros(self.now.0 + 50_000);
            self.venue.pass(self.now);
        }
    }

    /// The process is held up (the disk, a debugger, sleep): nothing is looked at, then it is told so.
    pub fn stall_ms(&mut self, ms: i64, kind: GapKind) {
        self.sleep(ms);
        self.input(Input::Clock(ClockReport::Gap { gap_ms: ms, kind }));
        self.input(Input::Timer);
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
        // Prices stand in the journal where they were looked at, not where they came in.
        let journaled = match input {
            Input::Market { .. } => Input::Market { events: Vec::new() },
            other => other,
        };
        self.inputs.push((stamp, journaled));
        self.records.extend(records.clone());
        for record in &records {
            if let Some(command) = record.decision.command().filter(|_| !self.muted) {
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
            Command::Cancel { client_order_id, order_id, .. } => {
                let report = self.venue.cancel(client_order_id.as_ref(), order_id.as_ref());
                self.reply(report);
            }
            Command::Lookup { client_order_id } => {
                let report = self.venue.lookup(client_order_id, self.now);
                self.reply(report);
            }
            Command::ReadTruth(request) => {
                let truth = self.venue.truth(request, self.now);
                if self.now >= self.venue.reads_hang_until {
                    self.send(Input::Truth(truth));
                }
            }
            Command::ReadWitness(request) => {
                let witness = self.venue.witness(request, self.now);
                self.send(Input::Witness(witness));
            }
            Command::ReadInstruments { underlying } => {
                let listed = listed().into_iter().filter(|option| &option.underlying == underlying).collect();
                self.send(Input::Instruments(InstrumentsRead {
                    underlying: underlying.clone(),
                    outcome: InstrumentsOutcome::Known { listed },
                }));
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
            for report in self.venue.pass(self.now) {
                self.reply(report);
            }
            if self.restricted_until.is_some_and(|until| until <= self.now) {
                self.restricted_until = None;
                self.restrict(Restrictions::default());
            }
            while let Some(((_, _), input)) = self.due() {
                self.input(input);
            }
            if self.publishes && self.now.0 % 500_000 == 0 {
                let events = self.venue.publish(self.now);
                self.input(Input::Market { events });
            }
            if self.now.0 % 100_000 == 0 {
                self.input(Input::Timer);
            }
        }
    }

    /// From now on this is how the venue trades, and the stream says so.
    pub fn restrict(&mut self, restrictions: Restrictions) {
        self.venue.restrictions = restrictions.clone();
        self.input(Input::Restrictions(restrictions));
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
        panic!("{what} did not happen in {seconds} s; latest last: {:#?}", self.tail(25));
    }

    /// The latest sentences.
    pub fn tail(&self, count: usize) -> Vec<String> {
        let told = self.records.iter().filter(|record| record.decision.level() >= Level::Info);
        let told: Vec<_> = told
            .map(|record| {
                let ms = (record.at.0 - START.0) / 1_000;
                format!("{ms:>7} {} · {}", record.decision.name(), record.decision.message())
            })
            .collect();
        told[told.len().saturating_sub(count)..].to_vec()
    }

    pub fn operate(&mut self, action: OperatorAction) -> Vec<DecisionRecord> {
        let correlation_id = CorrelationId::from_bits(0xC11C_0000 + u128::from(self.next_input));
        self.input(Input::Operator(OperatorRequest { who: "admin".to_owned(), correlation_id, action }))
    }

    pub fn start(&mut self, configuration: Configuration) -> SessionId {
        self.start_expecting(configuration, Vec::new())
    }

    pub fn start_expecting(
        &mut self,
        configuration: Configuration,
        expected: Vec<model::Symbol>,
    ) -> SessionId {
        self.sessions += 1;
        let session_id = SessionId(format!("s-test{:06}", self.sessions));
        self.operate(OperatorAction::Start {
            session_id: session_id.clone(),
            configuration: Box::new(configuration),
            execution_mode: ExecutionMode::Simulated,
            expected,
        });
        if self.engine.state().session(&session_id).is_some() {
            self.latest = Some(session_id.clone());
        }
        session_id
    }

    pub fn panic(&mut self, session_id: Option<SessionId>) -> Vec<DecisionRecord> {
        let panic_id = PanicId(format!("p-test{:06}", self.next_input));
        self.operate(OperatorAction::Panic { session_id, panic_id })
    }

    pub fn acknowledge(&mut self) -> Vec<DecisionRecord> {
        self.operate(OperatorAction::Acknowledge { reason: "looked at it".to_owned() })
    }

    pub fn state(&self) -> &TradingState {
        self.engine.state()
    }

    /// The session that was started last.
    pub fn session(&self) -> &Session {
        self.of(self.latest.as_ref().expect("a session was started"))
    }

    pub fn of(&self, id: &SessionId) -> &Session {
        self.state().session(id).expect("the session is known")
    }

    pub fn lifecycle(&self) -> Lifecycle {
        self.session().lifecycle
    }

    /// Whether the account's latch is verified flat.
    pub fn is_account_flat(&self) -> bool {
        self.state().account.latch.as_ref().is_some_and(|latch| latch.verified_flat_at.is_some())
    }

    /// Starts and waits until both legs are sold.
    pub fn start_and_enter(&mut self, configuration: Configuration) -> SessionId {
        let id = self.start(configuration);
        self.run_until("entry", 8, |world| world.session().entry().completed_at.is_some());
        id
    }

    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.records.iter().map(|record| &record.decision)
    }

    /// Whether a judge failed, on a session or on the account.
    pub fn has_failed_judge(&self) -> bool {
        self.decisions().any(|decision| {
            matches!(
                decision,
                Decision::Session(SessionDecision::Quarantined { .. })
                    | Decision::Account(AccountDecision::JudgeFailed { .. })
            )
        })
    }

    /// Runs the journaled inputs through a fresh engine, with the prices that each step looked at, and expects the
    /// same records byte for byte.
    pub fn assert_replay(&self) {
        let mut replayed = Vec::new();
        let mut engine = Engine::new(TradingState::default(), 1);
        let mut seen = self.records.iter().filter_map(|record| match &record.decision {
            Decision::Market(MarketDecision::Seen { events, .. }) => Some((record.input_seq, events)),
            _ => None,
        });
        let mut next = seen.next();
        for (stamp, input) in &self.inputs {
            while let Some((_, events)) = next.filter(|(input_seq, _)| *input_seq == stamp.input_seq) {
                engine.take_in(events.clone());
                next = seen.next();
            }
            replayed.extend(engine.step(stamp.clone(), input.clone()));
        }
        let text = |record: Option<&DecisionRecord>| serde_json::to_string(&record).expect("it serialises");
        for index in 0..replayed.len().max(self.records.len()) {
            let (replayed, recorded) = (text(replayed.get(index)), text(self.records.get(index)));
            assert_eq!(replayed, recorded, "a replay decides the same, decision {}", index + 1);
        }
    }
}
