//! Laws of admission: what a server makes of a browser's batch. Each names the change that it must catch.

use proptest::prelude::*;
use serde_json::{Value, json};
use telemetry::{
    DropReason, Level, Micros, Source,
    ingest::{AdmitContext, AdmitError, Admitted, RejectCode, Tier, admit},
};

const BID: &str = "019ab5a4-2e3b-7c3d-8e4f-0123456789ab";
const NOW_MS: i64 = 1_764_000_000_000;

fn context() -> AdmitContext<'static> {
    AdmitContext {
        received_at: Micros::from_millis(NOW_MS),
        sent_at_ms: None,
        user_id: Some("u1"),
        session_bound: true,
        tier: Tier::Session,
        clock_offset_ms: None,
    }
}

fn batch(records: Value) -> Value {
    json!({ "v": 1, "bid": BID, "bseq": 3, "sid": "s1", "tid": "t1",
        "app": { "n": "web", "r": "1.4.2+ab12cd3", "b": "beef", "e": "prod" },
        "ctx": { "route": "/orders/:id?x=1", "vis": "visible", "vp": [1440, 900] },
        "t0": NOW_MS, "n0": 1, "drops": [{ "l": 9, "why": "rate", "c": 120, "f": -9000, "t": -10 }],
        "self": { "retry": 1 }, "recs": records })
}

fn run(batch: &Value, context: &AdmitContext<'_>) -> Result<Admitted, AdmitError> {
    admit(batch.to_string().as_bytes(), context)
}

fn error_of(batch: &Value) -> AdmitError {
    run(batch, &context()).expect_err("must be refused")
}

fn error_record() -> Value {
    json!({ "d": 12, "n": 501, "l": 17, "ev": "ui.order_refused", "ss": "ses_1", "g": "app::orders",
        "cs": "src/orders.rs:118", "m": "order rejected for jane@example.org", "k": "9f3c2a10",
        "tr": "4bf92f3577b34da6a3ce929d0e0e4736", "sp": "00f067aa0ba902b7",
        "f": { "status_code": 42, "A-b": { "c": { "d": 1 } }, "api_key": "hush", "long": "x".repeat(2_000) },
        "rep": { "c": 37, "f": 12, "l": 9012 }, "sr": 1,
        "ex": { "kind": "panic", "msg": "boom \u{1b}[31m", "loc": "src/a.rs:1:2",
                "st": [{ "fn": "run", "mod": "app", "ix": 812, "off": 651746 }, "plain line"] } })
}

