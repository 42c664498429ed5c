//! `POST /alerts/act`: the buttons of the Alerts page and of Settings as a plain form, which needs no script. Leads back to
//! the page with a word of what came of it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::assets::Site;
use super::super::plain::{of_form, page, sender};
use super::super::reason::reason_of;
use super::super::{ApiError, IdempotencyKey, MaybeUser};
use super::{ask_desk, test_of};
use crate::alerts::Ask;
use crate::clock;
use crate::shared::App;

/// Fields of all its buttons.
#[derive(Deserialize)]
pub(super) struct Fields {
    /// The same for a form that is sent twice.
    #[serde(default)]
    key: String,
    /// `acknowledge`, `silence`, `end-silence` or `test`.
    #[serde(rename = "do")]
    what: String,
    /// Alert or rule.
    #[serde(default)]
    id: String,
    #[serde(default)]
    minutes: Option<i64>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    channel: String,
    /// The page that the form stands on.
    #[serde(default)]
    back: String,
}

pub(super) async fn act(
    State(app): State<Arc<App>>,
    MaybeUser(session): MaybeUser,
    Extension(site): Extension<Site>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let back = if fields.back == "/settings" { "/settings" } else { "/alerts" };
    let say = |status, title: &str, words: &str| page(&site, status, title, words, (back, "Back"));
    let session = match sender(&app, &headers, session, "nothing was done") {
        Ok(session) => session,
        Err((status, title, words)) => return say(status, title, &words),
    };
    let (said, anchor) = match fields.what.as_str() {
        "acknowledge" => ("acknowledged", ""),
        "silence" => ("silenced", ""),
        "end-silence" => ("silence-ended", ""),
        _ => ("tested", "#deliveries"),
    };
    let what = format!("{} {} {} {:?}", fields.what, fields.id, fields.channel, fields.minutes);
    let key = IdempotencyKey::made(fields.key.clone(), &format!("POST /alerts/act {what}"));
    let is_of_id = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let form = (fields.what == "silence").then(|| fields.id.chars().filter(is_of_id).collect::<String>());
    let done = match asked(fields) {
        Ok(ask) => ask_desk(&app, &session, key, ask).await,
        Err(error) => Err(error),
    };
    let Err(error) = done else {
        return Redirect::to(&format!("{back}?said={said}{anchor}")).into_response();
    };
    let (words, wrong) = of_form(&error, &LABELS);
    let back = form.map_or_else(|| back.to_owned(), |id| format!("{back}?silence={id}&amp;wrong={wrong}"));
    page(&site, error.status, "Not done", &words, (&back, "Back"))
}

/// Fields of a refusal: their names in the form, and what people read there.
const LABELS: [(&str, &str, &str); 2] = [("until", "minutes", "For"), ("reason", "reason", "Why")];

fn asked(fields: Fields) -> Result<Box<dyn FnOnce(String) -> Ask + Send>, ApiError> {
    let id = fields.id;
    Ok(match fields.what.as_str() {
        "acknowledge" => Box::new(move |by| Ask::Acknowledge { id, by }),
        "end-silence" => Box::new(move |by| Ask::EndSilence { id, by }),
        "silence" => {
            let reason = reason_of(&fields.reason)?;
            let until = clock::in_minutes(fields.minutes.unwrap_or_default());
            Box::new(move |by| Ask::Silence { id, until, reason, by })
        }
        "test" => {
            let channel = Some(fields.channel.as_str()).filter(|channel| !channel.is_empty());
            let rule = Some(id.as_str()).filter(|rule| !rule.is_empty());
            Box::new(test_of(channel, rule)?)
        }
        _ => return Err(ApiError::invalid("There is no such button.")),
    })
}
