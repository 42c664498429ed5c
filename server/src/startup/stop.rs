//! Taking the server apart: intake shuts, what was told is flushed, the locks are freed. Within ten seconds.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use telemetry::Context;

use super::{Running, ServerEvent};
use crate::telling::say;

/// Open requests get this long; then their connections are cut.
const REQUESTS: Duration = Duration::from_secs(2);
/// All stop hooks together.
const HOOKS: Duration = Duration::from_secs(4);
/// The last records and the databases.
const FLUSH: Duration = Duration::from_secs(3);

impl Running {
    /// Stops and gives the last words for people.
    pub async fn stop(mut self) -> String {
        self.app.teller.tell(&ServerEvent::Stopping, &Context::default());
        self.app.tasks.stop();
        if tokio::time::timeout(REQUESTS, &mut self.server).await.is_err() {
            self.server.abort();
        }
        let words = self.run_hooks().await;
        self.app.teller.tell(&ServerEvent::Stopped, &Context::default());
        self.app.teller.close();
        if tokio::time::timeout(FLUSH, &mut self.writer).await.is_err() {
            say("the last records could not be stored in time");
        }
        let closing = async {
            self.app.records.close().await;
            self.app.accounts.close().await;
            self.app.alerts.store().close().await;
        };
        // What is not closed in time is recovered from the write-ahead log at the next start.
        let _ = tokio::time::timeout(Duration::from_millis(500), closing).await;
        if let Some(output) = Arc::into_inner(self.output) {
            output.close();
        }
        drop(self.data_dir);
        words
    }

    async fn run_hooks(&self) -> String {
        let hooks = std::mem::take(&mut *self.app.stop_hooks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut words = Vec::new();
        let run = async {
            for hook in hooks {
                words.extend(hook().await);
            }
        };
        if tokio::time::timeout(HOOKS, run).await.is_err() {
            words.push("not everything could be finished in time".to_owned());
        }
        if words.is_empty() {
            return "trading had not begun: what is on at the venue is not known".to_owned();
        }
        words.join("; ")
    }
}
