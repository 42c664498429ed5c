//! HTTP connections: bytes in, bytes out, the wire's delays and the faults of requests. No venue rule
//! lives here.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::connection::{private_socket, public_socket};
use super::line::{Line, Lines};
use super::shared::{Context, Shared, until, wall_us};
use crate::dialect::auth::Given;
use crate::dialect::rest::{self, Reply};
use crate::dialect::wire;
use crate::faults::{RequestFault, answer};

const MOST_BODY: usize = 1 << 20;
/// Everybody comes from here.
pub(super) const ADDRESS: &str = "loopback";

/// Serves until stopped.
pub(crate) async fn serve(listener: TcpListener, context: Context) {
    let mut stop = context.stopped.clone();
    let router = Router::new()
        .route("/", get(private_socket))
        .route("/public", get(public_socket))
        .fallback(answer)
        .with_state(context);
    let service = router.into_make_service_with_connect_info::<Line>();
    tokio::select! {
        // Serving ends only with the listener; there is nobody to tell.
        _ended = axum::serve(Lines::new(listener), service) => {}
        () = until(&mut stop) => {}
    }
}

async fn answer(
    State(context): State<Context>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let shared = &context.shared;
    if *context.stopped.borrow() {
        // A kept connection may outlive the listener, but not the venue.
        return line.cut();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BODY).await else {
        return write(Reply::gateway(413, "Payload Too Large"));
    };
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let (there_us, back_us, fault) = {
        let venue = &mut *shared.lock();
        let exchange = &mut venue.exchange;
        let (there_us, back_us) = (exchange.draw_latency_us(), exchange.draw_latency_us());
        (there_us, back_us, venue.plan.on_request(wall_us(), method, path))
    };
    if let Some(fault) = &fault {
        shared.tell_fault(
            fault.name(),
            json!({ "route": format!("{method} {path}"), "fault": fault.name(), "detail": format!("{fault:?}") }),
        );
    }
    sleep(micros(there_us)).await;
    let request = rest::Request {
        method,
        path,
        query: parts.uri.query(),
        user_agent: header(&parts.headers, "user-agent"),
        given: Given {
            key: header(&parts.headers, "api-key"),
            timestamp: header(&parts.headers, "timestamp"),
            signature: header(&parts.headers, "signature"),
        },
        address: ADDRESS,
        body: &body,
    };
    let reply = match &fault {
        Some(RequestFault::RequestLost) => return line.cut(),
        Some(RequestFault::Status { status, code, reset_ms, applied }) => {
            if *applied {
                carry_out(shared, &request);
            }
            faulty(*status, code.as_deref(), *reset_ms)
        }
        Some(RequestFault::ReplyLost) => {
            carry_out(shared, &request);
            return line.cut();
        }
        Some(RequestFault::Late { delay_ms }) => {
            let reply = carry_out(shared, &request);
            sleep(Duration::from_millis(*delay_ms)).await;
            reply
        }
        Some(RequestFault::ReplyEmpty) => emptied(carry_out(shared, &request)),
        Some(RequestFault::ReplyAltered { drop_fields, set_fields }) => {
            let reply = carry_out(shared, &request);
            Reply { body: answer::altered(&reply.body, drop_fields, set_fields), ..reply }
        }
        None => carry_out(shared, &request),
    };
    sleep(micros(back_us)).await;
    write(reply)
}

fn carry_out(shared: &Shared, request: &rest::Request<'_>) -> Reply {
    let (reply, note) = shared.lock().carry_out(wall_us(), request);
    if let Some(note) = note {
        (shared.tell)(note);
    }
    shared.wake.notify_one();
    reply
}

fn faulty(status: u16, code: Option<&str>, reset_ms: i64) -> Reply {
    match (status, code) {
        (429, code) => {
            let limited = Reply::rate_limited(reset_ms);
            let body = code.map(|code| wire::failure(code, None));
            Reply { body: body.unwrap_or_else(|| limited.body.clone()), ..limited }
        }
        (502, _) => Reply::gateway(502, "Bad Gateway"),
        (504, _) => Reply::gateway(504, "Gateway Time-out"),
        (403, None) => Reply::gateway(403, "Forbidden"),
        (401, None) => Reply::json(401, wire::failure("unauthorized_api_access", None)),
        (503, None) => Reply::json(503, wire::failure("unavailable", None)),
        (_other, None) => Reply::json(status, wire::failure("internal_server_error", None)),
        (_other, Some(code)) => Reply::json(status, wire::failure(code, None)),
    }
}

/// The same answer as if there were nothing; one thing that is asked for is not found.
fn emptied(reply: Reply) -> Reply {
    match answer::emptied(&reply.body) {
        Some(body) => Reply { body, ..reply },
        None => Reply::json(404, wire::failure("open_order_not_found", None)),
    }
}

fn micros(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or_default())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(super) fn write(reply: Reply) -> Response {
    let mut builder = Response::builder().status(reply.status).header("content-type", reply.content_type);
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(reply.body)).unwrap_or_else(|_invalid_header| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
