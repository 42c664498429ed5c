//! The machine against a scripted engine: every record settled once, the books closed, whatever the engine answers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn record(id: i64) -> StoredRecord {
    StoredRecord { id, event_id: format!("boot-{id}"), body: String::new() }
}

fn item(status: u16) -> Item {
    Item { status, reason: String::new(), failure_store: false }
}

/// An engine that keeps what it takes, and a store with a cursor and books, played in memory.
#[derive(Default)]
struct World {
    records: i64,
    cursor: i64,
    settled: Settled,
    /// How often each id was indexed.
    index: BTreeMap<String, u32>,
    requests: usize,
}

/// What the engine does with one request.
#[derive(Clone, Debug)]
enum Script {
    /// A status for each record, cycled; anything but 409 and 201 is refused.
    Items(Vec<u16>),
    Status(u16),
    /// The records are taken, but no answer comes.
    TakenThenCut,
    Cut,
    /// Taken, with one result too few.
    Short,
}

impl World {
    fn with(records: i64) -> Self {
        Self { records, ..Self::default() }
    }

    fn take(&mut self, outgoing: &Outgoing) -> Item {
        let seen = self.index.entry(outgoing.record.event_id.clone()).or_insert(0);
        if *seen > 0 {
            return item(409);
        }
        *seen += 1;
        item(201)
    }

    fn answer(&mut self, records: &[Outgoing], script: &Script) -> Input {
        self.requests += 1;
        match script {
            Script::Items(statuses) => {
                let results =
                    records.iter().zip(statuses.iter().cycle()).map(|(outgoing, status)| match status {
                        201 => self.take(outgoing),
                        other => item(*other),
                    });
                Input::Answered(Reply::Items(results.collect()))
            }
            Script::Status(status) => {
                Input::Answered(Reply::Refused { status: *status, reason: "scripted".to_owned() })
            }
            Script::TakenThenCut => {
                for outgoing in records {
                    self.take(outgoing);
                }
                Input::Ambiguous("cut".to_owned())
            }
            Script::Cut => Input::Ambiguous("cut".to_owned()),
            Script::Short => {
                let results: Vec<Item> = records.iter().map(|outgoing| self.take(outgoing)).collect();
                Input::Answered(Reply::Items(results[1..].to_vec()))
            }
        }
    }

    fn perform(&mut self, effect: Effect, script: &mut dyn Iterator<Item = Script>) -> Option<Input> {
        match effect {
            Effect::Tell(_) => None,
            Effect::SetUp => Some(Input::SetUp(Ok(()))),
            Effect::Fetch { limit } => {
                let ids = self.cursor + 1..=self.records;
                Some(Input::Backlog(ids.take(limit).map(record).collect()))
            }
            Effect::Send(records) => {
                let step = script.next().unwrap_or(Script::Items(vec![201]));
                Some(self.answer(&records, &step))
            }
            Effect::Book(settled) => {
                assert!(settled.cursor_id > self.cursor, "the cursor moves forwards");
                self.cursor = settled.cursor_id;
                self.settled.delivered += settled.delivered;
                self.settled.duplicates += settled.duplicates;
                self.settled.failure_store += settled.failure_store;
                self.settled.dead_letters.extend(settled.dead_letters);
                Some(Input::Booked)
            }
            Effect::AwaitCommit => None,
            Effect::Rest { ms } => {
                assert!((1..=10_000).contains(&ms), "{ms}");
                Some(Input::Rested)
            }
        }
    }

    /// Runs until the machine waits for commits.
    fn run(&mut self, machine: &mut Machine, script: Vec<Script>) -> Vec<ForwarderEvent> {
        let mut script = script.into_iter();
        let mut input = Input::Start;
        let mut told = Vec::new();
        for step in 0..100_000_u32 {
            let effects = machine.on(input, step.wrapping_mul(2_654_435_761));
            let waits = effects.contains(&Effect::AwaitCommit);
            let mut next = None;
            for effect in effects {
                if let Effect::Tell(event) = &effect {
                    told.push(event.clone());
                }
                let done = self.perform(effect, &mut script);
                assert!(done.is_none() || next.is_none(), "one thing at a time");
                next = done.or(next);
            }
            if waits {
                return told;
            }
            input = next.expect("every step leads to the next");
        }
        panic!("the machine does not come to rest");
    }

