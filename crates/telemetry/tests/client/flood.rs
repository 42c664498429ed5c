//! More in one task than the ring holds: what leaves it within a call waits for the end of the task, and whatever else
//! happens in that task, or never does, nothing of it is lost, told twice, told to the wrong one, or left lying.

use std::collections::BTreeSet;

use proptest::prelude::*;
use telemetry::{
    DropReason, Level,
    client::{Auth, Call, Effect, FieldValue, Input, Key, LoggerConfig, Message, Site},
};

use crate::world::{Page, config};

#[derive(Clone, Debug)]
enum Step {
    Flood { level: usize, count: u16, bytes: usize },
    Repeat { level: usize, count: u16 },
    Move(u8),
    Rotate(u8),
    SignOut,
    SignIn,
    Hide,
    EndTask,
    Wait(i64),
    SetBack(i64),
    Deliver,
    Cut,
    Refuse(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6_usize, 100..1_500_u16, prop::sample::select(vec![40, 300]))
            .prop_map(|(level, count, bytes)| Step::Flood { level, count, bytes }),
        2 => (0..6_usize, 1..300_u16).prop_map(|(level, count)| Step::Repeat { level, count }),
        2 => any::<u8>().prop_map(Step::Move),
        1 => any::<u8>().prop_map(Step::Rotate),
        2 => Just(Step::SignOut),
        1 => Just(Step::SignIn),
        1 => Just(Step::Hide),
        2 => Just(Step::EndTask),
        2 => prop_oneof![0..3_i64, 0..20_000_i64].prop_map(Step::Wait),
        1 => (0..4_000_000_i64).prop_map(Step::SetBack),
        3 => Just(Step::Deliver),
        1 => Just(Step::Cut),
        2 => prop::sample::select(vec![400, 401, 413, 503]).prop_map(Step::Refuse),
    ]
}

fn flood(page: &mut Page, level: Level, count: u16, bytes: usize, unique: &mut u64) {
    for _ in 0..count {
        *unique += 1;
        page.say_at(level, 1, &format!("{unique} {}", "x ".repeat(bytes / 2)));
    }
}

fn moved(to: u8) -> Input {
    Input::Page {
        route: format!("/page/{}", to % 3),
        visible: true,
        net: "4g".to_owned(),
        lang: "en".to_owned(),
        viewport: [1440, 900],
    }
}

