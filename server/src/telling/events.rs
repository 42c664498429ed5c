//! What the telling itself has to tell: losses, and lines of third-party crates.

use std::collections::BTreeMap;

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

use super::queue::Shed;

/// Names that the books of the log look for.
pub(crate) const DROPPED: &str = "telemetry.dropped";
pub(crate) const BATCH_NOTED: &str = "telemetry.batch_noted";

/// Happenings of the telemetry path.
#[derive(Clone, Debug)]
pub enum TelemetryEvent {
    /// Records were shed because the queue was full. At shutdown told in any case, with what was lost last.
    Dropped { count: u64, by_level: Vec<(&'static str, u64)>, reason: &'static str, last: bool },
    /// Debug records that sampling held back, by event. At shutdown told in any case.
    Suppressed { count: u64, by_event: BTreeMap<String, u64>, last: bool },
    /// The store refuses records; they wait and are tried again. `reserve_bytes`: on a full disk, what is kept there for
    /// audit records and errors.
    StoreFailed { failure: String, waiting: u64, reserve_bytes: Option<u64> },
    /// The store takes records again.
    StoreRecovered { outage_ms: u64 },
    /// A browser batch held nothing that could be kept, but for what it says of its tab.
    BatchNoted { bid: String, rejected: u64, dropped: u64 },
    /// stdout did not take lines for too long; they are in the store only.
    OutputStalled { lines: u64 },
}

impl TelemetryEvent {
    pub(super) fn dropped(shed: &Shed, reason: &'static str, last: bool) -> Self {
        let by_level = Shed::WORDS.into_iter().zip(shed.lanes).filter(|(_, count)| *count > 0).collect();
        Self::Dropped { count: shed.total(), by_level, reason, last }
    }

    /// Records that a writer had taken when it panicked.
    pub(super) fn lost(count: u64) -> Self {
        Self::Dropped { count, by_level: Vec::new(), reason: "writer_failed", last: false }
    }
}

impl Event for TelemetryEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Dropped { .. } => DROPPED,
            Self::Suppressed { .. } => "telemetry.suppressed",
            Self::StoreFailed { .. } => "telemetry.store_failed",
            Self::StoreRecovered { .. } => "telemetry.store_recovered",
            Self::BatchNoted { .. } => BATCH_NOTED,
            Self::OutputStalled { .. } => "telemetry.output_stalled",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Dropped { count, .. } if *count == 0 => Level::Info,
            Self::Dropped { .. } | Self::OutputStalled { .. } => Level::Warn,
            Self::StoreFailed { .. } => Level::Error,
            Self::Suppressed { .. } | Self::StoreRecovered { .. } | Self::BatchNoted { .. } => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Dropped { count, reason, last: false, .. } => {
                format!("{count} records were dropped: {reason}")
            }
            Self::Dropped { count, last: true, .. } => {
                format!("Telemetry ends; {count} records dropped since last told")
            }
            Self::Suppressed { count, .. } => format!("{count} debug records were sampled away"),
            Self::StoreFailed { failure, waiting, reserve_bytes } => {
                let kept = reserve_bytes.filter(|bytes| *bytes > 0);
                let kept = kept.map(|bytes| {
                    format!(", audit records and errors go into the {bytes} bytes that are kept for them")
                });
                format!(
                    "The telemetry store refuses records ({failure}); {waiting} wait and are tried again{}",
                    kept.unwrap_or_default()
                )
            }
            Self::StoreRecovered { outage_ms } => {
                format!("The telemetry store takes records again after {outage_ms} ms")
            }
            Self::BatchNoted { rejected, dropped, .. } => format!(
                "A browser batch held no record that could be kept: {rejected} calls refused, {dropped} declared as dropped"
            ),
            Self::OutputStalled { lines } => {
                format!("{lines} lines did not reach stdout, which stands still; the store has them")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            Self::Dropped { count, by_level, reason, last } => {
                let levels = by_level.iter().map(|(word, n)| ((*word).to_owned(), Value::from(*n))).collect();
                Map::from_iter([
                    ("count".to_owned(), Value::from(*count)),
                    ("by_level".to_owned(), Value::Object(levels)),
                    ("reason".to_owned(), Value::from(*reason)),
                    ("last".to_owned(), Value::from(*last)),
                ])
            }
            Self::Suppressed { count, by_event, last } => {
                let events = by_event.iter().map(|(name, n)| (name.clone(), Value::from(*n))).collect();
                Map::from_iter([
                    ("count".to_owned(), Value::from(*count)),
                    ("by_event".to_owned(), Value::Object(events)),
                    ("last".to_owned(), Value::from(*last)),
                ])
            }
            Self::StoreFailed { failure, waiting, reserve_bytes } => {
                let reserve = reserve_bytes.map(|bytes| ("reserve_bytes".to_owned(), Value::from(bytes)));
                let words = [
                    ("error".to_owned(), Value::from(failure.as_str())),
                    ("waiting".to_owned(), Value::from(*waiting)),
                ];
                Map::from_iter(words.into_iter().chain(reserve))
            }
            Self::StoreRecovered { outage_ms } => {
                Map::from_iter([("outage_ms".to_owned(), Value::from(*outage_ms))])
            }
            Self::BatchNoted { bid, rejected, dropped } => Map::from_iter([
                ("bid".to_owned(), Value::from(bid.as_str())),
                ("rejected".to_owned(), Value::from(*rejected)),
                ("dropped".to_owned(), Value::from(*dropped)),
            ]),
            Self::OutputStalled { lines } => Map::from_iter([("lines".to_owned(), Value::from(*lines))]),
        }
    }
}

