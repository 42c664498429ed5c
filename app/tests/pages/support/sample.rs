//! Sample states of a server: nothing runs; one session, which is the worked example of the trailing floor one
//! tick above it; two at once; a panic of all; an operator needed; records and a trace.

use app::port::{LogPage, SessionPaint, Trace};
use model::instrument::OptionKind;
use model::view::{
    ClosingLegView, ClosingView, ForeignOrderView, LatchView, MilestoneView, PreviewLegView, PreviewView,
    SessionChip, SessionView, SpotView, StripView,
};
use model::{
    ExecutionMode, ExitReason, Exposure, Health, Intent, Lifecycle, OrderId, PanicId, Symbol, Underlying,
};

use super::SamplePort;
use super::records::{histogram, records};
pub use super::sessions::{BTC, ETH, TRACE, at, dec};
use super::sessions::{btc, eth, why};

/// No session has ever run.
pub fn idle() -> SamplePort {
    SamplePort { strip: strip(&[]), ..SamplePort::default() }
}

/// The market answers what a start would mean.
pub fn offering() -> SamplePort {
    let leg = PreviewLegView {
        symbol: Symbol::new("C-BTC-48000-070122"),
        kind: OptionKind::Call,
        strike: dec("48000"),
        qty: -200,
        bid: Some(dec("31")),
        ask: Some(dec("33")),
        mark: Some(dec("32")),
        delta: None,
        volatility: None,
        depth_at_bid: Some(240),
        quote_at: Some(at("12:00:00")),
    };
    let preview = PreviewView {
        legs: vec![leg],
        expiry: None,
        credit: Some(dec("6.2")),
        cost_to_leave: None,
        fees: None,
        margin: None,
        wallet_balance: None,
        breakeven: None,
        warnings: vec!["Thin book.".to_owned()],
        as_of: at("12:00:00"),
    };
    SamplePort { preview: Some(preview), ..idle() }
}

pub fn running() -> SamplePort {
    of(vec![btc()])
}

/// BTC and ETH at once.
pub fn two() -> SamplePort {
    of(vec![eth(), btc()])
}

fn of(sessions: Vec<SessionView>) -> SamplePort {
    SamplePort {
        strip: strip(&sessions),
        sessions: SessionPaint { sessions, why: why(), ..SessionPaint::default() },
        logs: LogPage { records: records(), next_cursor: Some("older".to_owned()) },
        histogram: histogram(),
        trace: Trace { correlation_id: TRACE.to_owned(), records: records().into_iter().rev().collect() },
        ..SamplePort::default()
    }
}

/// The account holds what belongs to no session, and the BTC session sees a stranger in one of its instruments.
pub fn foreign() -> SamplePort {
    let mut port = two();
    port.strip.foreign =
        [(Symbol::new("C-BTC-50000-140122"), 50), (Symbol::new("P-ETH-3600-070122"), -30)].into();
    port.strip.foreign_open_orders = 1;
    port.strip.health = vec![Health::Unreconciled];
    let leg = Symbol::new("C-BTC-48000-070122");
    if let Some(session) = port.sessions.sessions.last_mut() {
        session.foreign = [(leg.clone(), 20)].into();
        session.foreign_orders = vec![ForeignOrderView {
            order_id: OrderId::new("88123"),
            symbol: leg,
            side: model::order::Side::Buy,
            qty: 10,
            limit_price: Some(dec("391")),
        }];
    }
    port
}

/// Nothing can be seen of the ETH session.
pub fn blind() -> SamplePort {
    let mut port = two();
    if let Some(session) = port.sessions.sessions.first_mut() {
        session.exposure = Exposure::Unknown;
        session.lifecycle = Lifecycle::Paused;
        session.health = vec![Health::VenueUnreachable];
        session.pnl.executable = None;
        session.pnl.mark = None;
        for leg in &mut session.legs {
            (leg.bid, leg.ask, leg.executable, leg.fresh) = (None, None, None, false);
        }
    }
    port.strip = strip(&port.sessions.sessions);
    port
}

/// The venue and the books of the BTC session differ.
pub fn needs_operator() -> SamplePort {
    let mut port = two();
    if let Some(session) = port.sessions.sessions.last_mut() {
        session.lifecycle = Lifecycle::NeedsOperator;
        session.needs_operator =
            Some("Our fills say −200 C-BTC-48000-070122, the venue says −180 C-BTC-48000-070122.".to_owned());
        session.foreign = [(Symbol::new("C-BTC-48000-070122"), 20)].into();
    }
    port.strip = strip(&port.sessions.sessions);
    port
}

