//! What the files hold: every field of a record, and what each engine knows.

use telemetry::{ErrorDetail, Level, LogRecord, Micros, Source};

use super::*;

fn text() -> Option<String> {
    Some("x".to_owned())
}

/// Every field set; a new one does not compile until it stands here.
fn full() -> LogRecord {
    LogRecord {
        timestamp: Micros(1),
        level: Level::Error,
        service: "deltascope".into(),
        version: "1".into(),
        source: Source::Frontend,
        event: "ui.panic".into(),
        message: "x".to_owned(),
        strategy_id: text(),
        session_id: text(),
        configuration: text(),
        execution_mode: text(),
        correlation_id: text(),
        payload: serde_json::Map::new(),
        boot_id: "b".to_owned(),
        seq: 1,
        event_id: "b-1".to_owned(),
        latency_us: Some(1),
        gap_ms: Some(1),
        status_code: Some(1),
        order_id: text(),
        client_order_id: text(),
        symbol: text(),
        side: text(),
        price: text(),
        qty: text(),
        reason: text(),
        outcome: text(),
        stream: text(),
        endpoint: text(),
        error: Some(ErrorDetail { kind: text(), message: text(), stack_trace: text() }),
        caused_by: text(),
        sample_rate: Some(0.5),
        decision_seq: Some(1),
        count: Some(1),
        client_session_id: text(),
        tab_id: text(),
        record_no: Some(1),
        build_id: text(),
        route: text(),
        user_id: text(),
        auth: text(),
        session_bound: Some(true),
        client_timestamp: Some(Micros(1)),
        received_at: Some(Micros(1)),
        skew_ms: Some(1),
        ts_clamped: Some(true),
        truncated: Some(true),
        provenance: text(),
        target: text(),
        callsite: text(),
        span_id: text(),
        fingerprint: text(),
        batch_size: Some(1),
        batch: Some(telemetry::BatchBooks::default()),
    }
}

#[test]
fn every_field_of_a_record_is_mapped() {
    let mapped = mapped();
    let document = telemetry::index_document(&full());
    let unmapped: Vec<&String> = document.keys().filter(|key| !mapped.contains_key(*key)).collect();
    assert!(unmapped.is_empty(), "{unmapped:?}");
    for part in ["type", "message", "stack_trace"] {
        assert!(mapped["error"]["properties"][part].is_object(), "{part}");
    }
}

#[test]
fn every_file_is_json() {
    for text in [SETTINGS, MAPPINGS, TEMPLATE, POLICY, STATES] {
        assert!(file(text).is_object(), "{text}");
    }
}

fn of<'a>(assets: &'a [Asset], kind: &str, name: &str) -> &'a Value {
    &assets.iter().find(|asset| asset.kind == kind && asset.name == name).unwrap().body
}

const RETENTION: Retention = Retention { hot_days: 7, delete_days: 90 };

#[test]
fn the_days_of_the_settings_stand_in_both_lifecycles() {
    let elastic = Engine { lifecycle: Lifecycle::Policies, has_log_mode: true, ..Engine::default() };
    let assets = for_engine(&elastic, RETENTION);
    assert_eq!(assets[0].kind, "lifecycle", "templates name it, so it comes first");
    let phases = &of(&assets, "lifecycle", NAME)["policy"]["phases"];
    assert_eq!((&phases["cold"]["min_age"], &phases["delete"]["min_age"]), (&json!("7d"), &json!("90d")));
    let named = of(&assets, "component template", "deltascope-logs@settings");
    assert_eq!(named["template"]["settings"]["index"]["lifecycle"]["name"], NAME);

    let open = Engine { open_search: true, lifecycle: Lifecycle::States, ..Engine::default() };
    let assets = for_engine(&open, RETENTION);
    let states = &of(&assets, "lifecycle", NAME)["policy"]["states"];
    let age = |n: usize| &states[n]["transitions"][0]["conditions"]["min_rollover_age"];
    assert_eq!((age(0), age(1)), (&json!("7d"), &json!("90d")));
}

#[test]
fn an_engine_is_given_only_what_it_knows() {
    let open = Engine { open_search: true, ..Engine::default() };
    let text = serde_json::to_string(
        &for_engine(&open, RETENTION).iter().map(|asset| asset.body.clone()).collect::<Vec<_>>(),
    )
    .unwrap();
    for unknown in
        ["logsdb", "flattened", "data_stream_options", "lifecycle", "ignore_missing", "@custom", "sort"]
    {
        assert!(!text.contains(unknown), "{unknown}");
    }
    let serverless = Engine { has_log_mode: true, lifecycle: Lifecycle::Retention, ..Engine::default() };
    let assets = for_engine(&serverless, RETENTION);
    let template = of(&assets, "index template", NAME);
    assert_eq!(template["template"]["lifecycle"]["data_retention"], "90d");
    assert!(assets.iter().all(|asset| asset.kind != "lifecycle"));
}
