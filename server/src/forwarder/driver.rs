//! The driver: does what the machine says, several things at once, and reports back.

use std::time::Duration;

use telemetry::Context;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::Client;
use super::digest::Digest;
use super::machine::{Effect, Fenced, Input, Machine, State};
use super::{ForwarderEvent, Outgoing, Status, bulk, fence, setup};
use crate::config::ElasticsearchConfig;
use crate::elastic::{ConnectionError, Retention};
use crate::health::Health;
use crate::random;
use crate::store::StoreError;
use crate::store::telemetry::{Lane, Settled, TelemetryStore};
use crate::tasks::Stop;
use crate::telling::Teller;

/// After a quiet time, how long the first record waits for company.
const COMPANY: Duration = Duration::from_millis(200);
/// The part of health.
pub(crate) const PART: &str = "forwarder";
/// The books are moved at most so often.
const BOOKS: Duration = Duration::from_millis(100);

/// Everything that forwarding needs; cheap to clone, so that it can be started again.
#[derive(Clone)]
pub struct Driver {
    client: Client,
    config: ElasticsearchConfig,
    store: TelemetryStore,
    teller: Teller,
    status: Status,
    health: Health,
    stop: Stop,
}

type Work = JoinSet<Result<Done, StoreError>>;

/// Something that was done.
struct Done {
    input: Input,
    /// What is to be told of it, unless it was told before.
    tell: Option<ForwarderEvent>,
}

impl From<Input> for Done {
    fn from(input: Input) -> Self {
        Self { input, tell: None }
    }
}

impl Driver {
    /// A driver that sends to the address of the settings.
    pub fn new(
        config: ElasticsearchConfig,
        store: TelemetryStore,
        teller: Teller,
        (status, health): (Status, Health),
        stop: Stop,
    ) -> Result<Self, ConnectionError> {
        let client = Client::new(&config)?;
        Ok(Self { client, config, store, teller, status, health, stop })
    }

    /// Forwards until the server stops. Errors are those of our own store; a restart goes on from the cursors.
    pub async fn run(self) -> Result<(), StoreError> {
        let books = self.store.books().await?;
        self.tell(&ForwarderEvent::Started {
            url: self.config.url.clone().unwrap_or_default(),
            namespace: self.config.namespace.clone(),
            held: books.held,
        });
        let mut desk = Desk::new(self).await?;
        let mut input = Input::Start(desk.driver.store.positions().await?);
        let mut stop = desk.driver.stop.clone();
        loop {
            desk.take(input);
            input = tokio::select! {
                done = desk.next() => done?,
                // Cut at any point: nothing was booked that was not delivered, and ids make repeats harmless.
                () = stop.stopped() => return Ok(()),
            };
        }
    }

    async fn set_up(self) -> Result<Done, StoreError> {
        let found = match setup::run(&self.client, Retention::of(&self.config)).await {
            Ok(found) => found,
            Err(reason) => return Ok(Done::from(Input::SetUp(Err(reason)))),
        };
        self.client.sends_text(found.text);
        Ok(Done { input: Input::SetUp(Ok(found.destination)), tell: found.tell })
    }

    async fn fetch(self, lane: Lane, after: i64, limit: usize) -> Result<Done, StoreError> {
        Ok(Input::Backlog(lane, self.store.backlog(lane, after, limit).await?).into())
    }

    async fn send(self, lane: Lane, request: u64, records: Vec<Outgoing>) -> Result<Done, StoreError> {
        Ok(match self.client.send(records).await {
            Ok(reply) => Input::Answered(lane, request, reply),
            Err(reason) => Input::Ambiguous(lane, request, reason),
        }
        .into())
    }

    async fn fence(self, lane: Lane, index: String, ids: Vec<String>) -> Result<Done, StoreError> {
        let found = match lane.source() {
            Some(source) => fence::found(&self.client, &self.client.stream(source), &index, &ids).await,
            // Letters are of several streams; the index that has one refuses it by its id.
            None => Ok(Fenced::default()),
        };
        Ok(Input::Fenced(lane, found).into())
    }

    async fn book(self, settled: Vec<Settled>, at: Instant) -> Result<Done, StoreError> {
        tokio::time::sleep_until(at).await;
        self.store.settle(&settled).await?;
        Ok(Input::Booked.into())
    }

