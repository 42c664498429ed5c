//! Loss of the session, of the day, of a leg.

use model::rules::{Rule, Verdict};
use model::{Configuration, Decimal};

use super::desk::{Desk, call, configuration, dec, put};

#[test]
fn the_sessions_loss_is_held_against_its_limit() {
    // E = 240 − 0.2 × both asks: 1,500 for a loss of exactly 60.
    for (of_call, value, verdict, used) in [
        ("620", "0", Verdict::Holds, 0),
        ("770", "-30", Verdict::Holds, 50),
        ("889.5", "-53.9", Verdict::Holds, 89),
        ("890", "-54", Verdict::Near, 90),
        ("919.5", "-59.9", Verdict::Near, 99),
        ("920", "-60", Verdict::Confirming, 100),
        ("949.5", "-65.9", Verdict::Confirming, 100),
    ] {
        let mut desk = Desk::sold(configuration());
        desk.asks(of_call, "580");
        let reading = desk.reading(Rule::MaxLoss);
        assert_eq!(reading.value.map(|value| value.normalize()), Some(dec(value)), "{of_call}");
        assert_eq!((reading.verdict, reading.used_percent), (verdict, Some(used)), "{of_call}");
        assert_eq!(reading.threshold, Some(dec("-60")));
    }
}

#[test]
fn a_loss_is_confirmed_sooner_or_later_by_how_good_the_data_is() {
    // Asks of 920 and 580 are −60; 950 and 580 are −66, a tenth beyond, and then the mark decides.
    for (of_call, mark, bid, fresh, after_ms) in [
        ("920", "918", "918", true, Some(200)),
        ("949.9", "948", "948", true, Some(200)),
        ("950", "918", "948", true, Some(200)),
        ("950", "922", "948", true, Some(0)),
        ("950", "948", "948", false, Some(400)),
        ("919.9", "2000", "918", true, None),
        // A spread of 290 is above a quarter of mid: a second, however far.
        ("1100", "1000", "810", true, Some(1_000)),
        ("1100", "1000", "810", false, Some(1_000)),
        // A wide book and an E that holds: the mark alone breaches.
        ("919", "1000", "700", true, Some(1_000)),
    ] {
        let mut desk = Desk::sold(configuration());
        desk.market(put(), Some(dec("578")), Some(dec("580")), dec("580"));
        desk.market(call(), Some(dec(bid)), Some(dec(of_call)), dec(mark));
        if !fresh {
            desk.wait_ms(6_001);
        }
        let after = desk.fires_after_ms(Rule::MaxLoss, fresh);
        assert_eq!(after, after_ms, "ask {of_call}, mark {mark}, bid {bid}, fresh {fresh}");
    }
}

#[test]
fn a_breach_that_passes_begins_anew() {
    let mut desk = Desk::sold(configuration());
    desk.asks("920", "580");
    assert!(!desk.fires(Rule::MaxLoss));
    desk.wait_ms(150);
    desk.asks("919", "580");
    assert!(!desk.fires(Rule::MaxLoss));
    desk.wait_ms(100);
    desk.asks("920", "580");
    assert!(!desk.fires(Rule::MaxLoss), "250 ms after the first, and the first of a new count");
    desk.wait_ms(200);
    desk.keep_fresh();
    assert!(desk.fires(Rule::MaxLoss));
}

#[test]
fn half_as_much_again_is_far_beyond() {
    // A loss of 90: both asks 1,650.
    for (of_call, far) in [("1069.9", false), ("1070", true)] {
        let mut desk = Desk::sold(configuration());
        desk.asks(of_call, "580");
        assert_eq!(desk.evaluate().far_beyond_max_loss, far, "{of_call}");
    }
}

fn with_day_limit() -> Configuration {
    Configuration { day_loss_limit: Some(dec("100")), ..configuration() }
}

#[test]
fn the_day_counts_what_ended_what_is_open_and_what_others_would_lose() {
    // Realized today, the ask of the call (−0 at 620), and whether another session lost as much beside it.
    for (realized, of_call, beside, value, fires) in [
        ("0", "620", false, "0", false),
        ("-60", "770", false, "-90", false),
        ("-70", "770", false, "-100", true),
        ("-69.9", "770", false, "-99.9", false),
        ("20", "1170", false, "-90", false),
        ("-40", "770", true, "-100", true),
        ("-39.9", "770", true, "-99.9", false),
        ("-110", "420", false, "-70", false),
        ("-180", "420", true, "-100", true),
    ] {
        let mut desk = Desk::sold(with_day_limit());
        desk.realize(realized);
        if beside {
            desk.beside("s-other");
        }
        desk.asks(of_call, "580");
        let reading = desk.reading(Rule::DayLoss);
        assert_eq!(
            reading.value.map(|value| value.normalize()),
            Some(dec(value)),
            "{realized} {of_call} {beside}"
        );
        assert_eq!(
            desk.fires_after_ms(Rule::DayLoss, true).is_some(),
            fires,
            "{realized} {of_call} {beside}"
        );
    }
}

#[test]
fn the_day_of_yesterday_does_not_count() {
    let mut desk = Desk::sold(with_day_limit());
    desk.realize("-99");
    desk.wait_ms(86_400_000);
    desk.asks("620", "580");
    assert_eq!(desk.reading(Rule::DayLoss).value.map(|value| value.normalize()), Some(Decimal::ZERO));
}

