//! The projections: sessions, orders and fills as they are after the appended steps.

use std::collections::BTreeSet;

use model::decision::OrderDecision;
use model::ids::ClientOrderId;
use model::order::Order;
use model::view::session_view;
use model::{Decision, DecisionRecord, Session, TradingState};

use super::append::changes_session;
use super::{Entry, TradingStore, big, json};
use crate::store::{StoreError, Write};

impl TradingStore {
    pub(super) async fn project(
        &self,
        write: &mut Write,
        entries: &[Entry],
        state: &TradingState,
    ) -> Result<(), StoreError> {
        let records = || entries.iter().flat_map(|entry| &entry.decisions);
        for record in records() {
            self.project_fill(write, record).await?;
        }
        let Some(session) = &state.session else { return Ok(()) };
        let touched: BTreeSet<&ClientOrderId> = records().filter_map(touched_order).collect();
        for order in touched.into_iter().filter_map(|id| session.orders.get(id)) {
            self.project_order(write, session, order).await?;
        }
        let mut last = records()
            .filter(|record| record.session_id.as_ref() == Some(&session.id) && changes_session(record));
        match last.next_back() {
            Some(record) => self.project_session(write, session, state, record).await,
            None => Ok(()),
        }
    }

    async fn project_session(
        &self,
        write: &mut Write,
        session: &Session,
        state: &TradingState,
        record: &DecisionRecord,
    ) -> Result<(), StoreError> {
        let body = json(&session_view(state, record.at))?;
        let query = sqlx::query(
            "INSERT INTO sessions (session_id, strategy_id, configuration, configuration_hash, execution_mode, \
             lifecycle, started_us, ended_us, exit_reason, correlation_id, last_seq, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (session_id) DO UPDATE SET lifecycle = excluded.lifecycle, ended_us = excluded.ended_us, \
             exit_reason = excluded.exit_reason, last_seq = excluded.last_seq, body = excluded.body",
        )
        .bind(session.id.as_str())
        .bind(session.configuration.strategy_id.word())
        .bind(session.configuration.name.as_str())
        .bind(session.configuration_hash.as_str())
        .bind(session.execution_mode.word())
        .bind(session.lifecycle.word())
        .bind(session.started_at.0)
        .bind(session.ended_at.map(|at| at.0))
        .bind(session.exit.as_ref().map(|exit| exit.reason.word()))
        .bind(session.correlation_id.as_str())
        .bind(big(record.seq))
        .bind(body);
        write.execute("sessions.upsert", query).await?;
        Ok(())
    }

    async fn project_order(
        &self,
        write: &mut Write,
        session: &Session,
        order: &Order,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO orders (client_order_id, session_id, order_id, symbol, side, qty, filled_qty, status, \
             submitted_us, updated_us, correlation_id, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (client_order_id) DO UPDATE SET order_id = excluded.order_id, \
             filled_qty = excluded.filled_qty, status = excluded.status, updated_us = excluded.updated_us, \
             body = excluded.body",
        )
        .bind(order.request.client_order_id.as_str())
        .bind(session.id.as_str())
        .bind(order.order_id.as_ref().map(|id| id.0.as_str()))
        .bind(order.request.symbol.as_str())
        .bind(order.request.side.word())
        .bind(order.request.lots)
        .bind(order.filled_lots)
        .bind(order.status.word())
        .bind(order.submitted_at.0)
        .bind(order.updated_at.0)
        .bind(order.correlation_id.as_str())
        .bind(json(order)?);
        write.execute("orders.upsert", query).await?;
        Ok(())
    }

    async fn project_fill(&self, write: &mut Write, record: &DecisionRecord) -> Result<(), StoreError> {
        let (Decision::Order(OrderDecision::FillBooked(fill)), Some(session_id)) =
            (&record.decision, &record.session_id)
        else {
            return Ok(());
        };
        let query = sqlx::query(
            "INSERT INTO fills (fill_id, session_id, client_order_id, order_id, symbol, side, qty, price, fee, \
             settlement, at_us, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             ON CONFLICT (fill_id) DO NOTHING",
        )
        .bind(fill.id.as_str())
        .bind(session_id.as_str())
        .bind(fill.client_order_id.as_ref().map(|id| id.0.as_str()))
        .bind(fill.order_id.as_str())
        .bind(fill.symbol.as_str())
        .bind(fill.side.word())
        .bind(fill.lots)
        .bind(fill.price.to_string())
        .bind(fill.fee.map(|fee| fee.to_string()))
        .bind(i16::from(fill.settlement))
        .bind(fill.at.0)
        .bind(big(record.seq));
        write.execute("fills.insert", query).await?;
        Ok(())
    }
}

/// The order that a decision is about.
fn touched_order(record: &DecisionRecord) -> Option<&ClientOrderId> {
    let Decision::Order(decision) = &record.decision else { return None };
    match decision {
        OrderDecision::Submitted(request) => Some(&request.client_order_id),
        OrderDecision::Acknowledged(news)
        | OrderDecision::PartiallyFilled(news)
        | OrderDecision::Filled(news)
        | OrderDecision::Canceled(news) => Some(&news.snapshot.client_order_id),
        OrderDecision::Rejected { client_order_id, .. }
        | OrderDecision::Denied { client_order_id, .. }
        | OrderDecision::Ambiguous { client_order_id, .. }
        | OrderDecision::NeverSent { client_order_id, .. }
        | OrderDecision::CancelRequested { client_order_id, .. }
        | OrderDecision::LookupRequested { client_order_id, .. }
        | OrderDecision::LookupFailed { client_order_id, .. } => Some(client_order_id),
        OrderDecision::FillBooked(fill) => fill.client_order_id.as_ref(),
        OrderDecision::FillIgnored { .. } => None,
    }
}
