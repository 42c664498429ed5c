//! Laws of the machine over schedules of anything in any order, in virtual time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use telemetry::{Level, Map};

use super::*;
use crate::alerts::rule::{MINUTE, SECOND};

/// One thing that happens; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Happens {
    Seen(usize, usize),
    Lag(i64),
    Wait(i64),
    Acknowledge(usize),
    Silence(usize, i64),
    Answer(usize, u8),
    Restart,
}

/// Names that mean something, with the field that matters.
const NAMES: [(&str, &str, &str); 16] = [
    ("venue.request", "outcome", "ok"),
    ("venue.request", "outcome", "lost"),
    ("venue.request", "outcome", "failed"),
    ("exit.decided", "reason", "error"),
    ("ui.error_boundary", "", ""),
    ("stream.disconnected", "stream", "prices"),
    ("stream.gap", "stream", "prices"),
    ("panic.started", "", ""),
    ("panic.acknowledged", "", ""),
    ("panic.blocked", "", ""),
    ("panic.unblocked", "", ""),
    ("session.exposure_changed", "to", "UNKNOWN"),
    ("session.exposure_changed", "to", "FLAT"),
    ("session.lifecycle_changed", "to", "STOPPED"),
    ("db.journal_failed", "", ""),
    ("db.journal_restored", "", ""),
];

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => (0..NAMES.len(), 0_usize..3).prop_map(|(name, session)| Happens::Seen(name, session)),
        2 => (0_i64..120_000).prop_map(Happens::Lag),
        5 => (0_i64..4 * MINUTE).prop_map(Happens::Wait),
        2 => (0_i64..20 * SECOND).prop_map(Happens::Wait),
        1 => (0_usize..4).prop_map(Happens::Acknowledge),
        1 => (0..RuleId::ALL.len(), 1_i64..60).prop_map(|(rule, minutes)| Happens::Silence(rule, minutes)),
        6 => (0_usize..3, 0_u8..4).prop_map(|(which, how)| Happens::Answer(which, how)),
        1 => Just(Happens::Restart),
    ]
}

struct World {
    machine: Machine,
    now: i64,
    /// Messages that were handed out and have no answer.
    sending: BTreeMap<Channel, Notice>,
    fired: BTreeMap<String, RuleId>,
    ended: BTreeSet<String>,
}

const CHANNELS: [Channel; 3] = Channel::ALL;

impl World {
    fn new() -> Self {
        Self {
            machine: Machine::default().begin(CHANNELS.to_vec()),
            now: 10_000_000 * MINUTE,
            sending: BTreeMap::new(),
            fired: BTreeMap::new(),
            ended: BTreeSet::new(),
        }
    }

    fn on(&mut self, what: What) {
        let effects = self.machine.on(Input { at: Micros(self.now), what });
        for effect in effects {
            self.note(effect);
        }
        self.check();
    }

    fn note(&mut self, effect: Effect) {
        match effect {
            Effect::Tell(AlertEvent::Fired(about), _) => {
                let before = self.fired.insert(about.alert_id.clone(), about.rule);
                assert_eq!(before, None, "{about:?} fires twice");
            }
            Effect::Tell(AlertEvent::Resolved(about, ..), _) => {
                assert!(self.fired.contains_key(&about.alert_id), "{about:?} ends and never began");
                assert!(self.ended.insert(about.alert_id.clone()), "{about:?} ends twice");
            }
            Effect::Send(notice) => {
                let silent = self.machine.silence_of(notice.alert.rule, &notice.alert.subject).is_some();
                let speaks = matches!(notice.kind, Kind::Fired | Kind::Escalated);
                assert!(!(silent && speaks), "a silent alert speaks: {notice:?}");
                let acknowledged = self
                    .machine
                    .open
                    .values()
                    .any(|alert| alert.id == notice.alert.id && alert.acknowledged.is_some());
                assert!(!(acknowledged && speaks), "somebody has seen it: {notice:?}");
                let before = self.sending.insert(notice.channel, notice);
                assert!(before.is_none(), "two messages at once over one channel");
            }
            Effect::Tell(..) | Effect::Keep(_) | Effect::Answer(_) | Effect::Receipt { .. } => {}
        }
    }

