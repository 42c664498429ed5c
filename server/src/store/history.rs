//! The history database: sessions, orders, fills and P&L curves as the journal left them, for the console's lists.
//! Trading does without it; a lost file is made again from what the journal still holds.

mod filter;
mod lost;
mod results;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use model::fill::Fill;
use model::ids::{ClientOrderId, OrderId, SessionId};
use model::result::SessionResult;
use model::view::{PnlPoint, SessionView};
use model::{Micros, Symbol};
use sqlx::migrate::Migrator;

use super::trading::{big, json, unreadable};
use super::{Db, DbFile, Durability, Foreign, Hold, Slot, StoreError, Write, migrator};
use crate::config::DatabaseConfig;
use crate::health::Health;
use crate::tasks::Tasks;

pub use filter::{Outcome, ResultFilter, Sort, SortKey};

pub(crate) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    migrator(&[
        (1, "history", include_str!("../../migrations/history/0001_history.sql")),
        (2, "results", include_str!("../../migrations/history/0002_results.sql")),
    ])
});
const PATIENCE: Duration = Duration::from_secs(5);
const CHECK: Duration = Duration::from_millis(500);

/// Handle to the history database; cheap to clone.
#[derive(Clone)]
pub struct HistoryStore {
    slot: Slot,
}

/// A session of the list; `body` is its view as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub session_id: String,
    pub body: String,
}

/// An order as it was after the decisions that are saved with it.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub session_id: Option<SessionId>,
    pub client_order_id: ClientOrderId,
    pub order_id: Option<OrderId>,
    pub symbol: Symbol,
    pub side: &'static str,
    pub qty: i64,
    pub filled_qty: i64,
    pub status: &'static str,
    pub submitted_us: i64,
    pub updated_us: i64,
    pub correlation_id: String,
    pub body: String,
}

/// A fill with the decision that booked it.
#[derive(Clone, Debug)]
pub struct FillRow {
    pub session_id: Option<SessionId>,
    pub fill: Fill,
    pub seq: u64,
}

/// What some decisions changed.
#[derive(Debug, Default)]
pub struct Changes {
    pub sessions: Vec<SessionView>,
    /// Of sessions that are over.
    pub results: Vec<SessionResult>,
    pub orders: Vec<OrderRow>,
    pub fills: Vec<FillRow>,
    pub points: Vec<(SessionId, PnlPoint)>,
    /// When the whole account was verified flat.
    pub swept_at: Option<Micros>,
    /// The decision that is looked at next.
    pub next_seq: Option<u64>,
}

impl Changes {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.next_seq.is_none()
    }
}

impl HistoryStore {
    /// Keeps `history.db` open in a data directory that is ours, whatever becomes of the file.
    pub async fn keep(dir: &Path, config: &DatabaseConfig, health: &Health, tasks: &Tasks) -> Self {
        let file = DbFile {
            path: dir.join("history.db"),
            name: "history",
            migrations: &MIGRATIONS,
            durability: Durability::Process,
            patience: PATIENCE,
            hold: Hold::Owner,
            foreign: Foreign::SetAside,
            check: CHECK,
            before: None,
        };
        let names = ("history_store", "history_file");
        Self { slot: Slot::keep(file, names, false, None, config, health, tasks).await }
    }

    /// The database, for what it can tell about itself, while there is one.
    pub fn db(&self) -> Result<Db, StoreError> {
        self.slot.db()
    }

    /// Closes it; the write-ahead log is folded into the file.
    pub async fn close(&self) {
        self.slot.close().await;
    }

