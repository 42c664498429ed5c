//! Max profit and the trailing floor: data that they can trust, or they wait.

use model::configuration::TrailingRule;
use model::decision::RulesDecision;
use model::decision::rules::Lift;
use model::rules::{Measure, Rule, Verdict};
use model::{Configuration, Decimal};

use super::desk::{Desk, call, configuration, dec, put};

fn with_max_profit() -> Configuration {
    Configuration { max_profit: Some(dec("40")), ..configuration() }
}

#[test]
fn the_profit_is_held_against_its_limit() {
    // E = 240 − 0.2 × both asks: 1,000 for a profit of exactly 40.
    for (of_call, value, verdict, used, after_ms) in [
        ("620", "0", Verdict::Holds, 0, None),
        ("650", "-6", Verdict::Holds, 0, None),
        ("520", "20", Verdict::Holds, 50, None),
        ("440.5", "35.9", Verdict::Holds, 89, None),
        ("440", "36", Verdict::Near, 90, None),
        ("420.5", "39.9", Verdict::Near, 99, None),
        ("420", "40", Verdict::Confirming, 100, Some(200)),
        ("100", "104", Verdict::Confirming, 100, Some(200)),
    ] {
        let mut desk = Desk::sold(with_max_profit());
        desk.asks(of_call, "580");
        let reading = desk.reading(Rule::MaxProfit);
        assert_eq!(reading.value.map(|value| value.normalize()), Some(dec(value)), "{of_call}");
        assert_eq!((reading.verdict, reading.used_percent), (verdict, Some(used)), "{of_call}");
        assert_eq!(desk.fires_after_ms(Rule::MaxProfit, true), after_ms, "{of_call}");
    }
}

/// Two asks of a false feed, 200 ms apart, on a market that has not moved.
#[test]
fn a_profit_that_the_mark_does_not_carry_is_not_taken() {
    // A credit of 240: the mark may be behind by 2.4.
    for (mark_of_call, fires) in [("618", false), ("433", false), ("431", true), ("418", true)] {
        let mut desk = Desk::sold(with_max_profit());
        desk.market(call(), Some(dec("418")), Some(dec("420")), dec(mark_of_call));
        desk.market(put(), Some(dec("578")), Some(dec("580")), dec("580"));
        assert_eq!(desk.fires_after_ms(Rule::MaxProfit, true).is_some(), fires, "{mark_of_call}");
    }
}

fn trailing() -> TrailingRule {
    TrailingRule {
        activation: dec("60"),
        distance: dec("25"),
        step: dec("10"),
        minimum_lock: dec("30"),
        gap_override: dec("15"),
        confirmations: 2,
        confirmation_gap_ms: 200,
    }
}

fn with_both() -> Configuration {
    Configuration { trailing: Some(trailing()), max_profit: Some(dec("70")), ..configuration() }
}

/// Ways in which a market cannot be trusted, each on an E of 80.
type Spoil = fn(&mut Desk);

const UNTRUSTED: [(&str, Spoil); 5] = [
    ("stale", |desk| desk.wait_ms(6_001)),
    ("a silent connection", |desk| {
        desk.state.market_heard_at = Some(model::Micros(desk.now.0 - 3_001_000));
    }),
    ("wide", |desk| desk.market(call(), Some(dec("100")), Some(dec("220")), dec("218"))),
    ("no offer", |desk| desk.market(call(), Some(dec("218")), None, dec("218"))),
    ("beyond depth", |desk| {
        let market = desk.state.markets.get_mut(&call()).expect("its market");
        market.quote.as_mut().expect("a quote").ask.as_mut().expect("an ask").lots = 199;
    }),
];

#[test]
fn neither_profit_nor_floor_is_judged_on_data_that_cannot_be_trusted() {
    for (name, spoil) in UNTRUSTED {
        let mut desk = Desk::sold(with_both());
        desk.asks("220", "580");
        spoil(&mut desk);
        for rule in [Rule::MaxProfit, Rule::Trailing] {
            assert_eq!(desk.reading(rule).verdict, Verdict::Blocked, "{rule:?} {name}");
        }
        assert!(desk.evaluate().changes.is_empty(), "{name}: nothing arms");
    }
}

#[test]
fn data_that_cannot_be_trusted_freezes_a_count_and_clears_nothing() {
    let mut desk = Desk::sold(with_both());
    desk.asks("220", "580");
    assert!(!desk.fires(Rule::MaxProfit), "the first of two");
    desk.wait_ms(6_001);
    assert!(!desk.fires(Rule::MaxProfit));
    desk.keep_fresh();
    assert!(desk.fires(Rule::MaxProfit), "the count went on where it stood");
}

#[test]
fn a_floor_arms_follows_and_says_what_lifted_it() {
    let mut desk = Desk::sold(Configuration { max_profit: None, ..with_both() });
    let mut steps = Vec::new();
    // 62.4, 78.0, 74.0, 96.5 of the worked table.
    for of_call in ["308", "230", "250", "137.5"] {
        desk.asks(of_call, "580");
        steps.extend(desk.evaluate().changes);
        desk.wait_ms(250);
    }
    let lifts: Vec<_> = steps
        .iter()
        .map(|step| match step {
            RulesDecision::TrailingArmed { peak, floor, responsible, .. } => (*peak, *floor, *responsible),
            RulesDecision::FloorRaised { peak, floor, responsible, .. } => (*peak, *floor, *responsible),
            other => panic!("{other:?}"),
        })
        .map(|(peak, floor, lift)| (peak.normalize(), floor.normalize(), lift))
        .collect();
    assert_eq!(
        lifts,
        [
            (dec("62.4"), dec("30"), Lift::MinimumLock),
            (dec("78"), dec("50"), Lift::Step),
            (dec("96.5"), dec("70"), Lift::Step),
        ]
    );
    let trailing = desk.state.sessions[&desk.id].rules.trailing;
    assert_eq!((trailing.peak, trailing.floor), (Some(dec("96.50")), Some(dec("70"))));
}

