//! Pages that are written without the app: what is left when a page cannot be made, and the answer to the plain form
//! where its progress cannot be shown. In the product's style, without script.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::assets::Site;
use super::{ApiError, guard};
use crate::auth::Session;
use crate::shared::App;

/// A form that another site sent.
pub(super) const FOREIGN: &str = "This form can only be sent from the console itself.";

/// Whose form it is. `Err`: status, title and words of the page that says why nothing was done (`undone`).
pub(super) fn sender(
    app: &App,
    headers: &HeaderMap,
    session: Option<Session>,
    undone: &str,
) -> Result<Session, (StatusCode, &'static str, String)> {
    if !guard::is_own_origin(headers, app.config.http.public_url.as_deref()) {
        return Err((StatusCode::FORBIDDEN, "Refused", FOREIGN.to_owned()));
    }
    session.ok_or_else(|| (StatusCode::UNAUTHORIZED, "Not signed in", format!("Sign in first; {undone}.")))
}

/// A refusal in the words of the form that was sent: a field is called what the form calls it. With it the field's name,
/// for the form to mark it. `labels`: names of fields as the error has them, in the form, and what people read there.
pub(super) fn of_form(error: &ApiError, labels: &[(&str, &'static str, &str)]) -> (String, &'static str) {
    let wrong = labels.iter().find_map(|(field, name, label)| {
        let why = error.fields.get(*field)?.as_str()?;
        Some((format!("{label}: {why}."), *name))
    });
    wrong.unwrap_or_else(|| (error.message.clone(), ""))
}

/// A page of a heading and some words; the id of the request stands below, and `way` leads on.
pub(super) fn page(site: &Site, status: StatusCode, title: &str, words: &str, way: (&str, &str)) -> Response {
    let id = crate::correlation::current().unwrap_or_default();
    let (href, name) = way;
    let style = site.address("/pkg/deltascope.css");
    let html = format!(
        "<!doctype html><html lang=\"en\" data-theme=\"dark\" translate=\"no\"><head><meta charset=\"utf-8\"><title>{title} · Deltascope</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"dark light\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{style}\"></head>\
         <body><main class=\"door\"><section class=\"panel\" aria-label=\"{title}\"><div class=\"body stack\"><h1>{title}</h1><p>{words}</p>\
         <p><a class=\"button primary\" href=\"{href}\">{name}</a></p>\
         <p class=\"said\">With no browser: <code>deltascope panic --all</code></p><p class=\"said\">Correlation id: {id}</p></div></section>\
         </main></body></html>",
        words = escaped(words)
    );
    (status, Html(html)).into_response()
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_called_what_its_form_calls_it() {
        let labels = [("expires_at", "minutes", "For"), ("reason", "reason", "Why")];
        let error =
            ApiError::invalid("reason must not be empty.").with_field("reason", "1 to 500 characters");
        assert_eq!(of_form(&error, &labels), ("Why: 1 to 500 characters.".to_owned(), "reason"));
        let error = ApiError::conflict("NOT_SET", "That target has no level of its own.");
        assert_eq!(of_form(&error, &labels), ("That target has no level of its own.".to_owned(), ""));
    }
}
