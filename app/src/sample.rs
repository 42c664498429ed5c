//! A session view with nothing in it, for unit tests.

use model::view::{GateView, PnlView, SessionView};
use model::{ExecutionMode, Exposure, Intent, Lifecycle, Micros, SessionId, Underlying};

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
