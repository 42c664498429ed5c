//! Who may talk to the server at all: the Host check against DNS rebinding, and cross-site requests.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::ApiError;
use crate::shared::App;

/// 421 unless the Host is loopback or that of `http.public_url`.
pub(super) async fn check_host(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = request.uri().authority().map(ToString::to_string).or_else(|| host_header(request.headers()));
    let public = app.config.http.public_url.as_deref().and_then(authority);
    match host {
        Some(host)
            if is_loopback(&host) || public.is_some_and(|p| without_port(p) == without_port(&host)) =>
        {
            next.run(request).await
        }
        Some(_) | None => ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "WRONG_HOST",
            "This server does not answer to that host name. Set http.public_url if it should.",
        )
        .into_response(),
    }
}

/// The answer to a cross-site request that would change something.
pub(super) fn cross_site() -> Response {
    ApiError::forbidden("Requests from other sites are refused.").into_response()
}

/// Whether `Origin` names this server: its authority is the one of `Host`, or it is the public address.
pub fn is_own_origin(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let same_host = authority(origin).is_some() && authority(origin) == host_header(headers).as_deref();
    same_host || public_url.is_some_and(|url| url.eq_ignore_ascii_case(origin))
}

fn host_header(headers: &HeaderMap) -> Option<String> {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// `host:port` of an address.
pub(super) fn authority(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    Some(rest.split(['/', '?', '#']).next().unwrap_or(rest)).filter(|host| !host.is_empty())
}

fn without_port(host: &str) -> String {
    let end = match host.strip_prefix('[') {
        Some(_) => host.find(']').map_or(host.len(), |at| at + 1),
        None => host.find(':').unwrap_or(host.len()),
    };
    host[..end].to_ascii_lowercase()
}

/// Whether a `Host` names this machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_loopback() {
        for (host, expected) in [
            ("127.0.0.1:3000", true),
            ("127.9.9.9", true),
            ("LOCALHOST:80", true),
            ("[::1]:3000", true),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:3000", false),
            ("192.168.1.4:3000", false),
            ("evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }

    #[test]
    fn origins_are_compared_with_port() {
        for (origin, host, public, expected) in [
            ("http://127.0.0.1:3000", "127.0.0.1:3000", None, true),
            ("http://127.0.0.1:4000", "127.0.0.1:3000", None, false),
            ("null", "127.0.0.1:3000", None, false),
            ("https://c.example", "127.0.0.1:3000", Some("https://c.example"), true),
            ("https://c.example.evil", "127.0.0.1:3000", Some("https://c.example"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            headers.insert(header::HOST, host.parse().unwrap());
            assert_eq!(is_own_origin(&headers, public), expected, "{origin} at {host}");
        }
    }
}
