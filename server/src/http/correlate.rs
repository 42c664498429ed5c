//! Outermost middleware: gives the request its correlation id, runs everything under it, returns it in the
//! answer, and tells the line of the request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::HttpBody;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::error::ErrorFacts;
use super::events::RequestLine;
use super::facts::Facts;
use crate::correlation;
use crate::startup::App;

const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");

/// The middleware.
pub(super) async fn correlate(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = correlation::from_headers(request.headers()).unwrap_or_else(correlation::fresh);
    let facts = Facts::default();
    request.extensions_mut().insert(facts.clone());
    let mut line = begin(&request);
    let started = Instant::now();
    let mut response = correlation::scope(id.clone(), next.run(request)).await;
    line.latency_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    line.status_code = response.status().as_u16();
    line.response_bytes = length(response.headers()).or_else(|| response.body().size_hint().exact());
    if let Some(error) = response.extensions().get::<ErrorFacts>() {
        line.error_code = Some(error.code);
        line.error.clone_from(&error.cause);
    }
    let known = facts.known();
    line.user = known.user;
    let context = telemetry::Context { correlation_id: Some(id.clone()), ..known.context };
    app.teller.tell(&line, &context);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(CORRELATION, value);
    }
    response
}

fn begin(request: &Request) -> RequestLine {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    RequestLine {
        method: request.method().to_string(),
        route: route.to_owned(),
        status_code: 0,
        latency_us: 0,
        request_bytes: length(request.headers()).or_else(|| request.body().size_hint().exact()),
        response_bytes: None,
        user: None,
        address,
        error_code: None,
        error: None,
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