    /// Dead letters name the data stream that refused them; what tells of the forwarder itself becomes none.
    fn addressed(&self, mut settled: Vec<Settled>) -> Vec<Settled> {
        for lane in &mut settled {
            let letters = lane.dead_letters.len();
            if lane.lane != Lane::Letters {
                lane.dead_letters.retain(|letter| !bulk::is_own(&letter.record.body));
            }
            lane.own = (letters - lane.dead_letters.len()) as u64;
            for letter in &mut lane.dead_letters {
                letter.data_stream = bulk::stream_of(&letter.record.body, &self.config.namespace);
            }
        }
        settled
    }

    fn tell(&self, event: &ForwarderEvent) {
        self.teller.tell(event, &Context::default());
    }
}

/// The driver at work.
struct Desk {
    driver: Driver,
    machine: Machine,
    work: Work,
    committed: watch::Receiver<i64>,
    digest: Digest,
    booked: Instant,
    /// What health was told.
    shown: State,
    /// What was told last of the set-up: it is looked at after every outage.
    told: Option<ForwarderEvent>,
}

impl Desk {
    async fn new(driver: Driver) -> Result<Self, StoreError> {
        // A store that was down when the server started has no books yet.
        driver.store.open_books().await?;
        let mut committed = driver.store.applied();
        committed.borrow_and_update();
        let machine = Machine::new(driver.config.batch_records);
        let (work, digest) = (Work::new(), Digest::default());
        let booked = Instant::now().checked_sub(BOOKS).unwrap_or_else(Instant::now);
        Ok(Self { driver, machine, work, committed, digest, booked, shown: State::Idle, told: None })
    }

    /// Gives an input to the machine and begins what follows.
    fn take(&mut self, input: Input) {
        let effects = self.machine.on(input, roll());
        self.show();
        for effect in effects {
            self.begin(effect);
        }
    }

    /// Who looks at health hears of records that do not get away.
    fn show(&mut self) {
        let driver = &self.driver;
        driver.status.follow(&self.machine);
        let state = self.machine.state();
        if std::mem::replace(&mut self.shown, state) == state {
            return;
        }
        match (state, self.machine.last_error()) {
            (State::Resting | State::Held, Some(why)) => {
                driver.health.degraded(PART, format!("forwarding is {}: {why}", state.as_str()));
            }
            (State::Idle | State::Awaiting | State::Resting | State::Held, _) => driver.health.up(PART),
        }
    }

    /// The next thing that is done.
    async fn next(&mut self) -> Result<Input, StoreError> {
        loop {
            let due = self.digest.due(Instant::now());
            let reminder = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                done = self.work.join_next() => match done {
                    Some(Ok(done)) => return Ok(self.done(done?)),
                    Some(Err(error)) => {
                        if let Ok(panic) = error.try_into_panic() {
                            std::panic::resume_unwind(panic);
                        }
                    }
                    // There is always a wait for commits.
                    None => std::future::pending().await,
                },
                () = reminder => {
                    if let Some(event) = self.digest.take(Instant::now()) {
                        self.driver.tell(&event);
                    }
                }
            }
        }
    }

    fn begin(&mut self, effect: Effect) {
        let driver = self.driver.clone();
        let _task = match effect {
            Effect::Tell(event) => {
                driver.tell(&event);
                return;
            }
            Effect::SetUp => self.work.spawn(driver.set_up()),
            Effect::Fetch { lane, after, limit } => self.work.spawn(driver.fetch(lane, after, limit)),
            Effect::Send { lane, request, records } => self.work.spawn(driver.send(lane, request, records)),
            Effect::Fence { lane, index, ids } => self.work.spawn(driver.fence(lane, index, ids)),
            Effect::Book(settled) => {
                let settled = driver.addressed(settled);
                for lane in &settled {
                    self.digest.add(&lane.dead_letters, lane.failure_store);
                }
                self.work.spawn(driver.book(settled, self.booked + BOOKS))
            }
            Effect::AwaitCommit => {
                let mut committed = self.committed.clone();
                self.committed.borrow_and_update();
                self.work.spawn(async move {
                    // The sender lives in the store that this driver holds.
                    let _ = committed.changed().await;
                    tokio::time::sleep(COMPANY).await;
                    Ok(Input::Committed.into())
                })
            }
            Effect::Rest { lane, ms } => self.work.spawn(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(Input::Rested(lane).into())
            }),
        };
    }

    fn done(&mut self, Done { input, tell }: Done) -> Input {
        if input == Input::Booked {
            self.booked = Instant::now();
        }
        if tell.is_some() && tell != self.told {
            if let Some(event) = &tell {
                self.driver.tell(event);
            }
            self.told = tell;
        }
        input
    }
}

fn roll() -> u32 {
    u32::from_str_radix(&random::hex(4), 16).unwrap_or_default()
}
