//! Views with nothing in them, for unit tests.

use model::instrument::OptionKind;
use model::order::Side;
use model::view::{FillView, GateView, LegView, PnlView, SessionView};
use model::{
    Decimal, ExecutionMode, Exposure, FillId, Intent, Lifecycle, Micros, SessionId, Symbol, Underlying,
};

pub fn session(id: &str) -> SessionView {
    SessionView {
        session_id: SessionId::new(id),
        strategy_id: "short_strangle".to_owned(),
        configuration: "quick-strangle".to_owned(),
        configuration_hash: String::new(),
        execution_mode: ExecutionMode::Simulated,
        underlying: Underlying::new("BTC"),
        expiry: None,
        lots_per_leg: 200,
        intent: Intent::Run,
        lifecycle: Lifecycle::Running,
        lifecycle_since: Micros(0),
        exposure: Exposure::Flat,
        exposure_read_at: None,
        health: vec![],
        drain: false,
        started_at: Micros(0),
        started_by: String::new(),
        ended_at: None,
        correlation_id: String::new(),
        legs: vec![],
        orders: vec![],
        fills: vec![],
        pnl: PnlView::default(),
        rules: vec![],
        rules_at: None,
        gate: GateView::default(),
        exit_reason: None,
        exit: None,
        closing: None,
        needs_operator: None,
        foreign: Default::default(),
        foreign_orders: vec![],
    }
}

/// A call without any price.
pub fn leg(qty: i64) -> LegView {
    LegView {
        symbol: Symbol::new("C-BTC-48000-070122"),
        kind: OptionKind::Call,
        strike: Decimal::from(48_000),
        expiry: Micros(0),
        qty,
        average_price: Some(Decimal::from(620)),
        bid: None,
        ask: None,
        quote_at: None,
        mark: None,
        mark_at: None,
        mark_source: None,
        delta: None,
        fresh: true,
        executable: None,
        at_mark: None,
    }
}

pub fn fill() -> FillView {
    FillView {
        fill_id: FillId::new("1"),
        client_order_id: None,
        symbol: Symbol::new("C-BTC-48000-070122"),
        side: Side::Sell,
        qty: 200,
        price: Decimal::from(620),
        fee: Decimal::ONE,
        time: Micros(0),
        settlement: false,
    }
}
