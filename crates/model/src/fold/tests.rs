//! Folds that no judge looks at twice, each by itself: a mistake of one sign here would only show in a rare world
//! (docs/laws.md).

use std::collections::BTreeMap;

use telemetry::CorrelationId;

use crate::causes::FillFault;
use crate::closing::Closing;
use crate::decision::orders::OrderNews;
use crate::decision::{ClosingDecision, Decision, OrderDecision, RulesDecision, SessionDecision};
use crate::fill::Fill;
use crate::ids::{ClientOrderId, Code, FillId, OrderId, ProductId, SessionId, Symbol};
use crate::order::{OrderRequest, OrderSnapshot, OrderStatus, Purpose, Side, TimeInForce};
use crate::record::DecisionRecord;
use crate::state::TradingState;
use crate::valuation::Valuation;
use crate::words::ExecutionMode;
use crate::{Decimal, Lots, Micros};

const ID: &str = "s-fold000001";

fn call() -> Symbol {
    Symbol::from("C-BTC-47000-060122")
}

/// Folds one decision, at so many milliseconds, of the session or (`None`) of the account.
fn fold(state: &mut TradingState, ms: i64, session: Option<&str>, decision: Decision) {
    state.apply(&DecisionRecord {
        boot_id: "boot".to_owned(),
        seq: 1,
        input_seq: 1,
        at: Micros(ms * 1_000),
        correlation_id: CorrelationId::from_bits(1),
        session_id: session.map(SessionId::from),
        strategy_id: None,
        configuration: None,
        execution_mode: None,
        decision,
    });
}

/// A session that has begun.
fn begun() -> TradingState {
    let mut state = TradingState::default();
    let preset = crate::preset::preset("quick-strangle").expect("the default preset");
    let starting = SessionDecision::Starting {
        session_id: SessionId::from(ID),
        configuration: Box::new(preset.configuration.clone()),
        execution_mode: ExecutionMode::Simulated,
        who: "ada".to_owned(),
        expected: Vec::new(),
    };
    fold(&mut state, 0, Some(ID), Decision::Session(starting));
    state
}

fn order(id: &str) -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::from(id),
        product_id: ProductId(7),
        symbol: call(),
        side: Side::Buy,
        lots: 200,
        limit: None,
        time_in_force: TimeInForce::Ioc,
        reduce_only: true,
        purpose: Purpose::Close,
        leg: 0,
        attempt: 1,
    }
}

fn news(id: &str, status: OrderStatus, reason: Option<&str>) -> Box<OrderNews> {
    Box::new(OrderNews {
        symbol: call(),
        side: Side::Buy,
        lots: 200,
        purpose: Purpose::Close,
        attempt: 1,
        elapsed_ms: 1,
        snapshot: OrderSnapshot {
            client_order_id: ClientOrderId::from(id),
            order_id: OrderId::from("9"),
            status,
            filled_lots: 0,
            average_price: None,
            reason: reason.map(Code::from),
        },
    })
}

/// A sweep that has sent a market order.
fn swept() -> TradingState {
    let mut state = TradingState::default();
    let started = ClosingDecision::Started {
        id: "p-1".to_owned(),
        panic: true,
        panic_id: None,
        of_account: true,
        who: None,
        products: [(call(), Closing::new(ProductId(7), 0, -200))].into(),
    };
    fold(&mut state, 0, None, Decision::Closing(started));
    fold(&mut state, 10, None, Decision::Order(OrderDecision::Submitted(order("a"))));
    state
}

fn closing(state: &TradingState) -> &Closing {
    &state.account.sweep.as_ref().expect("a sweep").products[&call()]
}

