//! The books of browser tabs. Every call in a tab takes a number; what has none of delivered, declared as dropped and
//! refused is lost without an explanation, or still on its way. Sums and extremes only, so that order does not matter.

use std::collections::BTreeMap;

use sqlx::Row;
use telemetry::ingest::Admitted;
use telemetry::{BatchBooks, LogRecord, Micros};

use super::TelemetryStore;
use crate::clock;
use crate::store::{StoreError, Write};

/// Tabs remembered; those seen longest ago go first.
const MOST: i64 = 10_000;
/// A batch may come so late.
const KEPT_US: i64 = 25 * 3_600_000_000;
/// No tab counts so far; whoever says so does not get into the sums.
const HIGHEST_NO: u64 = 1_000_000_000_000;

/// What one batch adds to the books of its tab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TabEntry {
    pub client_session_id: String,
    pub tab_id: String,
    pub user_id: Option<String>,
    pub build_id: Option<String>,
    pub received_at: Micros,
    pub lowest_no: u64,
    pub highest_no: u64,
    pub calls: u64,
    pub records: u64,
    pub rejected: u64,
    pub skew_ms: i64,
    /// Declared by the browser, by reason.
    pub drops: BTreeMap<String, u64>,
}

impl TabEntry {
    /// Of a batch, unless it names no tab.
    #[must_use]
    pub fn of(admitted: &Admitted, received_at: Micros) -> Option<Self> {
        let mut drops = BTreeMap::new();
        for drop in &admitted.declared_drops {
            *drops.entry(drop.reason.as_str().to_owned()).or_insert(0) += drop.count;
        }
        let first = admitted.records.first();
        Some(Self {
            client_session_id: admitted.client_session_id.clone().unwrap_or_default(),
            tab_id: admitted.tab_id.clone()?,
            user_id: first.and_then(|record| record.user_id.clone()),
            build_id: first.and_then(|record| record.build_id.clone()),
            received_at,
            lowest_no: admitted.lowest_no,
            highest_no: admitted.highest_no,
            calls: admitted.calls,
            records: admitted.records.len() as u64,
            rejected: admitted.rejected_calls,
            skew_ms: admitted.skew_ms,
            drops,
        })
    }
}

impl TabEntry {
    /// As the last record of a batch tells it.
    pub(super) fn told(record: &LogRecord, batch: &BatchBooks, received_at: Micros) -> Option<Self> {
        Some(Self {
            client_session_id: record.client_session_id.clone().unwrap_or_default(),
            tab_id: record.tab_id.clone()?,
            user_id: record.user_id.clone(),
            build_id: record.build_id.clone(),
            received_at,
            lowest_no: batch.lowest_no,
            highest_no: batch.highest_no,
            calls: batch.calls,
            records: record.batch_size.unwrap_or_default(),
            rejected: batch.rejected,
            skew_ms: record.skew_ms.unwrap_or_default(),
            drops: batch.drops.clone(),
        })
    }
}

/// The books of one tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabBooks {
    pub client_session_id: String,
    pub tab_id: String,
    pub user_id: Option<String>,
    pub build_id: Option<String>,
    pub first_seen: Micros,
    pub last_seen: Micros,
    /// Calls that arrived.
    pub delivered: u64,
    /// Of them those that came within the record of another.
    pub merged: u64,
    /// Declared by the browser, by reason. `rejected`: at least what was refused here.
    pub drops: BTreeMap<String, u64>,
    /// Numbers that nothing accounts for: lost, or still on their way.
    pub unexplained_loss: u64,
    pub skew_ms: i64,
}

/// A page of tabs, last seen first, and the sums over all that are remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TabPage {
    pub tabs: Vec<TabBooks>,
    pub count: u64,
    pub delivered: u64,
    pub merged: u64,
    pub drops: BTreeMap<String, u64>,
    pub unexplained_loss: u64,
}

/// Adds a batch within the transaction that stores it.
pub(super) async fn enter(write: &mut Write, entry: &TabEntry) -> Result<(), StoreError> {
    let signed = |number: u64| i64::try_from(number.min(HIGHEST_NO)).unwrap_or_default();
    let no = |number: u64| if number > HIGHEST_NO { 0 } else { signed(number) };
    // 0 is no number: a batch of drops alone says nothing about where the tab's begin.
    let query = sqlx::query(
        "INSERT INTO client_tabs (client_session_id, tab_id, user_id, build_id, first_us, last_us, lowest_no, \
         highest_no, calls, records, rejected, skew_ms) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (client_session_id, tab_id) DO UPDATE SET \
         user_id = COALESCE(excluded.user_id, user_id), build_id = COALESCE(excluded.build_id, build_id), \
         first_us = MIN(first_us, excluded.first_us), last_us = MAX(last_us, excluded.last_us), \
         lowest_no = CASE WHEN excluded.lowest_no = 0 THEN lowest_no WHEN lowest_no = 0 THEN excluded.lowest_no \
         ELSE MIN(lowest_no, excluded.lowest_no) END, \
         highest_no = MAX(highest_no, excluded.highest_no), calls = calls + excluded.calls, \
         records = records + excluded.records, rejected = rejected + excluded.rejected, \
         skew_ms = excluded.skew_ms",
    )
    .bind(&entry.client_session_id)
    .bind(&entry.tab_id)
    .bind(entry.user_id.as_deref())
    .bind(entry.build_id.as_deref())
    .bind(entry.received_at.0)
    .bind(no(entry.lowest_no))
    .bind(no(entry.highest_no))
    .bind(signed(entry.calls))
    .bind(signed(entry.records))
    .bind(signed(entry.rejected))
    .bind(entry.skew_ms);
    write.execute("tabs.enter", query).await?;
    for (reason, count) in &entry.drops {
        let query = sqlx::query(
            "INSERT INTO client_tab_drops (client_session_id, tab_id, reason, calls) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (client_session_id, tab_id, reason) DO UPDATE SET calls = calls + excluded.calls",
        )
        .bind(&entry.client_session_id)
        .bind(&entry.tab_id)
        .bind(reason)
        .bind(signed(*count));
        write.execute("tabs.drop", query).await?;
    }
    Ok(())
}

