//! Engine and simulated exchange in virtual time, joined without a socket: a venue client in small.

#[path = "convert.rs"]
mod convert;

use std::collections::BTreeMap;

use convert::{fill, instrument, open_order, snapshot, to_venue};
use engine::Engine;
use model::input::{
    AccountPosition, ExecutionReport, InstrumentsOutcome, InstrumentsRead, OperatorAction, OperatorRequest,
    Truth, TruthKnown, TruthOutcome,
};
use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::record::DecisionRecord;
use model::witness::{Trade, Witness, WitnessRequest};
use model::{
    Code, Command, Configuration, ExecutionMode, Input, Lifecycle, Micros, ProductId, Session, SessionId,
    Stamp, Symbol, TradingState, TruthRequest, Underlying,
};
use simulator::event::{BookView, PriceLevel, TickerRow, TopOfBook};
use simulator::{Channel, Exchange, OrderKey, Setup, Source, Tape, TapeEnd, VenueEvent};
use telemetry::CorrelationId;

pub const SECOND: i64 = 1_000_000;
/// Wall time at which the tape begins: 2026-11-24 09:00:00 UTC, three hours before a daily expiry.
const BEGIN: i64 = 1_795_510_800 * SECOND;

pub struct World {
    pub now: Micros,
    pub exchange: Exchange,
    pub engine: Engine,
    /// What the journal keeps: inputs that led to a decision, without prices.
    pub inputs: Vec<(Stamp, Input)>,
    /// Every input as it was heard.
    pub heard: Vec<(Stamp, Input)>,
    pub records: Vec<DecisionRecord>,
    /// What the engine watches, where somebody else subscribes it.
    pub watched: Option<Vec<Symbol>>,
    wire: BTreeMap<(Micros, u64), Input>,
    next_input: u64,
    next_wire: u64,
    sessions: u64,
}

impl World {
    /// A venue that plays the tape of 2022-01-05 at `speed`, and an engine that has just booted.
    pub fn new(speed: u32, seed: u64) -> Self {
        let source = Source::Tape(Tape::embedded().expect("the embedded tape"), TapeEnd::Mirror);
        let mut exchange = Exchange::new(Setup { speed, ..Setup::new(seed, source, BEGIN) });
        exchange.watch(Channel::Spot, ".DEXBTUSD");
        let mut world = World {
            now: Micros(BEGIN),
            exchange,
            engine: Engine::new(TradingState::default(), 1),
            inputs: Vec::new(),
            heard: Vec::new(),
            records: Vec::new(),
            watched: None,
            wire: BTreeMap::new(),
            next_input: 1,
            next_wire: 0,
            sessions: 0,
        };
        world.input(Input::Booted);
        world
    }

    pub fn input(&mut self, input: Input) {
        let stamp = Stamp {
            at: self.now,
            boot_id: "tape".to_owned(),
            input_seq: self.next_input,
            correlation_id: CorrelationId::from_bits(u128::from(self.next_input)),
            previous_step_us: None,
        };
        let kept = match &input {
            Input::Market { .. } => Input::Market { events: Vec::new() },
            other => other.clone(),
        };
        self.heard.push((stamp.clone(), input.clone()));
        let records = self.engine.step(stamp.clone(), input);
        if records.is_empty() {
            return;
        }
        self.next_input += 1;
        self.inputs.push((stamp, kept));
        for record in records {
            if let Some(command) = record.decision.command() {
                self.carry_out(&command);
            }
            self.records.push(record);
        }
    }