/// Lines as the version before wrote them.
#[test]
fn a_journal_of_an_earlier_version_is_read() {
    use crate::decision::TruthDecision;
    use crate::state::Day;
    let refuted = r#"{"flat_refuted":{"venue":{"C":0},"own_open_orders":0}}"#;
    let refuted: ClosingDecision = serde_json::from_str(refuted).expect("a decision");
    assert!(matches!(refuted, ClosingDecision::FlatRefuted { why: None, .. }));
    let unknown = r#"{"unknown":{"request":13,"part":"positions","code":"http_503"}}"#;
    let unknown: TruthDecision = serde_json::from_str(unknown).expect("a decision");
    assert!(matches!(unknown, TruthDecision::Unknown { quiet: false, repeats: 0, .. }));
    let day: Day = serde_json::from_str(r#"{"number":20000,"realized":"-12"}"#).expect("a day");
    assert_eq!(day.made_on(20_000), Decimal::from(-12));
    let clock = r#"{"resumed_at":null,"skew_ms":0,"venue_offset_ms":-700}"#;
    let clock: crate::state::ClockState = serde_json::from_str(clock).expect("a clock");
    assert_eq!(clock.venue_moved_at, None);
}

#[test]
fn an_attempt_ends_with_its_order_and_not_with_its_acknowledgement() {
    let mut state = swept();
    let acknowledged = OrderDecision::Acknowledged(news("a", OrderStatus::New, None));
    fold(&mut state, 20, None, Decision::Order(acknowledged));
    assert_eq!(closing(&state).last.as_ref().expect("an attempt").ended_at, None);
    let canceled = OrderDecision::Canceled(news("a", OrderStatus::Canceled, None));
    fold(&mut state, 30, None, Decision::Order(canceled));
    assert_eq!(closing(&state).last.as_ref().expect("an attempt").ended_at, Some(Micros(30_000)));
}

#[test]
fn an_end_that_is_told_twice_counts_once() {
    let mut state = swept();
    for ms in [30, 40] {
        let canceled = OrderDecision::Canceled(news("a", OrderStatus::Canceled, Some("no_liquidity")));
        fold(&mut state, ms, None, Decision::Order(canceled));
    }
    let closing = closing(&state);
    assert_eq!(closing.dry, 1, "one market order found nothing");
    assert_eq!(closing.last.as_ref().expect("an attempt").ended_at, Some(Micros(30_000)));
}

fn refused(id: &str, lots: Lots, fault: FillFault) -> Decision {
    let fill = Fill {
        id: FillId::from(id),
        order_id: OrderId::from("77"),
        client_order_id: None,
        symbol: call(),
        side: Side::Sell,
        lots,
        price: Decimal::from(300),
        fee: None,
        fee_estimated: false,
        settlement: false,
        at: Micros(5_000),
    };
    Decision::Order(OrderDecision::FillRefused { fill, fault })
}

#[test]
fn a_strangers_fill_is_nobodys_claim_and_each_counts_once() {
    let mut state = begun();
    fold(&mut state, 5, Some(ID), refused("f1", 30, FillFault::Foreign));
    fold(&mut state, 6, Some(ID), refused("f2", 50, FillFault::Unclaimed));
    fold(&mut state, 7, Some(ID), refused("f2", 50, FillFault::Unclaimed));
    fold(&mut state, 8, Some(ID), refused("f3", 90, FillFault::Overfilled));
    let foreign = &state.sessions[&SessionId::from(ID)].foreign;
    assert_eq!(foreign.lots, BTreeMap::from([(call(), -80)]));
    assert_eq!(foreign.unclaimed, BTreeMap::from([(call(), -50)]));
}

fn recovering() -> SessionDecision {
    SessionDecision::Recovering { session_id: SessionId::from(ID), symbols: vec![call()], down_ms: 2_500 }
}

#[test]
fn a_floor_counts_as_restored_until_the_first_fresh_look_after_a_restart() {
    let mut state = begun();
    let id = SessionId::from(ID);
    state.sessions.get_mut(&id).expect("the session").rules.trailing.active = true;
    let recovering = recovering();
    fold(&mut state, 10_000, Some(ID), Decision::Session(recovering));
    assert!(state.sessions[&id].rules.trailing.restored);
    for (fresh, restored) in [(false, true), (true, false), (false, false)] {
        let worth = Valuation { fresh, ..Valuation::default() };
        let evaluated = RulesDecision::Evaluated { worth: Box::new(worth), readings: Vec::new() };
        fold(&mut state, 10_100, Some(ID), Decision::Rules(evaluated));
        assert_eq!(state.sessions[&id].rules.trailing.restored, restored, "fresh: {fresh}");
    }
}

#[test]
fn nobody_watched_from_the_last_decision_to_the_boot() {
    let mut state = begun();
    let recovering = recovering();
    fold(&mut state, 10_000, Some(ID), Decision::Session(recovering));
    let session = &state.sessions[&SessionId::from(ID)];
    assert_eq!(session.unwatched[0].from, Micros(7_500_000));
    assert_eq!(session.unwatched[0].until, Micros(10_000_000));
    let was_unwatched = |at| session.was_unwatched(Micros(at), 0, &state.clock);
    assert!(was_unwatched(7_500_000) && was_unwatched(10_000_000));
    assert!(!was_unwatched(7_499_999) && !was_unwatched(10_000_001));
}
