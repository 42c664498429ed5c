//! The logger's memory: none is taken by a call, and there is a bound to what an outage can pile up.

use allocation_counter::measure;
use proptest::prelude::*;
use telemetry::{
    Level,
    client::{Auth, Call, Effect, FieldValue, Input, Key, Logger, LoggerConfig, Message, Outcome, Site},
};

use crate::world::{START_MS, config, site};

static SEEN: Site = Site::new(
    Level::Info,
    "ui.truth_seen",
    "app",
    "The screen showed {truth} {to} after {wait_ms} ms.",
    &[Key::told("truth"), Key::told("to"), Key::volatile("wait_ms")],
);
static UNHEARD: Site = Site::new(Level::Trace, "ui.unheard", "app", "Unheard.", &[]);

/// Catches: a string, a list or a map anywhere on the way of a call, whether it becomes a record, is repeated, refused
/// by the limits or not told at all.
#[test]
fn a_call_takes_no_memory() {
    let mut logger = Logger::new(config(), START_MS);
    let ids: Vec<String> = (0..200).map(|number| format!("s-{number:08}")).collect();
    let mut refused = 0;
    let taken = measure(|| {
        for (number, id) in ids.iter().enumerate() {
            let values = [FieldValue::Str("lifecycle"), FieldValue::Str(id), FieldValue::U64(number as u64)];
            for _ in 0..2 {
                logger.log(START_MS, &Call { session_id: Some("s-01jf3k9x2m"), ..Call::of(&SEEN, &values) });
            }
            let shown = format_args!("{number} of a library");
            let library = site(Level::Warn, 1);
            logger.log(START_MS, &Call { message: Message::Shown(&shown), ..Call::of(&library, &[]) });
            logger.log(START_MS, &Call::of(&UNHEARD, &[]));
        }
        refused = logger.books().held;
    });
    assert_eq!((taken.count_total, refused), (0, 600));
}

/// Catches: sealing while there is room, and compressing within the call: a compressor takes its tables and the bytes
/// a second time.
#[test]
fn a_call_that_finds_no_room_moves_records_and_no_more() {
    let mut logger = Logger::new(LoggerConfig { auth: Auth::Session, limited: false, ..config() }, START_MS);
    let (mut moves, mut used_before) = (0, 0);
    for number in 0..3_000_u64 {
        let id = format!("s-{number:08}");
        let values = [FieldValue::Str("lifecycle"), FieldValue::Str(&id), FieldValue::U64(number)];
        let taken = measure(|| {
            logger.log(START_MS, &Call::of(&SEEN, &values));
        });
        let used = info_bytes(&logger);
        if taken.count_total > 0 {
            moves += 1;
            let moved = u64::from(used_before);
            assert!(
                used_before > 280 * 1024,
                "call {number} takes memory while the arena holds {used_before} bytes"
            );
            assert!(taken.bytes_total < moved * 2, "{} bytes are taken to move {moved}", taken.bytes_total);
        }
        used_before = used;
    }
    assert!(moves >= 2, "{moves}");
    let books = logger.books();
    assert_eq!((books.calls, books.held), (3_000, 3_000), "nothing is lost");
}

/// Bytes that the arena of info holds.
fn info_bytes(logger: &Logger) -> u32 {
    let at = 16 + 2 * 16 + 8;
    logger.black_box()[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[derive(Clone, Debug)]
enum Step {
    BurstAndHide { level: usize, count: u16 },
    Advance(i64),
    Refuse(u16),
    Unanswered,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (prop::sample::select(vec![2_usize, 2, 2, 3, 4]), 200..600_u16).prop_map(|(level, count)| Step::BurstAndHide { level, count }),
        2 => (0..90_000_i64).prop_map(Step::Advance),
        2 => prop::sample::select(vec![429, 500, 503]).prop_map(Step::Refuse),
        1 => Just(Step::Unanswered),
    ]
}

/// 32 batches of 256 KiB and their compressed bytes, the ring, and what sealing one needs.
const BOUND: u64 = 14 * 1024 * 1024;

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// Catches: batches that pile up because the page was hidden often while nobody answered.
    #[test]
    fn an_outage_is_bounded(steps in prop::collection::vec(step(), 100..160)) {
        let unlimited = LoggerConfig { auth: Auth::Session, limited: false, ..config() };
        let taken = measure(|| {
            let mut logger = Logger::new(unlimited.clone(), START_MS);
            let (mut now_ms, mut unique) = (START_MS, 0_u64);
            let mut asked = Vec::new();
            for step in &steps {
                act(&mut logger, step, &mut now_ms, &mut unique, &asked);
                while let Some(effect) = logger.poll(now_ms) {
                    if let Effect::Send { bid, .. } = effect {
                        asked.push(bid);
                    }
                }
                asked.drain(..asked.len().saturating_sub(20));
            }
        });
        prop_assert!(taken.bytes_max < BOUND, "{} bytes", taken.bytes_max);
    }
}

fn act(logger: &mut Logger, step: &Step, now_ms: &mut i64, unique: &mut u64, asked: &[String]) {
    match step {
        Step::BurstAndHide { level, count } => {
            for _ in 0..*count {
                *unique += 1;
                let message = format!("{unique} {}", "some words ".repeat(80));
                let site = site(Level::ALL[*level], 1);
                logger.log(*now_ms, &Call { message: Message::Text(&message), ..Call::of(&site, &[]) });
            }
            logger.on(*now_ms, Input::Hide);
        }
        Step::Advance(ms) => {
            *now_ms += ms;
            logger.on(*now_ms, Input::Wake);
        }
        Step::Refuse(status) => {
            for bid in asked {
                let outcome = Outcome::Refused { status: *status, retry_after_ms: None };
                logger.on(*now_ms, Input::Settled { bid: bid.clone(), outcome, jitter: 1 });
            }
        }
        Step::Unanswered => {}
    }
}
