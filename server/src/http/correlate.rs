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
use crate::shared::App;

const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");

/// Told for a request whose client went away before the answer; never sent.
const CLIENT_GONE: u16 = 499;

/// The middleware.
pub(super) async fn correlate(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = correlation::from_headers(request.headers()).unwrap_or_else(correlation::fresh);
    let facts = Facts::default();
    request.extensions_mut().insert(facts.clone());
    let mut line = Untold { line: begin(&request), started: Instant::now(), facts, id: id.clone(), app };
    let mut response = correlation::scope(id.clone(), next.run(request)).await;
    line.line.status_code = response.status().as_u16();
    line.line.response_bytes = length(response.headers()).or_else(|| response.body().size_hint().exact());
    if let Some(error) = response.extensions().get::<ErrorFacts>() {
        line.line.error_code = Some(error.code);
        line.line.error.clone_from(&error.cause);
    }
    drop(line);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(CORRELATION, value);
    }
    response
}

/// The line of a request that runs. It is told when it is dropped: also when the client goes away before the answer,
/// which ends this middleware in the middle.
struct Untold {
    line: RequestLine,
    started: Instant,
    facts: Facts,
    id: String,
    app: Arc<App>,
}

impl Drop for Untold {
    fn drop(&mut self) {
        let known = self.facts.known();
        self.line.latency_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.line.user = known.user;
        if let Some(route) = known.route {
            route.clone_into(&mut self.line.route);
        }
        let context = self.app.teller.sessions().completed(known.context);
        let context = telemetry::Context { correlation_id: Some(self.id.clone()), ..context };
        if self.line.user.is_some() {
            self.app.teller.tell(&self.line, &context);
        } else {
            self.app.teller.tell_of_strangers(&self.line, &context);
        }
    }
}

fn begin(request: &Request) -> RequestLine {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    RequestLine {
        method: request.method().to_string(),
        route: route.to_owned(),
        status_code: CLIENT_GONE,
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