#[test]
fn without_a_grid_the_distance_lifts_and_a_peak_within_a_step_is_only_a_peak() {
    let rule = TrailingRule { step: Decimal::ZERO, ..trailing() };
    let mut desk = Desk::sold(Configuration { trailing: Some(rule), ..configuration() });
    desk.asks("220", "580");
    let armed = desk.evaluate().changes;
    assert!(matches!(
        armed[..],
        [RulesDecision::TrailingArmed { floor, responsible: Lift::Distance, .. }] if floor == dec("55")
    ));
    let mut desk = Desk::sold(Configuration { trailing: Some(trailing()), ..configuration() });
    desk.asks("220", "580");
    desk.evaluate();
    desk.asks("218", "580");
    let raised = desk.evaluate().changes;
    assert!(matches!(raised[..], [RulesDecision::PeakRaised { peak, floor, .. }]
        if peak == dec("80.4") && floor == dec("50")));
}

#[test]
fn e_may_lead_the_mark_by_one_percent_of_the_credit_and_no_more() {
    // The credit is 240, E 80; M may be 77.6 at least: both marks 812.
    for (mark, arms) in [("232", true), ("232.1", false)] {
        let mut desk = Desk::sold(Configuration { max_profit: None, ..with_both() });
        desk.market(put(), Some(dec("578")), Some(dec("580")), dec("580"));
        desk.market(call(), Some(dec("218")), Some(dec("220")), dec(mark));
        desk.evaluate();
        assert_eq!(desk.state.sessions[&desk.id].rules.trailing.active, arms, "{mark}");
    }
}

#[test]
fn a_floor_is_near_in_the_last_tenth_above_it_and_fires_at_or_below_it() {
    // Armed at a peak of 80 with the floor on 50: the last tenth begins at 53.
    for (of_call, used, verdict, after_ms) in [
        ("220", 0, Verdict::Holds, None),
        ("295", 50, Verdict::Holds, None),
        ("354.5", 89, Verdict::Holds, None),
        ("355", 90, Verdict::Near, None),
        ("369.5", 99, Verdict::Near, None),
        ("370", 100, Verdict::Confirming, Some(200)),
        ("444.5", 100, Verdict::Confirming, Some(200)),
        // 50 − 15 at once.
        ("445", 100, Verdict::Fires, Some(0)),
    ] {
        let mut desk = Desk::sold(Configuration { max_profit: None, ..with_both() });
        desk.asks("220", "580");
        desk.evaluate();
        desk.asks(of_call, "580");
        let reading = desk.reading(Rule::Trailing);
        assert_eq!((reading.used_percent, reading.verdict), (Some(used), verdict), "{of_call}");
        assert!(matches!(reading.measure, Measure::Floor { needed: 2, .. }));
        assert_eq!(desk.fires_after_ms(Rule::Trailing, true), after_ms, "{of_call}");
    }
}

/// Catches: an exit that says "1 of 2 breaches", because the look that decides was not counted.
#[test]
fn a_reading_counts_the_look_that_it_is_of() {
    let read = |of_call: &str, looks: u32| {
        let mut desk = Desk::sold(Configuration { max_profit: None, ..with_both() });
        desk.asks("220", "580");
        desk.evaluate();
        let mut words = Vec::new();
        for _ in 0..looks {
            desk.asks(of_call, "580");
            words.push(model::reading_words::raw(&desk.reading(Rule::Trailing)));
            desk.wait_ms(200);
        }
        words
    };
    assert_eq!(read("300", 1), ["64.00 > 50.00 · 0 of 2 breaches"]);
    assert_eq!(read("371", 2), ["49.80 ≤ 50.00 · 1 of 2 breaches", "49.80 ≤ 50.00 · 2 of 2 breaches"]);
    assert_eq!(read("445", 1), ["35.00 ≤ 50.00 · at once"], "so far below that one look suffices");
}

#[test]
fn what_is_not_configured_is_off_and_what_is_not_open_not_armed() {
    let mut desk = Desk::sold(configuration());
    for rule in [Rule::MaxProfit, Rule::Trailing, Rule::LegStop, Rule::DayLoss, Rule::Signal] {
        assert_eq!(desk.reading(rule).verdict, Verdict::Off, "{rule:?}");
    }
    let mut desk = Desk::sold(with_both());
    desk.trade(call(), model::order::Side::Buy, 200, "620");
    desk.trade(put(), model::order::Side::Buy, 200, "580");
    for rule in [Rule::MaxProfit, Rule::Trailing] {
        assert_eq!(desk.reading(rule).verdict, Verdict::NotArmed, "{rule:?}");
    }
}

#[test]
fn a_floor_waits_with_not_armed_until_its_activation() {
    let mut desk = Desk::sold(with_both());
    desk.asks("320.5", "580");
    let reading = desk.reading(Rule::Trailing);
    assert_eq!((reading.verdict, reading.measure), (Verdict::NotArmed, Measure::Activation));
    assert_eq!(reading.value.map(|value| value.normalize()), Some(dec("59.9")));
    assert_eq!(reading.threshold, Some(dec("60")));
}
