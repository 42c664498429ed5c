//! The console's pages, rendered by the server: the app's shell with nonce, page token and the data of the first
//! paint. Nobody sees a page but the sign-in page without being signed in.

mod port;

use std::sync::Arc;
use std::time::Duration;

use app::{Files, PageStatus, Port, ShellValues, document_end, load, route_pattern, shell};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use leptos::nonce::Nonce;
use leptos::prelude::provide_context;

use super::assets::{self, Site};
use super::extract::session_of;
use super::{ApiError, CspNonce, Facts, MaybeUser, history, plain};
use crate::auth::Session;
use crate::shared::App;
use crate::{clock, correlation};
use port::PagePort;

/// The one page for people who are not signed in.
const SIGN_IN: &str = "/login";

/// A page that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(10);
const SLOW: &str = "This page could not be made in time. Trading goes on. Load it again; the emergency form is on the sign-in page.";

/// A route for every page of the app.
pub(super) fn routes() -> Router<Arc<App>> {
    leptos_axum::generate_route_list(app::App)
        .into_iter()
        // Addresses of no page have a status of their own.
        .filter(|page| !page.path().contains('*'))
        .fold(Router::new(), |router, page| router.route(page.path(), get(page_or_sign_in)))
}

/// What is no route: a file of the site, else the app's own page for addresses that do not exist.
pub(super) async fn fallback(
    State(app): State<Arc<App>>,
    Extension(facts): Extension<Facts>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    if !readable || path.starts_with("/api/") {
        return Err(ApiError::not_found("There is nothing at this address."));
    }
    let (parts, body) = request.into_parts();
    let asked = Request::from_parts(parts.clone(), Body::empty());
    if let Some(file) = assets::public(&site, asked).await {
        facts.set_route(assets::ROUTE);
        return Ok(file);
    }
    let Some(user) = session_of(&parts.headers, &app).await? else {
        let words = "There is no such page. What is there is shown to who is signed in.";
        return Ok(plain::page(&site, StatusCode::NOT_FOUND, "Nothing here", words, (SIGN_IN, "Sign in")));
    };
    let mut response = render(app, &site, Some(user), Request::from_parts(parts, body)).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

async fn page_or_sign_in(
    State(app): State<Arc<App>>,
    Extension(site): Extension<Site>,
    user: MaybeUser,
    request: Request,
) -> Response {
    if user.0.is_none() && request.uri().path() != SIGN_IN {
        return Redirect::to(&sign_in_for(request.uri())).into_response();
    }
    render(app, &site, user.0, request).await
}

/// The sign-in page, which leads on to what was asked for.
fn sign_in_for(asked: &Uri) -> String {
    match asked.path_and_query().map(|asked| asked.as_str()) {
        None | Some("/") => SIGN_IN.to_owned(),
        Some(asked) => {
            let next: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
            format!("{SIGN_IN}?next={next}")
        }
    }
}

async fn render(app: Arc<App>, site: &Site, user: Option<Session>, request: Request) -> Response {
    let facts = request.extensions().get::<Facts>().cloned();
    note_session(&app, user.is_some(), request.uri().path().to_owned(), facts).await;
    let nonce = request.extensions().get::<CspNonce>().map(|nonce| nonce.0.clone()).unwrap_or_default();
    let login = user.as_ref().map(|session| session.token_hash.clone());
    let values = ShellValues {
        nonce: nonce.clone(),
        log_token: app.ingest.tokens.issue(clock::now().as_millis() / 1_000, login.as_deref()),
        correlation_id: correlation::current().unwrap_or_default(),
        theme: theme(request.headers()),
        now_ms: clock::now().as_millis(),
        route: route_pattern(request.uri().path()),
        version: site.version(),
    };
    let port: Arc<dyn Port> = Arc::new(PagePort::new(app, user));
    let status = PageStatus::default();
    let files = Files::named(|plain| site.address(plain));
    let address = request.uri().path_and_query().map(|asked| asked.as_str().to_owned()).unwrap_or_default();
    let page = async {
        let loaded = Arc::new(load(port, &address, &status).await);
        let provide = move || {
            provide_context(Nonce::from_value(nonce.clone()));
            provide_context(values.clone());
            provide_context(Arc::clone(&loaded));
        };
        leptos_axum::render_app_async_with_context(provide, move || shell(&files))(request).await
    };
    let Ok(mut response) = tokio::time::timeout(PATIENCE, page).await else {
        // Whoever waits for a page must learn where the way out is.
        let way = ("/login", "To the emergency form");
        return plain::page(site, StatusCode::SERVICE_UNAVAILABLE, "Not now", SLOW, way);
    };
    if let Some(status) = status.get().and_then(|status| StatusCode::from_u16(status).ok()) {
        *response.status_mut() = status;
    }
    document_alone(response).await
}

/// The page of a session tells what it tells with that session's context.
async fn note_session(app: &App, signed_in: bool, path: String, facts: Option<Facts>) {
    let id = path.strip_prefix("/sessions/").filter(|_| signed_in);
    if let (Some(id), Some(facts)) = (id, facts) {
        facts.set_context(&history::session_context(app, id).await);
    }
}

/// The document and nothing behind it.
async fn document_alone(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => {
            let end = document_end(&bytes);
            Response::from_parts(parts, Body::from(bytes.slice(..end)))
        }
        Err(error) => ApiError::internal(error).into_response(),
    }
}

/// A signed-in person as the pages know them.
pub(super) fn console_user(session: &Session) -> app::User {
    app::User { username: session.username.clone(), role: "admin".to_owned() }
}

/// The cookie `theme`; whatever it says, only `light` and `dark` are written into the page.
fn theme(headers: &HeaderMap) -> String {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let light = cookies.flat_map(|text| text.split(';')).any(|pair| pair.trim() == "theme=light");
    if light { "light" } else { "dark" }.to_owned()
}
