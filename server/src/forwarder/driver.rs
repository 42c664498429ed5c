//! The driver: does what the machine says, one thing at a time, and reports back.

use std::time::Duration;

use telemetry::Context;
use tokio::sync::watch;

use super::client::{Client, ClientError};
use super::machine::{Effect, Input, Machine};
use super::{ForwarderEvent, Status, bulk, setup};
use crate::config::ElasticsearchConfig;
use crate::random;
use crate::store::StoreError;
use crate::store::telemetry::{Settled, TelemetryStore};
use crate::tasks::Stop;
use crate::telling::Teller;

/// After a quiet time, how long the first record waits for company.
const COMPANY: Duration = Duration::from_millis(200);

/// Everything that forwarding needs; cheap to clone, so that it can be started again.
#[derive(Clone)]
pub struct Driver {
    client: Client,
    config: ElasticsearchConfig,
    store: TelemetryStore,
    teller: Teller,
    status: Status,
    stop: Stop,
}

impl Driver {
    /// A driver that sends to the address of the settings.
    pub fn new(
        config: ElasticsearchConfig,
        store: TelemetryStore,
        teller: Teller,
        status: Status,
        stop: Stop,
    ) -> Result<Self, ClientError> {
        let client = Client::new(config.clone())?;
        Ok(Self { client, config, store, teller, status, stop })
    }

    /// Forwards until the server stops. Errors are those of our own store; a restart goes on from the cursor.
    pub async fn run(mut self) -> Result<(), StoreError> {
        let books = self.store.books().await?;
        self.tell(&ForwarderEvent::Started {
            url: self.config.url.clone().unwrap_or_default(),
            namespace: self.config.namespace.clone(),
            held: books.held,
        });
        let mut committed = self.store.committed();
        let mut machine = Machine::new(self.config.batch_records);
        let mut input = Input::Start;
        loop {
            let effects = machine.on(input, roll());
            self.status.set(machine.state().as_str(), machine.last_error().map(str::to_owned));
            let mut next = None;
            for effect in effects {
                let mut stop = self.stop.clone();
                // Cut at any point: nothing was booked that was not delivered, and ids make repeats harmless.
                next = tokio::select! {
                    done = self.perform(effect, &mut committed) => done?.or(next),
                    () = stop.stopped() => return Ok(()),
                };
            }
            // Every step ends in an effect that gives an input.
            let Some(following) = next else { return Ok(()) };
            input = following;
        }
    }

    async fn perform(
        &mut self,
        effect: Effect,
        committed: &mut watch::Receiver<i64>,
    ) -> Result<Option<Input>, StoreError> {
        Ok(match effect {
            Effect::Tell(event) => {
                self.tell(&event);
                None
            }
            Effect::SetUp => Some(Input::SetUp(self.set_up().await)),
            Effect::Fetch { limit } => {
                // Seen before reading, so that no commit can fall between the two.
                committed.borrow_and_update();
                Some(Input::Backlog(self.store.backlog(limit).await?))
            }
            Effect::Send(records) => Some(match self.client.send(&records).await {
                Ok(reply) => Input::Answered(reply),
                Err(reason) => Input::Ambiguous(reason),
            }),
            Effect::Book(settled) => {
                self.store.settle(&self.addressed(settled)).await?;
                Some(Input::Booked)
            }
            Effect::AwaitCommit => {
                // The sender lives in the store that this driver holds.
                let _ = committed.changed().await;
                tokio::time::sleep(COMPANY).await;
                Some(Input::Committed)
            }
            Effect::Rest { ms } => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Some(Input::Rested)
            }
        })
    }

    async fn set_up(&self) -> Result<(), String> {
        if let Some(event) = setup::run(&self.client).await? {
            self.tell(&event);
        }
        Ok(())
    }

    /// Dead letters name the data stream that refused them.
    fn addressed(&self, mut settled: Settled) -> Settled {
        for letter in &mut settled.dead_letters {
            letter.data_stream = bulk::stream_of(&letter.record.body, &self.config.namespace);
        }
        settled
    }

    fn tell(&self, event: &ForwarderEvent) {
        self.teller.tell(event, &Context::default());
    }
}

fn roll() -> u32 {
    u32::from_str_radix(&random::hex(4), 16).unwrap_or_default()
}