/// A panic of all at work on both sessions and on what belongs to none.
pub fn panicking() -> SamplePort {
    let mut port = foreign();
    for session in &mut port.sessions.sessions {
        session.intent = Intent::Panic;
        session.lifecycle = Lifecycle::Panicking;
        session.exposure = Exposure::Closing;
        let legs: Vec<&str> = session.legs.iter().map(|leg| leg.symbol.as_str()).collect();
        session.closing = Some(closing(&[leg(legs[1], -200, Some(-80)), leg(legs[0], -200, Some(0))]));
    }
    let foreign = std::mem::take(&mut port.strip.foreign);
    port.strip = strip(&port.sessions.sessions);
    port.strip.latch = Some(LatchView {
        panic_id: PanicId::new("p-01j2k4"),
        since: at("20:30:07.412"),
        who: "admin".to_owned(),
        reason: ExitReason::Panic,
        correlation_id: TRACE.to_owned(),
        verified_flat_at: None,
    });
    let swept: Vec<ClosingLegView> = foreign
        .iter()
        .map(|(symbol, lots)| ClosingLegView { foreign: true, ..leg(symbol.as_str(), *lots, Some(*lots)) })
        .collect();
    port.strip.foreign = foreign;
    port.strip.sweep = Some(closing(&swept));
    port
}

/// The strip of these sessions: the worst of each truth.
fn strip(sessions: &[SessionView]) -> StripView {
    let spot = |underlying: &str, price: &str| SpotView {
        underlying: Underlying::new(underlying),
        price: dec(price),
        at: at("12:18:45"),
    };
    let worst = sessions.iter().max_by_key(|session| session.intent);
    StripView {
        venue: "simulator".to_owned(),
        market_note: Some("tape 2022-01-05 ×60".to_owned()),
        execution_mode: ExecutionMode::Simulated,
        sessions: sessions.iter().map(chip).collect(),
        session_id: sessions
            .first()
            .filter(|_| sessions.len() == 1)
            .map(|session| session.session_id.clone()),
        intent: worst.map(|session| session.intent),
        lifecycle: worst.map(|session| session.lifecycle),
        lifecycle_since: worst.map(|session| session.lifecycle_since),
        exposure: worst.map(|session| session.exposure),
        exposure_read_at: worst.and_then(|session| session.exposure_read_at),
        health: vec![],
        health_at: Some(at("12:18:45")),
        underlying: Some(Underlying::new("BTC")),
        spot: Some(dec("46209")),
        spot_at: Some(at("12:18:45")),
        spots: vec![spot("BTC", "46209"), spot("ETH", "3789.2")],
        prices_up: true,
        orders_up: true,
        ..StripView::default()
    }
}

fn chip(session: &SessionView) -> SessionChip {
    SessionChip {
        session_id: session.session_id.clone(),
        configuration: session.configuration.clone(),
        underlying: session.underlying.clone(),
        lifecycle: session.lifecycle,
        exposure: session.exposure,
        health: session.health.clone(),
        started_at: session.started_at,
        pnl: session.pnl.executable,
    }
}

fn leg(symbol: &str, was: i64, left: Option<i64>) -> ClosingLegView {
    let sentence = match left {
        Some(0) => "flat".to_owned(),
        Some(lots) => format!(
            "{} {} at market, reduce only, attempt 2",
            if lots < 0 { "buy" } else { "sell" },
            lots.abs()
        ),
        None => "not read yet".to_owned(),
    };
    ClosingLegView {
        symbol: Symbol::new(symbol),
        was,
        left,
        attempts: 2,
        average_price: Some(dec("1214")),
        foreign: false,
        sentence,
    }
}

fn closing(legs: &[ClosingLegView]) -> ClosingView {
    let step = |label: &str, done, note: &str| MilestoneView {
        label: label.to_owned(),
        done,
        note: note.to_owned(),
    };
    let flat = legs.iter().filter(|leg| leg.left == Some(0)).count();
    ClosingView {
        panic: true,
        panic_id: Some(PanicId::new("p-01j2k4")),
        started_at: at("20:30:07.412"),
        who: Some("admin".to_owned()),
        correlation_id: TRACE.to_owned(),
        milestones: vec![
            step("Accepted", true, "latch on disk"),
            step("Entries canceled", true, "0 working"),
            step("All legs flat", false, &format!("{flat} of {}", legs.len())),
            step("Verified flat", false, "0 of 2 reads, 0 own orders"),
        ],
        legs: legs.to_vec(),
        read_at: Some(at("20:30:08")),
        blocked: None,
        doubt: None,
        verified_flat_at: None,
    }
}
