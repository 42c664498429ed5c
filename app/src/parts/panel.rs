//! A panel with an error boundary of its own: when it fails it says what failed, offers a retry, shows the
//! correlation id and tells the log; the rest of the page goes on.

use leptos::context::Provider;
use leptos::error::Errors;
use leptos::prelude::*;

use super::TraceLink;
use crate::error::AppError;
use crate::event::{Control, UiEvent};
use crate::tell::tell_correlated;

/// Where in the tree of named parts a component stands, such as `App › Control › Legs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentPath(pub String);

impl ComponentPath {
    /// The path of a part called `name` inside the current one.
    pub fn inside(name: &str) -> Self {
        let outer = use_context::<ComponentPath>().map_or_else(|| "App".to_owned(), |path| path.0);
        Self(format!("{outer} › {name}"))
    }
}

/// A section with a name, whose failure stays its own.
#[component]
pub fn Panel(name: &'static str, #[prop(optional)] class: &'static str, children: Children) -> impl IntoView {
    let path = ComponentPath::inside(name);
    let told = path.clone();
    let around = Owner::current();
    view! {
        <section class=format!("panel {class}") aria-label=name>
            <Provider value=path>
                <ErrorBoundary fallback=move |errors| {
                    view! { <Failure name path=told.0.clone() errors/> }
                }>{outlived(around, children)}</ErrorBoundary>
            </Provider>
        </section>
    }
    .into_any()
}

/// The children, whose signals live as long as those around the panel. An error boundary and a provider drop theirs as
/// soon as the panel is hidden, while effects of the children that the same change has woken are still to run: what
/// they read would be gone, which is a trap.
fn outlived(around: Option<Owner>, children: Children) -> AnyView {
    let (Some(around), Some(inner)) = (around, Owner::current()) else { return children() };
    let chain: Vec<Owner> =
        std::iter::successors(Some(inner), Owner::parent).take_while(|owner| *owner != around).collect();
    around.with(|| on_cleanup(move || drop(chain)));
    children()
}

/// What the whole app shows when nothing nearer caught the error.
#[component]
pub fn RootFailure(errors: ArcRwSignal<Errors>) -> impl IntoView {
    view! { <main class="page" id="page"><section class="panel" aria-label="Error"><Failure name="The page" path="App".to_owned() errors/></section></main> }
}

#[component]
fn Failure(name: &'static str, path: String, errors: ArcRwSignal<Errors>) -> impl IntoView {
    let first = first_error(&errors.get_untracked());
    tell_correlated(
        &UiEvent::ErrorBoundary {
            panel: name.to_owned(),
            path,
            code: first.code.clone(),
            error: first.message.clone(),
        },
        first.correlation_id.as_deref(),
    );
    let shown = errors.clone();
    let again = use_context::<Retry>();
    let retry = move |_| {
        crate::tell::tell(&UiEvent::Click { control: Control::Retry, subject: name.to_owned() });
        if let Some(again) = again {
            again.0.update(|count| *count += 1);
        }
        errors.set(Errors::default());
    };
    view! {
        <header><h2>{name}</h2><span class="end"><span class="tag" data-tone="alarm">"stopped"</span></span></header>
        <div class="body" role="alert">
            <p class="note" data-tone="alarm">
                <span>{move || first_error(&shown.get()).message}</span>
                <span class="end"><TraceLink id=first.correlation_id.unwrap_or_default()/></span>
            </p>
            <p class="buttons"><button class="button" type="button" on:click=retry>"Try again"</button></p>
        </div>
    }
    .into_any()
}

/// Counts how often a page's data were asked for again; its resource depends on it.
#[derive(Clone, Copy)]
pub struct Retry(pub RwSignal<u32>);

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
