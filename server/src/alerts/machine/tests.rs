//! Rules and what follows from them, in virtual time, one by one.

use telemetry::{Level, Map, Value};

mod sending;

use super::*;
use crate::alerts::rule::{MINUTE, SECOND};

/// A machine with its clock.
struct World {
    machine: Machine,
    now: i64,
}

fn seen(name: &str, fields: &[(&str, Value)], session: Option<&str>) -> What {
    What::Seen(Sighting {
        at: Micros(0),
        name: name.to_owned(),
        level: Level::Error,
        message: format!("{name} was told"),
        context: Context {
            session_id: session.map(str::to_owned),
            strategy_id: Some("short_strangle".to_owned()),
            ..Context::default()
        },
        payload: Map::from_iter(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone()))),
    })
}

fn call(outcome: &str) -> What {
    seen("venue.request", &[("outcome", outcome.into())], None)
}

fn stream(name: &str) -> What {
    seen(name, &[("stream", "prices".into())], None)
}

impl World {
    fn with(channels: &[Channel]) -> Self {
        Self { machine: Machine::default().begin(channels.to_vec()), now: 1_000_000 * MINUTE }
    }

    fn on(&mut self, mut what: What) -> Vec<Effect> {
        if let What::Seen(sighting) = &mut what {
            sighting.at = Micros(self.now);
        }
        self.machine.on(Input { at: Micros(self.now), what })
    }

    /// Lets time pass as a driver does: from wake to wake. A wake that changes nothing would be a driver that spins.
    fn pass(&mut self, span: i64) -> Vec<Effect> {
        let (end, mut told) = (self.now + span, Vec::new());
        let mut turns = 0;
        while let Some(wake) = self.machine.next_wake().filter(|wake| wake.0 <= end) {
            turns += 1;
            assert!(turns < 10_000, "it spins at {wake:?}");
            self.now = self.now.max(wake.0);
            told.extend(self.on(What::Ticked));
        }
        self.now = end;
        told.extend(self.on(What::Ticked));
        told
    }

    fn ask(&mut self, ask: Ask) -> Result<String, Refusal> {
        let effects = self.on(What::Asked(ask));
        effects
            .into_iter()
            .find_map(|effect| match effect {
                Effect::Answer(answer) => Some(answer),
                Effect::Tell(..) | Effect::Send(_) | Effect::Keep(_) | Effect::Receipt { .. } => None,
            })
            .expect("an answer")
    }
}

fn names(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tell(event, _) => Some(telemetry::Event::name(event)),
            Effect::Send(_) | Effect::Keep(_) | Effect::Answer(_) | Effect::Receipt { .. } => None,
        })
        .collect()
}

fn sent(effects: &[Effect]) -> Vec<Notice> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(notice) => Some(notice.clone()),
            Effect::Tell(..) | Effect::Keep(_) | Effect::Answer(_) | Effect::Receipt { .. } => None,
        })
        .collect()
}

#[test]
fn venue_failures_fire_by_count_or_by_share_and_end_below_half_of_both() {
    let mut world = World::with(&[]);
    for _ in 0..100 {
        world.on(call("ok"));
    }
    let told: Vec<_> = (0..19).flat_map(|_| world.on(call("lost"))).collect();
    assert!(names(&told).is_empty(), "19 of 119 are fewer than 20 % and than 20");
    assert_eq!(names(&world.on(call("failed"))), ["alert.fired"], "the twentieth");
    assert_eq!(world.machine.open()[0].rule, RuleId::VenueFailures);
    assert!(names(&world.pass(4 * MINUTE)).is_empty());
    assert_eq!(names(&world.pass(2 * MINUTE)), ["alert.resolved"], "the window has slid without a call");

    for _ in 0..9 {
        assert!(names(&world.on(call("limited"))).is_empty());
    }
    assert_eq!(names(&world.on(call("limited"))), ["alert.fired"], "ten of ten are a share");
    world.pass(MINUTE);
    let calm: Vec<_> = (0..200).flat_map(|_| world.on(call("ok"))).collect();
    assert!(names(&calm).contains(&"alert.resolved") || world.machine.open().len() == 1);
}

#[test]
fn a_venue_that_fails_a_little_less_keeps_the_alert() {
    let mut world = World::with(&[]);
    for _ in 0..20 {
        world.on(call("lost"));
    }
    assert_eq!(world.machine.open().len(), 1);
    world.pass(4 * MINUTE);
    for _ in 0..12 {
        world.on(call("lost"));
    }
    world.pass(90 * SECOND);
    assert_eq!(
        world.machine.open().len(),
        1,
        "12 of 12 are below where it fires by count, and not below half"
    );
    assert_eq!(names(&world.pass(6 * MINUTE)), ["alert.resolved"]);
}