    /// The decision that is looked at next; 1 before the first.
    pub async fn next_seq(&self) -> Result<u64, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar::<_, i64>("SELECT next_seq FROM progress WHERE name = 'trading'");
        let next = db.timed("progress.read", query.fetch_optional(&mut *connection)).await?;
        Ok(next.map_or(1, i64::unsigned_abs))
    }

    /// Saves all or nothing.
    pub async fn save(&self, changes: &Changes) -> Result<(), StoreError> {
        let lost = match changes.swept_at {
            Some(_) => self.lost_sessions().await?,
            None => Vec::new(),
        };
        let mut write = self.db()?.write().await?;
        for fill in &changes.fills {
            save_fill(&mut write, fill).await?;
        }
        for order in &changes.orders {
            save_order(&mut write, order).await?;
        }
        for view in &changes.sessions {
            save_session(&mut write, view).await?;
        }
        for result in &changes.results {
            results::save(&mut write, result).await?;
        }
        if let Some(at) = changes.swept_at {
            lost::end(&mut write, lost, at).await?;
        }
        for (session_id, point) in &changes.points {
            let query = sqlx::query(
                "INSERT INTO points (session_id, at_us, json) VALUES ($1, $2, $3) \
                 ON CONFLICT (session_id, at_us) DO NOTHING",
            )
            .bind(session_id.as_str())
            .bind(point.at.0)
            .bind(json(point)?);
            write.execute("points.insert", query).await?;
        }
        if let Some(next_seq) = changes.next_seq {
            let query = sqlx::query(
                "INSERT INTO progress (name, next_seq) VALUES ('trading', $1) \
                 ON CONFLICT (name) DO UPDATE SET next_seq = excluded.next_seq",
            );
            write.execute("progress.move", query.bind(big(next_seq))).await?;
        }
        write.commit().await
    }

    /// Sessions, newest first.
    pub async fn sessions(&self, limit: i64) -> Result<Vec<SessionRow>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let sql = "SELECT session_id, body FROM sessions ORDER BY started_us DESC LIMIT $1";
        let query = sqlx::query_as::<_, (String, String)>(sql).bind(limit);
        let rows = db.timed("sessions.list", query.fetch_all(&mut *connection)).await?;
        Ok(rows.into_iter().map(|(session_id, body)| SessionRow { session_id, body }).collect())
    }

    /// One session's view as JSON.
    pub async fn session(&self, session_id: &str) -> Result<Option<String>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let query = sqlx::query_scalar("SELECT body FROM sessions WHERE session_id = $1").bind(session_id);
        db.timed("sessions.one", query.fetch_optional(&mut *connection)).await
    }

    /// Points of a session's curve, oldest first.
    pub async fn points(&self, session_id: &str) -> Result<Vec<PnlPoint>, StoreError> {
        let db = self.db()?;
        let mut connection = db.read().await?;
        let sql = "SELECT json FROM points WHERE session_id = $1 ORDER BY at_us";
        let query = sqlx::query_scalar::<_, String>(sql).bind(session_id);
        let rows = db.timed("points.read", query.fetch_all(&mut *connection)).await?;
        rows.iter()
            .map(|row| serde_json::from_str(row).map_err(|error| unreadable("points.read", error)))
            .collect()
    }
}

async fn save_session(write: &mut Write, view: &SessionView) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO sessions (session_id, strategy_id, configuration, configuration_hash, execution_mode, \
         underlying, lifecycle, started_us, ended_us, exit_reason, correlation_id, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (session_id) DO UPDATE SET lifecycle = excluded.lifecycle, ended_us = excluded.ended_us, \
         exit_reason = excluded.exit_reason, body = excluded.body",
    )
    .bind(view.session_id.as_str())
    .bind(view.strategy_id.as_str())
    .bind(view.configuration.as_str())
    .bind(view.configuration_hash.as_str())
    .bind(view.execution_mode.word())
    .bind(view.underlying.as_str())
    .bind(view.lifecycle.word())
    .bind(view.started_at.0)
    .bind(view.ended_at.map(|at| at.0))
    .bind(view.exit_reason.map(model::ExitReason::word))
    .bind(view.correlation_id.as_str())
    .bind(json(view)?);
    write.execute("sessions.upsert", query).await?;
    Ok(())
}

async fn save_order(write: &mut Write, order: &OrderRow) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO orders (client_order_id, session_id, order_id, symbol, side, qty, filled_qty, status, \
         submitted_us, updated_us, correlation_id, body) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (client_order_id) DO UPDATE SET order_id = excluded.order_id, \
         filled_qty = excluded.filled_qty, status = excluded.status, updated_us = excluded.updated_us, \
         body = excluded.body",
    )
    .bind(order.client_order_id.as_str())
    .bind(order.session_id.as_ref().map(|id| id.0.as_str()))
    .bind(order.order_id.as_ref().map(|id| id.0.as_str()))
    .bind(order.symbol.as_str())
    .bind(order.side)
    .bind(order.qty)
    .bind(order.filled_qty)
    .bind(order.status)
    .bind(order.submitted_us)
    .bind(order.updated_us)
    .bind(order.correlation_id.as_str())
    .bind(order.body.as_str());
    write.execute("orders.upsert", query).await?;
    Ok(())
}

async fn save_fill(write: &mut Write, FillRow { session_id, fill, seq }: &FillRow) -> Result<(), StoreError> {
    let query = sqlx::query(
        "INSERT INTO fills (fill_id, session_id, client_order_id, order_id, symbol, side, qty, price, fee, \
         settlement, at_us, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (fill_id) DO UPDATE SET fee = excluded.fee",
    )
    .bind(fill.id.as_str())
    .bind(session_id.as_ref().map(|id| id.0.as_str()))
    .bind(fill.client_order_id.as_ref().map(|id| id.0.as_str()))
    .bind(fill.order_id.as_str())
    .bind(fill.symbol.as_str())
    .bind(fill.side.word())
    .bind(fill.lots)
    .bind(fill.price.to_string())
    .bind(fill.fee.map(|fee| fee.to_string()))
    .bind(i16::from(fill.settlement))
    .bind(fill.at.0)
    .bind(big(*seq));
    write.execute("fills.insert", query).await?;
    Ok(())
}
