//! A panel with an error boundary of its own: when it fails it says what failed, offers a retry and shows the
//! correlation id; the rest of the page goes on.

use leptos::error::Errors;
use leptos::prelude::*;

use super::TraceLink;
use crate::error::AppError;

/// A section with a name, whose failure stays its own.
#[component]
pub fn Panel(
    name: &'static str,
    #[prop(optional)] class: &'static str,
    /// The name under which its inside is kept up to date.
    #[prop(optional)]
    region: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class=format!("panel {class}") aria-label=name data-region=(!region.is_empty()).then_some(region)>
            <ErrorBoundary fallback=move |errors| {
                view! { <Failure name errors/> }
            }>{children()}</ErrorBoundary>
        </section>
    }
    .into_any()
}

/// What the whole app shows when nothing nearer caught the error.
#[component]
pub fn RootFailure(errors: ArcRwSignal<Errors>) -> impl IntoView {
    view! { <main class="page" id="page"><section class="panel" aria-label="Error"><Failure name="The page" errors/></section></main> }
}

#[component]
fn Failure(name: &'static str, errors: ArcRwSignal<Errors>) -> impl IntoView {
    let first = first_error(&errors.get_untracked());
    let shown = errors.clone();
    view! {
        <header><h2>{name}</h2><span class="end"><span class="tag" data-tone="alarm">"stopped"</span></span></header>
        <div class="body" role="alert" data-failed>
            <p class="note" data-tone="alarm">
                <span>{move || first_error(&shown.get()).message}</span>
                <span class="end"><TraceLink id=first.correlation_id.unwrap_or_default()/></span>
            </p>
            <p class="buttons"><a class="button" href="">"Try again"</a></p>
        </div>
    }
    .into_any()
}

/// Boundaries keep errors in no order; ours are told first. An error that came from the server has only its text.
fn first_error(errors: &Errors) -> AppError {
    let mut found = None;
    for (_, error) in errors.iter() {
        match error.downcast_ref::<AppError>() {
            Some(own) => return own.clone(),
            None => found = Some(AppError::new("ERROR", error.to_string())),
        }
    }
    found.unwrap_or_else(|| AppError::new("ERROR", "Something failed."))
}
