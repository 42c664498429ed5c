//! What ingest has to tell: calls that browsers could not tell. Nothing per request, so that it cannot feed itself.

use std::collections::BTreeMap;

use telemetry::ingest::{Admitted, DeclaredDrop};
use telemetry::{CatalogueEntry, Event, Level, LoggerSettings, Map, Source, Value};

/// Losses on the browser's side.
#[derive(Clone, Debug)]
pub enum IngestEvent {
    /// A browser declared calls that it dropped, by reason.
    BrowserDropped { count: u64, by_reason: BTreeMap<&'static str, u64>, client_session_id: Option<String> },
    /// Single records of an accepted batch were refused, by code.
    RecordsRejected { count: u64, by_code: BTreeMap<&'static str, u64>, client_session_id: Option<String> },
    /// Somebody changed what browsers are told, for a while.
    /// `debugged`: the one browser session whose debug records are wanted.
    SettingsChanged {
        user: String,
        minutes: i64,
        stopped: bool,
        debugged: Option<String>,
        told: LoggerSettings,
    },
}

impl IngestEvent {
    /// What an accepted batch makes worth telling.
    #[must_use]
    pub fn of(admitted: &Admitted) -> Vec<Self> {
        let mut events = Vec::new();
        let client_session_id = admitted.client_session_id.clone();
        if !admitted.declared_drops.is_empty() {
            let mut by_reason = BTreeMap::new();
            for DeclaredDrop { reason, count, .. } in &admitted.declared_drops {
                *by_reason.entry(reason.as_str()).or_insert(0_u64) += count;
            }
            let count = by_reason.values().sum();
            events.push(Self::BrowserDropped {
                count,
                by_reason,
                client_session_id: client_session_id.clone(),
            });
        }
        if !admitted.rejected.is_empty() {
            let mut by_code = BTreeMap::new();
            for (_, code) in &admitted.rejected {
                *by_code.entry(code.as_str()).or_insert(0_u64) += 1;
            }
            events.push(Self::RecordsRejected { count: admitted.rejected_calls, by_code, client_session_id });
        }
        events
    }
}

impl Event for IngestEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::BrowserDropped { .. } => "telemetry.browser_dropped",
            Self::RecordsRejected { .. } => "telemetry.browser_rejected",
            Self::SettingsChanged { .. } => "telemetry.browser_settings_changed",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::BrowserDropped { .. } | Self::RecordsRejected { .. } => Level::Warn,
            Self::SettingsChanged { .. } => Level::Info,
        }
    }

    fn source(&self) -> Source {
        match self {
            Self::BrowserDropped { .. } | Self::RecordsRejected { .. } => Source::Backend,
            Self::SettingsChanged { .. } => Source::Audit,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BrowserDropped { count, .. } => {
                format!("A browser declared {count} calls that it did not send")
            }
            Self::RecordsRejected { count, .. } => format!("Browser records for {count} calls were refused"),
            Self::SettingsChanged { user, minutes, debugged: Some(_), .. } => {
                format!("{user} asked one browser for its debug records for {minutes} minutes")
            }
            Self::SettingsChanged { user, minutes: 0, .. } => {
                format!("{user} put what browsers are told back to the settings")
            }
            Self::SettingsChanged { user, minutes, stopped: true, .. } => {
                format!("{user} told browsers to stop logging for {minutes} minutes")
            }
            Self::SettingsChanged { user, minutes, .. } => {
                format!("{user} changed what browsers are told for {minutes} minutes")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        let (count, key, by, client) = match self {
            Self::BrowserDropped { count, by_reason, client_session_id } => {
                (count, "by_reason", by_reason, client_session_id)
            }
            Self::RecordsRejected { count, by_code, client_session_id } => {
                (count, "by_code", by_code, client_session_id)
            }
            Self::SettingsChanged { user, minutes, stopped, debugged, told } => {
                let whose =
                    debugged.iter().map(|id| ("client_session_id".to_owned(), Value::from(id.as_str())));
                return Map::from_iter(whose.chain([
                    ("user".to_owned(), Value::from(user.as_str())),
                    ("minutes".to_owned(), Value::from(*minutes)),
                    ("stopped".to_owned(), Value::from(*stopped)),
                    ("told".to_owned(), serde_json::to_value(told).unwrap_or_default()),
                ]));
            }
        };
        let by: Map<String, Value> =
            by.iter().map(|(word, n)| ((*word).to_owned(), Value::from(*n))).collect();
        let mut payload = Map::from_iter([
            ("browser_count".to_owned(), Value::from(*count)),
            (key.to_owned(), Value::Object(by)),
        ]);
        if let Some(client) = client {
            payload.insert("client_session_id".to_owned(), Value::from(client.as_str()));
        }
        payload
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let client_session_id = Some("0af7651916cd43dd8448eb211c80319c".to_owned());
    let dropped = IngestEvent::BrowserDropped {
        count: 120,
        by_reason: BTreeMap::from([("rate", 120)]),
        client_session_id: client_session_id.clone(),
    };
    let rejected =
        IngestEvent::RecordsRejected { count: 2, by_code: BTreeMap::from([("tier", 2)]), client_session_id };
    let changed = IngestEvent::SettingsChanged {
        user: "admin".to_owned(),
        minutes: 30,
        stopped: false,
        debugged: None,
        told: LoggerSettings { level: Some(Level::Debug), ..LoggerSettings::default() },
    };
    vec![
        CatalogueEntry::from_sample(&changed),
        CatalogueEntry::from_sample(&dropped).with_doc("once per batch that declares drops"),
        CatalogueEntry::from_sample(&rejected).with_doc("once per batch with refused records"),
    ]
}
