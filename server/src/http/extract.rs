//! Extractors that answer in the shape of errors: JSON bodies, query strings, paths, the signed-in user.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{ApiError, Facts, cookies};
use crate::auth::Session;
use crate::shared::App;

/// So many cookies of ours are looked up.
const COOKIES_MOST: usize = 4;

/// A JSON body.
pub struct ApiJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Json::<T>::from_request(request, state).await.map(|Json(body)| Self(body)).map_err(|rejection| {
            let message = rejection.body_text();
            match rejection {
                // A wrong field is a wrong request here, whatever the framework calls it.
                JsonRejection::JsonDataError(_) => ApiError::invalid(message),
                other => ApiError::new(other.status(), "INVALID", message),
            }
        })
    }
}

/// A query string.
pub struct ApiQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|rejection| ApiError::invalid(rejection.body_text()))
    }
}

/// Parts of the path.
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|rejection| ApiError::invalid(rejection.body_text()))
    }
}

/// The signed-in user; 401 without one.
#[derive(Clone, Debug)]
pub struct User(pub Session);

impl FromRequestParts<Arc<App>> for User {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match MaybeUser::from_request_parts(parts, app).await? {
            MaybeUser(Some(session)) => Ok(Self(session)),
            MaybeUser(None) => Err(ApiError::unauthorized()),
        }
    }
}

/// The signed-in user, if any.
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<Session>);

impl FromRequestParts<Arc<App>> for MaybeUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let session = session_of(&parts.headers, app).await?;
        if let (Some(session), Some(facts)) = (&session, parts.extensions.get::<Facts>()) {
            facts.set_user(&session.username);
        }
        Ok(Self(session))
    }
}

/// The session of the request's cookie, if it is valid.
pub async fn session_of(headers: &HeaderMap, app: &App) -> Result<Option<Session>, ApiError> {
    for token in cookies::tokens(headers, app).into_iter().take(COOKIES_MOST) {
        if let Some(session) = app.accounts.session(token).await? {
            return Ok(Some(session));
        }
    }
    Ok(None)
}

/// The network address that the request came from.
pub struct ClientAddress(pub IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip())))
    }
}
