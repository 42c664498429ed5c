//! The site's files: WASM, JS, CSS and the public files, served precompressed when `.br` or `.gz` lie beside them.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

/// The folder of the site: the setting, else `site/` beside the binary, else `target/site`.
#[must_use]
pub fn site_dir(setting: Option<&Path>) -> PathBuf {
    if let Some(dir) = setting {
        return dir.to_owned();
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("site")));
    beside.filter(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
}

/// `/pkg/*`: names carry a hash or are revalidated, see `cache`.
pub(super) fn pkg<S: Clone + Send + Sync + 'static>(site: &Path) -> Router<S> {
    let files = ServeDir::new(site.join("pkg")).precompressed_br().precompressed_gzip();
    Router::new().nest_service("/pkg", files).layer(from_fn(cache))
}

/// The public file that a request asks for; `None` when there is none of that name.
pub(super) async fn public(site: &Path, request: Request) -> Option<Response> {
    let files =
        ServeDir::new(site).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let mut response = files.oneshot(request).await.ok()?.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    // They are asked for again each time, and answered 304 when nothing changed.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

/// Files whose name contains a hash never change; the others are asked for again each time.
async fn cache(request: Request, next: Next) -> Response {
    let hashed = has_hash(request.uri().path());
    let mut response = next.run(request).await;
    if response.status().is_success() {
        let value = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

/// cargo-leptos writes `name.HASH.ext` with a base64 or hex hash of 20 characters or more.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('.').rev().skip(1).any(|part| {
        part.len() >= 20 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_immutable() {
        assert!(has_hash("/pkg/deltascope.Zk3oYv1mSxTgA0bQnLr9Cw.js"));
        assert!(!has_hash("/pkg/deltascope.js"));
        assert!(!has_hash("/pkg/deltascope_bg.wasm"));
    }
}
