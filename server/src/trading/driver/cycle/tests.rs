//! Cycles of the recorded session: what is told of them, when, and at which level.

use model::market::MarketSource;
use telemetry::Event as _;

use super::*;

/// Every turn of the recorded session that led to a decision, in order, with what is said of it.
fn told(change: impl Fn(&mut DecisionRecord)) -> Vec<Said> {
    told_at(true, change)
}

fn told_at(debug: bool, change: impl Fn(&mut DecisionRecord)) -> Vec<Said> {
    let text = include_str!("../../../../tests/recorded/session-format-2.ndjson");
    let (mut state, mut cycles, mut said) = (TradingState::default(), Cycles::default(), Vec::new());
    let mut turn: Vec<Arc<DecisionRecord>> = Vec::new();
    for line in text.lines() {
        match serde_json::from_str::<DecisionRecord>(line) {
            Ok(mut record) => {
                change(&mut record);
                state.apply(&record);
                turn.push(Arc::new(record));
            }
            Err(_an_input) => {
                let decisions = std::mem::take(&mut turn);
                let started_at = decisions.first().map(|record| record.at).unwrap_or_default();
                said.push(cycles.on(&Turn {
                    started_at,
                    latency_us: 84,
                    state: &state,
                    debug,
                    decisions: &decisions,
                }));
            }
        }
    }
    said
}

fn cycles(said: &[Said]) -> Vec<&(CycleCompleted, Context)> {
    said.iter().flat_map(|said| &said.cycles).collect()
}

#[test]
fn a_cycle_says_its_own_time_and_what_it_came_to() {
    let said = told(|_| {});
    let cycles = cycles(&said);
    assert!(cycles.len() >= 10, "one a second: {}", cycles.len());
    for (cycle, context) in &cycles {
        assert!(context.session_id.is_some() && context.strategy_id.is_some(), "{context:?}");
        assert!(context.configuration.is_some() && context.execution_mode.is_some(), "{context:?}");
        let payload = cycle.payload();
        assert_eq!(payload["latency_us"], 84);
        let at = |key: &str| Micros::parse_rfc3339(payload[key].as_str().unwrap()).unwrap();
        assert_eq!(at("ended_at").0 - at("started_at").0, 84, "its own beginning and end");
        for key in ["outcome", "notional", "at_mark", "thresholds", "legs", "cycles", "sampled"] {
            assert!(payload.contains_key(key), "{key} in {payload:?}");
        }
    }
    let open = cycles.iter().find(|(cycle, _)| cycle.legs.len() == 2).expect("both legs are on");
    let payload = open.0.payload();
    assert_eq!(payload["legs"][0]["quote_source"], "stream");
    assert!(payload["thresholds"].as_array().unwrap().iter().any(|rule| rule["threshold"].is_string()));
}

#[test]
fn at_info_when_the_outcome_changes_and_once_a_minute() {
    let said = told(|_| {});
    let cycles = cycles(&said);
    let mut before = None;
    for (cycle, _) in &cycles {
        let changed = before != Some(cycle.outcome);
        // The session lasts less than a minute.
        assert_eq!(cycle.level == Level::Info, changed, "{} after {before:?}", cycle.outcome);
        before = Some(cycle.outcome);
    }
    let last = cycles.last().expect("a cycle");
    assert_eq!((last.0.outcome, last.0.reason.is_some()), ("exit_decided", true));
    assert!(cycles.iter().any(|(cycle, _)| cycle.outcome == "held" && cycle.level == Level::Debug));
    assert!(cycles.iter().any(|(cycle, _)| cycle.turns > 1), "what was not told is counted");
}

/// The rate on the record is of what was told, also where nothing is told at debug.
#[test]
fn what_nobody_hears_of_is_counted_with_the_next_that_is_told() {
    let turns = |debug| cycles(&told_at(debug, |_| {})).iter().map(|(cycle, _)| cycle.turns).sum::<u64>();
    assert!(cycles(&told_at(false, |_| {})).iter().all(|(cycle, _)| cycle.level == Level::Info));
    assert_eq!(turns(false), turns(true), "the last one is told at info");
}

#[test]
fn a_steady_outcome_is_told_at_info_once_a_minute() {
    // A minute passes between any two evaluations.
    let mut minutes = 0;
    let text = include_str!("../../../../tests/recorded/session-format-2.ndjson");
    let records = text.lines().filter_map(|line| serde_json::from_str::<DecisionRecord>(line).ok());
    let (mut state, mut cycles) = (TradingState::default(), Cycles::default());
    for record in records {
        state.apply(&record);
        let held = matches!(record.decision, Decision::Rules(RulesDecision::Evaluated { .. }));
        minutes += i64::from(held);
        let started_at = Micros(record.at.0 + minutes * INFO_EVERY);
        let decisions = &[Arc::new(record)];
        let said = cycles.on(&Turn { started_at, latency_us: 1, state: &state, decisions, debug: true });
        assert!(said.cycles.iter().all(|(cycle, _)| cycle.level == Level::Info));
    }
    assert!(minutes >= 10);
}

#[test]
fn a_leg_that_falls_back_is_told_and_told_when_it_returns() {
    let count = std::cell::Cell::new(0);
    let said = told(|record| {
        if let Decision::Rules(RulesDecision::Evaluated { worth, .. }) = &mut record.decision
            && worth.legs.len() == 2
        {
            count.set(count.get() + 1);
            match count.get() {
                3 | 4 => worth.legs[0].quote_source = Some(MarketSource::RestFallback),
                5 => worth.legs[0].mark_age_ms = Some(60_000),
                _ => {}
            }
        }
    });
    let legs: Vec<_> = said.iter().flat_map(|said| &said.legs).collect();
    let told: Vec<_> =
        legs.iter().map(|(leg, _)| (leg.name(), leg.level(), leg.now.quote, leg.now.mark)).collect();
    assert_eq!(
        told,
        [
            ("market.leg_fallback_entered", Level::Warn, "rest_fallback", "stream"),
            ("market.leg_fallback_entered", Level::Warn, "stream", "last_known"),
            ("market.leg_fallback_left", Level::Info, "stream", "stream"),
        ]
    );
    let (leg, context) = legs[0];
    assert!(context.session_id.is_some() && context.execution_mode.is_some());
    let payload = leg.payload();
    for (key, value) in
        [("quote_source", "rest_fallback"), ("quote_source_before", "stream"), ("mark_source", "stream")]
    {
        assert_eq!(payload[key], value);
    }
    assert_eq!(payload["symbol"], leg.leg.symbol.as_str());
}
