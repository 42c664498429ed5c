//! One attempt to append: it runs by itself, so that a disk that hangs holds up nobody who wants out.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::store::StoreError;
use crate::store::trading::{Entry, Rolling, TradingStore};

pub(super) struct Attempt {
    steps: usize,
    pub decisions: usize,
    /// It also keeps the state to begin from.
    pub snapshot: bool,
    task: JoinHandle<Result<(), StoreError>>,
    result: Option<Result<(), StoreError>>,
}

impl Attempt {
    pub fn begin(
        store: TradingStore,
        entries: Vec<Arc<Entry>>,
        decisions: usize,
        rolling: Option<Rolling>,
    ) -> Self {
        let (steps, snapshot) = (entries.len(), rolling.is_some());
        let task = tokio::spawn(async move { store.append(&entries, rolling.as_ref()).await });
        Self { steps, decisions, snapshot, task, result: None }
    }

    pub fn steps(&self) -> usize {
        self.steps
    }

    pub fn is_finished(&self) -> bool {
        self.result.is_some()
    }

    /// Waits for its end. Safe to drop while it waits.
    pub async fn finished(&mut self) {
        if self.result.is_none() {
            let ended = (&mut self.task).await;
            self.result = Some(ended.unwrap_or_else(|error| Err(broke_off(error.to_string()))));
        }
    }

    /// What came of it; an attempt that was not waited for has failed.
    pub fn into_result(self) -> Result<(), StoreError> {
        self.result.unwrap_or_else(|| Err(broke_off("it was not waited for".to_owned())))
    }
}

fn broke_off(why: String) -> StoreError {
    let source = sqlx::Error::Protocol(why);
    StoreError::Statement { database: "trading", statement: "journal.append", source }
}
