//! Results of finished sessions: saved with what else a decision changed, made again from kept views where the
//! journal has forgotten, read in pages, in sums, and as trades for the figures.

use model::analytics::Trade;
use model::result::{SessionResult, Totals, from_e8, to_e8};
use model::view::SessionView;
use model::{ExitReason, Micros};
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _};

use super::{HistoryStore, ResultFilter, Sort};
use crate::store::trading::{json, unreadable};
use crate::store::{StoreError, Write};

/// Views that are looked at in one transaction.
const FILLED_AT_ONCE: i64 = 200;

pub(super) async fn save(write: &mut Write, result: &SessionResult) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO results (session_id, started_us, ended_us, strategy_id, configuration, execution_mode, \
         underlying, exit_reason, traded, held_ms, credit_e8, fees_e8, net_e8, slippage_e8, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (session_id) DO UPDATE SET ended_us = excluded.ended_us, \
         exit_reason = excluded.exit_reason, traded = excluded.traded, held_ms = excluded.held_ms, \
         credit_e8 = excluded.credit_e8, fees_e8 = excluded.fees_e8, net_e8 = excluded.net_e8, \
         slippage_e8 = excluded.slippage_e8, body = excluded.body",
    )
    .bind(result.session_id.as_str())
    .bind(result.started_at.0)
    .bind(result.ended_at.0)
    .bind(result.strategy_id.as_str())
    .bind(result.configuration.as_str())
    .bind(result.execution_mode.word())
    .bind(result.underlying.as_str())
    .bind(result.exit_reason.map(ExitReason::word))
    .bind(i16::from(result.traded))
    .bind(result.held_ms)
    .bind(to_e8(result.credit))
    .bind(to_e8(result.fees))
    .bind(result.net.and_then(to_e8))
    .bind(result.slippage.and_then(to_e8))
    .bind(json(result)?);
    write.execute("results.upsert", query).await?;
    Ok(())
}

/// Of a kept view. What a lost session made stays unknown, whatever it last looked like.
fn of_body(body: &str) -> Option<SessionResult> {
    let value: Value = serde_json::from_str(body).ok()?;
    let lost = value.get("lost") == Some(&Value::Bool(true));
    let view: SessionView = serde_json::from_value(value).ok()?;
    let result = SessionResult::of_view(&view)?;
    if lost {
        return Some(SessionResult { net: None, gross: None, cost_to_close: None, ..result });
    }
    Some(result)
}

impl HistoryStore {
    /// Makes results of ended sessions that have none, from their kept views: the journal has forgotten them, or has
    /// never known how they ended. Gives how many were made.
    pub async fn fill_results(&self) -> Result<usize, StoreError> {
        let (mut made, mut after) = (0, String::new());
        loop {
            let rows = self.without_result(&after).await?;
            let Some((last, _)) = rows.last() else { return Ok(made) };
            after.clone_from(last);
            let mut write = self.db()?.write().await?;
            for result in rows.iter().filter_map(|(_, body)| of_body(body)) {
                save(&mut write, &result).await?;
                made += 1;
            }
            write.commit().await?;
        }
    }