    /// At every instant.
    fn check(&self) {
        let open: BTreeSet<&String> = self.machine.open.values().map(|alert| &alert.id).collect();
        assert_eq!(open.len(), self.machine.open.len(), "one alert a rule and subject");
        let lasting: BTreeSet<&String> = self.fired.keys().filter(|id| !self.ended.contains(*id)).collect();
        assert_eq!(open, lasting, "what is open has fired and not ended");
        for (key, alert) in &self.machine.open {
            assert_eq!(*key, super::key(alert.rule, &alert.subject));
            assert!(alert.resolved.is_none());
        }
        if let Some(wake) = self.machine.next_wake() {
            assert!(wake.0 > self.now, "it would spin: {wake:?} at {}", self.now);
        }
    }

    fn pass(&mut self, span: i64) {
        let end = self.now + span;
        while let Some(wake) = self.machine.next_wake().filter(|wake| wake.0 <= end) {
            self.now = wake.0;
            self.on(What::Ticked);
        }
        self.now = end;
        self.on(What::Ticked);
    }

    fn answer(&mut self, channel: Channel, how: u8) {
        let Some(notice) = self.sending.remove(&channel) else { return };
        let words = "words".to_owned();
        let outcome = match how {
            0 => Outcome::Failed(words),
            1 => Outcome::Refused(words),
            _ => Outcome::Done(words),
        };
        self.on(What::Delivered(Delivery { notice: notice.id, outcome }));
    }

    fn step(&mut self, happens: Happens) {
        match happens {
            Happens::Seen(name, session) => {
                let (name, field, value) = NAMES[name];
                let payload = Map::from_iter((!field.is_empty()).then(|| (field.to_owned(), value.into())));
                let context = Context {
                    session_id: (session > 0).then(|| format!("s-{session}")),
                    ..Context::default()
                };
                let at = Micros(self.now);
                let (name, message) = (name.to_owned(), name.to_owned());
                self.on(What::Seen(Sighting { at, name, level: Level::Error, message, context, payload }));
            }
            Happens::Lag(value) => {
                let words = value.to_string();
                self.on(What::Measured { rule: RuleId::Forwarder, subject: "lag", value, words });
            }
            Happens::Wait(span) => self.pass(span),
            Happens::Acknowledge(which) => {
                let id = self.machine.open().get(which).map(|alert| alert.id.clone());
                if let Some(id) = id {
                    self.on(What::Asked(Ask::Acknowledge { id, by: "ada".to_owned() }));
                }
            }
            Happens::Silence(rule, minutes) => {
                let (id, until) = (RuleId::ALL[rule].word().to_owned(), Micros(self.now + minutes * MINUTE));
                let (reason, by) = ("because".to_owned(), "ada".to_owned());
                self.on(What::Asked(Ask::Silence { id, until, reason, by }));
            }
            Happens::Answer(which, how) => self.answer(CHANNELS[which], how),
            Happens::Restart => {
                let written = serde_json::to_string(&self.machine).expect("it can be written down");
                let read: Machine = serde_json::from_str(&written).expect("it can be read");
                let before = (self.machine.open().len(), self.machine.notices().to_vec());
                self.machine = read.begin(CHANNELS.to_vec());
                assert_eq!((self.machine.open().len(), self.machine.notices().to_vec()), before);
                // What was under way is not known to have arrived.
                self.sending.clear();
                self.on(What::Booted);
            }
        }
    }

    /// Everything is over, and every channel works.
    fn settle(&mut self) {
        for session in 0..3 {
            for name in [8, 10, 12, 13, 6, 15] {
                self.step(Happens::Seen(name, session));
            }
        }
        self.step(Happens::Lag(0));
        for _ in 0..600 {
            CHANNELS.iter().for_each(|channel| self.answer(*channel, 2));
            self.pass(MINUTE);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// One alert a rule and subject, each begun and ended once; none speaks while it is silent or seen; one message at
    /// a time and channel; no wake in the past. A restart in between changes nothing. In the end all are over, and
    /// nothing waits. Catches: an alert that nobody ends, a driver that spins, a message that is sent for ever.
    #[test]
    fn alerts_begin_and_end_once_and_come_to_rest(steps in prop::collection::vec(happens(), 1..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.settle();
        prop_assert!(world.machine.open().is_empty(), "{:?}", world.machine.open());
        prop_assert!(world.machine.notices().is_empty(), "{:?}", world.machine.notices());
        prop_assert!(world.machine.standing.is_empty(), "{:?}", world.machine.standing);
    }
}
