//! How an attempt is told: one record, with what was asked, what came, and what became of it.

use std::time::Duration;

use super::Call;
use super::exchange::{NoReply, Reply};
use super::outcome::Outcome;
use crate::brief::truncated;
use crate::venue::Reason;
use crate::venue::events::VenueRequest;

/// The record of an attempt, without what only the client knows.
pub(super) fn event<T>(
    call: &Call,
    came: &Result<Reply, NoReply>,
    outcome: &Outcome<T>,
    elapsed: Duration,
) -> VenueRequest {
    let mut event = VenueRequest {
        method: call.method.to_string(),
        endpoint: call.pattern,
        symbols: call.symbols.clone(),
        client_order_id: call.client_order_id.clone(),
        latency_us: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        auth: auth(call.signed, outcome),
        outcome: word(outcome, came.is_ok()),
        ..VenueRequest::default()
    };
    if let Ok(reply) = came {
        event.status_code = Some(reply.status.as_u16());
        event.response_bytes = reply.body.len();
        event.rate_limit_reset_ms = reply.reset_ms;
        event.body = (event.outcome != "ok").then(|| truncated(&reply.body));
    }
    if let Outcome::NotSent { cause, detail } | Outcome::Unknown { cause, detail } = outcome {
        event.reason = Some(cause.code());
        event.error = Some(cause.to_string());
        event.detail = detail.as_deref().map(truncated);
    }
    if let Outcome::Refused { refusal, .. } = outcome {
        event.reason = Some(Reason::of(refusal).word());
    }
    event
}

/// What the answer says of our signature.
fn auth<T>(signed: bool, outcome: &Outcome<T>) -> &'static str {
    if !signed {
        return "unsigned";
    }
    match outcome {
        Outcome::Done(..) => "accepted",
        Outcome::Refused { status, refusal } => match (*status, refusal.code.as_str()) {
            (401, _) => "refused",
            (_, _code) if Reason::of(refusal).is_about_the_key() => "refused",
            // Somebody on the way refused, who knows nothing of keys.
            (_, code) if code.starts_with("http_") => "unknown",
            (_, _of_the_venue) => "accepted",
        },
        Outcome::Limited { .. } | Outcome::NotSent { .. } | Outcome::Unknown { .. } => "unknown",
    }
}

fn word<T>(outcome: &Outcome<T>, replied: bool) -> &'static str {
    match outcome {
        Outcome::Done(..) => "ok",
        Outcome::Refused { .. } => "refused",
        Outcome::Limited { .. } => "limited",
        Outcome::NotSent { .. } => "not_sent",
        Outcome::Unknown { cause: crate::venue::Cause::Unreadable, .. } => "unreadable",
        Outcome::Unknown { .. } if replied => "failed",
        Outcome::Unknown { .. } => "lost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::rest::outcome::judge;
    use crate::venue::wire::Form;
    use telemetry::{Event as _, Level};

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status: reqwest::StatusCode::from_u16(status).unwrap(),
            body: body.to_owned(),
            reset_ms: None,
            sent: telemetry::Micros(0),
            received: telemetry::Micros(1),
            date_s: None,
            kept: false,
        }
    }

    fn told(status: u16, body: &str) -> VenueRequest {
        let came = Ok(reply(status, body));
        event(&Call::wallet(), &came, &judge::<Vec<u32>>(&came, Form::Result), Duration::from_millis(3))
    }

    #[test]
    fn a_success_that_cannot_be_read_is_told_as_a_failure() {
        let event = told(200, r#"{"success":true,"result":{"size":"x"}}"#);
        assert_eq!(
            (event.outcome, event.reason, event.level()),
            ("unreadable", Some("unreadable"), Level::Error)
        );
        assert!(
            event.message().contains("answered 200, but the answer could not be read"),
            "{}",
            event.message()
        );
        assert!(event.detail.is_some() && event.body.is_some(), "where it fails, and its beginning");
        assert_eq!(told(200, r#"{"success":true,"result":[]}"#).level(), Level::Info);
        assert_eq!(told(200, r#"{"error":"Unavailable"}"#).outcome, "refused", "whatever its status says");
    }

    #[test]
    fn an_answer_that_says_nothing_we_can_use_is_no_success() {
        let came = Ok(reply(200, r#"{"success":true,"result":[1]}"#));
        let outcome =
            judge::<Vec<u32>>(&came, Form::Result).understood(|_| Err::<u32, _>("no sizes".to_owned()));
        let event = event(&Call::wallet(), &came, &outcome, Duration::from_millis(3));
        assert_eq!((event.outcome, event.level(), event.auth), ("unreadable", Level::Error, "unknown"));
        assert_eq!((event.status_code, event.detail.as_deref()), (Some(200), Some("no sizes")));
    }

    #[test]
    fn every_answer_says_what_became_of_the_signature() {
        let ok = r#"{"success":true,"result":[]}"#;
        for (status, body, state) in [
            (200, ok, "accepted"),
            (200, "<html>", "unknown"),
            (400, r#"{"success":false,"error":{"code":"insufficient_margin"}}"#, "accepted"),
            (401, r#"{"success":false,"error":{"code":"expired_signature"}}"#, "refused"),
            (401, "", "refused"),
            (403, r#"{"success":false,"error":{"code":"ip_not_whitelisted_for_api_key"}}"#, "refused"),
            (403, "<html>blocked", "unknown"),
            (429, "{}", "unknown"),
            (503, "", "unknown"),
        ] {
            assert_eq!(told(status, body).auth, state, "{status} {body}");
        }
        let came = Ok(reply(200, ok));
        let public = event(&Call::options(), &came, &judge::<Vec<u32>>(&came, Form::Result), Duration::ZERO);
        assert_eq!(public.auth, "unsigned");
    }

    #[test]
    fn the_words_of_the_system_stay_in_the_detail() {
        let came = Err(NoReply {
            cause: crate::venue::Cause::NoConnection,
            detail: Some("Connection refused (os error 111)".to_owned()),
        });
        let event = event(&Call::wallet(), &came, &judge::<u32>(&came, Form::Result), Duration::ZERO);
        assert_eq!((event.outcome, event.reason), ("not_sent", Some("no_connection")));
        assert_eq!(event.error.as_deref(), Some("no connection could be made"));
        assert!(event.detail.is_some_and(|words| words.contains("os error")));
    }
}
