//! Engine and simulated exchange in virtual time, joined without a socket: a venue client in small.

use std::collections::BTreeMap;

use engine::Engine;
use model::fill::Fill;
use model::input::{
    AccountPosition, ExecutionReport, InstrumentsOutcome, InstrumentsRead, OpenOrder, OperatorAction,
    OperatorRequest, Truth, TruthKnown, TruthOutcome,
};
use model::instrument::{Instrument, OptionKind};
use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::order::{OrderSnapshot, OrderStatus, Side, TimeInForce};
use model::record::DecisionRecord;
use model::witness::{Trade, Witness, WitnessRequest};
use model::{
    ClientOrderId, Code, Command, Configuration, Decimal, ExecutionMode, FillId, Input, Lifecycle, Micros,
    OrderId, ProductId, Session, SessionId, Stamp, Symbol, TradingState, TruthRequest, Underlying,
};
use simulator::chain::Contract;
use simulator::event::{BookView, PriceLevel, TickerRow, TopOfBook};
use simulator::order::{OrderState, OrderType};
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
            self.now = Micros(self.now.0 + 10_000);
            for event in self.exchange.advance(self.now.0) {
                for input in translate(event, self.now) {
                    self.input(input);
                }
            }
            while let Some(key) = self.wire.keys().next().copied().filter(|key| key.0 <= self.now) {
                if let Some(input) = self.wire.remove(&key) {
                    self.input(input);
                }
            }
            if self.now.0 % 100_000 == 0 {
                self.input(Input::Timer);
            }
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

fn to_venue(request: &model::order::OrderRequest) -> simulator::OrderRequest {
    simulator::OrderRequest {
        product_id: request.product_id.0 as i64,
        side: match request.side {
            Side::Buy => simulator::book::Side::Buy,
            Side::Sell => simulator::book::Side::Sell,
        },
        size: request.lots,
        order_type: if request.limit.is_some() { OrderType::Limit } else { OrderType::Market },
        limit_price: request.limit,
        time_in_force: match request.time_in_force {
            TimeInForce::Gtc => simulator::order::TimeInForce::Gtc,
            TimeInForce::Ioc => simulator::order::TimeInForce::Ioc,
        },
        post_only: false,
        reduce_only: request.reduce_only,
        client_order_id: Some(request.client_order_id.0.clone()),
        ..simulator::OrderRequest::market(request.product_id.0 as i64, simulator::book::Side::Buy, 1)
    }
}

fn snapshot(order: &simulator::order::Order) -> OrderSnapshot {
    let status = match (order.state, order.filled()) {
        (OrderState::Open | OrderState::Pending, 0) => OrderStatus::New,
        (OrderState::Open | OrderState::Pending, _) => OrderStatus::PartiallyFilled,
        (OrderState::Closed, _) => OrderStatus::Filled,
        (OrderState::Cancelled, _) => OrderStatus::Canceled,
    };
    OrderSnapshot {
        client_order_id: ClientOrderId(order.client_order_id.clone().unwrap_or_default()),
        order_id: OrderId(order.id.to_string()),
        status,
        filled_lots: order.filled(),
        average_price: order.average_fill_price(),
        reason: None,
    }
}

fn open_order(order: &simulator::order::Order) -> OpenOrder {
    OpenOrder {
        client_order_id: order.client_order_id.clone().map(ClientOrderId),
        order_id: OrderId(order.id.to_string()),
        product_id: ProductId(order.product_id as u64),
        symbol: Symbol::new(order.symbol.clone()),
        side: match order.side {
            simulator::book::Side::Buy => Side::Buy,
            simulator::book::Side::Sell => Side::Sell,
        },
        limit: Some(order.limit_price()),
        leaves_lots: order.unfilled,
        reduce_only: order.reduce_only,
    }
}

fn fill(fill: &simulator::account::Fill) -> Fill {
    Fill {
        id: FillId(fill.id.clone()),
        order_id: OrderId(fill.order_id.clone()),
        client_order_id: fill.client_order_id.clone().map(ClientOrderId),
        symbol: Symbol::new(fill.symbol.clone()),
        side: match fill.side {
            simulator::book::Side::Buy => Side::Buy,
            simulator::book::Side::Sell => Side::Sell,
        },
        lots: fill.size,
        price: fill.price,
        fee: Some(fill.fee),
        fee_estimated: false,
        settlement: fill.kind == simulator::account::FillKind::Settlement,
        at: Micros(fill.created_us),
    }
}

fn instrument(product: &simulator::chain::Product) -> Option<Instrument> {
    let Contract::Option { right, strike, expiry_s } = product.contract else { return None };
    Some(Instrument {
        product_id: ProductId(product.id as u64),
        symbol: Symbol::new(product.symbol.clone()),
        underlying: Underlying::new(product.underlying.symbol()),
        kind: if right == simulator::pricing::Right::Call { OptionKind::Call } else { OptionKind::Put },
        strike: Decimal::from(strike),
        expiry: Micros(expiry_s * SECOND),
        tick: product.tick_size(),
        contract_value: product.contract_value(),
        commission_rate: Decimal::new(1, 4),
        commission_cap: Decimal::new(35, 3),
        fee_tax: model::instrument::FEE_TAX,
        maintenance_margin: Decimal::new(5, 3),
        initial_margin: Decimal::new(1, 2),
    })
}

fn level(level: PriceLevel) -> Level {
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