    fn carry_out(&mut self, command: &Command) {
        let now = self.now.0;
        match command {
            Command::Place(request) => {
                let reply = self.exchange.place(now, &to_venue(request));
                let id = request.client_order_id.clone();
                let report = match reply {
                    Ok(order) => ExecutionReport::Order(snapshot(&order)),
                    Err(reject) => {
                        let detail = Some(reject.to_string());
                        ExecutionReport::Rejected {
                            client_order_id: id,
                            code: Code::from(reject.code()),
                            detail,
                        }
                    }
                };
                self.send(Input::Execution(report));
            }
            Command::Cancel { client_order_id: None, .. } => {}
            Command::Cancel { client_order_id: Some(client_order_id), order_id, .. } => {
                let key = OrderKey::ClientOrderId(client_order_id.0.clone());
                let report = match self.exchange.cancel(now, &key) {
                    Ok(order) => ExecutionReport::Order(snapshot(&order)),
                    Err(reject) => ExecutionReport::CancelFailed {
                        client_order_id: Some(client_order_id.clone()),
                        order_id: order_id.clone(),
                        code: Code::from(reject.code()),
                    },
                };
                self.send(Input::Execution(report));
            }
            Command::Lookup { client_order_id } => {
                let report = self.exchange.order_by_client_id(now, client_order_id.as_str()).map_or_else(
                    || ExecutionReport::NotFound { client_order_id: client_order_id.clone() },
                    |order| ExecutionReport::Order(snapshot(&order)),
                );
                self.send(Input::Execution(report));
            }
            Command::ReadTruth(request) => self.read_truth(request),
            Command::ReadWitness(request) => {
                let witness = self.witness(request);
                self.send(Input::Witness(witness));
            }
            Command::ReadInstruments { underlying } => {
                let products = self.exchange.products(now);
                let options = products.iter().filter_map(instrument);
                let listed = options.filter(|option| &option.underlying == underlying).collect();
                let outcome = InstrumentsOutcome::Known { listed };
                self.send(Input::Instruments(InstrumentsRead { underlying: underlying.clone(), outcome }));
            }
            Command::Watch { symbols } if self.watched.is_some() => {
                self.watched = Some(symbols.to_vec());
            }
            Command::Watch { symbols } => {
                for symbol in symbols {
                    for channel in [Channel::Ticker, Channel::TopOfBook, Channel::Depth] {
                        self.exchange.watch(channel, symbol.as_str());
                    }
                }
            }
        }
    }

    fn read_truth(&mut self, request: &TruthRequest) {
        let now = self.now.0;
        let held = self.exchange.positions(now);
        let lots = |id: ProductId| {
            held.iter()
                .find(|position| position.product_id as u64 == id.0)
                .map_or(0, |position| position.size)
        };
        let positions = request.products.iter().map(|(id, symbol)| (symbol.clone(), lots(*id))).collect();
        let account = held.iter().filter(|position| position.size != 0).map(|position| AccountPosition {
            product_id: ProductId(position.product_id as u64),
            symbol: Symbol::new(position.symbol.clone()),
            lots: position.size,
        });
        let known = TruthKnown {
            positions,
            open_orders: Some(self.exchange.open_orders(now).iter().map(open_order).collect()),
            fills: request.fills_since.map(|_| self.exchange.fills(now).iter().map(fill).collect()),
            wallet_balance: request.wallet.then(|| self.exchange.wallet(now).balance),
            account: request.account.then(|| account.collect()),
            failures: Vec::new(),
        };
        let outcome = TruthOutcome::Known(Box::new(known));
        self.send(Input::Truth(Truth { request: request.request, requested_at: self.now, outcome }));
    }

    fn witness(&mut self, request: &WitnessRequest) -> Witness {
        let now = self.now.0;
        let fills = self.exchange.fills(now);
        let trade = |row: &simulator::account::Fill| {
            let fill = fill(row);
            Trade {
                product_id: ProductId(row.product_id as u64),
                lots: fill.signed_lots(),
                settlement: fill.settlement,
                symbol: fill.symbol,
            }
        };
        Witness {
            request: request.request,
            requested_at: self.now,
            // The venue's list begins with the newest.
            trades: Some(fills.iter().rev().map(trade).collect()),
            margin: Some(self.exchange.wallet(now).position_margin),
            elsewhere: Some(0),
            failures: Vec::new(),
        }
    }

    /// Answers take four milliseconds.
    fn send(&mut self, input: Input) {
        self.next_wire += 1;
        self.wire.insert((Micros(self.now.0 + 4_000), self.next_wire), input);
    }

