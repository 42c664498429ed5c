//! Retention: whole days by age, the oldest segments by size; the forwarder's books stay closed whatever is given up.

use server::health::Health;
use server::store::log::{Day, Head};
use server::store::telemetry::{
    Books, DeadLetter, Filter, Forgotten, Group, Keep, Lane, Settled, StoredRecord, TelemetryStore,
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
        let store = TelemetryStore::own(dir.path(), teller.clone(), &settings.database).await.unwrap();
        Self { store, tasks: Tasks::new(teller, Health::default()), _dir: dir }
    }

    fn stop(&self) -> Stop {
        self.tasks.stop_signal()
    }

    /// Records of about a kilobyte, each of `days` has so many.
    fn write(&self, name: &str, count: usize, days: std::ops::Range<i64>) {
        for day in days {
            let at = Micros(day * DAY + 7);
            let record = |n: usize| LogRecord {
                event_id: format!("{name}-{day}-{n}"),
                timestamp: at,
                event: "cycle.started".into(),
                message: "x".repeat(800),
                ..LogRecord::default()
            };
            let (bytes, _) = Group::from_iter((0..count).map(record)).lines();
            self.store.log().append(&bytes, at).unwrap();
        }
    }

    async fn forget(&self, since_us: Option<i64>, bytes: u64) -> Forgotten {
        self.store.forget(Keep { since_us, bytes }, &self.stop()).await.unwrap()
    }

    async fn left(&self) -> usize {
        self.store.after(&Filter::default(), 0, 100_000).await.unwrap().len()
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
async fn age_takes_whole_days_that_need_not_be_forwarded() {
    let world = World::new().await;
    world.write("old", 30, 0..10);
    assert_eq!(world.forget(Some(4 * DAY + 9), EVERYTHING).await.records, 120);
    assert_eq!(world.left().await, 180);
    world.store.open_books().await.unwrap();
    world.write("held", 50, 10..12);
    assert_eq!(world.forget(Some(20 * DAY), EVERYTHING).await.records, 180, "not what is to be forwarded");
    assert_eq!((world.left().await, world.books().await.held), (100, 100));
    assert_eq!(world.forget(None, EVERYTHING).await, Forgotten::default(), "age is not looked at");
    let cursor_id = world.backlog(60).await.last().unwrap().id;
    world.settle(cursor_id, 60, vec![]).await;
    assert_eq!(world.forget(Some(20 * DAY), EVERYTHING).await.records, 50, "a day that is forwarded goes");
    assert_eq!((world.left().await, world.books().await.held), (50, 40), "the present segment stays");
    let days: Vec<Day> = world.store.log().days();
    let folders = std::fs::read_dir(world.store.log().dir())
        .unwrap()
        .filter_map(|entry| Day::parse(entry.unwrap().file_name().to_str().unwrap()));
    assert_eq!(folders.collect::<Vec<_>>(), days, "folders go with their days");
}

#[tokio::test]
async fn size_takes_the_oldest_segments_and_the_books_say_what_was_given_up() {
    let world = World::new().await;
    world.write("before", 100, 0..10);
    world.store.open_books().await.unwrap();
    world.write("after", 100, 10..30);
    let backlog = world.backlog(500).await;
    let (last, letter) = (backlog.last().unwrap().id, backlog[3].clone());
    let letter =
        DeadLetter { record: letter, data_stream: "logs".to_owned(), status: 400, reason: String::new() };
    world.settle(last, 499, vec![letter]).await;
    let from = world.cursor().await;
    let in_flight = world.backlog(500).await;

    let limit = 1_000_000;
    let forgotten = world.forget(None, limit).await;
    let left = world.left().await;
    assert!((500..1_100).contains(&left), "about as many as there is room for: {left}");
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
async fn days_that_are_over_are_sealed_and_read_and_forgotten_as_before() {
    let world = World::new().await;
    world.store.open_books().await.unwrap();
    world.write("day", 200, 0..5);
    let before = world.store.after(&Filter::default(), 0, 100_000).await.unwrap();
    let bytes = world.store.log().bytes();
    while world.store.seal_one().await.unwrap() {}
    assert!(world.store.log().bytes() < bytes / 3, "compressed");
    assert_eq!(world.store.after(&Filter::default(), 0, 100_000).await.unwrap(), before);
    let page = world.store.page(&Filter::default(), None, 150).await.unwrap();
    let newest: Vec<&String> = before.iter().rev().take(150).map(|(_, line)| line).collect();
    assert_eq!(page.lines.iter().collect::<Vec<_>>(), newest);
    let last = before.last().map(|(id, _)| *id).unwrap();
    world.settle(last, 1_000, vec![]).await;
    assert_eq!(world.forget(Some(3 * DAY), EVERYTHING).await.records, 600);
    assert_eq!(world.left().await, 400);
    assert!(Head::of(page.lines[0].as_bytes()).is_some());
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_it() {
    let world = World::new().await;
    world.write("old", 10, 0..5);
    world.tasks.stop();
    assert_eq!(world.forget(Some(3 * DAY), EVERYTHING).await, Forgotten::default());
    assert_eq!(world.left().await, 50);
}
