//! Figures of decisions as the catalogue has them.

use super::*;
use crate::decision::OrderDecision;
use crate::decision::rules::Lift;
use crate::decision::{MarketDecision, RulesDecision};
use crate::input::{Link, LinkChange};
use crate::{Code, Decision, DecisionRecord, Money};

fn record(seq: u64, second: i64, decision: Decision) -> DecisionRecord {
    DecisionRecord {
        boot_id: "b".to_owned(),
        seq,
        input_seq: seq,
        at: Micros(second * 1_000_000),
        correlation_id: telemetry::CorrelationId::from_bits(1),
        session_id: Some(crate::SessionId::from("s-1")),
        strategy_id: None,
        configuration: None,
        execution_mode: None,
        decision,
    }
}

fn orders() -> impl Iterator<Item = OrderDecision> {
    let wanted = ["order.submitted", "order.acknowledged", "order.partially_filled", "order.filled"];
    crate::catalogue::samples().into_iter().filter_map(move |decision| match decision {
        Decision::Order(decision) if wanted.contains(&telemetry::Event::name(&decision)) => Some(decision),
        _ => None,
    })
}

#[test]
fn the_life_of_an_order_is_kept_with_its_times() {
    let (mut watch, mut span) = (Watch::default(), Span::minute_of(Micros(0)));
    for (seq, decision) in orders().enumerate() {
        watch.note(&record(seq as u64, seq as i64, Decision::Order(decision)), &mut span);
    }
    assert_eq!((span.orders.submitted, span.orders.filled), (2, 1));
    let [life] = span.lives.as_slice() else { panic!("{:?}", span.lives) };
    assert_eq!((life.acknowledged_ms, life.first_fill_ms), (Some(46), Some(180)));
    assert_eq!((life.filled_qty, life.end.as_str(), life.side.as_str()), (200, "filled", "sell"));
    let kpis = kpis([&span].into_iter(), Micros(0), Micros(MINUTE));
    assert_eq!((kpis.orders.done.count, kpis.orders.done.most_us), (1, Some(412_000)));
    assert_eq!(kpis.orders.timelines.len(), 1);
}

#[test]
fn streams_count_the_time_that_they_were_up() {
    let link = |up| {
        let code = Code::from("data_arrives");
        Decision::Market(MarketDecision::LinkChanged(LinkChange { link: Link::Prices, up, code }))
    };
    let (mut watch, mut span) = (Watch::default(), Span::minute_of(Micros(0)));
    watch.note(&record(1, 0, link(true)), &mut span);
    watch.note(&record(2, 30, link(false)), &mut span);
    watch.note(&record(3, 33, link(true)), &mut span);
    watch.count(Micros(60_000_000), &mut span);
    let kpis = kpis([&span].into_iter(), Micros(0), Micros(MINUTE));
    let [prices] = kpis.streams.as_slice() else { panic!("{:?}", kpis.streams) };
    assert_eq!((prices.up_ms, prices.watched_ms, prices.losses), (57_000, 60_000, 1));
    assert_eq!(prices.up_ppm, Some(950_000));
}

#[test]
fn a_stream_that_never_comes_is_down_since_the_process_began() {
    let booted = Decision::Account(crate::decision::AccountDecision::Booted { boot_id: "b".to_owned() });
    let (mut watch, mut span) = (Watch::default(), Span::minute_of(Micros(0)));
    watch.note(&record(1, 12, booted), &mut span);
    watch.count(Micros(60_000_000), &mut span);
    let kpis = kpis([&span].into_iter(), Micros(0), Micros(MINUTE));
    let shares: Vec<_> =
        kpis.streams.iter().map(|share| (share.up_ppm, share.watched_ms, share.losses)).collect();
    assert_eq!(shares, [(Some(0), 48_000, 0), (Some(0), 48_000, 0)]);
}

#[test]
fn gaps_of_an_instrument_add_up_over_spans() {
    let mut spans = [0, MINUTE].map(|at| Span::minute_of(Micros(at)));
    for (span, gap_ms) in [(0, 410), (0, 2_311), (1, 77)] {
        spans[span].gaps.entry("C".to_owned()).or_default().note(gap_ms);
    }
    let kpis = kpis(spans.iter(), Micros(0), Micros(2 * MINUTE));
    let [gaps] = kpis.gaps.as_slice() else { panic!("{:?}", kpis.gaps) };
    assert_eq!((gaps.gaps.count, gaps.gaps.total_ms, gaps.gaps.longest_ms), (3, 2_798, 2_311));
}

#[test]
fn spans_add_up_and_only_those_within_count() {
    let armed = Decision::Rules(RulesDecision::TrailingArmed {
        executable: Money::ONE,
        activation: Money::ONE,
        peak: Money::ONE,
        floor: Money::ZERO,
        responsible: Lift::Step,
    });
    let mut watch = Watch::default();
    let spans: Vec<Span> = (0..5)
        .map(|minute| {
            let mut span = Span::minute_of(Micros(minute * MINUTE));
            watch.note(&record(minute as u64, minute * 60, armed.clone()), &mut span);
            span.calls.entry("GET /v2/orders".to_owned()).or_default().note("ok", Some(5_000));
            span.calls.entry("GET /v2/orders".to_owned()).or_default().note("lost", None);
            span
        })
        .collect();
    let kpis = kpis(spans.iter(), Micros(MINUTE), Micros(4 * MINUTE));
    assert_eq!((kpis.trailing.armed, kpis.known_from), (3, Some(Micros(0))));
    let [calls] = kpis.venue.as_slice() else { panic!("{:?}", kpis.venue) };
    assert_eq!((calls.calls, calls.failed, calls.latency.count), (6, 3, 3));
    let text = serde_json::to_string(&spans[1]).expect("JSON");
    assert_eq!(serde_json::from_str::<Span>(&text).expect("a span"), spans[1]);
}
