//! Records of all flows, and questions that are asked of them.

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::flows;

/// Fields of the trading context.
pub const CONTEXT: [&str; 4] = ["strategy_id", "session_id", "configuration", "execution_mode"];

/// Everything that was told; the flows run once for all tests of this process.
pub async fn told() -> &'static Told {
    static TOLD: OnceCell<Option<Told>> = OnceCell::const_new();
    // Flows that fail once are not run again by every test: the first says what went wrong.
    let flows = || async {
        let handle = tokio::runtime::Handle::current();
        let run = tokio::task::spawn_blocking(move || handle.block_on(flows::all())).await;
        run.inspect_err(|error| eprintln!("a flow failed: {error}")).ok()
    };
    TOLD.get_or_init(flows).await.as_ref().expect("all flows run to their end")
}

/// The records of each flow.
#[derive(Debug, Default)]
pub struct Told {
    /// A session at a venue with faults, from the click to what comes after its end.
    pub session: Flow,
    /// The rest, in no order.
    pub others: Vec<Value>,
}

/// A flow around one session.
#[derive(Debug, Default)]
pub struct Flow {
    pub session_id: String,
    pub records: Vec<Value>,
}

impl Told {
    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.session.records.iter().chain(&self.others)
    }
}

impl Flow {
    /// Records of that name, in the order in which they were told.
    pub fn of<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Value> {
        self.records.iter().filter(move |record| record["event"] == event)
    }

    /// The same, of the session and with all of its context.
    pub fn in_session<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Value> {
        self.of(event).filter(|record| self.is_whole(record))
    }

    /// Whether a record carries the whole context of this session.
    pub fn is_whole(&self, record: &Value) -> bool {
        record["session_id"] == self.session_id.as_str() && has_context(record)
    }

    /// Records from this one's time on.
    pub fn after<'a>(&'a self, record: &'a Value) -> impl Iterator<Item = &'a Value> {
        let from = record["timestamp"].as_str().unwrap_or_default();
        self.records.iter().filter(move |record| record["timestamp"].as_str() >= Some(from))
    }
}

/// Whether all of the trading context is on a record.
pub fn has_context(record: &Value) -> bool {
    CONTEXT.iter().all(|field| record[*field].as_str().is_some_and(|text| !text.is_empty()))
}