#[test]
fn a_record_keeps_what_was_told() {
    let admitted = run(&batch(json!([error_record()])), &context()).unwrap();
    let record = &admitted.records[0];
    assert_eq!(record.event_id, format!("{BID}-0"));
    assert_eq!(
        (record.level, record.source, record.event.as_ref()),
        (Level::Error, Source::Frontend, "ui.order_refused")
    );
    assert!(record.message.starts_with("order rejected for [email:"), "{}", record.message);
    assert_eq!(record.session_id.as_deref(), Some("ses_1"));
    assert_eq!(record.correlation_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!((record.count, record.record_no, record.status_code), (Some(37), Some(501), Some(42)));
    assert_eq!(record.payload["a_b.c.d"], 1);
    assert_eq!(record.payload["api_key"], "***");
    assert_eq!(record.payload["repeat_span_ms"], 9_000);
    assert_eq!(record.payload["page.vp"], json!([1440, 900]));
    assert_eq!(record.truncated, Some(true), "the long field was cut");
    assert_eq!(record.route.as_deref(), Some("/orders/:id"));
    assert_eq!(record.timestamp, Micros::from_millis(NOW_MS + 12));
    assert_eq!((record.user_id.as_deref(), record.session_bound), (Some("u1"), Some(true)));
    assert_eq!(record.provenance.as_deref(), Some("client-untrusted"));
    assert_eq!((record.version.as_ref(), record.build_id.as_deref()), ("1.4.2+ab12cd3", Some("beef")));
    let error = record.error.as_ref().unwrap();
    assert_eq!((error.kind.as_deref(), error.message.as_deref()), (Some("panic"), Some("boom ")));
    let stack = error.stack_trace.as_deref().unwrap();
    assert_eq!(stack, "src/a.rs:1:2\nrun app wasm-function[812]:0x9f1e2\nplain line");
    assert_eq!((admitted.calls, admitted.highest_no, admitted.bseq), (37, 537, 3));
    let drop = admitted.declared_drops[0];
    assert_eq!((drop.level, drop.reason, drop.count), (Level::Info, DropReason::Rate, 120));
    assert_eq!(drop.first, Micros::from_millis(NOW_MS - 9_000));
}

#[test]
fn broken_records_do_not_hurt_their_neighbours() {
    let records =
        json!([7, { "l": 9, "m": "fine" }, { "m": "no level" }, { "l": 9, "d": "x", "rep": { "c": 5 } }]);
    let admitted = run(&batch(records), &context()).unwrap();
    assert_eq!(admitted.records.len(), 1);
    assert_eq!(admitted.records[0].event_id, format!("{BID}-1"), "position counts refused records too");
    let codes = [(0, RejectCode::Shape), (2, RejectCode::Level), (3, RejectCode::Time)];
    assert_eq!(admitted.rejected, codes);
    assert_eq!((admitted.calls, admitted.rejected_calls), (1, 7));
    let receipt = admitted.receipt(false, Micros::from_millis(NOW_MS));
    assert_eq!(
        (receipt.ok, receipt.rej_n, receipt.rej[1].code.as_str(), receipt.now),
        (1, 3, "level", NOW_MS)
    );
}

#[test]
fn envelopes_are_refused_for_the_right_reason() {
    let with = |key: &str, value: Value| {
        let mut changed = batch(json!([]));
        changed[key] = value;
        changed
    };
    for (changed, error, status) in [
        (with("v", json!(2)), AdmitError::UnknownVersion, 422),
        (with("v", Value::Null), AdmitError::UnknownVersion, 422),
        (with("bid", json!("x")), AdmitError::BatchId, 422),
        (with("t0", json!("now")), AdmitError::BatchTime, 422),
        (with("recs", json!({})), AdmitError::Records, 422),
        (with("recs", json!(vec![json!({}); 2_001])), AdmitError::TooManyRecords, 413),
        (with("x", json!([[[[[[]]]]]])), AdmitError::TooDeep, 400),
        (json!([]), AdmitError::Malformed, 400),
    ] {
        assert_eq!((error_of(&changed), error.status()), (error, status));
    }
    assert_eq!(admit(b"{\"v\":1", &context()), Err(AdmitError::Malformed));
    assert_eq!(admit(&vec![b' '; 1024 * 1024 + 1], &context()), Err(AdmitError::TooLarge));
    assert!(run(&with("unknown", json!(1)), &context()).is_ok());
    assert_eq!(run(&with("bid", json!(BID.to_uppercase())), &context()).unwrap().bid, BID);
}

#[test]
fn page_tier_tells_warn_and_above_without_a_user() {
    let context = AdmitContext { tier: Tier::Page, ..context() };
    let admitted = run(&batch(json!([{ "l": 9, "m": "a" }, { "l": 13, "m": "b" }])), &context).unwrap();
    assert_eq!(admitted.rejected, [(0, RejectCode::Tier)]);
    assert_eq!(admitted.records[0].auth.as_deref(), Some("page"));
    assert_eq!((admitted.records[0].user_id.clone(), admitted.records[0].session_bound), (None, Some(false)));
    let other = AdmitContext { session_bound: false, ..self::context() };
    let record = run(&batch(json!([{ "l": 9 }])), &other).unwrap().records.remove(0);
    assert_eq!((record.user_id, record.session_bound), (None, Some(false)));
}

#[test]
fn clocks_are_corrected_and_clamped() {
    let at = |off_ms: Option<i64>, sent_at_ms: Option<i64>, t0: i64| {
        let mut batch = batch(json!([{ "l": 9 }]));
        batch["t0"] = json!(t0);
        batch["self"] = json!({ "off_ms": off_ms });
        let admitted = run(&batch, &AdmitContext { sent_at_ms, ..context() }).unwrap();
        let record = &admitted.records[0];
        (record.timestamp.as_millis() - NOW_MS, record.skew_ms, record.ts_clamped)
    };
    let fast = NOW_MS + 600_000;
    assert_eq!(at(Some(-600_000), None, fast), (0, Some(-600_000), None), "measured");
    assert_eq!(at(Some(-1_900), None, NOW_MS), (0, Some(0), None), "small offsets are noise");
    assert_eq!(at(None, Some(fast + 40), fast), (-40, Some(-600_040), None), "from the transit");
    assert_eq!(at(None, None, fast), (120_000, Some(0), Some(true)));
    assert_eq!(at(None, None, NOW_MS - 100 * 3_600_000), (-24 * 3_600_000, Some(0), Some(true)));
    assert_eq!(at(Some(i64::MIN), None, i64::MIN).2, Some(true));
}

#[test]
fn a_batch_older_than_a_day_is_refused_record_by_record() {
    // The first 48 bits of a UUIDv7 are milliseconds.
    let sealed_ms = i64::from_str_radix("019ab5a42e3b", 16).unwrap();
    let context = AdmitContext { sent_at_ms: Some(sealed_ms + 25 * 3_600_000), ..context() };
    let admitted = run(&batch(json!([{ "l": 9 }])), &context).unwrap();
    assert_eq!(admitted.rejected, [(0, RejectCode::Expired)]);
    let fresh = AdmitContext { sent_at_ms: Some(sealed_ms + 23 * 3_600_000), ..context };
    assert_eq!(run(&batch(json!([{ "l": 9 }])), &fresh).unwrap().rejected, []);
}

#[test]
fn a_browser_cannot_forge_the_events_of_the_engine() {
    let record = run(&batch(json!([{ "l": 9, "ev": "order.filled", "m": "x" }])), &context())
        .unwrap()
        .records
        .remove(0);
    assert_eq!((record.event.as_ref(), &record.payload["event"]), ("ui.log", &json!("order.filled")));
}

#[test]
fn lone_surrogates_do_not_lose_the_batch() {
    let body = batch(json!([{ "l": 9, "m": "MARK" }]))
        .to_string()
        .replace("MARK", "a\\ud800b\\\\ud800 \\ud83d\\ude00");
    let admitted = admit(body.as_bytes(), &context()).unwrap();
    assert_eq!(admitted.records[0].message, "a\u{fffd}b\\ud800 \u{1f600}");
}

#[test]
fn ten_thousand_keys_become_thirty_two() {
    let fields: serde_json::Map<String, Value> =
        (0..10_000).map(|i| (format!("key{i}"), json!("x".repeat(10)))).collect();
    let record = run(&batch(json!([{ "l": 9, "f": fields }])), &context()).unwrap().records.remove(0);
    assert_eq!((record.payload.len(), record.truncated), (32, Some(true)));
}

proptest! {
    /// Catches: an index, a slice or an arithmetic step that trusts the bytes.
    #[test]
    fn admit_never_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = admit(&bytes, &context());
    }

    /// Catches: the same behind a valid envelope, and any string that gets into a record without being cleaned
    /// (each generated string ends in a canary), or without its limit.
    #[test]
    fn admitted_text_is_clean_and_bounded(records in prop::collection::vec(wire_record(), 0..6), off in any::<i64>(), ctx in scalar()) {
        let mut batch = batch(Value::Array(records));
        batch["self"] = json!({ "off_ms": off });
        batch["ctx"] = json!({ "route": ctx, "vis": ctx, "lang": ctx });
        batch["app"] = json!({ "r": ctx, "b": ctx });
        if let Ok(admitted) = run(&batch, &context()) {
            for record in &admitted.records {
                let line = record.to_line();
                prop_assert!(!line.contains("c4nary"), "{}", line);
                prop_assert!(!line.contains("\\u001b"), "{}", line);
                prop_assert!(record.message.len() <= 1_024 && record.payload.len() <= 40);
                prop_assert!(line.len() < 64 * 1024);
                prop_assert_eq!(&telemetry::LogRecord::from_line(&line).unwrap(), record);
            }
            let again = run(&batch, &context()).unwrap();
            prop_assert_eq!(again, admitted);
        }
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".{0,30}".prop_map(|text| Value::from(text + "\u{1b} token=c4nary")),
        (0_usize..3_000).prop_map(|length| Value::from(
            "x".repeat(length % 2) + &"é".repeat(length) + " password: c4nary"
        )),
    ]
}

fn wire_record() -> impl Strategy<Value = Value> {
    let value = scalar().prop_recursive(2, 12, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
            prop::collection::btree_map("[a-zA-Z.é_ ]{0,20}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let key = prop::sample::select(vec![
        "d", "n", "m", "ev", "ss", "g", "cs", "tr", "sp", "f", "rep", "sr", "ex", "cut",
    ]);
    let error =
        prop::collection::btree_map(prop::sample::select(vec!["kind", "msg", "loc", "st"]), scalar(), 0..4);
    (prop::collection::btree_map(key, value, 0..10), error, any::<bool>()).prop_map(
        |(map, error, has_error)| {
            let mut record =
                Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
            record["l"] = json!(17);
            if has_error {
                let stack = error.get("msg").cloned().unwrap_or_default();
                record["ex"] = json!(error);
                record["ex"]["st"] = json!([stack, { "fn": stack, "mod": stack, "ix": 1 }]);
            }
            record
        },
    )
}
