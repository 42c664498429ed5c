//! What is told of the venue's quotas.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// The venue counts more units than we spent, or not so many more any longer.
#[derive(Clone, Copy, Debug)]
pub struct QuotaRead {
    /// Of the account; else of the address.
    pub of_account: bool,
    /// Units spent in the window, by the venue's count.
    pub spent: u32,
    /// Until the window ends.
    pub left_ms: i64,
    /// Of them not ours.
    pub elsewhere: u32,
}

impl Event for QuotaRead {
    fn name(&self) -> &'static str {
        "venue.quota_read"
    }

    fn level(&self) -> Level {
        if self.elsewhere > 0 { Level::Warn } else { Level::Info }
    }

    fn message(&self) -> String {
        let whose = if self.of_account { "account" } else { "address" };
        let (elsewhere, spent, seconds) = (self.elsewhere, self.spent, self.left_ms / 1_000);
        format!(
            "{elsewhere} of {spent} units of the {whose}'s quota were spent by others, or before this start; its window ends in {seconds} s"
        )
    }

    fn payload(&self) -> Map<String, Value> {
        Map::from_iter([
            ("quota".to_owned(), Value::from(if self.of_account { "account" } else { "address" })),
            ("units_spent".to_owned(), Value::from(self.spent)),
            ("units_elsewhere".to_owned(), Value::from(self.elsewhere)),
            ("window_left_ms".to_owned(), Value::from(self.left_ms)),
        ])
    }
}

/// Samples for EVENTS.md.
pub(super) fn catalogue() -> Vec<CatalogueEntry> {
    let shared = QuotaRead { of_account: true, spent: 7_500, left_ms: 61_200, elsewhere: 6_500 };
    vec![
        CatalogueEntry::from_sample(&shared)
            .with_doc("what others spend of a quota changed by 500 units or more; it is asked once a minute"),
        CatalogueEntry::from_sample(&QuotaRead { spent: 1_000, elsewhere: 0, ..shared }),
    ]
}
