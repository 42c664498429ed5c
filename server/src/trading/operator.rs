//! The operator's handle: asks the driver and waits until what was decided is durable. A panic is written to a file of
//! its own first and answered within two seconds, whatever the driver or the disk are doing.

use std::time::Duration;

use model::PanicId;
use model::input::{OperatorAction, OperatorRequest};
use serde_json::json;
use telemetry::CorrelationId;
use tokio::sync::oneshot;

use super::Accepted;
use super::asked::{Asked, Idempotency, RequestError};
use super::inbox::Inbox;
use super::latch_file::LatchFile;
use crate::clock;
use crate::telling::say;

/// A press of PANIC is answered within this time.
const PANIC_WAIT: Duration = Duration::from_secs(2);
/// Of it, the file may take so long.
const FILE_WAIT: Duration = Duration::from_millis(500);

/// Handle for requests of people; cheap to clone.
#[derive(Clone)]
pub struct Operator {
    inbox: Inbox,
    latch_file: LatchFile,
}

impl Operator {
    #[must_use]
    pub fn new(inbox: Inbox, latch_file: LatchFile) -> Self {
        Self { inbox, latch_file }
    }

    /// Asks and waits. The answer comes after the decisions are on disk; a panic's also when they cannot be put
    /// there, because closing never waits for a logbook.
    pub async fn ask(
        &self,
        who: &str,
        correlation_id: CorrelationId,
        action: OperatorAction,
        idempotency: Option<Idempotency>,
    ) -> Result<Accepted, RequestError> {
        let (reply, answered) = oneshot::channel();
        let request = OperatorRequest { who: who.to_owned(), correlation_id, action };
        let asked = Box::new(Asked { request: request.clone(), idempotency, reply });
        // The engine first: the file is for the case that there is none any more.
        self.inbox.ask(asked).map_err(|_| RequestError::Busy)?;
        let OperatorAction::Panic { session_id, panic_id } = &request.action else {
            return answered.await.unwrap_or(Err(RequestError::Stopped));
        };
        let panic_id = panic_id.clone();
        let kept = session_id.is_none() && self.latch(request).await;
        match tokio::time::timeout(PANIC_WAIT - FILE_WAIT, answered).await {
            Ok(Ok(answer)) => answer.map(|accepted| if kept { accepted.kept() } else { accepted }),
            // It waits in the inbox or in the file.
            Ok(Err(_)) | Err(_) => Ok(unheard(&panic_id, kept)),
        }
    }

    /// Puts the press on disk for whoever comes after this process; whether that was possible.
    async fn latch(&self, request: OperatorRequest) -> bool {
        let file = self.latch_file.clone();
        let written = tokio::task::spawn_blocking(move || file.write(&request));
        let failure = match tokio::time::timeout(FILE_WAIT, written).await {
            Ok(Ok(Ok(()))) => return true,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => "it takes too long".to_owned(),
        };
        say(&format!("the panic latch cannot be written to the disk: {failure}"));
        false
    }
}

/// Taken, and the engine has not said so yet. `kept`: a file holds it for the next process.
fn unheard(panic_id: &PanicId, kept: bool) -> Accepted {
    let message = if kept {
        "The engine has not answered yet; the press is kept on disk and carried out. If nothing closes, end the server \
         and run `deltascope panic --all`."
    } else {
        "The engine has not answered yet; the press waits in memory only. If nothing closes, press again, or end the \
         server and run `deltascope panic --all`."
    };
    let body = json!({
        "accepted_at": clock::now(),
        "panic_id": panic_id,
        "durable": false,
        "message": message,
    });
    Accepted { status: 202, body }
}
