//! A judge of the account that fails: no known one does, so one that does is asked here.

use model::Decision;
use model::record::DecisionRecord;
use telemetry::{CorrelationId, Event as _, Level};

use super::*;

fn stamp(skew_ms: i64) -> Stamp {
    Stamp {
        at: model::Micros(1_790_000_000_000_000 + skew_ms),
        boot_id: "boot".to_owned(),
        input_seq: 1,
        correlation_id: CorrelationId::from_bits(7),
        previous_step_us: None,
    }
}

fn folded(state: &mut TradingState, decision: Decision) -> DecisionRecord {
    let record = DecisionRecord {
        boot_id: "boot".to_owned(),
        seq: 1,
        input_seq: 1,
        at: stamp(0).at,
        correlation_id: CorrelationId::from_bits(7),
        session_id: None,
        strategy_id: None,
        configuration: None,
        execution_mode: None,
        decision,
    };
    state.apply(&record);
    record
}

#[test]
fn a_judge_of_the_account_that_fails_is_told_once_and_not_asked_again_until_the_next_start() {
    let mut state = TradingState::default();
    let poor = Judge::Account("poor", |_, _| panic!("a mistake of the program"));
    let said = hear(&poor, &state, &stamp(0));
    assert_eq!(said.len(), 1, "{said:?}");
    let told = folded(&mut state, said[0].decision.clone());
    assert_eq!((told.decision.name(), told.decision.level()), ("engine.judge_failed", Level::Error));
    let line = told.log_record("1.0.0");
    assert_eq!((line.payload["judge"].as_str(), line.correlation_id.is_some()), (Some("poor"), true));
    assert!(line.message.contains("poor") && line.message.contains("not asked any more"), "{}", line.message);

    assert!(hear(&poor, &state, &stamp(1)).is_empty(), "it would fail again");
    let day = Judge::Account("day", day::judge);
    assert!(!hear(&day, &state, &stamp(1)).is_empty(), "the others are asked");
    folded(&mut state, Decision::Account(AccountDecision::Booted { boot_id: "next".to_owned() }));
    assert_eq!(hear(&poor, &state, &stamp(2)).len(), 1, "another process may have another version of it");
}

#[test]
fn no_clock_is_too_far_off_to_be_judged_or_told() {
    for report in [
        model::input::ClockReport::Stepped { skew_ms: i64::MIN },
        model::input::ClockReport::Venue { offset_ms: i64::MIN },
    ] {
        let mut state = TradingState::default();
        for said in clock::report(&state.clone(), &stamp(0), report) {
            assert!(folded(&mut state, said.decision).log_record("1.0.0").message.contains("behind"));
        }
        let said = clock::judge(&state, &stamp(0));
        assert!(!said.is_empty(), "{report:?}");
        assert!(said[0].decision.message().contains("9,223,372,036,854,775,808"), "{:?}", said[0]);
    }
}
