//! Supervised tasks: a panic or an error is told with its context, and the task is started again with back-off
//! or its loss becomes a health state. Nothing fails in silence.

mod events;

use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use telemetry::Context;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use events::{TaskEvent, catalogue};

use crate::health::Health;
use crate::telling::Teller;
use crate::{clock, correlation};

/// What follows the failure of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// It stays down, and the health of its part says so.
    Never,
    /// It is started again after `first`, doubled up to `most`; a run of over `most` starts over at `first`.
    Backoff { first: Duration, most: Duration },
}

impl Restart {
    /// 100 ms doubling up to 10 s.
    pub const SOON: Self = Self::Backoff { first: Duration::from_millis(100), most: Duration::from_secs(10) };
}

/// Spawns tasks and tells how they end.
#[derive(Clone)]
pub struct Tasks {
    teller: Teller,
    health: Health,
    stop: Arc<watch::Sender<bool>>,
    /// Where tasks run; `None`: where they are spawned.
    runtime: Option<Handle>,
}

/// Runs when the server stops, after requests ended and while records are still told. What it gives is said to
/// people as the last words, such as the positions that stay.
pub type StopHook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send>;

/// Resolves when the server stops.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until the server stops.
    pub async fn stopped(&mut self) {
        // The sender lives as long as any task can be spawned; its loss means that the server is gone.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }
}

impl Tasks {
    /// A supervisor that tells through `teller` and notes the state of each task in `health`.
    #[must_use]
    pub fn new(teller: Teller, health: Health) -> Self {
        Self { teller, health, stop: Arc::new(watch::Sender::new(false)), runtime: None }
    }

    /// The same supervisor with another runtime for its tasks.
    #[must_use]
    pub fn on(&self, runtime: Handle) -> Self {
        Self { runtime: Some(runtime), ..self.clone() }
    }

    /// Through which it tells.
    #[must_use]
    pub fn teller(&self) -> &Teller {
        &self.teller
    }

    /// The signal that tasks should watch to end by themselves.
    #[must_use]
    pub fn stop_signal(&self) -> Stop {
        Stop(self.stop.subscribe())
    }

    /// Asks every task to end.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Runs `make()` under supervision until the server stops, or the policy gives up. The health part `name` is
    /// up while it runs; a task that ends without having been asked to is down as one that fails. The task keeps
    /// the correlation id of `context`, or the current one.
    pub fn supervise<M, F, E>(
        &self,
        name: &'static str,
        context: Context,
        restart: Restart,
        mut make: M,
    ) -> JoinHandle<()>
    where
        M: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let this = self.clone();
        let id =
            context.correlation_id.clone().or_else(correlation::current).unwrap_or_else(correlation::fresh);
        let supervised = correlation::scope(id, async move {
            let mut attempt = 0;
            loop {
                this.health.up(name);
                let started = Instant::now();
                let failure = match made(name, &mut make) {
                    Ok(run) => outcome(name, AbortOnDrop(tokio::spawn(correlation::carry(run)))).await,
                    Err(failure) => failure,
                };
                let ended = matches!(failure, TaskEvent::Ended { .. });
                if ended && this.stop_signal().is_stopped() {
                    return;
                }
                this.tell(&failure, &context);
                this.health.down(name, failure.reason());
                let Restart::Backoff { first, most } = restart else { return };
                if ended {
                    return;
                }
                this.health.restarted(name, &failure.reason());
                attempt = if started.elapsed() > most { 1 } else { attempt + 1 };
                let pause = first.saturating_mul(1 << attempt.min(20_u32).saturating_sub(1)).min(most);
                this.tell(&TaskEvent::restarting(name, attempt, pause), &context);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = this.stop_signal().wait() => return,
                }
            }
        });
        match &self.runtime {
            Some(runtime) => runtime.spawn(supervised),
            None => tokio::spawn(supervised),
        }
    }
}

