//! One bad value never loses its neighbours: whatever stands in a record, the good ones beside it are stored.

use proptest::prelude::*;
use telemetry::{
    Micros,
    ingest::{AdmitContext, Admitted, RejectCode, Tier, admit},
};

const BID: &str = "019ab5a4-2e3b-7c3d-8e4f-0123456789ab";
const NOW_MS: i64 = 1_764_000_000_000;

fn context() -> AdmitContext<'static> {
    AdmitContext {
        received_at: Micros::from_millis(NOW_MS),
        sent_at_ms: Some(NOW_MS),
        user_id: Some("u1"),
        session_bound: true,
        tier: Tier::Session,
        clock_offset_ms: None,
    }
}

/// A body with the given records between two good ones.
fn body(between: &[u8]) -> Vec<u8> {
    let open = format!(
        r#"{{"v":1,"bid":"{BID}","bseq":1,"sid":"s1","tid":"t1","t0":{NOW_MS},"recs":[{{"d":0,"n":1,"l":13,"m":"good"}},"#
    );
    [open.as_bytes(), between, br#",{"d":0,"n":3,"l":13,"m":"also good"}]}"#].concat()
}

fn admitted(bytes: &[u8]) -> Admitted {
    admit(bytes, &context()).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

fn neighbours_are_kept(admitted: &Admitted) {
    let first = admitted.records.first().expect("a first record");
    let last = admitted.records.last().expect("a last record");
    assert_eq!((first.message.as_str(), last.message.as_str()), ("good", "also good"));
    assert_eq!(last.event_id.rsplit('-').next(), Some("2"), "its position in the batch");
}

#[test]
fn what_is_no_json_value_is_refused_alone() {
    let value = |text: &str| format!(r#"{{"d":0,"n":2,"l":13,"m":"x","f":{{"x":{text}}}}}"#);
    let table = [
        ("out of range", value("1e400"), RejectCode::Value),
        ("out of range below", value("-1e400"), RejectCode::Value),
        ("not a number", value("NaN"), RejectCode::Value),
        ("infinity", value("-Infinity"), RejectCode::Value),
        ("undefined", value("undefined"), RejectCode::Value),
        ("a number with a leading zero", value("01"), RejectCode::Value),
        ("half a number", value("1."), RejectCode::Value),
        ("in a list", value("[1,1e999]"), RejectCode::Value),
        ("in the record itself", r#"{"l":13,"n":1e400,"m":"x"}"#.to_owned(), RejectCode::Value),
        ("in the repeats", r#"{"l":13,"m":"x","rep":{"c":1e400}}"#.to_owned(), RejectCode::Value),
        ("in a frame", r#"{"l":13,"ex":{"st":[{"fn":"a","ix":1e400}]}}"#.to_owned(), RejectCode::Value),
        ("nothing after the colon", r#"{"l":13,"m":}"#.to_owned(), RejectCode::Value),
        ("two values", r#"{"l":13,"m":"a" "b"}"#.to_owned(), RejectCode::Value),
        ("no colon", r#"{"l" 13}"#.to_owned(), RejectCode::Shape),
        ("a key that is no text", r#"{1:2,"l":13}"#.to_owned(), RejectCode::Shape),
        ("a number", "7".to_owned(), RejectCode::Shape),
        ("a text", r#""rec \" ]}""#.to_owned(), RejectCode::Shape),
        ("a list", r#"[{"l":13}]"#.to_owned(), RejectCode::Shape),
        ("null", "null".to_owned(), RejectCode::Shape),
        ("nothing", String::new(), RejectCode::Shape),
        ("a word", "undefined".to_owned(), RejectCode::Shape),
    ];
    for (what, record, code) in table {
        let admitted = admitted(&body(record.as_bytes()));
        assert_eq!(admitted.rejected, [(1, code)], "{what}");
        neighbours_are_kept(&admitted);
    }
}

#[test]
fn what_can_be_told_is_told() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    let huge = "y".repeat(300_000);
    let table: [(&str, String, bool); 9] = [
        ("too deep a list", format!(r#"{{"l":13,"m":"x","f":{{"x":{deep}}}}}"#), true),
        ("too deep an object", format!(r#"{{"l":13,"m":"x","f":{{"x":{deep_object}}}}}"#), true),
        ("too deep where nobody looks", format!(r#"{{"l":13,"m":"x","zz":{deep}}}"#), false),
        ("beyond 64 bits", r#"{"l":13,"m":"x","f":{"x":123456789012345678901234567890}}"#.to_owned(), false),
        ("a huge text", format!(r#"{{"l":13,"m":"x{huge}"}}"#), true),
        ("a key twice", r#"{"l":9,"l":13,"m":"y","m":"x"}"#.to_owned(), false),
        ("a field twice", r#"{"l":13,"m":"x","f":{"a":1,"a":2}}"#.to_owned(), true),
        ("a raw line break in a text", "{\"l\":13,\"m\":\"x\ny\"}".to_owned(), false),
        ("an unknown escape", r#"{"l":13,"m":"x\q\u12"}"#.to_owned(), false),
    ];
    for (what, record, cut) in table {
        let admitted = admitted(&body(record.as_bytes()));
        assert_eq!((admitted.rejected.len(), admitted.records.len()), (0, 3), "{what}");
        assert!(admitted.records[1].message.starts_with('x'), "{what}");
        assert_eq!(admitted.records[1].truncated, cut.then_some(true), "{what}");
        neighbours_are_kept(&admitted);
    }
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let admitted = admitted(&body(b"{\"l\":13,\"m\":\"a\xffb\xc3\",\"f\":{\"k\xfe\":\"\xed\xa0\xbd\"}}"));
    assert_eq!(admitted.records[1].message, "a\u{fffd}b\u{fffd}");
    assert_eq!(admitted.records[1].payload["k_"], "\u{fffd}\u{fffd}\u{fffd}");
    neighbours_are_kept(&admitted);
}

#[test]
fn a_byte_order_mark_is_no_reason_to_refuse() {
    let good = body(br#"{"l":13,"m":"x"}"#);
    neighbours_are_kept(&admitted(&[&b"\xef\xbb\xbf"[..], &good, b" \r\n"].concat()));
}

#[test]
fn surrogates_stand_in_pairs_or_are_replaced() {
    let admitted = admitted(&body(br#"{"l":13,"m":"sur \ud83d end \ud83d\ude00 \ude00\ud83d"}"#));
    assert_eq!(admitted.records[1].message, "sur \u{fffd} end \u{1f600} \u{fffd}\u{fffd}");
    neighbours_are_kept(&admitted);
}

#[test]
fn lists_of_records_are_all_read() {
    let body = format!(
        r#"{{"recs":[{{"l":13,"m":"good"}}],"v":1,"bid":"{BID}","t0":{NOW_MS},"x":NaN,"recs":[{{"l":13,"m":"second"}}]}}"#
    );
    let admitted = admitted(body.as_bytes());
    let told: Vec<&str> = admitted.records.iter().map(|record| record.message.as_str()).collect();
    assert_eq!(told, ["good", "second"]);
}

/// Dots at the edges and side by side, and a name that is both a value and an object, break an index that maps them.
#[test]
fn keys_are_a_tree_without_holes() {
    let payload = |fields: &str| {
        let record = format!(r#"{{"l":13,"m":"x","f":{fields}}}"#);
        let admitted = admitted(&body(record.as_bytes()));
        serde_json::Value::Object(admitted.records[1].payload.clone()).to_string()
    };
    for (fields, expected) in [
        (r#"{".":2}"#, r#"{"_":2}"#),
        (r#"{"":2}"#, r#"{"_":2}"#),
        (r#"{"x..y":1}"#, r#"{"x.y":1}"#),
        (r#"{".x.":1}"#, r#"{"x":1}"#),
        (r#"{"a":{"":1}}"#, r#"{"a._":1}"#),
        (r#"{"a":2,"a.b":1}"#, r#"{"a.b":1,"a.value":2}"#),
        (r#"{"a.b":1,"a":2}"#, r#"{"a.b":1,"a.value":2}"#),
        (r#"{"a":{"b":{"c":3}},"a.b":4}"#, r#"{"a.b.c":3,"a.b.value":4}"#),
    ] {
        assert_eq!(payload(fields), expected, "{fields}");
    }
}

proptest! {
    /// Catches: a scanner that loses its place. Whatever one record holds, as long as its quotes and brackets close,
    /// what stands beside it is stored.
    #[test]
    fn neighbours_survive_any_record(inner in closed()) {
        let admitted = admitted(&body(inner.as_bytes()));
        neighbours_are_kept(&admitted);
        prop_assert_eq!(admitted.records.len() + admitted.rejected.len(), 3);
    }

    /// Catches: an index or a slice that trusts the bytes, behind a real batch that was damaged.
    #[test]
    fn damaged_batches_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..8)
    ) {
        let mut bytes = body(br#"{"l":17,"d":-3,"m":"a\u00e9\ud83d\ude00 {[","f":{"a":{"b":[1,2.5e3,null]}},"ex":{"st":["x",{"ix":3}]},"rep":{"c":2,"f":0,"l":9}}"#);
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes[at] = b"{}[]\",:\\"[usize::from(byte % 8)],
            }
        }
        if let Ok(admitted) = admit(&bytes, &context()) {
            for record in &admitted.records {
                let line = record.to_line();
                prop_assert_eq!(&telemetry::LogRecord::from_line(&line).unwrap(), record);
            }
        }
    }
}

/// Text whose brackets and quotes close, and that is otherwise anything.
fn closed() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-zA-Z0-9.+:, -]{0,6}".prop_map(|text| text.replace(',', "")),
        Just(r#""a\"]}\\""#.to_owned()),
        Just("\"d\":".to_owned()),
        Just("\"l\":13,".to_owned()),
        Just("\"f\":".to_owned()),
    ];
    let tree = word.prop_recursive(4, 24, 5, |inner| {
        (any::<bool>(), prop::collection::vec(inner, 0..5)).prop_map(|(curly, parts)| {
            let (open, close) = if curly { ('{', '}') } else { ('[', ']') };
            format!("{open}{}{close}", parts.join(","))
        })
    });
    prop::collection::vec(tree, 1..3).prop_map(|parts| format!("{{{}}}", parts.join(",")))
}