#[test]
fn one_exit_by_error_is_none_and_a_second_of_the_same_strategy_is_one() {
    let mut world = World::with(&[]);
    let exit = || seen("exit.decided", &[("reason", "error".into())], Some("s-1"));
    assert!(names(&world.on(exit())).is_empty());
    assert!(names(&world.on(seen("exit.decided", &[("reason", "trailing".into())], Some("s-2")))).is_empty());
    world.pass(29 * MINUTE);
    assert_eq!(names(&world.on(exit())), ["alert.fired"]);
    assert_eq!(world.machine.open()[0].subject, "short_strangle");
    assert!(names(&world.pass(29 * MINUTE)).iter().all(|name| *name == "alert.escalated"));
    assert_eq!(names(&world.pass(2 * MINUTE)), ["alert.resolved"]);
}

#[test]
fn exits_by_error_that_lie_apart_are_no_alert() {
    let mut world = World::with(&[]);
    for _ in 0..4 {
        assert!(
            names(&world.on(seen("exit.decided", &[("reason", "error".into())], Some("s-1")))).is_empty()
        );
        assert!(names(&world.pass(31 * MINUTE)).is_empty());
    }
    assert!(world.machine.standing.is_empty(), "nothing is kept of what is over");
}

#[test]
fn an_error_boundary_fires_at_once_and_ends_when_it_stays_quiet() {
    let mut world = World::with(&[]);
    assert_eq!(names(&world.on(seen("ui.error_boundary", &[], None))), ["alert.fired"]);
    world.pass(10 * MINUTE);
    assert!(
        names(&world.on(seen("ui.error_boundary", &[], None))).is_empty(),
        "the same alert, a second time"
    );
    assert_eq!(world.machine.open()[0].count, 2);
    world.pass(14 * MINUTE);
    assert_eq!(world.machine.open().len(), 1);
    assert_eq!(names(&world.pass(2 * MINUTE)), ["alert.resolved"]);
}

#[test]
fn a_short_gap_of_prices_is_none_and_a_missed_heartbeat_is_one_at_once() {
    let mut world = World::with(&[]);
    world.on(stream("stream.disconnected"));
    assert!(names(&world.pass(9 * SECOND)).is_empty());
    world.on(stream("stream.gap"));
    assert!(names(&world.pass(10 * MINUTE)).is_empty());

    world.on(stream("stream.disconnected"));
    assert_eq!(names(&world.pass(10 * SECOND)), ["alert.fired"]);
    world.on(stream("stream.gap"));
    world.pass(30 * SECOND);
    world.on(stream("stream.disconnected"));
    world.pass(5 * SECOND);
    world.on(stream("stream.gap"));
    assert!(!names(&world.pass(50 * SECOND)).contains(&"alert.resolved"), "it came again: calm begins anew");
    assert!(names(&world.pass(11 * SECOND)).contains(&"alert.resolved"));

    let missed =
        seen("stream.heartbeat_missed", &[("stream", "prices".into()), ("silence_ms", 35_000.into())], None);
    assert_eq!(names(&world.on(missed)), ["alert.fired"], "it was silent long before anybody said so");
    assert!(names(&world.on(seen("stream.disconnected", &[("stream", "orders".into())], None))).is_empty());
    let beat =
        |ms: i64| seen("stream.heartbeat", &[("stream", "prices".into()), ("silence_ms", ms.into())], None);
    world.on(beat(40));
    assert!(names(&world.pass(61 * SECOND)).contains(&"alert.resolved"), "it beats again");
    assert!(names(&world.on(beat(9_000))).is_empty());
    assert_eq!(
        names(&world.on(beat(12_000))),
        ["alert.fired"],
        "nothing comes over a connection that stands"
    );
}

#[test]
fn conditions_of_a_session_end_with_the_session() {
    let mut world = World::with(&[]);
    world.on(seen("session.exposure_changed", &[("to", "UNKNOWN".into())], Some("s-1")));
    world.on(seen("session.exposure_changed", &[("to", "UNKNOWN".into())], Some("s-2")));
    assert_eq!(names(&world.pass(5 * SECOND)), ["alert.fired", "alert.fired"]);
    world.on(seen("session.lifecycle_changed", &[("to", "STOPPED".into())], Some("s-1")));
    assert!(names(&world.pass(6 * SECOND)).contains(&"alert.resolved"));
    assert_eq!(world.machine.open()[0].subject, "s-2");
}

