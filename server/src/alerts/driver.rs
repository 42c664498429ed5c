//! The driver of alerts: hears the journal and what browsers told by cursors of its own and everything else by the tap, keeps
//! what the machine knows, and sends its messages. Nobody who trades or tells waits for it.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use telemetry::{Context, Micros};
use tokio::sync::{Mutex, mpsc};
use tokio::time::Instant;

use super::desk::{Asked, Desk, View};
use super::events::AlertEvent;
use super::loss::{Loss, Shed};
use super::machine::{Delivery, Effect, Input, Machine, What};
use super::notify::{Notifiers, Standing};
use super::rule::RuleId;
use super::signal::{Sighting, Signal, is_watched};
use crate::clock;
use crate::config::Config;
use crate::forwarder::Status;
use crate::store::telemetry::TelemetryStore;
use crate::store::trading::TradingStore;
use crate::store::watch::{Saved, WatchStore};
use crate::tasks::{Restart, Stop, Tasks};
use crate::telling::{Teller, say};
use turn::Turn;

/// How often numbers are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Numbers that cost a question to the store.
const SELDOM: Duration = Duration::from_secs(20);
/// What is old is deleted this often.
const FORGET: Duration = Duration::from_secs(3_600);
/// Company is waited for so long: a commit for each decision would cost more than it is worth.
const GROUPING: Duration = Duration::from_millis(50);
/// Decisions that are looked at once.
const CHUNK: i64 = 500;
/// Lines that are looked at once.
const LINES: usize = 500;
/// What happens is looked at so soon that its message is queued within two seconds, whatever a rule waits for besides.
const _: () = assert!(EVERY.as_millis() + 2 * GROUPING.as_millis() < 2_000);

/// What the driver hears and uses; cheap to clone.
#[derive(Clone)]
pub struct Parts {
    pub journal: TradingStore,
    pub records: TelemetryStore,
    pub forwarder: Option<Status>,
    pub teller: Teller,
}

/// Where journal and log ended when the rules came to be: whoever knows no earlier place begins there.
#[derive(Clone, Copy)]
struct Began {
    /// `None`: the journal could not be read then.
    next_seq: Option<u64>,
    heard_to: i64,
}

/// The task; cheap to clone.
#[derive(Clone)]
struct Driver {
    parts: Parts,
    desk: Desk,
    began: Began,
    asks: Arc<Mutex<mpsc::Receiver<Asked>>>,
}

/// Starts the rules and gives the handle to them; `base` is where people find the console.
pub fn start(config: &Config, base: &str, store: WatchStore, parts: Parts, tasks: &Tasks) -> Desk {
    let notifiers = Notifiers::new(&config.notify, base);
    for (channel, standing) in notifiers.standing() {
        if let Standing::Unusable(why) = standing {
            let event = AlertEvent::ChannelUnusable { channel: channel.word(), why: why.clone() };
            parts.teller.tell(&event, &Context::default());
            say(&telemetry::Event::message(&event));
        }
    }
    let (desk, asks) = Desk::new(store, notifiers);
    // Now, and not when the task has its first turn: by then somebody may have been answered.
    let next_seq = parts.journal.db().ok().map(|_| *parts.journal.head().borrow() + 1);
    let began = Began { next_seq, heard_to: *parts.records.committed().borrow() };
    let driver = Driver { parts, desk: desk.clone(), began, asks: Arc::new(Mutex::new(asks)) };
    let stop = tasks.stop_signal();
    tasks.supervise("alerts", Context::default(), Restart::SOON, move || {
        let (driver, stop) = (driver.clone(), stop.clone());
        async move {
            driver.run(stop).await;
            Ok::<(), std::convert::Infallible>(())
        }
    });
    desk
}

impl Driver {
    /// Runs until the server stops.
    async fn run(&self, mut stop: Stop) {
        let mut asks = self.asks.lock().await;
        let (mut head, mut lines) = (self.parts.journal.head(), self.parts.records.committed());
        let (done, mut deliveries) = mpsc::unbounded_channel();
        let mut turn = Turn::begin(self.parts.clone(), self.desk.clone(), self.began, done).await;
        let mut looks = tokio::time::interval(EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turn.finish().await;
            tokio::select! {
                () = self.parts.teller.tap().woken() => tokio::time::sleep(GROUPING).await,
                changed = head.changed() => if changed.is_ok() { tokio::time::sleep(GROUPING).await },
                changed = lines.changed() => if changed.is_ok() { tokio::time::sleep(GROUPING).await },
                Some(asked) = asks.recv() => turn.asked(asked).await,
                Some(delivery) = deliveries.recv() => turn.on(What::Delivered(delivery)),
                () = turn.wake() => turn.on(What::Ticked),
                _ = looks.tick() => turn.measure().await,
                () = stop.stopped() => {
                    turn.hear().await;
                    return turn.last_words().await;
                }
            }
            turn.hear().await;
        }
    }
}