fn act(page: &mut Page, step: Step, unique: &mut u64) {
    match step {
        Step::Flood { level, count, bytes } => flood(page, Level::ALL[level], count, bytes, unique),
        Step::Repeat { level, count } => {
            for number in 0..count {
                page.say_at(Level::ALL[level], 2, &format!("again {}", number % 3));
            }
        }
        Step::Move(to) => page.on(moved(to)),
        Step::Rotate(to) => page.on(Input::Session(format!("session-{}", to % 3))),
        Step::SignOut => {
            (page.signed_in, page.told_out) = (false, true);
            page.on(Input::SignedOut);
        }
        Step::SignIn => {
            (page.signed_in, page.told_out) = (true, false);
            page.on(Input::SignedIn);
        }
        Step::Hide => page.on(Input::Hide),
        Step::EndTask => page.run_microtask(),
        Step::Wait(ms) => page.advance(ms),
        Step::SetBack(ms) => page.set_back(ms),
        Step::Deliver => drop(page.deliver()),
        Step::Cut => page.deliver_and_cut(),
        Step::Refuse(status) => page.refuse(status, None),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Catches: a draft that is in no book, that waits for an input which never comes, that is sealed twice or after the
    /// sign-out that it came before, and a record whose window still points to where it was.
    #[test]
    fn nothing_of_a_flood_is_lost_or_left(steps in prop::collection::vec(step(), 1..24), signed_in in any::<bool>()) {
        let auth = if signed_in { Auth::Session } else { Auth::PageOnly };
        let mut page = Page::new(LoggerConfig { auth, limited: false, ..config() });
        page.told_out = !signed_in;
        let mut unique = 0;
        for step in steps {
            act(&mut page, step, &mut unique);
        }
        page.comes_out_even();
    }
}

fn unlimited() -> Page {
    Page::new(LoggerConfig { limited: false, spool: true, ..config() })
}

/// Catches: drafts that only a microtask or a timer brings on their way: neither comes to a page that stops here.
#[test]
fn what_waits_for_the_end_of_a_task_leaves_with_a_page_that_hides_in_it() {
    for level in [Level::Info, Level::Warn, Level::Error] {
        let mut page = unlimited();
        flood(&mut page, level, 2_500, 300, &mut 0);
        page.on(Input::Hide);
        while page.deliver() {}
        let books = page.logger.books();
        assert_eq!((books.told, books.held), (books.calls, 0), "{level:?}: {books:?}");
    }
}

/// Catches: drafts that are sealed with the head of the page or of the session that came after them.
#[test]
fn what_was_told_on_a_page_in_a_session_is_sent_as_such() {
    let mut page = unlimited();
    let mut unique = 0;
    page.on(moved(0));
    flood(&mut page, Level::Info, 2_000, 300, &mut unique);
    let first = unique;
    page.on(moved(1));
    flood(&mut page, Level::Info, 2_000, 300, &mut unique);
    page.on(Input::Session("another".to_owned()));
    flood(&mut page, Level::Info, 10, 300, &mut unique);
    page.on(Input::Hide);
    let mut seen = BTreeSet::new();
    while let Some(request) = page.in_flight.front() {
        let batch: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        for record in batch["recs"].as_array().unwrap() {
            let text = record["m"].as_str().unwrap();
            let number: u64 = text.split(' ').next().unwrap().parse().unwrap();
            let route = if number <= first { "/page/0" } else { "/page/1" };
            let session = if number <= first + 2_000 { "s0123456789" } else { "another" };
            assert_eq!((&batch["ctx"]["route"], &batch["sid"]), (&route.into(), &session.into()), "{number}");
            seen.insert(number);
        }
        page.deliver();
    }
    assert_eq!(seen.len() as u64, unique);
}

/// Catches: a timer that does not look at drafts when no batch may follow them, and one that is told of them only once.
#[test]
fn drafts_that_fill_the_outbox_need_nothing_but_the_timer() {
    let mut page = unlimited();
    flood(&mut page, Level::Info, 20_000, 300, &mut 0);
    page.microtask = false;
    assert!(page.wake_at_ms.is_some_and(|at_ms| at_ms <= page.now_ms), "{:?}", page.wake_at_ms);
    page.advance(0);
    assert!(!page.in_flight.is_empty());
    page.comes_out_even();
    assert!(page.server.declared > 0, "sixteen batches do not hold it all");
}

/// Catches: drafts that outlive the order to stop, in the books or on the wire.
#[test]
fn a_page_that_must_stop_gives_up_what_waits_for_the_end_of_the_task() {
    let mut page = unlimited();
    flood(&mut page, Level::Info, 2_500, 300, &mut 0);
    page.on(Input::Halt);
    page.run_microtask();
    page.advance(120_000);
    assert!(page.in_flight.is_empty() && page.wake_at_ms.is_none());
    page.check_books();
}

/// The block is all that is left of a program that dies. Catches: a loss that stands in a batch which is on disk already,
/// and in the block as well: it would be declared twice.
#[test]
fn a_loss_that_a_batch_declares_stands_in_the_block_no_more() {
    let mut page = Page::new(LoggerConfig { spool: true, ..config() });
    for number in 0..100 {
        page.say_at(Level::Debug, 1, &format!("debug {number}"));
    }
    let cells = |page: &Page| {
        let cell = |at: usize| page.logger.black_box()[96 + 4 * at..].first_chunk().copied();
        (0..54).filter_map(cell).map(u32::from_le_bytes).sum::<u32>()
    };
    let lost = cells(&page);
    assert!(lost > 0);
    page.say(Level::Fatal, "the end");
    let spooled =
        page.effects.iter().any(|effect| matches!(effect, Effect::Spool { .. } | Effect::Send { .. }));
    assert!(spooled, "a fatal record leaves within its call");
    assert_eq!(cells(&page), 0, "{lost} are declared by the batch");
}

/// Catches: losses of a full ring that nobody plans to tell, when no record that may be told takes them along.
#[test]
fn what_a_full_ring_lost_is_declared_though_nothing_else_is_told() {
    let mut page = Page::new(LoggerConfig { auth: Auth::PageOnly, limited: false, ..config() });
    page.signed_in = false;
    flood(&mut page, Level::Info, 3_000, 300, &mut 0);
    page.run_microtask();
    page.advance(61_000);
    while page.deliver() {}
    let lost = page.server.drops.iter().filter(|drop| drop.reason == DropReason::RingFull);
    let lost: u64 = lost.map(|drop| drop.count).sum();
    assert!(lost > 1_000, "{lost}");
    assert_eq!(page.logger.books().declared, lost);
}

/// What must not be read anywhere in a record, with what makes it so.
const SECRETS: [&str; 6] = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "Bearer 0123456789abcdefABCDEF",
    "4111 1111 1111 1111",
    "someone@example.org",
    "api_key=abcdefghijklmnop",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
];