#[test]
fn a_panic_ends_with_its_latch_and_is_blocked_as_long_as_it_is() {
    let mut world = World::with(&[]);
    assert_eq!(names(&world.on(seen("panic.started", &[], None))), ["alert.fired"]);
    assert_eq!(names(&world.on(seen("panic.blocked", &[], None))), ["alert.fired"]);
    world.on(seen("panic.unblocked", &[], None));
    assert!(names(&world.pass(6 * SECOND)).contains(&"alert.resolved"));
    world.on(seen("panic.verified_flat", &[], None));
    assert_eq!(world.machine.open().len(), 1, "flat is not cleared");
    assert_eq!(names(&world.on(seen("panic.acknowledged", &[], None))), ["alert.resolved"]);
}

#[test]
fn lag_fires_above_one_number_and_ends_below_another() {
    let mut world = World::with(&[]);
    let lag = |value: i64| What::Measured {
        rule: RuleId::Forwarder,
        subject: "lag",
        value,
        words: format!("{} s behind", value / 1_000),
    };
    world.on(lag(61_000));
    assert_eq!(names(&world.pass(10 * SECOND)), ["alert.fired"]);
    world.on(lag(45_000));
    assert!(!names(&world.pass(MINUTE)).contains(&"alert.resolved"), "in between it stays what it was");
    world.on(lag(29_000));
    assert!(names(&world.pass(30 * SECOND)).contains(&"alert.resolved"));
    world.on(lag(45_000));
    assert!(names(&world.pass(MINUTE)).is_empty());
    world.on(lag(100_000));
    world.on(lag(1_000));
    assert!(names(&world.pass(MINUTE)).is_empty(), "a moment is no lag");
}

#[test]
fn a_critical_alert_is_told_again_until_somebody_acknowledges_it() {
    let mut world = World::with(&[Channel::Webhook]);
    let effects = world.on(seen("panic.started", &[], None));
    let first = sent(&effects);
    assert_eq!((first.len(), first[0].kind), (1, Kind::Fired));
    world.on(What::Delivered(Delivery { notice: first[0].id, outcome: Outcome::Done("200".to_owned()) }));
    let told = world.pass(MINUTE);
    assert_eq!(names(&told), ["alert.escalated"]);
    let again = sent(&told);
    assert_eq!(again[0].kind, Kind::Escalated);
    world.on(What::Delivered(Delivery { notice: again[0].id, outcome: Outcome::Done("200".to_owned()) }));
    let id = world.machine.open()[0].id.clone();
    assert_eq!(world.machine.unread(), (1, Some(Severity::Critical)));
    assert_eq!(world.ask(Ask::Acknowledge { id: id.clone(), by: "ada".to_owned() }), Ok(id.clone()));
    assert_eq!(world.machine.unread(), (0, None));
    assert!(names(&world.pass(120 * MINUTE)).is_empty());
    let twice = world.on(What::Asked(Ask::Acknowledge { id, by: "bob".to_owned() }));
    assert!(names(&twice).is_empty(), "the first stands");
    let over = world.on(seen("panic.acknowledged", &[], None));
    assert_eq!(sent(&over)[0].kind, Kind::Resolved, "who was told that it began hears that it ended");
}

#[test]
fn a_warning_goes_by_mail_only_when_nobody_has_acknowledged_it() {
    let all = [Channel::Webhook, Channel::Telegram, Channel::Mail];
    let mut world = World::with(&all);
    let told: Vec<Channel> =
        sent(&world.on(seen("ui.panic", &[], None))).iter().map(|notice| notice.channel).collect();
    assert_eq!(told, [Channel::Webhook, Channel::Telegram]);
    let later: Vec<Channel> = sent(&world.pass(5 * MINUTE)).iter().map(|notice| notice.channel).collect();
    assert!(later.contains(&Channel::Mail), "{later:?}");

    let mut only = World::with(&[Channel::Mail]);
    assert_eq!(sent(&only.on(seen("ui.panic", &[], None))).len(), 1, "where there is no other way, at once");
}

#[test]
fn silence_is_kept_and_what_lasts_beyond_it_is_told() {
    let mut world = World::with(&[Channel::Webhook]);
    let silence = |until: i64| Ask::Silence {
        id: "price_gap".to_owned(),
        until: Micros(until),
        reason: "the line is changed".to_owned(),
        by: "ada".to_owned(),
    };
    let (past, long) = (silence(world.now), silence(world.now + 61 * MINUTE));
    assert_eq!(world.ask(past), Err(Refusal::Past));
    assert_eq!(world.ask(long), Err(Refusal::TooLong(60 * MINUTE)));
    let good = silence(world.now + 30 * MINUTE);
    assert!(world.ask(good).is_ok());
    world.on(stream("stream.disconnected"));
    let told = world.pass(20 * MINUTE);
    assert_eq!((names(&told), sent(&told).len()), (vec!["alert.fired"], 0), "it fires, and nobody is told");
    assert_eq!(world.machine.unread().0, 0);
    let told = world.pass(10 * MINUTE);
    assert_eq!((names(&told), sent(&told).len()), (vec!["alert.silence_ended"], 1));
    assert_eq!(world.machine.unread().0, 1);
}

