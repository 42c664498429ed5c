//! A strangle on a market that a table sets: 200 lots of 0.001 BTC a leg, the call sold for 620, the put for 580, no
//! fees. E is 240 − 0.2 × both asks; M is 240 − 0.2 × both marks.

use model::decision::{AccountDecision, EntryDecision, MarketDecision, OrderDecision, SessionDecision};
use model::fill::Fill;
use model::instrument::{Instrument, OptionKind};
use model::market::{Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::order::Side;
use model::record::DecisionRecord;
use model::rules::{Rule, RuleReading};
use model::session::{Leg, Summary};
use model::{
    Configuration, Decimal, Decision, ExecutionMode, FillId, Lots, Micros, Money, OrderId, ProductId,
    SessionId, Symbol, TradingState, Underlying,
};

use crate::rules::{Evaluation, evaluate};

pub const MS: i64 = 1_000;

pub fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

pub fn call() -> Symbol {
    Symbol::from("C-BTC-48000-070122")
}

pub fn put() -> Symbol {
    Symbol::from("P-BTC-44000-070122")
}

/// Max loss 60 and nothing else.
pub fn configuration() -> Configuration {
    Configuration {
        max_loss: dec("60"),
        max_profit: None,
        trailing: None,
        leg_stop_multiple: None,
        day_loss_limit: None,
        holding_minutes_max: None,
        ..model::preset::preset("quick-strangle").expect("a preset").configuration
    }
}

fn instrument(kind: OptionKind, symbol: Symbol) -> Instrument {
    Instrument {
        product_id: ProductId(if kind == OptionKind::Call { 1 } else { 2 }),
        symbol,
        underlying: Underlying::from("BTC"),
        kind,
        strike: dec("48000"),
        expiry: Micros(10 * 86_400_000_000),
        tick: dec("0.1"),
        contract_value: dec("0.001"),
        commission_rate: Decimal::ZERO,
        commission_cap: Decimal::ZERO,
        fee_tax: model::instrument::FEE_TAX,
        maintenance_margin: dec("0.005"),
        initial_margin: dec("0.01"),
    }
}

/// What is known, and the time.
pub struct Desk {
    pub state: TradingState,
    pub id: SessionId,
    pub now: Micros,
}

impl Desk {
    pub fn sold(configuration: Configuration) -> Self {
        let id = SessionId::from("s-table");
        let mut desk = Self { state: TradingState::default(), id: id.clone(), now: Micros(86_400_000_000) };
        desk.apply(Decision::Account(AccountDecision::Booted { boot_id: "b".to_owned() }));
        desk.sell(id, configuration);
        desk.asks("620", "580");
        desk
    }

    /// Another session beside it, which sold the same in instruments of its own.
    pub fn beside(&mut self, name: &str) -> SessionId {
        let (this, other) = (self.id.clone(), SessionId::from(name));
        self.sell(other.clone(), configuration());
        self.id = this;
        other
    }

    fn sell(&mut self, id: SessionId, configuration: Configuration) {
        self.id = id.clone();
        self.apply(Decision::Session(SessionDecision::Starting {
            session_id: id,
            configuration: Box::new(configuration),
            execution_mode: ExecutionMode::Simulated,
            who: "admin".to_owned(),
            expected: Vec::new(),
        }));
        let leg = |kind, symbol| Leg { instrument: instrument(kind, symbol), lots: 200, plan_bid: None };
        self.apply(Decision::Entry(EntryDecision::StrikesChosen {
            legs: vec![leg(OptionKind::Call, call()), leg(OptionKind::Put, put())],
            spot: dec("46000"),
            expiry: Micros(0),
            listed: 2,
        }));
        self.trade(call(), Side::Sell, 200, "620");
        self.trade(put(), Side::Sell, 200, "580");
        self.apply(Decision::Entry(EntryDecision::Completed {
            credit: dec("240"),
            plan_credit: None,
            elapsed_ms: 50,
        }));
    }

    pub fn apply(&mut self, decision: Decision) {
        self.state.apply(&DecisionRecord {
            boot_id: "b".to_owned(),
            seq: 1,
            input_seq: 1,
            at: self.now,
            correlation_id: telemetry::CorrelationId::from_bits(1),
            session_id: Some(self.id.clone()),
            strategy_id: None,
            configuration: None,
            execution_mode: None,
            decision,
        });
    }

    pub fn trade(&mut self, symbol: Symbol, side: Side, lots: Lots, price: &str) {
        let number = self.state.sessions[&self.id].fills.len();
        self.apply(Decision::Order(OrderDecision::FillBooked(Fill {
            id: FillId(format!("{}{number}", self.id)),
            order_id: OrderId::from("1"),
            client_order_id: None,
            symbol,
            side,
            lots,
            price: dec(price),
            fee: Some(Money::ZERO),
            fee_estimated: false,
            settlement: false,
            at: self.now,
        })));
    }

    /// A summary of a session that ended today with this result.
    pub fn realize(&mut self, result: &str) {
        self.apply(Decision::Session(SessionDecision::Summarised(Box::new(Summary {
            credit: Money::ZERO,
            cost_to_close: None,
            gross: None,
            fees: Money::ZERO,
            net: None,
            assumed: dec(result),
            slippage: None,
            max_favourable: None,
            max_adverse: None,
            without_price: Default::default(),
            held_ms: 0,
            seconds_by_lifecycle: Default::default(),
        }))));
    }

    /// Tight books with these asks, marks two below them, all as of now.
    pub fn asks(&mut self, of_call: &str, of_put: &str) {
        let two = Decimal::TWO;
        self.market(call(), Some(dec(of_call) - two), Some(dec(of_call)), dec(of_call) - two);
        self.market(put(), Some(dec(of_put) - two), Some(dec(of_put)), dec(of_put) - two);
    }

    pub fn market(&mut self, symbol: Symbol, bid: Option<Decimal>, ask: Option<Decimal>, mark: Decimal) {
        let (at, source) = (self.now, MarketSource::Stream);
        let level = |price: Option<Decimal>| price.map(|price| Level { price, lots: 1_000 });
        let quote = Quote { symbol: symbol.clone(), bid: level(bid), ask: level(ask), source, at };
        let mark = Mark { symbol, price: mark, band: None, delta: None, volatility: None, source, at };
        let spot = Spot { underlying: Underlying::from("BTC"), price: dec("46000"), source, at };
        let events = vec![MarketEvent::Quote(quote), MarketEvent::Mark(mark), MarketEvent::Spot(spot)];
        self.apply(Decision::Market(MarketDecision::Seen { events, heard_at: at }));
    }

    pub fn wait_ms(&mut self, ms: i64) {
        self.now = Micros(self.now.0 + ms * MS);
    }

    /// One evaluation of now; what it must remember is folded, as the engine does.
    pub fn evaluate(&mut self) -> Evaluation {
        let evaluation = evaluate(&self.state, &self.state.sessions[&self.id], self.now);
        for change in &evaluation.changes {
            self.apply(Decision::Rules(change.clone()));
        }
        evaluation
    }

    pub fn fires(&mut self, rule: Rule) -> bool {
        self.evaluate().fires.contains(&rule)
    }

    pub fn reading(&mut self, rule: Rule) -> RuleReading {
        let readings = self.evaluate().readings;
        readings.into_iter().find(|reading| reading.rule == rule).expect("every rule is read")
    }

    /// Milliseconds of 50 each until the rule fires, at most two seconds; the market is as it was set, and fresh if
    /// `fresh`.
    pub fn fires_after_ms(&mut self, rule: Rule, fresh: bool) -> Option<i64> {
        for ms in (0..=2_000).step_by(50) {
            if self.fires(rule) {
                return Some(ms);
            }
            self.wait_ms(50);
            if fresh {
                self.keep_fresh();
            }
        }
        None
    }

    /// Everything that is known of the market is said again.
    pub fn keep_fresh(&mut self) {
        for symbol in [call(), put()] {
            let Some(known) = self.state.market(&symbol) else { continue };
            let (bid, ask) = (known.bid().map(|level| level.price), known.ask().map(|level| level.price));
            let mark = known.mark_price();
            if let Some(mark) = mark {
                self.market(symbol, bid, ask, mark);
            }
        }
    }
}