    /// Ten milliseconds at a time: the market moves, wires deliver, a timer ticks each 100 ms.
    pub fn run_ms(&mut self, ms: i64) {
        let end = self.now.0 + ms * 1_000;
        while self.now.0 < end {
            for event in self.advance() {
                for input in translate(event, self.now) {
                    self.input(input);
                }
            }
            self.deliver();
        }
    }

    /// The market moves for ten milliseconds; what the venue says of that.
    pub fn advance(&mut self) -> Vec<VenueEvent> {
        self.now = Micros(self.now.0 + 10_000);
        self.exchange.advance(self.now.0)
    }

    /// Answers arrive, and the timer ticks.
    pub fn deliver(&mut self) {
        while let Some(key) = self.wire.keys().next().copied().filter(|key| key.0 <= self.now) {
            if let Some(input) = self.wire.remove(&key) {
                self.input(input);
            }
        }
        if self.now.0 % 100_000 == 0 {
            self.input(Input::Timer);
        }
    }

    pub fn start(&mut self, configuration: &Configuration) -> SessionId {
        self.sessions += 1;
        let session_id = SessionId(format!("s-tape{:06}", self.sessions));
        let action = OperatorAction::Start {
            session_id: session_id.clone(),
            configuration: Box::new(configuration.clone()),
            execution_mode: ExecutionMode::Simulated,
            expected: Vec::new(),
        };
        let correlation_id = CorrelationId::from_bits(0xC11C_0000_0000 + u128::from(self.sessions));
        self.input(Input::Operator(OperatorRequest { who: "admin".to_owned(), correlation_id, action }));
        session_id
    }

    pub fn session(&self) -> &Session {
        self.engine.state().latest_session().expect("a session")
    }

    pub fn is_stopped(&self) -> bool {
        self.session().lifecycle == Lifecycle::Stopped
    }
}

pub fn level(level: PriceLevel) -> Level {
    Level { price: level.0, lots: level.1 }
}

fn translate(event: VenueEvent, at: Micros) -> Vec<Input> {
    let source = MarketSource::Stream;
    let market = |event: MarketEvent| vec![Input::Market { events: vec![event] }];
    match event {
        VenueEvent::Ticker(row) => ticker(&row, at),
        VenueEvent::TopOfBook(TopOfBook { symbol, bid, ask, .. }) => market(MarketEvent::Quote(Quote {
            symbol: Symbol(symbol),
            bid: bid.map(level),
            ask: ask.map(level),
            source,
            at,
        })),
        VenueEvent::Depth(BookView { symbol, bids, asks, .. }) => market(MarketEvent::Depth(Depth {
            symbol: Symbol(symbol),
            bids: bids.into_iter().map(level).collect(),
            asks: asks.into_iter().map(level).collect(),
            source,
            at,
        })),
        VenueEvent::Spot { underlying, price, .. } => {
            let underlying = Underlying::new(underlying.symbol());
            market(MarketEvent::Spot(Spot { underlying, price, source, at }))
        }
        VenueEvent::Fill(filled) => vec![Input::Execution(ExecutionReport::Fill(fill(&filled)))],
        VenueEvent::Order(update) => vec![Input::Execution(ExecutionReport::Order(snapshot(&update.order)))],
        VenueEvent::Mark { .. }
        | VenueEvent::Position(_)
        | VenueEvent::Wallet(_)
        | VenueEvent::Settled { .. }
        | VenueEvent::Updates(_)
        | VenueEvent::Trade { .. }
        | VenueEvent::Funding { .. }
        | VenueEvent::Status { .. }
        | VenueEvent::System { .. }
        | VenueEvent::Note(_) => Vec::new(),
    }
}

fn ticker(row: &TickerRow, at: Micros) -> Vec<Input> {
    let mark = Mark {
        symbol: Symbol::new(row.product.symbol.clone()),
        price: row.mark,
        band: Some(row.band),
        delta: None,
        volatility: None,
        source: MarketSource::Stream,
        at,
    };
    vec![Input::Market { events: vec![MarketEvent::Mark(mark)] }]
}
