//! The site's files: WASM, JS, CSS and the public files, served precompressed when `.br` or `.gz` lie beside them.
//! `cargo xtask` names most of them by their content and says so in `site.json`; such a file never changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use serde::Deserialize;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

use super::facts::Facts;
use crate::config::HttpConfig;
use crate::telling::VERSION;

const MANIFEST: &str = "site.json";
/// Route of every file in the lines of requests.
pub(super) const ROUTE: &str = "site file";
/// Digits of the hash in a file's name.
const HASH_DIGITS: usize = 20;
/// Of the module's hash in what browsers tell.
const BUILD_DIGITS: usize = 12;

/// The folder of the site as it was when the server started; cheap to clone.
#[derive(Clone, Debug)]
pub struct Site {
    dir: Arc<Path>,
    /// Plain address to the address of the file. Empty in a folder that has no manifest, as `cargo leptos` makes it:
    /// there files have their plain names.
    files: Arc<BTreeMap<String, String>>,
    build: Option<Arc<str>>,
}

#[derive(Default, Deserialize)]
struct Manifest {
    files: BTreeMap<String, String>,
    build: Option<String>,
}

/// The setting, else `site/` beside the binary, else `target/site`.
#[must_use]
pub(crate) fn site_dir(config: &HttpConfig) -> PathBuf {
    let beside = || std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("site")));
    let setting = config.site_dir.clone();
    setting.or_else(|| beside().filter(|dir| dir.is_dir())).unwrap_or_else(|| PathBuf::from("target/site"))
}

impl Site {
    #[must_use]
    pub fn open(config: &HttpConfig) -> Self {
        let dir = site_dir(config);
        let text = std::fs::read(dir.join(MANIFEST)).unwrap_or_default();
        let manifest: Manifest = serde_json::from_slice(&text).unwrap_or_default();
        Self { dir: dir.into(), files: Arc::new(manifest.files), build: manifest.build.map(Arc::from) }
    }

    /// Version and build of the module that the pages load, `0.1.0+0a1b2c3d4e5f`: what browsers tell about themselves.
    #[must_use]
    pub fn version(&self) -> String {
        let build = self.build.as_deref().and_then(|build| build.get(..BUILD_DIGITS));
        build.map_or_else(|| VERSION.to_owned(), |build| format!("{VERSION}+{build}"))
    }

    /// Where the file is that has this plain address.
    #[must_use]
    pub fn address(&self, plain: &str) -> String {
        self.files.get(plain).map_or(plain, String::as_str).to_owned()
    }

    /// Nothing that no page asks for leaves the folder.
    fn serves(&self, path: &str) -> bool {
        self.files.is_empty() || self.files.values().any(|address| address == path)
    }
}

/// `/pkg/*`: names carry a hash or are revalidated, see `cache`.
pub(super) fn pkg<S: Clone + Send + Sync + 'static>(site: &Site) -> Router<S> {
    let files = ServeDir::new(site.dir.join("pkg")).precompressed_br().precompressed_gzip();
    Router::new().nest_service("/pkg", files).layer(from_fn_with_state(site.clone(), cache))
}

/// The public file that a request asks for; `None` when there is none of that name.
pub(super) async fn public(site: &Site, request: Request) -> Option<Response> {
    if !site.serves(request.uri().path()) {
        return None;
    }
    let files = ServeDir::new(&site.dir)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let mut response = files.oneshot(request).await.ok()?.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    // They are asked for again each time, and answered 304 when nothing changed.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}

/// Files whose name contains a hash never change; the others are asked for again each time.
async fn cache(
    State(site): State<Site>,
    Extension(facts): Extension<Facts>,
    request: Request,
    next: Next,
) -> Response {
    facts.set_route(ROUTE);
    if !site.serves(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let hashed = has_hash(request.uri().path());
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let value = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    }
    response
}

/// `name.HASH.ext`.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let hash = name.split('.').rev().nth(1).unwrap_or_default();
    hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_immutable() {
        assert!(has_hash("/pkg/deltascope.0123456789abcdef0123.js"));
        assert!(!has_hash("/pkg/deltascope.js"));
        assert!(!has_hash("/pkg/deltascope_bg.wasm"));
        assert!(!has_hash("/pkg/abcdefghijklmnopqrst.js"));
    }
}
