//! Presets, and what a configuration would do if it were started now.

use std::sync::Arc;
use std::time::Duration;

use app::painter::form;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use model::Configuration;
use model::preset::{preset, presets};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ApiError, ApiJson, User};
use crate::correlation;
use crate::shared::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/presets", get(list))
        .route("/api/v1/configurations/validate", post(validate))
        .route("/api/v1/configurations/draft", post(draft))
}

/// `GET /api/v1/presets`: the default first.
async fn list(_: User) -> Json<Value> {
    Json(json!({ "presets": presets() }))
}

/// A preset, a configuration under its name, or the configuration itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    Preset { preset: String },
    Named { configuration: Value },
    Bare(Value),
}

impl Asked {
    fn configuration(self) -> Result<Configuration, ApiError> {
        let value = match self {
            Asked::Preset { preset: id } => {
                let unknown = || ApiError::unprocessable("NO_SUCH_PRESET", "There is no preset of that id.");
                return preset(&id).map(|preset| preset.configuration).ok_or_else(unknown);
            }
            Asked::Named { configuration } | Asked::Bare(configuration) => configuration,
        };
        serde_json::from_value(value)
            .map_err(|error| ApiError::invalid(format!("The configuration cannot be read: {error}")))
    }
}

/// `POST /api/v1/configurations/validate`: what is wrong by field, and a preview at executable prices. Changes
/// nothing, so it needs no key.
async fn validate(
    State(app): State<Arc<App>>,
    _: User,
    ApiJson(asked): ApiJson<Asked>,
) -> Result<Json<Value>, ApiError> {
    let configuration = asked.configuration()?;
    let fields = configuration.problems();
    if !fields.is_empty() {
        let nothing: [String; 0] = [];
        return Ok(Json(json!({ "valid": false, "fields": fields, "warnings": nothing, "preview": null })));
    }
    let answer = match app.trading.preview(&configuration, correlation::context()).await {
        Ok(preview) => {
            json!({ "valid": true, "fields": {}, "warnings": preview.warnings, "preview": preview })
        }
        Err(why) => json!({ "valid": true, "fields": {}, "warnings": [why], "preview": null }),
    };
    Ok(Json(answer))
}

/// `POST /api/v1/configurations/draft`: a form as it stands in the browser; what is wrong with it, and what starting now
/// would mean, ready to be shown. Changes nothing, so it needs no key.
async fn draft(
    State(app): State<Arc<App>>,
    _: User,
    ApiJson(asked): ApiJson<form::Asked>,
) -> Result<Json<form::Told>, ApiError> {
    let unknown = || ApiError::unprocessable("NO_SUCH_PRESET", "There is no preset of that id.");
    let mut checked = form::check(&asked).ok_or_else(unknown)?;
    preview(&app, &mut checked).await;
    Ok(Json(form::tell(&checked, app.trading.hub.known())))
}

/// Asks the venue, when there is something to ask about.
async fn preview(app: &App, checked: &mut form::Checked) {
    let Some(configuration) = &checked.configuration else { return };
    match app.trading.preview(configuration, correlation::context()).await {
        Ok(preview) => checked.preview = Some(preview),
        Err(why) => checked.warnings = vec![why],
    }
}

/// A document waits so long for the venue; then it leaves without a preview, which the page asks for by itself.
const PAINT_WAIT: Duration = Duration::from_millis(150);

/// What a document offers to start: the first preset as it is.
pub(super) async fn offered(app: &App) -> form::Checked {
    let mut checked = form::untouched();
    if tokio::time::timeout(PAINT_WAIT, preview(app, &mut checked)).await.is_err() {
        checked.warnings.clear();
    }
    checked
}