static SENTENCE: Site = Site::new(
    Level::Info,
    "ui.tested",
    "",
    "Of {one} and {two}, {three}.",
    const { &[Key::told("one"), Key::told("two"), Key::told("three")] },
);

fn value() -> impl Strategy<Value = String> {
    let odd = ["plain", "quo\"ted", "back\\slash", "new\nline", "é", "\u{202e}turned", ""];
    let text = prop_oneof![
        prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        prop::sample::select(SECRETS.to_vec()).prop_map(str::to_owned),
        "[ -~]{0,40}",
    ];
    prop_oneof![6 => text.clone(), 1 => (text, 1..400_usize).prop_map(|(text, times)| format!("{text} ").repeat(times))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// A value is looked at once, in the sentence, and its field says the same as one of a record that has no sentence.
    /// Catches: a value believed to be plain because another one was, a long one that is not cut, a secret.
    #[test]
    fn a_field_says_the_same_with_and_without_a_sentence(texts in prop::array::uniform3(value())) {
        let values: Vec<FieldValue<'_>> = texts.iter().map(|text| FieldValue::Str(text)).collect();
        let mut page = Page::new(config());
        page.log(&Call::of(&SENTENCE, &values));
        page.log(&Call { message: Message::Text("none"), ..Call::of(&SENTENCE, &values) });
        page.advance(10_000);
        let body = String::from_utf8(page.in_flight[0].body.clone()).unwrap();
        for secret in SECRETS {
            prop_assert!(!body.contains(secret), "{secret} in {body}");
        }
        let batch: serde_json::Value = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(&batch["recs"][0]["f"], &batch["recs"][1]["f"]);
    }
}

/// Catches: an error that waits in memory for the end of a task which the program does not live to see.
#[test]
fn an_error_that_leaves_a_full_ring_is_handed_over_within_the_call() {
    let mut page = unlimited();
    page.say_at(Level::Error, 3, "the one that matters");
    flood(&mut page, Level::Info, 1_200, 300, &mut 0);
    let handed_over = |effect: &Effect| matches!(effect, Effect::Spool { level: Level::Error, .. });
    assert!(page.effects.iter().any(handed_over));
}

/// Catches: a record that has moved when others left, and is counted where it was.
#[test]
fn a_repeat_is_counted_where_its_record_is_now() {
    let mut page = unlimited();
    let mut unique = 0;
    for number in 0..3_000 {
        flood(&mut page, Level::Info, 1, 300, &mut unique);
        page.say_at(Level::Info, 2, &format!("again {}", number / 50));
    }
    page.on(Input::Hide);
    while page.deliver() {}
    assert_eq!((page.server.told, page.logger.books().told), (6_000, 6_000));
}

/// Catches: a draft that is sealed only after the sign-out of its task, whole: its warnings would wait for a sign-in.
#[test]
fn warnings_of_a_draft_are_sent_though_somebody_signs_out_in_its_task() {
    let mut page = unlimited();
    page.say(Level::Warn, "look at this");
    flood(&mut page, Level::Info, 1_200, 300, &mut 0);
    (page.signed_in, page.told_out) = (false, true);
    page.on(Input::SignedOut);
    while page.deliver() {}
    assert_eq!(page.server.records.iter().map(|record| record.level).collect::<Vec<_>>(), [Level::Warn]);
    page.calm_down();
    assert_eq!(page.server.told, page.logger.books().calls);
}