/// A line that a third-party crate wrote through `tracing`.
#[derive(Clone, Debug)]
pub(super) struct LibraryLine {
    pub level: Level,
    pub text: String,
    pub fields: Map<String, Value>,
}

impl Event for LibraryLine {
    fn name(&self) -> &'static str {
        super::levels::LIBRARIES
    }

    fn level(&self) -> Level {
        self.level
    }

    fn message(&self) -> String {
        self.text.clone()
    }

    fn payload(&self) -> Map<String, Value> {
        self.fields.clone()
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let dropped = TelemetryEvent::Dropped {
        count: 12,
        by_level: vec![("info", 12)],
        reason: "queue_full",
        last: false,
    };
    let at_last =
        TelemetryEvent::Dropped { count: 0, by_level: Vec::new(), reason: "queue_full", last: true };
    let failed = TelemetryEvent::StoreFailed {
        failure: "database or disk is full".to_owned(),
        waiting: 512,
        reserve_bytes: Some(8 << 20),
    };
    let by_event = BTreeMap::from([("cycle.started".to_owned(), 480)]);
    let suppressed = TelemetryEvent::Suppressed { count: 480, by_event, last: false };
    let noted = TelemetryEvent::BatchNoted {
        bid: "019aa7c2-6b1e-7c3e-9f7e-0d6f2b8f4a11".to_owned(),
        rejected: 0,
        dropped: 12,
    };
    let line = LibraryLine { level: Level::Warn, text: "connection reset".to_owned(), fields: Map::new() };
    vec![
        CatalogueEntry::from_sample(&dropped)
            .with_doc("once a second while records are shed, and once at shutdown"),
        CatalogueEntry::from_sample(&at_last),
        CatalogueEntry::from_sample(&suppressed)
            .with_doc("every ten seconds while debug records are sampled, and once at shutdown"),
        CatalogueEntry::from_sample(&failed).with_doc("at the first refusal of an outage"),
        CatalogueEntry::from_sample(&TelemetryEvent::StoreRecovered { outage_ms: 900 }),
        CatalogueEntry::from_sample(&noted).with_doc("in place of its records, so that it counts once"),
        CatalogueEntry::from_sample(&TelemetryEvent::OutputStalled { lines: 40 }),
        CatalogueEntry::from_sample(&line).with_doc("a line of a third-party crate"),
    ]
}
