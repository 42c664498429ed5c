//! `POST /api/logs`: browser batches. Cheap checks first; 202 only after the commit.

mod body;
mod checks;
mod judge;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use telemetry::{Receipt, ingest};

use super::ApiError;
use super::extract::{ClientAddress, session_of};
use crate::auth::Session;
use crate::clock;
use crate::ingest::Client;
use crate::shared::App;

/// The handler.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Response, ApiError> {
    let answer = take(&app, address, request).await;
    answer.inspect_err(|refused| app.ingest.counts.refuse(refused.code))
}

async fn take(app: &App, address: IpAddr, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    checks::origin(app, headers)?;
    let gzip = checks::headers(headers)?;
    checks::not_stopped(app)?;
    // The signature costs no look into a database; a stranger gets no further.
    let token = checks::genuine_token(app, headers)?;
    let session = session_of(headers, app).await?;
    if token.expired && session.is_none() {
        return Err(checks::bad_token());
    }
    let login = session.as_ref().map(|session| (session.token_hash.as_str(), session.username.as_str()));
    let client = Client { address, session: login, page: &token.nonce };
    app.ingest
        .budgets
        .admit(&client, Instant::now())
        .map_err(|wait_s| ApiError::too_many("Too many log records.", wait_s))?;
    let body = body::read(body, gzip, app.ingest.in_flight.of(session.is_some())).await?;
    let request = judge::Judged { headers, client: &client, token: &token, session: session.as_ref() };
    let read = ingest::text(&body.bytes);
    let read = read.as_deref().map_err(|error| *error).and_then(ingest::Batch::read);
    let (receipt, client_session_id) = match &read {
        Ok(batch) => {
            let receipt = request.take(app, batch, body.bytes.len()).await?;
            (receipt, batch.client_session_id())
        }
        Err(error) => (request.repeated(app, *error).await?, None),
    };
    Ok(answer(app, receipt, client_session_id, session.as_ref(), token.renew))
}

fn answer(
    app: &App,
    mut receipt: Receipt,
    client_session_id: Option<&str>,
    session: Option<&Session>,
    renew: bool,
) -> Response {
    let (now_ms, fill) = (clock::now().as_millis(), app.teller.batch_share());
    receipt.cfg = Some(app.ingest.settings.of(client_session_id, fill, now_ms, Instant::now()));
    if renew {
        let login = session.map(|session| session.token_hash.as_str());
        receipt.token = Some(app.ingest.tokens.issue(now_ms / 1_000, login));
    }
    (StatusCode::ACCEPTED, Json(receipt)).into_response()
}