#[test]
fn a_message_is_tried_again_with_growing_pauses_and_holds_up_no_other_channel() {
    let mut world = World::with(&[Channel::Webhook, Channel::Telegram]);
    let both = sent(&world.on(seen("ui.panic", &[], None)));
    assert_eq!(both.len(), 2);
    let fail = |id| What::Delivered(Delivery { notice: id, outcome: Outcome::Failed("502".to_owned()) });
    assert_eq!(names(&world.on(fail(both[0].id))), ["alert.notification_failed"]);
    let done = Delivery { notice: both[1].id, outcome: Outcome::Done("ok".to_owned()) };
    assert_eq!(names(&world.on(What::Delivered(done))), ["alert.notified"]);
    let again = sent(&world.pass(2 * SECOND));
    assert_eq!(again.len(), 1, "{again:?}");
    assert!(names(&world.on(fail(again[0].id))).is_empty(), "one failure is told, the others are counted");
    assert!(sent(&world.pass(3 * SECOND)).is_empty());
    let third = sent(&world.pass(SECOND));
    assert_eq!((third.len(), third[0].attempts), (1, 2));
    let refused = Delivery { notice: third[0].id, outcome: Outcome::Refused("401".to_owned()) };
    assert_eq!(names(&world.on(What::Delivered(refused))), ["alert.notification_failed"]);
    assert!(!world.machine.open()[0].receipts[&Channel::Webhook].delivered);
    assert!(world.machine.open()[0].receipts[&Channel::Telegram].delivered);
}

#[test]
fn what_ended_before_it_could_be_told_is_told_once() {
    let mut world = World::with(&[Channel::Webhook]);
    let first = sent(&world.on(seen("panic.blocked", &[], None)));
    let fail = Delivery { notice: first[0].id, outcome: Outcome::Failed("no route".to_owned()) };
    world.on(What::Delivered(fail));
    world.on(seen("panic.unblocked", &[], None));
    let again = sent(&world.pass(10 * SECOND));
    assert_eq!(
        again.iter().map(|notice| notice.kind).collect::<Vec<_>>(),
        [Kind::Fired],
        "under way while it ended"
    );
    let fail = Delivery { notice: again[0].id, outcome: Outcome::Failed("no route".to_owned()) };
    let told = sent(&world.on(What::Delivered(fail)));
    assert_eq!(told.iter().map(|notice| notice.kind).collect::<Vec<_>>(), [Kind::Resolved]);
    assert_eq!(world.machine.notices().len(), 1, "that it began need not be said any more");
}

#[test]
fn a_test_reaches_the_channel_that_was_asked_for_and_nothing_is_open() {
    let mut world = World::with(&[Channel::Webhook, Channel::Mail]);
    let test = Ask::Test { channel: Some(Channel::Mail), rule: None, by: "ada".to_owned() };
    let effects = world.on(What::Asked(test));
    let messages = sent(&effects);
    assert_eq!((messages.len(), messages[0].channel, messages[0].kind), (1, Channel::Mail, Kind::Test));
    assert_eq!(names(&effects), ["alert.tested"]);
    assert!(world.machine.open().is_empty());
    let none = Ask::Test { channel: Some(Channel::Telegram), rule: None, by: "ada".to_owned() };
    assert_eq!(world.ask(none), Err(Refusal::NoChannel));
}

#[test]
fn after_a_restart_what_the_process_said_must_be_said_again_and_what_the_journal_said_stays() {
    let mut world = World::with(&[]);
    world.on(seen("db.journal_failed", &[], None));
    world.on(seen("panic.started", &[], None));
    let written = serde_json::to_string(&world.machine).expect("it can be written down");
    world.machine = serde_json::from_str::<Machine>(&written).expect("and read").begin(Vec::new());
    assert_eq!(world.machine.open().len(), 2);
    world.on(What::Booted);
    world.on(seen("db.journal_failed", &[], None));
    world.pass(31 * SECOND);
    assert_eq!(world.machine.open().len(), 2, "said again");
    world.on(What::Booted);
    assert!(names(&world.pass(31 * SECOND)).contains(&"alert.resolved"));
    assert_eq!(world.machine.open()[0].rule, RuleId::PanicStarted);
}
