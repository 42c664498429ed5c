//! How products and the venue trade by their lists, beside what the price stream tells: an auction that began or ended while
//! nobody listened keeps no close from going, and sends none into it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Symbol;
use telemetry::Context;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::translate::{self, StatusFrame};
use super::{Call, Rest, SessionContext, wire};
use crate::correlation;
use crate::tasks::Stop;

/// How often is asked while something does not trade as usual, and otherwise.
const OFTEN: Duration = Duration::from_secs(10);
const CALM: Duration = Duration::from_secs(60);

/// What lists say, on its way to the stream, and what the stream knows. Cheap to clone.
#[derive(Clone, Default)]
pub struct StatusLists(Arc<Shared>);

#[derive(Default)]
struct Shared {
    said: Mutex<Vec<StatusFrame>>,
    came: Notify,
    opened: Notify,
    disrupted: AtomicBool,
}

impl StatusLists {
    /// A connection was made: what the stream told before was not heard.
    pub(super) fn opened(&self) {
        self.0.opened.notify_one();
    }

    /// Whether anything does not trade as usual.
    pub(super) fn disrupted(&self, any: bool) {
        self.0.disrupted.store(any, Ordering::Relaxed);
    }

    /// What came since somebody last asked; waits for it. Safe to drop while it waits.
    pub(super) async fn next(&self) -> Vec<StatusFrame> {
        loop {
            let said = std::mem::take(&mut *self.0.said.lock().unwrap_or_else(PoisonError::into_inner));
            if !said.is_empty() {
                return said;
            }
            self.0.came.notified().await;
        }
    }

    fn say(&self, frame: StatusFrame) {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
        self.0.came.notify_one();
    }

    fn pause(&self) -> Duration {
        if self.0.disrupted.load(Ordering::Relaxed) { OFTEN } else { CALM }
    }
}

/// Asks for each watched product how it trades.
#[derive(Clone)]
pub struct StatusPoll {
    pub rest: Rest,
    pub sessions: SessionContext,
    pub watched: watch::Receiver<Vec<Symbol>>,
    pub listed: StatusLists,
}

impl StatusPoll {
    /// Runs until the server stops.
    pub async fn run(mut self, mut stop: Stop) {
        let mut due = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = self.listed.0.opened.notified() => {}
                changed = self.watched.changed() => if changed.is_err() { return },
                () = stop.stopped() => return,
            }
            tokio::select! {
                () = self.look() => {}
                () = stop.stopped() => return,
            }
            due = Instant::now() + self.listed.pause();
        }
    }

    /// A question that fails answers nothing; the request itself was told.
    async fn look(&mut self) {
        let symbols = self.watched.borrow_and_update().clone();
        let id = correlation::fresh();
        for symbol in &symbols {
            let context = self.sessions.about(std::slice::from_ref(&symbol.0), &id);
            let call = Call::product(symbol).once().under(context);
            let understand = |product: wire::Product| Ok(translate::listed_status(&product, symbol));
            if let Ok(Some(frame)) = self.rest.read_as(&call, understand).await {
                self.listed.say(frame);
            }
        }
        if !symbols.is_empty() && self.listed.0.disrupted.load(Ordering::Relaxed) {
            self.ask_venue(self.sessions.under(&id)).await;
        }
    }

    /// Only the settings answer in a maintenance.
    async fn ask_venue(&self, context: Context) {
        let call = Call::settings().once().under(context);
        if let Ok((settings, _)) = self.rest.read::<wire::Settings>(&call).await
            && let Some(maintained) = settings.under_maintenance
        {
            let status = maintained.then(|| "maintenance".to_owned());
            self.listed.say(StatusFrame { symbol: None, status });
        }
    }
}
