//! What the faults of requests do: the answer that comes instead of the true one, or none.

use std::time::Duration;

use tokio::time::sleep;

use super::shared::{Context, Kept, Shared, until, wall_us};
use crate::dialect::auth::Refusal;
use crate::dialect::rest::{self, Reply};
use crate::dialect::wire;
use crate::exchange::time::SECOND_US;
use crate::faults::{RequestFault, answer};

/// How long an answer that waited for another one lets it go ahead.
const AHEAD: Duration = Duration::from_millis(20);

/// The answer to a request, with the fault that strikes it; none ends the connection.
pub(super) async fn answered(
    context: &Context,
    request: &rest::Request<'_>,
    fault: Option<RequestFault>,
) -> Option<Reply> {
    let shared = &context.shared;
    Some(match fault {
        None => carry_out(shared, request),
        Some(RequestFault::RequestLost) => return None,
        Some(RequestFault::ReplyLost) => {
            carry_out(shared, request);
            return None;
        }
        Some(RequestFault::ReplyNever { applied }) => {
            if applied {
                carry_out(shared, request);
            }
            until(&mut context.stopped.clone()).await;
            return None;
        }
        Some(RequestFault::Status { status, code, reset_ms, applied }) => {
            if applied {
                carry_out(shared, request);
            }
            faulty(status, code.as_deref(), reset_ms)
        }
        Some(RequestFault::RequestRepeated) => {
            carry_out(shared, request);
            carry_out(shared, request)
        }
        Some(RequestFault::Late { delay_ms, .. }) => {
            let reply = carry_out(shared, request);
            sleep(Duration::from_millis(delay_ms)).await;
            reply
        }
        Some(RequestFault::ReplyReordered { most_ms }) => behind(shared, request, most_ms).await,
        Some(RequestFault::ReplyHtml { status }) => {
            carry_out(shared, request);
            Reply::gateway(status, title(status))
        }
        Some(RequestFault::ReplyStale { age_s }) => stale(shared, request, age_s),
        Some(RequestFault::ReplyEmpty) => emptied(carry_out(shared, request)),
        Some(RequestFault::ReplyAltered { drop_fields, set_fields }) => {
            let reply = carry_out(shared, request);
            Reply { body: answer::altered(&reply.body, &drop_fields, &set_fields), ..reply }
        }
        Some(RequestFault::AddressRefused) => refused(shared, request, Refusal::AddressNotAllowed),
        Some(RequestFault::PermissionRefused) => refused(shared, request, Refusal::NoPermission),
    })
}

fn carry_out(shared: &Shared, request: &rest::Request<'_>) -> Reply {
    let (reply, note) = shared.lock().carry_out(wall_us(), request);
    if let Some(note) = note {
        (shared.tell)(note);
    }
    shared.wake.notify_one();
    reply
}

/// Carried out at once; the answer waits until that to another request has left.
async fn behind(shared: &Shared, request: &rest::Request<'_>, most_ms: u64) -> Reply {
    let another = shared.left.notified();
    tokio::pin!(another);
    another.as_mut().enable();
    let reply = carry_out(shared, request);
    tokio::select! {
        () = another => sleep(AHEAD).await,
        () = sleep(Duration::from_millis(most_ms)) => {}
    }
    reply
}

/// What the same read was answered before, if that is young enough.
fn stale(shared: &Shared, request: &rest::Request<'_>, age_s: f64) -> Reply {
    let target = format!("{}?{}", request.path, request.query.unwrap_or_default());
    let (now_us, age_us) = (wall_us(), (age_s * SECOND_US as f64) as i64);
    if let Some(Kept { reply, at_us }) = shared.lock().kept.get(&target)
        && now_us - at_us <= age_us
    {
        return reply.clone();
    }
    let reply = carry_out(shared, request);
    shared.lock().keep_answer(target, Kept { reply: reply.clone(), at_us: now_us });
    reply
}

/// Only what is signed is refused for its key.
fn refused(shared: &Shared, request: &rest::Request<'_>, refusal: Refusal) -> Reply {
    if request.given.key.is_none() {
        return carry_out(shared, request);
    }
    let as_text = shared.lock().exchange.quirks().errors_as_text;
    Reply::json(401, refusal.body(as_text))
}

fn faulty(status: u16, code: Option<&str>, reset_ms: i64) -> Reply {
    match (status, code) {
        (429, code) => {
            let limited = Reply::rate_limited(reset_ms);
            let body = code.map(|code| wire::failure(code, None));
            Reply { body: body.unwrap_or_else(|| limited.body.clone()), ..limited }
        }
        (502 | 504, _) | (403, None) => Reply::gateway(status, title(status)),
        (401, None) => Reply::json(401, wire::failure("unauthorized_api_access", None)),
        (503, None) => Reply::json(503, wire::failure("unavailable", None)),
        (_other, None) => Reply::json(status, wire::failure("internal_server_error", None)),
        (_other, Some(code)) => Reply::json(status, wire::failure(code, None)),
    }
}

fn title(status: u16) -> &'static str {
    match status {
        200 => "One moment, please",
        403 => "Forbidden",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Time-out",
        _other => "Internal Server Error",
    }
}

/// The same answer as if there were nothing; one thing that is asked for is not found.
fn emptied(reply: Reply) -> Reply {
    match answer::emptied(&reply.body) {
        Some(body) => Reply { body, ..reply },
        None => Reply::json(404, wire::failure("open_order_not_found", None)),
    }
}