impl TelemetryStore {
    /// The books of the tabs that were seen last, `limit` at most, and the sums over all.
    pub async fn tabs(&self, limit: usize) -> Result<TabPage, StoreError> {
        self.fresh().await;
        let db = self.db()?;
        let mut connection = db.read().await?;
        // A tab goes on counting when its browser session is another one after a sign-in: it begins after what it
        // told under the session before.
        let query = sqlx::query(
            "SELECT t.*, COALESCE((SELECT MAX(b.highest_no) FROM client_tabs b WHERE b.tab_id = t.tab_id \
             AND b.client_session_id <> t.client_session_id AND b.highest_no < t.lowest_no), 0) AS base \
             FROM client_tabs t ORDER BY t.last_us DESC, t.tab_id LIMIT $1",
        )
        .bind(MOST);
        let rows = db.timed("tabs.read", query.fetch_all(&mut *connection)).await?;
        let query = sqlx::query("SELECT client_session_id, tab_id, reason, calls FROM client_tab_drops");
        let dropped = db.timed("tabs.drops", query.fetch_all(&mut *connection)).await?;
        let mut drops: BTreeMap<(String, String), BTreeMap<String, u64>> = BTreeMap::new();
        for row in &dropped {
            let of = drops.entry((row.get("client_session_id"), row.get("tab_id"))).or_default();
            of.insert(row.get("reason"), count(row, "calls"));
        }
        let mut page = TabPage { count: rows.len() as u64, ..TabPage::default() };
        for row in &rows {
            let key = (row.get("client_session_id"), row.get("tab_id"));
            let tab = books(row, drops.remove(&key).unwrap_or_default());
            page.delivered += tab.delivered;
            page.merged += tab.merged;
            page.unexplained_loss += tab.unexplained_loss;
            for (reason, calls) in &tab.drops {
                *page.drops.entry(reason.clone()).or_default() += calls;
            }
            if page.tabs.len() < limit {
                page.tabs.push(tab);
            }
        }
        Ok(page)
    }

    /// Forgets tabs that were not seen for a day, and those that are too many.
    pub async fn forget_tabs(&self) -> Result<(), StoreError> {
        let mut write = self.db()?.write().await?;
        let query = sqlx::query(
            "DELETE FROM client_tabs WHERE last_us < $1 OR last_us < \
             (SELECT last_us FROM client_tabs ORDER BY last_us DESC LIMIT 1 OFFSET $2)",
        )
        .bind(clock::now().0 - KEPT_US)
        .bind(MOST - 1);
        if write.execute("tabs.forget", query).await? > 0 {
            let query = sqlx::query(
                "DELETE FROM client_tab_drops WHERE NOT EXISTS (SELECT 1 FROM client_tabs t \
                 WHERE t.client_session_id = client_tab_drops.client_session_id \
                 AND t.tab_id = client_tab_drops.tab_id)",
            );
            write.execute("tabs.forget_drops", query).await?;
        }
        write.commit().await
    }
}

fn books(row: &sqlx::sqlite::SqliteRow, mut drops: BTreeMap<String, u64>) -> TabBooks {
    let (delivered, rejected) = (count(row, "calls"), count(row, "rejected"));
    if rejected > 0 {
        // The browser declares them too, once it has read the answer.
        let declared = drops.entry("rejected".to_owned()).or_default();
        *declared = rejected.max(*declared);
    }
    let numbered = count(row, "highest_no").saturating_sub(count(row, "base"));
    let explained = delivered + drops.values().sum::<u64>();
    TabBooks {
        client_session_id: row.get("client_session_id"),
        tab_id: row.get("tab_id"),
        user_id: row.get("user_id"),
        build_id: row.get("build_id"),
        first_seen: Micros(row.get("first_us")),
        last_seen: Micros(row.get("last_us")),
        delivered,
        merged: delivered.saturating_sub(count(row, "records")),
        drops,
        unexplained_loss: numbered.saturating_sub(explained),
        skew_ms: row.get("skew_ms"),
    }
}

fn count(row: &sqlx::sqlite::SqliteRow, column: &str) -> u64 {
    u64::try_from(row.get::<i64, _>(column)).unwrap_or_default()
}
