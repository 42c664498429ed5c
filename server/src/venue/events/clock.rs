//! What is told of the venue's clock.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

use crate::venue::offset::{Offset, OffsetChange};

/// A difference that is worth a warning: signatures live for five seconds.
const WARN_MS: i64 = 1_000;

/// The difference of the clocks was measured for the first time, or it moved.
#[derive(Clone, Copy, Debug)]
pub struct ClockMeasured(pub OffsetChange);

impl Event for ClockMeasured {
    fn name(&self) -> &'static str {
        "venue.clock_measured"
    }

    fn level(&self) -> Level {
        let moved = self.0.before.is_some();
        if moved || self.0.now.ms.abs() > WARN_MS { Level::Warn } else { Level::Info }
    }

    fn message(&self) -> String {
        let Offset { ms, uncertainty_ms, .. } = self.0.now;
        let place = if ms < 0 { "behind" } else { "ahead of" };
        let (ms, moved) = (ms.abs(), self.0.before.map(|before| before.ms));
        let before = moved.map(|ms| format!(", after a difference of {ms} ms before")).unwrap_or_default();
        format!("The venue's clock is {ms} ms {place} ours, give or take {uncertainty_ms} ms{before}")
    }

    fn payload(&self) -> Map<String, Value> {
        let OffsetChange { before, now } = self.0;
        let mut fields = Map::from_iter([
            ("offset_ms".to_owned(), Value::from(now.ms)),
            ("uncertainty_ms".to_owned(), Value::from(now.uncertainty_ms)),
        ]);
        if let Some(before) = before {
            fields.insert("before_ms".to_owned(), Value::from(before.ms));
        }
        fields
    }
}

/// Samples for EVENTS.md.
pub(super) fn catalogue() -> Vec<CatalogueEntry> {
    let at = |ms| Offset { ms, uncertainty_ms: 504, measured_at: telemetry::Micros(0) };
    let moved = OffsetChange { before: Some(at(12)), now: at(-120_003) };
    vec![
        CatalogueEntry::from_sample(&ClockMeasured(moved))
            .with_doc("the first measurement, and each that moves the difference by more than half a second"),
        CatalogueEntry::from_sample(&ClockMeasured(OffsetChange { before: None, now: at(12) })),
    ]
}
