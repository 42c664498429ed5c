//! Old log records are forgotten by age and by size, in steps between which others write, and the forwarder's books
//! stay closed whatever is given up.

use std::sync::atomic::{AtomicBool, Ordering};

use server::health::Health;
use server::store::telemetry::{
    Books, Commit, DeadLetter, Filter, Forgotten, Keep, Lane, Prepared, Settled, StoredRecord, TelemetryStore,
};
use server::tasks::{Stop, Tasks};
use server::telling::Teller;
use telemetry::{Level, LogRecord, Micros};

use crate::support::config;

struct World {
    store: TelemetryStore,
    tasks: Tasks,
    _dir: tempfile::TempDir,
}

const EVERYTHING: u64 = u64::MAX;
const DAY: i64 = 86_400_000_000;

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let teller = Teller::new(Level::Fatal, 16);
        let settings = config(&dir, &[]);
        let store = TelemetryStore::open(dir.path(), teller.clone(), &settings.database).await.unwrap();
        Self { store, tasks: Tasks::new(teller, Health::default()), _dir: dir }
    }

    fn stop(&self) -> Stop {
        self.tasks.stop_signal()
    }

    /// Records of about a kilobyte, one day apart from each other when `days` says so.
    async fn write(&self, name: &str, count: i64, at_us: impl Fn(i64) -> i64) {
        let record = |n: i64| LogRecord {
            event_id: format!("{name}-{n}"),
            timestamp: Micros(at_us(n)),
            event: "cycle.started".into(),
            message: "x".repeat(800),
            ..LogRecord::default()
        };
        let records = (0..count).map(|n| Prepared::from(record(n))).collect();
        self.store.append(&Commit { records, ..Commit::default() }).await.unwrap();
    }

    async fn forget(&self, since_us: Option<i64>, bytes: u64) -> Forgotten {
        self.store.forget(Keep { since_us, bytes }, &self.stop()).await.unwrap()
    }

    async fn left(&self) -> usize {
        let mut left = 0;
        let mut after = None;
        loop {
            let (lines, next) = self.store.page(&Filter::default(), after, 1_000).await.unwrap();
            left += lines.len();
            match next {
                Some(next) => after = Some(next),
                None => return left,
            }
        }
    }

    /// The next records of the one lane that is used here.
    async fn backlog(&self, limit: usize) -> Vec<StoredRecord> {
        let from = self.cursor().await;
        self.store.backlog(Lane::App, from, limit).await.unwrap().records
    }

    async fn cursor(&self) -> i64 {
        let positions = self.store.positions().await.unwrap();
        positions.iter().find(|position| position.lane == Lane::App).unwrap().cursor_id
    }

    /// Books what became of records up to `cursor_id`; the other lanes, which have none, follow.
    async fn settle(&self, cursor_id: i64, delivered: u64, letters: Vec<DeadLetter>) {
        let from = self.cursor().await;
        let mut settled = vec![Settled {
            delivered,
            dead_letters: letters,
            ..Settled::nothing(Lane::App, from, cursor_id)
        }];
        for position in self.store.positions().await.unwrap() {
            if position.lane != Lane::App && position.cursor_id < cursor_id {
                settled.push(Settled::nothing(position.lane, position.cursor_id, cursor_id));
            }
        }
        self.store.settle(&settled).await.unwrap();
    }

    /// The books, after a look at their law.
    async fn books(&self) -> Books {
        let books = self.store.books().await.unwrap();
        assert_eq!(books.held, self.store.count_held().await.unwrap(), "{books:?}");
        assert_eq!(
            books.offered,
            books.delivered + books.quarantined + books.turned_away + books.held,
            "{books:?}"
        );
        books
    }
}

#[tokio::test]
async fn age_takes_what_is_old_and_need_not_be_forwarded() {
    let world = World::new().await;
    world.write("old", 300, |n| n * DAY / 10).await;
    assert_eq!(world.forget(Some(10 * DAY), EVERYTHING).await.records, 100);
    assert_eq!(world.left().await, 200);
    world.store.open_books().await.unwrap();
    world.write("held", 100, |_| 0).await;
    assert_eq!(world.forget(Some(20 * DAY), EVERYTHING).await.records, 100, "not what is to be forwarded");
    assert_eq!((world.left().await, world.books().await.held), (200, 100));
    assert_eq!(world.forget(None, EVERYTHING).await, Forgotten::default(), "age is not looked at");
    let backlog = world.backlog(60).await;
    let cursor_id = backlog.last().unwrap().id;
    world.settle(cursor_id, 60, vec![]).await;
    assert_eq!(world.forget(Some(20 * DAY), EVERYTHING).await.records, 60, "once it is forwarded it goes");
    assert_eq!((world.left().await, world.books().await.held), (140, 40));
}

#[tokio::test]
async fn size_takes_the_oldest_and_the_books_say_what_was_given_up() {
    let world = World::new().await;
    world.write("before", 1_000, |n| n).await;
    world.store.open_books().await.unwrap();
    world.write("after", 2_000, |n| n).await;
    let backlog = world.backlog(500).await;
    let (last, letter) = (backlog.last().unwrap().id, backlog[3].clone());
    let letter =
        DeadLetter { record: letter, data_stream: "logs".to_owned(), status: 400, reason: String::new() };
    world.settle(last, 499, vec![letter]).await;
    let from = world.cursor().await;
    let in_flight = world.backlog(500).await;

    let limit = 1_500_000;
    let forgotten = world.forget(None, limit).await;
    let left = world.left().await;
    assert!((200..1_400).contains(&left), "about as many as there is room for: {left}");
    assert_eq!(forgotten.records as usize, 3_000 - left);
    assert_eq!(forgotten.not_forwarded as usize, 1_500 - left, "those behind the cursor");
    assert_eq!(forgotten.dead_letters, 1, "it goes with its record");
    let books = world.books().await;
    assert_eq!((books.turned_away as u64, books.held as usize), (forgotten.not_forwarded, left));
    assert_eq!(world.forget(None, limit).await, Forgotten::default(), "enough is enough");

    // What was on its way when its records were given up is counted once: as turned away.
    let until = in_flight.last().unwrap().id;
    let late = Settled { delivered: 500, ..Settled::nothing(Lane::App, from, until) };
    world.store.settle(&[late]).await.unwrap_err();
    assert_eq!(world.books().await, books);
    let next = world.backlog(10).await;
    let cursor_id = next.last().unwrap().id;
    world.settle(cursor_id, 10, vec![]).await;
    assert_eq!(world.books().await.delivered, 509);
}

#[tokio::test]
async fn whoever_writes_has_its_turn_between_the_steps() {
    let world = World::new().await;
    for round in 0..5 {
        world.write(&format!("old-{round}"), 4_000, |n| n).await;
    }
    let forgetting = AtomicBool::new(true);
    let (forgotten, ()) = tokio::join!(
        async {
            let forgotten = world.forget(Some(DAY), EVERYTHING).await;
            forgetting.store(false, Ordering::Relaxed);
            forgotten
        },
        async {
            for n in 0..5 {
                world.write(&format!("new-{n}"), 1, |_| 2 * DAY).await;
                assert!(forgetting.load(Ordering::Relaxed), "written in between");
            }
        }
    );
    assert_eq!(forgotten.records, 20_000);
    assert_eq!(world.left().await, 5);
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_it() {
    let world = World::new().await;
    world.write("old", 4_000, |n| n).await;
    world.tasks.stop();
    assert_eq!(world.forget(Some(DAY), EVERYTHING).await, Forgotten::default());
}