    async fn without_result(&self, after: &str) -> Result<Vec<(String, String)>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_as::<_, (String, String)>(
            "SELECT session_id, body FROM sessions WHERE ended_us IS NOT NULL AND session_id > $1 \
             AND NOT EXISTS (SELECT 1 FROM results WHERE results.session_id = sessions.session_id) \
             ORDER BY session_id LIMIT $2",
        );
        let query = query.bind(after.to_owned()).bind(FILLED_AT_ONCE);
        db.timed("results.missing", query.fetch_all(&mut *connection)).await
    }

    /// At most `limit` results behind `offset` others, as they were saved.
    pub async fn results(
        &self,
        filter: &ResultFilter,
        sort: Sort,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<SessionResult>, StoreError> {
        let mut builder = QueryBuilder::new("SELECT body FROM results WHERE 1 = 1");
        filter.restrict(&mut builder);
        sort.order(&mut builder);
        builder.push(" LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("results.page", builder.build().fetch_all(&mut *connection)).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| serde_json::from_str(row.get("body"));
        rows.iter().map(|row| read(row).map_err(|error| unreadable("results.page", error))).collect()
    }

    /// The views of the sessions of such a page, as JSON.
    pub async fn result_views(
        &self,
        filter: &ResultFilter,
        sort: Sort,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        let results = self.results(filter, sort, offset, limit).await?;
        let mut views = Vec::new();
        for result in results {
            views.extend(self.session(result.session_id.as_str()).await?);
        }
        Ok(views)
    }

    /// One session's result.
    pub async fn result(&self, session_id: &str) -> Result<Option<SessionResult>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, String>("SELECT body FROM results WHERE session_id = $1");
        let body = db
            .timed("results.one", query.bind(session_id.to_owned()).fetch_optional(&mut *connection))
            .await?;
        body.map(|body| serde_json::from_str(&body).map_err(|error| unreadable("results.one", error)))
            .transpose()
    }

    /// How the results of a filter add up.
    pub async fn totals(&self, filter: &ResultFilter) -> Result<Totals, StoreError> {
        let mut builder = QueryBuilder::new(
            "SELECT COUNT(*) AS sessions, COALESCE(SUM(traded), 0) AS traded, \
             COALESCE(SUM(traded = 1 AND net_e8 > 0), 0) AS won, \
             COALESCE(SUM(traded = 1 AND net_e8 < 0), 0) AS lost, \
             COALESCE(SUM(traded = 1 AND net_e8 = 0), 0) AS even, \
             COALESCE(SUM(traded = 1 AND net_e8 IS NULL), 0) AS unknown, \
             COALESCE(SUM(credit_e8), 0) AS credit, COALESCE(SUM(fees_e8), 0) AS fees, \
             COALESCE(SUM(net_e8), 0) AS net FROM results WHERE 1 = 1",
        );
        filter.restrict(&mut builder);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let row = db.timed("results.totals", builder.build().fetch_one(&mut *connection)).await?;
        let count = |name: &str| row.get::<i64, _>(name).unsigned_abs();
        Ok(Totals {
            sessions: count("sessions"),
            traded: count("traded"),
            won: count("won"),
            lost: count("lost"),
            even: count("even"),
            unknown: count("unknown"),
            credit: from_e8(row.get("credit")),
            fees: from_e8(row.get("fees")),
            net: from_e8(row.get("net")),
        })
    }

    /// Those of a filter that were in the market, for the figures; at most `limit`, the latest.
    pub async fn trades(&self, filter: &ResultFilter, limit: i64) -> Result<Vec<Trade>, StoreError> {
        let mut builder = QueryBuilder::new(
            "SELECT ended_us, exit_reason, held_ms, credit_e8, fees_e8, net_e8, slippage_e8 FROM results \
             WHERE traded = 1",
        );
        filter.restrict(&mut builder);
        builder.push(" ORDER BY ended_us DESC LIMIT ").push_bind(limit);
        let db = self.db()?;
        let mut connection = db.read().await?;
        let rows = db.timed("results.trades", builder.build().fetch_all(&mut *connection)).await?;
        Ok(rows.iter().map(trade).collect())
    }

    /// Words that stand in a column of the results, for the choices of a form; at most `limit`.
    pub async fn choices(&self, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_as::<_, (String, String)>(
            "SELECT DISTINCT configuration, underlying FROM results ORDER BY 1, 2 LIMIT $1",
        );
        db.timed("results.choices", query.bind(limit).fetch_all(&mut *connection)).await
    }
}

fn trade(row: &sqlx::sqlite::SqliteRow) -> Trade {
    let amount = |name: &str| row.get::<Option<i64>, _>(name).map(from_e8);
    let reason = row.get::<Option<String>, _>("exit_reason");
    Trade {
        ended_at: Micros(row.get("ended_us")),
        exit_reason: reason.and_then(|word| read_reason(&word)),
        held_ms: row.get("held_ms"),
        credit: amount("credit_e8").unwrap_or_default(),
        fees: amount("fees_e8").unwrap_or_default(),
        net: amount("net_e8"),
        slippage: amount("slippage_e8"),
    }
}

fn read_reason(word: &str) -> Option<ExitReason> {
    ExitReason::ALL.iter().copied().find(|reason| reason.word() == word)
}
