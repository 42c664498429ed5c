//! What the stored records tell of the browsers they came from: how many arrived of each tab, what it merged, what it
//! said it dropped, and what is missing without a word.

use std::collections::{BTreeMap, BTreeSet};

use app::ClientHealth;
use serde_json::Value;
use telemetry::LogRecord;

use super::TelemetryStore;
use crate::clock;
use crate::store::StoreError;

/// Records that are looked through.
const RECORDS_MOST: i64 = 3_000;
/// Declarations that are looked through.
const DECLARED_MOST: i64 = 1_000;
/// Browsers that were silent for longer are of no interest.
const SPAN_US: i64 = 24 * 3_600 * 1_000_000;
const CLIENTS_MOST: usize = 20;

impl TelemetryStore {
    /// Browsers that told something in the last day, the latest first.
    pub async fn clients(&self) -> Result<Vec<ClientHealth>, StoreError> {
        let since = clock::now().0 - SPAN_US;
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, String>(
            "SELECT body FROM log_records WHERE source = 'frontend' AND at_us >= $1 \
             ORDER BY at_us DESC, id DESC LIMIT $2",
        );
        let query = query.bind(since).bind(RECORDS_MOST);
        let told = db.timed("clients.records", query.fetch_all(&mut *connection)).await?;
        let query = sqlx::query_scalar::<_, String>(
            "SELECT body FROM log_records WHERE event IN ('telemetry.browser_dropped', \
             'telemetry.browser_rejected') AND at_us >= $1 ORDER BY at_us DESC LIMIT $2",
        );
        let query = query.bind(since).bind(DECLARED_MOST);
        let declared = db.timed("clients.declared", query.fetch_all(&mut *connection)).await?;
        let read = |lines: &[String]| -> Vec<LogRecord> {
            lines.iter().filter_map(|line| LogRecord::from_line(line).ok()).collect()
        };
        let whole = (told.len() as i64) < RECORDS_MOST && (declared.len() as i64) < DECLARED_MOST;
        Ok(clients(&read(&told), &read(&declared), whole))
    }
}

/// What is known of one browser before it is told.
#[derive(Default)]
struct Seen {
    health: ClientHealth,
    calls: u64,
    highest_no: u64,
    tabs: BTreeSet<String>,
}

/// `whole`: these are all records of the span, so that what is not among them has not arrived.
fn clients(told: &[LogRecord], declared: &[LogRecord], whole: bool) -> Vec<ClientHealth> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for record in told {
        let Some(id) = &record.client_session_id else { continue };
        let client = seen.entry(id.clone()).or_default();
        let at = record.received_at.unwrap_or(record.timestamp);
        if at >= client.health.last_seen {
            client.health.last_seen = at;
            client.health.skew_ms = record.skew_ms.or(client.health.skew_ms);
        }
        client.health.user = client.health.user.take().or_else(|| record.user_id.clone());
        client.health.delivered += 1;
        client.calls += record.count.unwrap_or(1);
        client.highest_no = client.highest_no.max(record.record_no.unwrap_or(0));
        client.tabs.extend(record.tab_id.clone());
    }
    for record in declared {
        let id = record.payload.get("client_session_id").and_then(Value::as_str);
        let Some(client) = id.and_then(|id| seen.get_mut(id)) else { continue };
        let key = if record.event == "telemetry.browser_dropped" { "by_reason" } else { "by_code" };
        let by = record.payload.get(key).and_then(Value::as_object).into_iter().flatten();
        for (reason, count) in by {
            *client.health.dropped.entry(reason.clone()).or_default() += count.as_u64().unwrap_or(0);
        }
    }
    let mut clients: Vec<ClientHealth> =
        seen.into_iter().map(|(id, client)| health(id, client, whole)).collect();
    clients.sort_by_key(|client| std::cmp::Reverse((client.last_seen, client.client_session_id.clone())));
    clients.truncate(CLIENTS_MOST);
    clients
}

/// Each tab counts its calls for itself; where several share an id, or older records are not at hand, what is missing
/// cannot be told from what was not looked at.
fn health(client_session_id: String, client: Seen, whole: bool) -> ClientHealth {
    let Seen { health, calls, highest_no, tabs } = client;
    let declared: u64 = health.dropped.values().sum();
    // More than were numbered: its numbers began anew, and nothing can be said of gaps.
    let missing = highest_no.checked_sub(calls.saturating_add(declared));
    ClientHealth {
        client_session_id,
        merged: calls.saturating_sub(health.delivered),
        unexplained: missing.filter(|_| whole && tabs.len() <= 1),
        ..health
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use telemetry::Micros;

    use super::*;

    fn record(id: &str, at: i64, no: u64, count: Option<u64>) -> LogRecord {
        LogRecord {
            client_session_id: Some(id.to_owned()),
            tab_id: Some("t".to_owned()),
            received_at: Some(Micros(at)),
            record_no: Some(no),
            count,
            skew_ms: Some(at),
            ..LogRecord::default()
        }
    }

    fn dropped(id: &str, by_reason: Value) -> LogRecord {
        let payload = json!({ "client_session_id": id, "by_reason": by_reason });
        LogRecord {
            event: "telemetry.browser_dropped".into(),
            payload: payload.as_object().cloned().unwrap_or_default(),
            ..LogRecord::default()
        }
    }

    #[test]
    fn what_arrived_what_was_merged_what_was_declared_and_what_is_missing() {
        let told = [
            record("a", 20, 30, Some(4)),
            record("a", 10, 5, None),
            record("b", 30, 1, None),
            record("a", 5, 6, None),
        ];
        let declared =
            [dropped("a", json!({ "rate": 20, "full": 3 })), dropped("gone", json!({ "rate": 1 }))];
        let found = clients(&told, &declared, true);
        let ids: Vec<_> = found.iter().map(|client| client.client_session_id.as_str()).collect();
        assert_eq!(ids, ["b", "a"], "the latest first");
        let a = &found[1];
        assert_eq!((a.delivered, a.merged, a.last_seen, a.skew_ms), (3, 3, Micros(20), Some(20)));
        assert_eq!((a.dropped["rate"], a.dropped["full"]), (20, 3));
        assert_eq!(a.unexplained, Some(30 - 6 - 23));
        assert_eq!(found[0].unexplained, Some(0));
    }

    #[test]
    fn what_was_not_looked_at_is_not_called_lost() {
        let told = [record("a", 20, 30, None)];
        assert_eq!(clients(&told, &[], false)[0].unexplained, None);
        let anew = [record("a", 20, 1, None), record("a", 10, 1, None)];
        assert_eq!(clients(&anew, &[], true)[0].unexplained, None);
        let two = [
            record("a", 20, 30, None),
            LogRecord { tab_id: Some("u".to_owned()), ..record("a", 21, 2, None) },
        ];
        assert_eq!(clients(&two, &[], true)[0].unexplained, None);
    }
}
