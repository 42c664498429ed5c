//! The law of the client logger: whatever happens, calls = records delivered + losses declared + what is held; and
//! once everything works again, nothing is held. Mutations that each test must catch stand in its doc.

use proptest::prelude::*;
use telemetry::{
    Level, LoggerSettings,
    client::{Auth, Call, Failure, FieldValue, Frame, Input, Key, LoggerConfig, Message, Site},
};

use crate::world::{Page, config, site};

#[derive(Clone, Debug)]
enum Step {
    Say { level: usize, text: usize, volatile: u64 },
    Burst { level: usize, count: u16, bytes: usize },
    Crash { frames: usize },
    Advance(i64),
    Microtask,
    Hide,
    Online,
    Reentrant(usize),
    Move(u8),
    Rotate(u8),
    Hold(i64),
    SignedIn(bool),
    Deliver,
    Cut,
    Unanswered,
    Refuse(u16, Option<i64>),
    Settings { shares: [u8; 2], level: usize, batch: usize, debug_ms: Option<i64> },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..6_usize, 0..5_usize, any::<u64>()).prop_map(|(level, text, volatile)| Step::Say { level, text, volatile }),
        3 => (0..6_usize, 1..400_u16, prop::sample::select(vec![10, 300, 1_000, 1_000])).prop_map(|(level, count, bytes)| Step::Burst { level, count, bytes }),
        1 => (0..80_usize).prop_map(|frames| Step::Crash { frames }),
        6 => prop_oneof![0..50_i64, 0..6_000_i64, 0..90_000_i64].prop_map(Step::Advance),
        3 => Just(Step::Microtask),
        1 => Just(Step::Hide),
        1 => Just(Step::Online),
        1 => (0..6_usize).prop_map(Step::Reentrant),
        1 => any::<u8>().prop_map(Step::Move),
        1 => any::<u8>().prop_map(Step::Rotate),
        1 => (-5_000_i64..900_000).prop_map(Step::Hold),
        1 => any::<bool>().prop_map(Step::SignedIn),
        6 => Just(Step::Deliver),
        2 => Just(Step::Cut),
        1 => Just(Step::Unanswered),
        1 => (any::<[u8; 2]>(), 0..6_usize, 1..3_000_usize, prop::option::of(-100_000..900_000_i64))
            .prop_map(|(shares, level, batch, debug_ms)| Step::Settings { shares, level, batch, debug_ms }),
        3 => (prop::sample::select(vec![400, 401, 408, 413, 413, 415, 422, 425, 429, 500, 503, 200, 302]), prop::option::of(-5_i64..2_000_000))
            .prop_map(|(status, after)| Step::Refuse(status, after)),
    ]
}

fn act(page: &mut Page, step: Step, unique: &mut u64) {
    match step {
        Step::Say { level, text, volatile } => {
            let site = Site::new(Level::ALL[level], "ui.tested", "", "", const { &[Key::volatile("at_ms")] });
            let message = ["one", "two \"quoted\"", "three\n\u{1b}[1m", "four é", "five"][text];
            let values = [FieldValue::U64(volatile)];
            page.log(&Call { message: Message::Text(message), ..Call::of(&site, &values) });
        }
        Step::Burst { level, count, bytes } => {
            for _ in 0..count {
                *unique += 1;
                let message = format!("{unique} {}", "x ".repeat(bytes / 2));
                page.say_at(Level::ALL[level], *unique as u32 % 20, &message);
            }
        }
        Step::Crash { frames } => {
            *unique += 1;
            let function = format!("a::long::name::{}", "f".repeat(200));
            let stack =
                vec![Frame { function: &function, module: "app", index: Some(7), offset: Some(9) }; frames];
            let message = format!("crash {unique}");
            let failure = Failure { kind: "panic", message: &message, location: "a.rs:1:2", stack: &stack };
            page.log(&Call {
                message: Message::Text(&message),
                failure: Some(failure),
                ..Call::of(&site(Level::Error, 1), &[])
            });
        }
        Step::Advance(ms) => page.advance(ms),
        Step::Microtask => page.run_microtask(),
        Step::Hide => page.on(Input::Hide),
        Step::Online => page.on(Input::Online),
        Step::Reentrant(level) => page.on(Input::Reentrant(Level::ALL[level])),
        Step::Move(to) => page.on(Input::Page {
            route: format!("/page/{}", to % 3),
            visible: to % 2 == 0,
            net: "4g".to_owned(),
            lang: "en".to_owned(),
            viewport: [1440, 900],
        }),
        Step::Rotate(to) => page.on(Input::Session(format!("session-{}", to % 3))),
        Step::Hold(ms) => page.on(Input::Hold { until_ms: page.now_ms + ms }),
        Step::SignedIn(true) => {
            page.signed_in = true;
            page.on(Input::SignedIn);
        }
        // Often the browser learns only from an answer that its sign-in is over.
        Step::SignedIn(false) => page.signed_in = false,
        Step::Deliver => drop(page.deliver()),
        Step::Cut => page.deliver_and_cut(),
        Step::Unanswered => drop(page.in_flight.pop_front()),
        Step::Refuse(status, after) => page.refuse(status, after),
        Step::Settings { shares: [info, warn], level, batch, debug_ms } => {
            page.server.settings = Some(LoggerSettings {
                etag: None,
                level: Some(Level::ALL[level]),
                sr_info: Some(f64::from(info) / 200.0),
                sr_warn: Some(f64::from(warn) / 200.0),
                flush_ms: Some(i64::from(info) * 100),
                max_batch: Some(batch),
                debug_until: debug_ms.map(|ms| page.now_ms + ms),
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Catches: a repeat that is not merged or merged twice, an eviction or a refusal by the limits that is not
    /// counted, a split that keeps the declared losses in both halves, a batch that is split although it may have
    /// arrived, a retry with other bytes, a number given twice, a call that is sampled away
    /// without being counted, a batch or a window that nobody wakes up for.
    #[test]
    fn every_call_is_told_declared_or_held(steps in prop::collection::vec(step(), 1..60), signed_in in any::<bool>()) {
        let auth = if signed_in { Auth::Session } else { Auth::PageOnly };
        let mut page = Page::new(LoggerConfig { auth, ..config() });
        let mut unique = 0;
        for step in steps {
            act(&mut page, step, &mut unique);
        }
        page.comes_out_even();
    }
}
