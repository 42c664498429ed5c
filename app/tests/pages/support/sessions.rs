//! Two sample sessions: the worked example of the trailing floor on BTC, and one beside it on ETH.

use model::instrument::OptionKind;
use model::market::MarketSource;
use model::order::{OrderStatus, Purpose, Side};
use model::rules::{Rule, Verdict};
use model::view::{FillView, GateView, LegView, OrderView, PnlView, RuleView, SessionView, WhyView};
use model::{
    ClientOrderId, Decimal, ExecutionMode, Exposure, FillId, Intent, Lifecycle, Micros, SessionId, Symbol,
    Underlying,
};
use telemetry::Level;

pub const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub const BTC: &str = "s-01j2k4";
pub const ETH: &str = "s-01j2m9";

pub fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

pub fn at(time: &str) -> Micros {
    Micros::parse_rfc3339(&format!("2022-01-05T{time}Z")).expect("a time")
}

/// The same on ETH, started later and losing a little.
pub fn eth() -> SessionView {
    let mut session = SessionView {
        session_id: SessionId::new(ETH),
        configuration: "quick-strangle-eth".to_owned(),
        underlying: Underlying::new("ETH"),
        started_at: at("11:52:10"),
        ..btc()
    };
    session.legs = vec![
        leg(OptionKind::Call, "3900", "41.2", "44.1", "44.9", "44.5", "-0.31", "-0.74", "-0.66"),
        leg(OptionKind::Put, "3700", "38.6", "36.2", "37.0", "36.6", "0.27", "0.32", "0.40"),
    ];
    for leg in &mut session.legs {
        leg.symbol = Symbol(leg.symbol.0.replace("BTC", "ETH"));
    }
    for (order, symbol) in session.orders.iter_mut().zip(["C-ETH-3900-070122", "P-ETH-3700-070122"]) {
        order.symbol = Symbol::new(symbol);
        order.client_order_id = ClientOrderId(order.client_order_id.0.replace("k4", "m9"));
    }
    for fill in &mut session.fills {
        fill.symbol = Symbol::new(if fill.symbol.as_str().starts_with('C') {
            "C-ETH-3900-070122"
        } else {
            "P-ETH-3700-070122"
        });
    }
    session.pnl =
        PnlView { executable: Some(dec("-3.1")), mark: Some(dec("-2.9")), peak: None, floor: None, ..pnl() };
    session
}

pub fn btc() -> SessionView {
    SessionView {
        session_id: SessionId::new(BTC),
        strategy_id: "short_strangle".to_owned(),
        configuration: "weekly-strangle".to_owned(),
        configuration_hash: "9e41c2".to_owned(),
        execution_mode: ExecutionMode::Simulated,
        underlying: Underlying::new("BTC"),
        expiry: Some(Micros::parse_rfc3339("2022-01-07T12:00:00Z").expect("a time")),
        lots_per_leg: 200,
        intent: Intent::Run,
        lifecycle: Lifecycle::Running,
        lifecycle_since: at("11:30:02"),
        exposure: Exposure::Open,
        exposure_read_at: Some(at("12:18:44")),
        health: vec![],
        drain: false,
        started_at: at("11:30:02"),
        started_by: "admin".to_owned(),
        ended_at: None,
        correlation_id: TRACE.to_owned(),
        legs: vec![
            leg(OptionKind::Call, "48000", "620", "391", "398", "394.5", "-0.24", "44.4", "45.1"),
            leg(OptionKind::Put, "44500", "580", "399", "406", "402", "0.22", "34.8", "35.6"),
        ],
        orders: vec![
            order("C-BTC-48000-070122", "s01j2k4p138l01a01", "617", "620", "11:30:03.917"),
            order("P-BTC-44500-070122", "s01j2k4p139l02a01", "578", "580", "11:30:03.918"),
        ],
        fills: vec![
            fill("1", "C-BTC-48000-070122", 120, "620"),
            fill("2", "C-BTC-48000-070122", 80, "620"),
            fill("3", "P-BTC-44500-070122", 200, "580"),
        ],
        pnl: pnl(),
        rules: rules(),
        rules_at: Some(at("12:18:45")),
        gate: GateView {
            open: false,
            name: "position_open".to_owned(),
            sentence: "A position is already open (1 of 1).".to_owned(),
        },
        exit_reason: None,
        exit: None,
        closing: None,
        needs_operator: None,
        foreign: Default::default(),
        foreign_orders: vec![],
    }
}

