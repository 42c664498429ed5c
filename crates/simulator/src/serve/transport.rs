//! HTTP connections: bytes in, bytes out, and the wire's delays. No venue rule lives here.

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
use super::harm;
use super::line::{Line, Lines};
use super::shared::{Context, until, wall_us};
use crate::dialect::auth::Given;
use crate::dialect::rest::{self, Reply};
use crate::dialect::stamps;
use crate::exchange::time;

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
        venue.look();
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
    let Some(mut reply) = harm::answered(&context, &request, fault).await else { return line.cut() };
    sleep(micros(back_us)).await;
    let (now_us, wrong_us) = (wall_us(), shared.lock().exchange.clock_error_us());
    if wrong_us != 0 {
        reply.body = stamps::shifted(&reply.body, wrong_us);
        reply.headers.push(("date", time::http_date(now_us + wrong_us)));
    }
    shared.left.notify_waiters();
    write(reply)
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