#[test]
fn far_beyond_the_days_limit_fires_at_once_only_if_the_mark_says_so_too() {
    for (mark, after_ms) in [("868", Some(200)), ("872", Some(0))] {
        let mut desk = Desk::sold(with_day_limit());
        desk.realize("-50");
        desk.market(put(), Some(dec("578")), Some(dec("580")), dec("580"));
        // E is −60: −110 with the day, a tenth beyond; M is −50 at a mark of 870.
        desk.market(call(), Some(dec("918")), Some(dec("920")), dec(mark));
        assert_eq!(desk.fires_after_ms(Rule::DayLoss, true), after_ms, "{mark}");
    }
}

#[test]
fn a_session_whose_worth_is_not_known_counts_in_the_day_with_what_it_was_worth_last_if_that_was_a_loss() {
    use model::Decision;
    use model::decision::RulesDecision;
    for (of_call, counted) in [("770", "-30"), ("420", "0")] {
        let mut desk = Desk::sold(with_day_limit());
        let other = desk.beside("s-other");
        desk.asks(of_call, "580");
        // What loss rules looked at last is kept with the sampled evaluation.
        let worth = model::valuation::value(&desk.state, &desk.state.sessions[&other], desk.now);
        let this = std::mem::replace(&mut desk.id, other.clone());
        let evaluated = RulesDecision::Evaluated { worth: Box::new(worth), readings: Vec::new() };
        desk.apply(Decision::Rules(evaluated));
        desk.id = this;
        desk.state.sessions.get_mut(&other).expect("the other").rounds[0].legs.iter_mut().for_each(|leg| {
            leg.instrument.symbol =
                model::Symbol::from(leg.instrument.symbol.as_str().replace("BTC", "XRP").as_str());
        });
        rename_holdings(&mut desk, &other);
        desk.asks("620", "580");
        let value = desk.reading(Rule::DayLoss).value.map(|value| value.normalize());
        assert_eq!(value, Some(dec(counted)), "{of_call}");
    }
}

/// The other session holds instruments of which no market is known.
fn rename_holdings(desk: &mut Desk, other: &model::SessionId) {
    let session = desk.state.sessions.get(other).expect("the other");
    let text = serde_json::to_string(&session.ledger).expect("it serialises").replace("-BTC-", "-XRP-");
    let ledger = serde_json::from_str(&text).expect("it is a ledger");
    desk.state.sessions.get_mut(other).expect("the other").ledger = ledger;
}

fn with_leg_stop() -> Configuration {
    Configuration { leg_stop_multiple: Some(dec("1.5")), max_loss: dec("1000"), ..configuration() }
}

#[test]
fn a_leg_is_stopped_when_buying_it_back_costs_the_multiple() {
    // The call was sold for 620, the put for 580: 930 and 870.
    for (of_call, of_put, ratio, verdict) in [
        ("620", "580", "1", Verdict::Holds),
        ("930", "580", "1.5", Verdict::Confirming),
        ("929.9", "580", "1.4998", Verdict::Near),
        ("620", "870", "1.5", Verdict::Confirming),
        ("620", "782", "1.3483", Verdict::Holds),
        ("620", "783", "1.35", Verdict::Near),
        ("310", "290", "0.5", Verdict::Holds),
    ] {
        let mut desk = Desk::sold(with_leg_stop());
        desk.asks(of_call, of_put);
        let reading = desk.reading(Rule::LegStop);
        assert_eq!(reading.value.map(|value| value.normalize()), Some(dec(ratio)), "{of_call} {of_put}");
        assert_eq!(reading.verdict, verdict, "{of_call} {of_put}");
        let fires = verdict == Verdict::Confirming;
        assert_eq!(desk.fires_after_ms(Rule::LegStop, true), fires.then_some(200), "{of_call} {of_put}");
    }
}

#[test]
fn without_an_offer_the_mark_stands_for_it_and_a_leg_that_is_gone_does_not_count() {
    let mut desk = Desk::sold(with_leg_stop());
    desk.market(call(), Some(dec("618")), None, dec("930"));
    assert_eq!(desk.reading(Rule::LegStop).value, Some(dec("1.5")));
    desk.trade(call(), model::order::Side::Buy, 200, "930");
    assert_eq!(desk.reading(Rule::LegStop).value, Some(Decimal::ONE), "only the put is left");
    desk.trade(put(), model::order::Side::Buy, 200, "580");
    assert_eq!(desk.reading(Rule::LegStop).verdict, Verdict::NotArmed);
}

#[test]
fn a_partly_closed_leg_is_judged_by_the_average_of_what_is_left() {
    let mut desk = Desk::sold(with_leg_stop());
    desk.trade(call(), model::order::Side::Sell, 200, "380");
    // 400 sold at an average of 500: 750 is one and a half times that.
    desk.asks("750", "580");
    assert_eq!(desk.reading(Rule::LegStop).value, Some(dec("1.5")));
}

#[test]
fn loss_rules_wait_while_nothing_is_open_or_nothing_is_known() {
    let mut desk = Desk::sold(Configuration { day_loss_limit: Some(dec("100")), ..with_leg_stop() });
    desk.state.markets.clear();
    for rule in [Rule::MaxLoss, Rule::DayLoss, Rule::LegStop] {
        assert_eq!(desk.reading(rule).verdict, Verdict::Blocked, "{rule:?}");
    }
    desk.trade(call(), model::order::Side::Buy, 200, "620");
    desk.trade(put(), model::order::Side::Buy, 200, "580");
    for rule in [Rule::MaxLoss, Rule::DayLoss, Rule::LegStop] {
        assert_eq!(desk.reading(rule).verdict, Verdict::NotArmed, "{rule:?}");
    }
}
