//! The body of `POST /api/logs`, packed or not: the laws that the tests ask for mutations hold for every byte string.
#![no_main]

#[path = "../../crates/telemetry/tests/mutated/laws.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::hold(bytes));
