//! Lists as comma-separated values: written while they are read, a stretch at a time.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use model::ExitReason;
use model::analytics::Report;
use model::result::SessionResult;

use super::asked::Asked;
use crate::http::ApiError;
use crate::http::csv::push_row;
use crate::shared::App;

/// More rows than these are asked for in several files.
pub const ROWS_MOST: u64 = 100_000;
/// Rows that are in memory at once.
const STRETCH: i64 = 1_000;

const COLUMNS: [&str; 30] = [
    "session_id",
    "execution_mode",
    "strategy_id",
    "configuration",
    "configuration_hash",
    "underlying",
    "lots_per_leg",
    "started_by",
    "started_at",
    "ended_at",
    "exit_reason",
    "also_matched",
    "traded",
    "opened_at",
    "closed_at",
    "held_ms",
    "credit_usd",
    "cost_to_close_usd",
    "gross_usd",
    "fees_usd",
    "net_usd",
    "slippage_usd",
    "best_usd",
    "worst_usd",
    "peak_usd",
    "floor_usd",
    "legs",
    "result",
    "correlation_id",
    "exit_correlation_id",
];

/// The file of a list. Its set is fixed by `asked`, which names an end: what ends later is not in it.
pub fn results(app: Arc<App>, asked: Asked) -> Response {
    let mut head = String::new();
    push_row(&mut head, COLUMNS.map(str::to_owned));
    let rows = stream::unfold((app, asked, Some(0_i64), head), |(app, asked, offset, head)| async move {
        let offset = offset?;
        let read = app.trading.history.results(&asked.filter, asked.sort, offset, STRETCH).await;
        let next = match &read {
            Ok(rows) if rows.len() as i64 == STRETCH => Some(offset + STRETCH),
            Ok(_) | Err(_) => None,
        };
        let text = read.map(|rows| Bytes::from(rows.iter().fold(head, with_row)));
        Some((text, (app, asked, next, String::new())))
    });
    // Compression asks once more after the end.
    file("trades.csv", Body::from_stream(rows.fuse()))
}

fn with_row(mut text: String, result: &SessionResult) -> String {
    push_row(&mut text, cells(result));
    text
}

fn cells(result: &SessionResult) -> Vec<String> {
    let amount = |money: Option<model::Money>| money.map(|m| m.normalize().to_string()).unwrap_or_default();
    let time = |at: Option<model::Micros>| at.map(|at| at.to_rfc3339()).unwrap_or_default();
    let word = |reason: &ExitReason| reason.word();
    vec![
        result.session_id.0.clone(),
        result.execution_mode.word().to_owned(),
        result.strategy_id.clone(),
        result.configuration.clone(),
        result.configuration_hash.clone(),
        result.underlying.0.clone(),
        result.lots_per_leg.to_string(),
        result.started_by.clone(),
        time(Some(result.started_at)),
        time(Some(result.ended_at)),
        result.exit_reason.map(ExitReason::word).unwrap_or_default().to_owned(),
        result.also_matched.iter().map(word).collect::<Vec<_>>().join(" "),
        result.traded.to_string(),
        time(result.opened_at),
        time(result.closed_at),
        result.held_ms.map(|ms| ms.to_string()).unwrap_or_default(),
        amount(Some(result.credit)),
        amount(result.cost_to_close),
        amount(result.gross),
        amount(Some(result.fees)),
        amount(result.net),
        amount(result.slippage),
        amount(result.best),
        amount(result.worst),
        amount(result.peak),
        amount(result.floor),
        result.legs.iter().map(|leg| leg.symbol.as_str()).collect::<Vec<_>>().join(" "),
        outcome(result).to_owned(),
        result.correlation_id.clone(),
        result.exit_correlation_id.clone().unwrap_or_default(),
    ]
}

/// The word of the filter `result` that finds it.
fn outcome(result: &SessionResult) -> &'static str {
    if !result.traded {
        return "untraded";
    }
    match result.net {
        None => "unknown",
        Some(net) if net.is_zero() => "even",
        Some(net) if net.is_sign_negative() => "lost",
        Some(_) => "won",
    }
}

/// The days of a report.
pub fn days(report: &Report) -> Response {
    let mut text = String::new();
    let columns = ["day", "trades", "won", "unknown", "net_usd", "total_usd", "drawdown_usd"];
    push_row(&mut text, columns.map(str::to_owned));
    for day in &report.days {
        let row = [
            day.at.to_rfc3339().get(..10).unwrap_or_default().to_owned(),
            day.trades.to_string(),
            day.won.to_string(),
            day.unknown.to_string(),
            day.net.map(|net| net.normalize().to_string()).unwrap_or_default(),
            day.total.normalize().to_string(),
            day.drawdown.normalize().to_string(),
        ];
        push_row(&mut text, row);
    }
    file("analytics.csv", Body::from(text))
}

/// More than a file holds is asked for in parts, and said so.
pub fn bounded(rows: u64) -> Result<(), ApiError> {
    if rows <= ROWS_MOST {
        return Ok(());
    }
    let message = format!("{rows} sessions match, a file has at most {ROWS_MOST}: narrow from and to.");
    Err(ApiError::invalid(message).with_field("from", "a shorter span"))
}

fn file(name: &str, body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"deltascope-{name}\"")),
    ];
    (headers, body).into_response()
}