impl Tasks {
    /// What a task of trading tells belongs to the session that runs, unless the task knows better.
    fn tell(&self, event: &TaskEvent, context: &Context) {
        let trades = self.runtime.is_some() && context.session_id.is_none();
        let running = correlation::context();
        let context = match (trades, running.session_id.is_none()) {
            (true, true) => {
                let session = self.teller.sessions().at(clock::now(), &[], false);
                Context { correlation_id: context.correlation_id.clone(), ..session }
            }
            (true, false) | (false, _) => context.clone(),
        };
        self.teller.tell(event, &context);
    }
}

impl Stop {
    async fn wait(mut self) {
        self.stopped().await;
    }
}

/// Making the future may panic as well; that must not end the supervisor in silence.
fn made<F>(name: &'static str, make: impl FnMut() -> F) -> Result<F, TaskEvent> {
    std::panic::catch_unwind(AssertUnwindSafe(make)).map_err(|panic| panicked(name, &*panic))
}

/// How the task ended, with or without a reason to.
async fn outcome<E: Display>(name: &'static str, mut run: AbortOnDrop<Result<(), E>>) -> TaskEvent {
    match (&mut run.0).await {
        Ok(Ok(())) => TaskEvent::Ended { task: name },
        Ok(Err(error)) => {
            let error = telemetry::clean(&error.to_string()).into_owned();
            TaskEvent::Failed { task: name, error }
        }
        Err(join) if join.is_panic() => panicked(name, &*join.into_panic()),
        Err(_) => TaskEvent::Ended { task: name },
    }
}

fn panicked(name: &'static str, panic: &(dyn std::any::Any + Send)) -> TaskEvent {
    let text = crate::telling::panic_text(panic);
    TaskEvent::Failed { task: name, error: format!("panic: {text}") }
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use telemetry::Level;

    use super::*;
    use crate::health::Condition;

    fn tasks() -> (Tasks, Health) {
        let health = Health::default();
        (Tasks::new(Teller::new(Level::Info, 1_024), health.clone()), health)
    }

    #[tokio::test]
    async fn a_panicking_task_is_started_again_with_backoff() {
        let (tasks, health) = tasks();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let soon = Restart::Backoff { first: Duration::from_millis(1), most: Duration::from_millis(4) };
        let stop = tasks.stop_signal();
        let (third, reached) = tokio::sync::oneshot::channel();
        let mut third = Some(third);
        let task = tasks.supervise("worker", Context::default(), soon, move || {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            assert!(run != 1, "a panic before there is a task");
            let (mut stop, third) = (stop.clone(), third.take_if(|_| run == 2));
            async move {
                assert!(run >= 2, "run {run}");
                let _ = third.unwrap().send(());
                stop.stopped().await;
                Ok::<(), String>(())
            }
        });
        reached.await.unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 3);
        assert_eq!(health.parts()["worker"].condition, Condition::Up);
        assert_eq!(health.parts()["worker"].restarts, 2);
        tasks.stop();
        task.await.unwrap();
        assert_eq!(health.parts()["worker"].condition, Condition::Up, "it was asked to end");
    }

    #[tokio::test]
    async fn a_task_that_stays_down_is_seen_in_health() {
        let (tasks, health) = tasks();
        tasks
            .supervise("worker", Context::default(), Restart::Never, || async { Err::<(), _>("no disk") })
            .await
            .unwrap();
        assert_eq!(health.parts()["worker"].condition, Condition::Down { why: "no disk".to_owned() });
    }

    #[tokio::test]
    async fn a_task_that_ends_by_itself_is_down() {
        let (tasks, health) = tasks();
        tasks
            .supervise("worker", Context::default(), Restart::SOON, || async { Ok::<(), String>(()) })
            .await
            .unwrap();
        let why = "it ended without having been asked to".to_owned();
        assert_eq!(health.parts()["worker"].condition, Condition::Down { why });
    }
}