#[allow(clippy::too_many_arguments)] // one row of a table
fn leg(
    kind: OptionKind,
    strike: &str,
    sold: &str,
    bid: &str,
    ask: &str,
    mark: &str,
    delta: &str,
    executable: &str,
    at_mark: &str,
) -> LegView {
    let letter = if kind == OptionKind::Call { "C" } else { "P" };
    LegView {
        symbol: Symbol(format!("{letter}-BTC-{strike}-070122")),
        kind,
        strike: dec(strike),
        expiry: at("12:00:00"),
        qty: -200,
        average_price: Some(dec(sold)),
        bid: Some(dec(bid)),
        ask: Some(dec(ask)),
        quote_at: Some(at("12:18:44")),
        mark: Some(dec(mark)),
        mark_at: Some(at("12:18:44")),
        mark_source: Some(MarketSource::Stream),
        delta: Some(dec(delta)),
        fresh: true,
        executable: Some(dec(executable)),
        at_mark: Some(dec(at_mark)),
    }
}

fn order(symbol: &str, id: &str, limit: &str, average: &str, time: &str) -> OrderView {
    OrderView {
        client_order_id: ClientOrderId::new(id),
        order_id: None,
        symbol: Symbol::new(symbol),
        side: Side::Sell,
        purpose: Purpose::Entry,
        qty: 200,
        filled_qty: 200,
        limit_price: Some(dec(limit)),
        average_price: Some(dec(average)),
        status: OrderStatus::Filled,
        reduce_only: false,
        attempt: 1,
        reason: None,
        submitted_at: at(time),
        acknowledged_at: Some(at("11:30:03.960")),
        updated_at: at("11:30:04.001"),
        correlation_id: TRACE.to_owned(),
    }
}

fn fill(id: &str, symbol: &str, qty: i64, price: &str) -> FillView {
    FillView {
        fill_id: FillId::new(id),
        client_order_id: None,
        symbol: Symbol::new(symbol),
        side: Side::Sell,
        qty,
        price: dec(price),
        fee: dec("1.0904"),
        time: at("11:30:03.990"),
        settlement: false,
    }
}

fn pnl() -> PnlView {
    PnlView {
        executable: Some(dec("71.2")),
        mark: Some(dec("76.5")),
        realized: None,
        fees: dec("4.2"),
        fees_to_pay: Some(dec("3.8")),
        credit: Some(dec("240")),
        buy_back: Some(dec("160.8")),
        peak: Some(dec("96.5")),
        floor: Some(dec("70")),
        max_loss: dec("120"),
        max_profit: Some(dec("180")),
        margin: Some(dec("412.6")),
        as_of: Some(at("12:18:44")),
    }
}

fn rules() -> Vec<RuleView> {
    let reading = |rule, verdict, raw: &str, left: &str, used_percent| RuleView {
        rule,
        verdict,
        value: None,
        threshold: None,
        raw: raw.to_owned(),
        left: left.to_owned(),
        used_percent,
    };
    vec![
        reading(Rule::Latch, Verdict::Holds, "clear", "", None),
        reading(Rule::Exposure, Verdict::Holds, "−200 / −200 = venue −200 / −200", "read 4 s ago", None),
        reading(Rule::MaxLoss, Verdict::Holds, "+71.20 > −120.00", "191.20 left", Some(4)),
        reading(Rule::LegStop, Verdict::Off, "", "", None),
        reading(Rule::Trailing, Verdict::Near, "71.20 > 70.00 · 0 of 2 breaches", "1.20 left", Some(95)),
        reading(Rule::MaxProfit, Verdict::Holds, "71.20 < 180.00", "108.80 left", Some(40)),
        reading(Rule::Time, Verdict::Holds, "15:00:00 UTC", "2 h 41 m left", Some(23)),
    ]
}

pub fn why() -> Vec<WhyView> {
    let line = |decision_seq, time: &str, event: &str, sentence: &str| WhyView {
        decision_seq,
        at: at(time),
        event: event.to_owned(),
        level: Level::Info,
        sentence: sentence.to_owned(),
        correlation_id: TRACE.to_owned(),
        session_id: Some(SessionId::new(BTC)),
    };
    vec![
        line(
            1,
            "11:30:02",
            "session.started",
            "Started. By admin from a browser; reconciled flat in 212 ms.",
        ),
        line(2, "11:30:04", "order.filled", "Call filled. 200 at 620.0 in 2 fills."),
        line(3, "11:51:40", "trailing.armed", "Trailing armed. 62.40 reached activation 60; floor 30."),
        line(4, "12:18:43", "exit.evaluated", "Held. 71.40 is above the floor 70.00 by 1.40."),
        line(5, "12:18:44", "exit.evaluated", "Held. 71.20 is above the floor 70.00 by 1.20."),
    ]
}
