//! When messages are queued, and what becomes of one that was under way when the process ended.

use super::*;

#[test]
fn a_message_that_was_under_way_when_the_process_ended_is_sent_again_under_its_name_and_says_so() {
    let mut world = World::with(&[Channel::Webhook, Channel::Telegram]);
    let first = sent(&world.on(seen("ui.panic", &[], None)));
    let done = Delivery { notice: first[1].id, outcome: Outcome::Done("message 7".to_owned()) };
    world.on(What::Delivered(done));
    let written = serde_json::to_string(&world.machine).expect("it can be written down");
    let read: Machine = serde_json::from_str(&written).expect("and read");
    world.machine = read.begin(vec![Channel::Webhook, Channel::Telegram]);
    let again = sent(&world.on(What::Booted));
    assert_eq!(again.len(), 1, "who has it is not told again: {again:?}");
    assert_eq!((again[0].id, again[0].repeated, first[0].repeated), (first[0].id, true, false));
    let words = crate::alerts::notify::Words::new("http://base");
    assert_eq!(words.json(&again[0])["delivery_id"], words.json(&first[0])["delivery_id"]);
    assert_eq!(
        (&words.json(&first[0])["repeated"], &words.json(&again[0])["repeated"]),
        (&false.into(), &true.into())
    );
    assert!(words.text(&again[0]).contains("may have been sent before"), "{}", words.text(&again[0]));
    assert!(!words.text(&first[0]).contains("sent before"));
}

/// What is wrong reaches the queue of every channel with the input that says so: nothing waits for another look.
#[test]
fn what_fires_at_once_is_queued_within_the_same_input() {
    for (name, fields, rule) in [
        ("panic.started", vec![], RuleId::PanicStarted),
        ("panic.blocked", vec![], RuleId::PanicBlocked),
        ("ui.error_boundary", vec![], RuleId::ErrorBoundary),
        ("db.journal_failed", vec![], RuleId::Journal),
        ("session.operator_needed", vec![], RuleId::OperatorNeeded),
        ("position.mismatched", vec![], RuleId::Mismatch),
        (
            "stream.heartbeat_missed",
            vec![("stream", "prices".into()), ("silence_ms", 35_000.into())],
            RuleId::PriceGap,
        ),
    ] {
        let mut world = World::with(&[Channel::Webhook, Channel::Telegram]);
        let cause = world.now;
        let queued = sent(&world.on(seen(name, &fields, Some("s-1"))));
        assert_eq!(queued.len(), 2, "{name}");
        assert!(
            queued.iter().all(|notice| notice.alert.rule == rule && notice.queued_at.0 == cause),
            "{queued:?}"
        );
    }
}
