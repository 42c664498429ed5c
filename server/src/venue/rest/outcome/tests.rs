//! Every shape of an answer, and what it comes to: only what says that it was done was done, and only what says that it
//! was not was not.

use telemetry::Micros;

use super::*;

/// In one word, and the code of a refusal.
fn judged(status: u16, body: &str) -> (&'static str, Option<String>) {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap(),
        body: body.to_owned(),
        reset_ms: None,
        sent: Micros(0),
        received: Micros(1),
        date_s: None,
        kept: false,
    };
    match judge::<wire::Order>(&Ok(reply), Form::Result) {
        Outcome::Done(..) => ("done", None),
        Outcome::Refused { refusal, .. } => ("refused", Some(refusal.code)),
        Outcome::Limited { .. } => ("limited", None),
        Outcome::NotSent { .. } => ("not_sent", None),
        Outcome::Unknown { .. } => ("unknown", None),
    }
}

const ORDER: &str = r#"{"success":true,"result":{"id":7,"client_order_id":"s1","size":"5","unfilled_size":0,"state":"closed","limit_price":null,"average_fill_price":"","meta":{"a":[1]}}}"#;
const HTML: &str = "<html><head><title>504 Gateway Time-out</title></head></html>";

#[test]
fn every_shape_of_an_answer_has_its_outcome() {
    let refusals = [
        (r#"{"success":false,"error":{"code":"insufficient_margin","context":{}}}"#, "insufficient_margin"),
        (r#"{"error":{"code":"insufficient_margin"},"success":false}"#, "insufficient_margin"),
        (r#"{"error":"InvalidApiKey","message":"Api Key not found"}"#, "invalid_api_key"),
        (r#"{"error":"Forbidden"}"#, "forbidden"),
    ];
    for (body, code) in refusals {
        for status in [200, 400, 401, 403, 404, 405, 422] {
            assert_eq!(judged(status, body), ("refused", Some(code.to_owned())), "{status} {body}");
        }
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(judged(status, body).0, "unknown", "{status} {body}: it may have been done");
        }
        assert_eq!(judged(429, body).0, "limited", "{body}");
    }
    // Whoever refuses without a word of the venue's has not passed it on.
    for body in ["", HTML, "{}", "null", "[]", "{\"error\":{}}"] {
        for status in [400, 401, 403, 404, 406] {
            assert_eq!(judged(status, body), ("refused", Some(format!("http_{status}"))), "{status} {body}");
        }
        for status in [200, 201, 204, 302, 408, 500, 502, 503, 504] {
            assert_eq!(judged(status, body).0, "unknown", "{status} {body}");
        }
        assert_eq!(judged(429, body).0, "limited", "{body}");
    }
    assert_eq!(judged(200, ORDER).0, "done");
    for status in [302, 408, 500, 504] {
        assert_eq!(judged(status, ORDER).0, "unknown", "a success within a failure: {status}");
    }
}

/// A success that is cut anywhere, or damaged anywhere, is at best the same success: never a refusal, so that nobody
/// takes for not done what was done.
#[test]
fn a_damaged_success_is_no_refusal() {
    assert!(ORDER.is_ascii());
    for end in 0..ORDER.len() {
        assert_eq!(judged(200, &ORDER[..end]).0, "unknown", "{}", &ORDER[..end]);
    }
    for at in 0..ORDER.len() {
        for letter in ["", "0", "\"", "}", "{", "x", " ", "\\", ","] {
            let damaged = [&ORDER[..at], letter, &ORDER[at + 1..]].concat();
            assert!(matches!(judged(200, &damaged).0, "done" | "unknown"), "{damaged}");
        }
    }
}

/// The same of a refusal: never a success.
#[test]
fn a_damaged_refusal_is_no_success() {
    let refusal =
        r#"{"success":false,"error":{"code":"insufficient_margin","context":{"available_balance":"0"}}}"#;
    for at in 0..refusal.len() {
        for letter in ["", "0", "\"", "}", "{", "x", " ", "true"] {
            let damaged = [&refusal[..at], letter, &refusal[at + 1..]].concat();
            assert_ne!(judged(200, &damaged).0, "done", "{damaged}");
            assert_ne!(judged(400, &damaged).0, "done", "{damaged}");
        }
    }
}
