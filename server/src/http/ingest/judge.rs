//! A batch that was read: known already or new, whose it is, on which clock, and into the store with it.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, StatusCode};
use telemetry::ingest::{AdmitContext, AdmitError, Admitted, Batch, Tier};
use telemetry::{Micros, Receipt};

use super::super::ApiError;
use super::body::busy;
use crate::auth::Session;
use crate::ingest::{Charge, Client, Genuine, IngestEvent};
use crate::shared::App;
use crate::store::telemetry::TabEntry;
use crate::telling::BatchOutcome;
use crate::{clock, correlation};

/// How long a commit may take before the browser is asked to try again.
const COMMIT: Duration = Duration::from_secs(5);
/// Clocks that count as right may differ by so much: who signs in logs a moment before.
const SIGN_IN_US: i64 = 2_000_000;

/// A request whose sender may send.
pub(super) struct Judged<'a> {
    pub headers: &'a HeaderMap,
    pub client: &'a Client<'a>,
    pub token: &'a Genuine,
    pub session: Option<&'a Session>,
}

impl Judged<'_> {
    /// Stores what is good of a batch; the answer says what is not. A repeat is judged again, so that refusals whose
    /// first answer was lost are told again.
    pub async fn take(&self, app: &App, batch: &Batch<'_>, bytes: usize) -> Result<Receipt, ApiError> {
        let _alone = app.ingest.alone(batch.bid()).await;
        let is_known = app.records.seen(batch.bid()).map_err(|_| busy())?;
        let received_at = clock::now();
        let sent_at_ms = self.header("x-sent-at").and_then(|text| text.parse::<i64>().ok());
        let mut reading = batch.clock(received_at, sent_at_ms);
        // What waited on a disk may have been sealed under another clock.
        reading.fresh &= self.header("x-spooled").is_none();
        let offset_ms = app.ingest.clock_offset_ms(batch.client_session_id(), reading, !is_known);
        let context = AdmitContext {
            received_at,
            sent_at_ms,
            user_id: self.session.map(|session| session.username.as_str()),
            session_bound: self.owns(app, batch, offset_ms).await?,
            tier: if self.session.is_some() { Tier::Session } else { Tier::Page },
            clock_offset_ms: Some(offset_ms),
        };
        let admitted = batch.admit(&context).map_err(|error| refused(&error))?;
        let records = (admitted.records.len() + admitted.rejected.len()) as u64;
        let charge = Charge { records, bytes: bytes as u64 };
        app.ingest.budgets.charge(self.client, charge, Instant::now());
        if is_known {
            app.ingest.counts.accepted(&admitted, 0, true);
            return Ok(admitted.receipt(true, received_at));
        }
        let last = batch.last_at(offset_ms);
        let receipt = store(app, admitted, received_at).await?;
        app.ingest.counts.took(last, received_at, clock::now(), offset_ms);
        Ok(receipt)
    }

    /// The batch id alone decides: a repeat is a repeat even if its bytes cannot be read this time.
    pub async fn repeated(&self, app: &App, error: AdmitError) -> Result<Receipt, ApiError> {
        let bid = self.header("idempotency-key").map(str::to_ascii_lowercase);
        if let Some(bid) = bid
            && app.records.seen(&bid).map_err(|_| busy())?
        {
            return Ok(Receipt { bid, dup: true, now: clock::now().as_millis(), ..Receipt::default() });
        }
        Err(refused(&error))
    }

    /// Whether the browser session is one of the login's user; a new one becomes that, unless it began before the
    /// sign-in or comes from a page that was rendered for somebody else.
    async fn owns(&self, app: &App, batch: &Batch<'_>, offset_ms: i64) -> Result<bool, ApiError> {
        let Some(client_session_id) = batch.client_session_id() else { return Ok(false) };
        let Some(session) = self.session else {
            app.ingest.seen_without_login(client_session_id);
            return Ok(false);
        };
        if let Some(owner) = app.accounts.client_owner(client_session_id).await? {
            return Ok(owner == session.username);
        }
        let own_page = self.token.is_of(&session.token_hash);
        let was_nobodys = app.ingest.was_without_login(client_session_id);
        let is_own = own_page.unwrap_or(!was_nobodys);
        let signed_in = Micros(session.created_us.saturating_sub(SIGN_IN_US));
        let since = batch.last_at(offset_ms).is_some_and(|last| last >= signed_in);
        if is_own && since {
            app.accounts.bind_client(session, client_session_id).await;
        }
        Ok(is_own && since)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn refused(error: &AdmitError) -> ApiError {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    ApiError::new(status, error.code(), format!("Batch refused: {error}."))
}

async fn store(app: &App, mut admitted: Admitted, received_at: Micros) -> Result<Receipt, ApiError> {
    let receipt = admitted.receipt(false, clock::now());
    let tab = TabEntry::of(&admitted, received_at);
    let mut records = std::mem::take(&mut admitted.records);
    for record in &mut records {
        app.symbols.name(record).await;
    }
    let count = records.len();
    let commit = app.teller.commit_batch(records, admitted.bid.clone(), tab);
    let dup = match tokio::time::timeout(COMMIT, commit).await {
        Ok(Ok(outcome)) => outcome == BatchOutcome::Duplicate,
        Ok(Err(_)) | Err(_) => return Err(busy()),
    };
    for event in IngestEvent::of(&admitted) {
        app.teller.tell(&event, &correlation::context());
    }
    app.ingest.counts.accepted(&admitted, count, dup);
    Ok(Receipt { dup, ..receipt })
}
