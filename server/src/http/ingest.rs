//! `POST /api/logs`: browser batches. Cheap checks first; 202 only after the commit.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use telemetry::ingest::{AdmitContext, AdmitError, Admitted, Tier, admit};
use telemetry::{InflateError, LoggerSettings, Receipt, inflate, limits};

use super::extract::{ClientAddress, session_of};
use super::{ApiError, guard};
use crate::auth::Session;
use crate::ingest::{Charge, Client, Genuine, IngestEvent};
use crate::shared::App;
use crate::telling::BatchOutcome;
use crate::{clock, correlation};

/// How long a commit may take before the browser is asked to try again.
const COMMIT: Duration = Duration::from_secs(5);
/// How long reading a body may take.
const BODY: Duration = Duration::from_secs(10);

/// The handler.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    check_origin(&app, headers)?;
    let gzip = check_headers(headers)?;
    let session = session_of(headers, &app).await?;
    let token = check_token(&app, headers, session.as_ref())?;
    let client = client(address, session.as_ref(), &token);
    app.ingest
        .budgets
        .admit(&client, Instant::now())
        .map_err(|wait_s| ApiError::too_many("Too many log records.", wait_s))?;
    let encoded = read_body(body).await?;
    let Ok(_memory) = app.ingest.in_flight.try_acquire_many((limits::BODY_DECODED_BYTES / 1_024) as u32)
    else {
        return Err(busy());
    };
    let decoded = if gzip { unpack(&encoded)? } else { encoded };
    let admitted = match judge(&app, headers, &decoded, session.as_ref()) {
        Ok(admitted) => admitted,
        Err(error) => return repeated(&app, headers, error).await,
    };
    let charge = Charge {
        records: (admitted.records.len() + admitted.rejected.len()) as u64,
        bytes: decoded.len() as u64,
    };
    app.ingest.budgets.charge(&client, charge, Instant::now());
    let receipt = store(&app, admitted, session.as_ref()).await?;
    Ok(answer(&app, receipt, token.renew))
}

/// Same origin only: a page of another site must not write in the name of its visitor.
fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    let own = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => guard::is_own_origin(headers, app.config.http.public_url.as_deref()),
    };
    if own { Ok(()) } else { Err(ApiError::forbidden("Log records are taken from our own pages only.")) }
}

/// Content type, encoding and announced length. Gives whether the body is gzip.
fn check_headers(headers: &HeaderMap) -> Result<bool, ApiError> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let refuse = |message| Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE", message));
    let media =
        text(header::CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return refuse("The body must be application/json.");
    }
    let gzip = match text(header::CONTENT_ENCODING).unwrap_or("identity") {
        "gzip" => true,
        "identity" | "" => false,
        _ => return refuse("The body may be gzip or not encoded."),
    };
    match text(header::CONTENT_LENGTH).and_then(|value| value.parse::<usize>().ok()) {
        Some(length) if length > limits::BODY_ENCODED_BYTES => Err(too_large()),
        Some(_) | None => Ok(gzip),
    }
}

/// A genuine page token is needed in any case; an expired one is good enough with a session.
fn check_token(app: &App, headers: &HeaderMap, session: Option<&Session>) -> Result<Genuine, ApiError> {
    let token = headers.get("x-log-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let now_s = clock::now().as_millis() / 1_000;
    let genuine = app.ingest.tokens.check(token, now_s).filter(|token| !token.expired || session.is_some());
    genuine.ok_or_else(|| {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "PAGE_TOKEN",
            "The page token is missing or not valid; reload the page.",
        )
    })
}

fn client<'a>(address: IpAddr, session: Option<&'a Session>, token: &'a Genuine) -> Client<'a> {
    let session = session.map(|session| (session.token_hash.as_str(), session.username.as_str()));
    Client { address, session, page: &token.nonce }
}

async fn read_body(body: Body) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(BODY, to_bytes(body, limits::BODY_ENCODED_BYTES)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_limit(&error) => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::invalid("The body was cut.")),
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body came too slowly.")),
    }
}

fn is_limit(error: &axum::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.to_string().contains("length limit exceeded") {
            return true;
        }
        source = cause.source();
    }
    false
}

