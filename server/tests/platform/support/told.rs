//! A teller with a writer of its own, for parts that are tested without a server around them.

use std::sync::Arc;

use server::store::telemetry::TelemetryStore;
use server::telling::{Output, Teller, Writer};
use telemetry::Level;
use tempfile::TempDir;

use super::Lines;

/// What is told through it goes to `lines`.
pub struct Told {
    pub teller: Teller,
    pub lines: Lines,
    _folder: TempDir,
}

impl Told {
    pub async fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = super::config(&folder, &[]);
        let silent = Teller::new(Level::Fatal, 16);
        let store = TelemetryStore::own(folder.path(), silent, &settings.database).await.expect("a store");
        let (teller, lines) = (Teller::new(Level::Trace, 1_024), Lines::default());
        let writer = Writer::new(teller.clone(), store, Arc::new(Output::to(lines.clone())));
        tokio::spawn(writer.run());
        Self { teller, lines, _folder: folder }
    }

    /// Waits until something of that name was told, and gives it.
    pub async fn until(&self, event: &str) -> serde_json::Value {
        let look = async {
            loop {
                let told = self.lines.records().into_iter().find(|record| record["event"] == event);
                match told {
                    Some(told) => return told,
                    None => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
                }
            }
        };
        let found = tokio::time::timeout(std::time::Duration::from_secs(60), look).await;
        found.unwrap_or_else(|_| panic!("{event} was never told: {:#?}", self.lines.records()))
    }
}
