//! What holds for every body, whatever its bytes: asked by the mutations beside this file in every run of the tests, and
//! by the fuzzer (`fuzz/fuzz_targets/body.rs`).

use telemetry::{
    Level, Micros, Source, inflate,
    ingest::{AdmitContext, Tier, admit},
    limits::{BATCH_RECORDS, BODY_DECODED_BYTES, ERROR_RECORD_BYTES, FIELDS, KEY_BYTES},
};

const NOW_MS: i64 = 1_764_000_000_000;
/// What the server itself adds to a payload.
const ADDED: usize = 8;
const DAY_US: i64 = 24 * 3_600 * 1_000_000;

/// Panics where a law is broken.
pub fn hold(bytes: &[u8]) {
    let unpacked = inflate(bytes, BODY_DECODED_BYTES);
    if let Ok(body) = &unpacked {
        assert!(body.len() <= BODY_DECODED_BYTES);
        judge(body);
    }
    judge(bytes);
}

fn judge(body: &[u8]) {
    for tier in [Tier::Session, Tier::Page] {
        let context = AdmitContext {
            received_at: Micros::from_millis(NOW_MS),
            sent_at_ms: Some(NOW_MS),
            user_id: Some("admin"),
            session_bound: true,
            tier,
            clock_offset_ms: None,
        };
        let admitted = match admit(body, &context) {
            Ok(admitted) => admitted,
            Err(error) => {
                assert!(matches!(error.status(), 400 | 413 | 422));
                continue;
            }
        };
        assert_eq!(admit(body, &context), Ok(admitted.clone()), "the same twice");
        assert!(admitted.records.len() + admitted.rejected.len() <= BATCH_RECORDS);
        assert!(admitted.calls >= admitted.records.len() as u64);
        let receipt = admitted.receipt(false, Micros::from_millis(NOW_MS));
        assert_eq!((receipt.ok, receipt.rej_n), (admitted.records.len(), admitted.rejected.len()));
        for record in &admitted.records {
            assert!(record.event.starts_with("ui.") && record.source == Source::Frontend);
            assert!(tier == Tier::Session || record.level >= Level::Warn && record.user_id.is_none());
            let age_us = context.received_at.0 - record.timestamp.0;
            assert!((-120_000_000..=DAY_US).contains(&age_us), "{age_us}");
            assert!(record.payload.len() <= FIELDS + ADDED);
            let is_key = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
            assert!(record.payload.keys().all(|key| key.len() <= KEY_BYTES + 6 && key.bytes().all(is_key)));
            let line = record.to_line();
            assert!(line.len() < 3 * ERROR_RECORD_BYTES, "{} bytes", line.len());
            assert!(!line.chars().any(is_odd), "{line}");
            assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
        }
    }
}

/// Splits lines, moves cursors or turns text around.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