fn unpack(encoded: &[u8]) -> Result<Bytes, ApiError> {
    inflate(encoded, limits::BODY_DECODED_BYTES).map(Bytes::from).map_err(|error| match error {
        InflateError::TooLarge => too_large(),
        InflateError::Broken => ApiError::invalid("The body is not valid gzip."),
    })
}

fn judge(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
    session: Option<&Session>,
) -> Result<Admitted, AdmitError> {
    let received_at = clock::now();
    let sent_at_ms = headers.get("x-sent-at").and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    let mut context = AdmitContext {
        received_at,
        sent_at_ms,
        user_id: session.map(|session| session.username.as_str()),
        bound_client_session: session.and_then(|session| session.client_session_id.as_deref()),
        tier: if session.is_some() { Tier::Session } else { Tier::Page },
        session_skew_ms: None,
    };
    let admitted = admit(body, &context)?;
    // The offset belongs to the browser session, which only the body names.
    let (Some(sent), Some(sid)) = (sent_at_ms, admitted.client_session_id.as_deref()) else {
        return Ok(admitted);
    };
    let present = received_at.as_millis() - sent;
    let smallest = app.ingest.skew(sid, present);
    if smallest == present {
        return Ok(admitted);
    }
    context.session_skew_ms = Some(smallest);
    admit(body, &context)
}

/// The batch id alone decides: a repeat is a repeat even if its bytes cannot be read this time.
async fn repeated(app: &App, headers: &HeaderMap, error: AdmitError) -> Result<Response, ApiError> {
    let bid =
        headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_ascii_lowercase);
    if let Some(bid) = bid
        && app.records.seen(&bid).await?
    {
        let receipt = Receipt { bid, dup: true, now: clock::now().as_millis(), ..Receipt::default() };
        return Ok(answer(app, receipt, false));
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    Err(ApiError::new(status, error.code(), format!("Batch refused: {error}.")))
}

async fn store(app: &App, mut admitted: Admitted, session: Option<&Session>) -> Result<Receipt, ApiError> {
    let _alone = app.ingest.alone(&admitted.bid).await;
    let now = clock::now();
    if app.records.seen(&admitted.bid).await? {
        app.ingest.count(&admitted, 0, true);
        return Ok(admitted.receipt(true, now));
    }
    let receipt = admitted.receipt(false, now);
    bind(app, session, admitted.client_session_id.as_deref()).await?;
    let records = std::mem::take(&mut admitted.records);
    let count = records.len();
    let commit = app.teller.commit_batch(records, admitted.bid.clone());
    let dup = match tokio::time::timeout(COMMIT, commit).await {
        Ok(Ok(outcome)) => outcome == BatchOutcome::Duplicate,
        Ok(Err(_)) | Err(_) => return Err(busy()),
    };
    for event in IngestEvent::of(&admitted) {
        app.teller.tell(&event, &correlation::context());
    }
    app.ingest.count(&admitted, count, dup);
    Ok(Receipt { dup, ..receipt })
}

/// The first browser session that logs under a login is bound to it.
async fn bind(app: &App, session: Option<&Session>, client: Option<&str>) -> Result<(), ApiError> {
    match (session, client) {
        (Some(session), Some(client)) if session.client_session_id.is_none() => {
            Ok(app.accounts.bind_client(&session.token_hash, client).await?)
        }
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

fn answer(app: &App, mut receipt: Receipt, renew: bool) -> Response {
    receipt.cfg = Some(LoggerSettings { level: Some(app.config.log.level), ..LoggerSettings::default() });
    if renew {
        receipt.token = Some(app.ingest.tokens.issue(clock::now().as_millis() / 1_000));
    }
    (StatusCode::ACCEPTED, Json(receipt)).into_response()
}

fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "TOO_LARGE",
        "The body is larger than 128 KiB, or 1 MiB decoded.",
    )
}

/// 5 to 30 seconds, so that browsers do not come back all at once.
fn busy() -> ApiError {
    let jitter = u64::from(u8::from_str_radix(&crate::random::hex(1), 16).unwrap_or_default()) * 25 / 255;
    ApiError::unavailable("Log records cannot be stored right now.", 5 + jitter)
}