    fn assert_closed(&self) {
        let quarantined = self.settled.dead_letters.len() as u64;
        assert_eq!(
            self.settled.delivered + quarantined,
            self.records as u64,
            "delivered + quarantined = offered"
        );
        assert_eq!(self.cursor, self.records);
        assert!(self.index.values().all(|&times| times == 1), "indexed once each");
        let lost = self.index.len() as u64 + quarantined;
        assert!(lost >= self.records as u64, "every record is in the index or a dead letter");
    }
}

#[test]
fn a_poison_record_does_not_hold_up_its_neighbours() {
    let (mut world, mut machine) = (World::with(5), Machine::new(10));
    let told = world.run(&mut machine, vec![Script::Items(vec![201, 400, 201, 201, 201])]);
    world.assert_closed();
    assert_eq!(world.settled.dead_letters[0].record.id, 2);
    assert!(matches!(told[..], [ForwarderEvent::Quarantined { status: 400, .. }]), "{told:?}");
}

#[test]
fn only_refused_records_are_sent_again() {
    let (mut world, mut machine) = (World::with(4), Machine::new(10));
    world.run(&mut machine, vec![Script::Items(vec![201, 429, 503, 201]), Script::Items(vec![201])]);
    world.assert_closed();
    assert_eq!(world.settled.duplicates, 0, "what was taken is not sent again");
    assert_eq!(world.requests, 2);
}

#[test]
fn credentials_hold_everything_and_are_told_once() {
    let (mut world, mut machine) = (World::with(3), Machine::new(10));
    let told = world.run(&mut machine, vec![Script::Status(401), Script::Status(403), Script::Status(404)]);
    world.assert_closed();
    assert!(
        matches!(told[..], [ForwarderEvent::Held { status: 401, .. }, ForwarderEvent::Recovered]),
        "{told:?}"
    );
}

#[test]
fn a_request_that_is_too_large_is_halved_down_to_one() {
    let (mut world, mut machine) = (World::with(8), Machine::new(8));
    world.run(&mut machine, vec![Script::Status(413), Script::Status(413), Script::Status(413)]);
    world.assert_closed();
    assert!(world.settled.dead_letters.is_empty());
    assert!(world.requests >= 5, "8, 4, 2, then one and growing again");
}

#[test]
fn one_record_that_is_too_large_is_truncated_then_given_up() {
    let (mut world, mut machine) = (World::with(1), Machine::new(8));
    world.run(&mut machine, vec![Script::Status(413)]);
    world.assert_closed();
    assert!(world.settled.dead_letters.is_empty(), "truncated and taken");
    let (mut world, mut machine) = (World::with(1), Machine::new(8));
    world.run(&mut machine, vec![Script::Status(413), Script::Status(413)]);
    assert_eq!(world.settled.dead_letters[0].status, 413);
}

#[test]
fn a_record_that_breaks_the_server_is_given_up_when_its_neighbours_are_taken() {
    let (mut world, mut machine) = (World::with(2), Machine::new(8));
    // The neighbour is taken at once; afterwards the record stands alone and is tried on and on.
    let script = std::iter::repeat_n(Script::Items(vec![500, 201]), 1).chain([Script::Items(vec![500]); 1]);
    world.run(&mut machine, script.collect());
    world.assert_closed();
}

fn script() -> impl Strategy<Value = Script> {
    let status = prop::sample::select(vec![201_u16, 201, 201, 400, 429, 500, 503]);
    prop_oneof![
        4 => prop::collection::vec(status, 1..6).prop_map(Script::Items),
        2 => prop::sample::select(vec![400_u16, 401, 403, 404, 413, 429, 500, 503]).prop_map(Script::Status),
        1 => Just(Script::TakenThenCut),
        1 => Just(Script::Cut),
        1 => Just(Script::Short),
    ]
}

proptest! {
    /// Law: delivered + quarantined = offered and every delivered record is indexed exactly once. Catches a result
    /// matched to the wrong record, a cursor that moves past an unsettled one, a repeat under another id.
    #[test]
    fn books_close_over_any_answers(
        records in 1_i64..60,
        limit in 1_usize..20,
        script in prop::collection::vec(script(), 0..40),
    ) {
        let (mut world, mut machine) = (World::with(records), Machine::new(limit));
        world.run(&mut machine, script);
        world.assert_closed();
        prop_assert_eq!(machine.state(), State::Idle);
    }
}
