//! What is told of the dead-man switch.

use telemetry::{CatalogueEntry, Event, Level, Map, Value};

/// The venue's dead-man switch was put up, turned off, or could not be.
#[derive(Clone, Debug)]
pub struct SwitchEvent {
    pub heartbeat_id: String,
    pub symbols: Vec<String>,
    pub what: SwitchHappening,
}

#[derive(Clone, Debug)]
pub enum SwitchHappening {
    /// The venue cancels the orders of these products when it does not hear from us for so long.
    Armed {
        ttl_ms: u64,
    },
    Disarmed,
    /// The venue did not say that it did what was asked: `arm`, `hold` or `disarm`.
    Failed {
        asked: &'static str,
        reason: String,
    },
}

impl Event for SwitchEvent {
    fn name(&self) -> &'static str {
        match self.what {
            SwitchHappening::Armed { .. } => "venue.switch_armed",
            SwitchHappening::Disarmed => "venue.switch_disarmed",
            SwitchHappening::Failed { .. } => "venue.switch_failed",
        }
    }

    fn level(&self) -> Level {
        match self.what {
            SwitchHappening::Armed { .. } | SwitchHappening::Disarmed => Level::Info,
            SwitchHappening::Failed { .. } => Level::Warn,
        }
    }

    fn message(&self) -> String {
        let symbols = self.symbols.join(", ");
        match &self.what {
            SwitchHappening::Armed { ttl_ms } => {
                format!(
                    "The venue cancels the entry orders on {symbols} when it does not hear from us for {ttl_ms} ms"
                )
            }
            SwitchHappening::Disarmed => {
                format!(
                    "Nothing is being entered on {symbols}: the venue cancels nothing there by itself any more"
                )
            }
            SwitchHappening::Failed { asked, reason } => {
                format!(
                    "The venue's dead-man switch for {symbols} did not {asked}: {reason}; it is tried again"
                )
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let mut fields = Map::from_iter([
            ("heartbeat_id".to_owned(), Value::from(self.heartbeat_id.as_str())),
            ("symbols".to_owned(), Value::from(self.symbols.clone())),
        ]);
        match &self.what {
            SwitchHappening::Armed { ttl_ms } => {
                fields.insert("ttl_ms".to_owned(), Value::from(*ttl_ms));
            }
            SwitchHappening::Disarmed => {}
            SwitchHappening::Failed { asked, reason } => {
                fields.insert("asked".to_owned(), Value::from(*asked));
                fields.insert("reason".to_owned(), Value::from(reason.as_str()));
            }
        }
        fields
    }
}

/// Samples for EVENTS.md.
pub(super) fn catalogue() -> Vec<CatalogueEntry> {
    let of = |what| SwitchEvent {
        heartbeat_id: "deltascope.3k9x2m.1".to_owned(),
        symbols: vec!["C-BTC-48000-070122".to_owned()],
        what,
    };
    vec![
        CatalogueEntry::from_sample(&of(SwitchHappening::Armed { ttl_ms: 30_000 })).with_doc(
            "entry orders are out; should this process die, the venue cancels what of them still rests",
        ),
        CatalogueEntry::from_sample(&of(SwitchHappening::Disarmed)),
        CatalogueEntry::from_sample(&of(SwitchHappening::Failed {
            asked: "arm",
            reason: "unauthorized_api_access".to_owned(),
        })),
    ]
}
