//! Results of what the user did: said politely, kept until closed when they are errors.

use std::time::Duration;

use leptos::prelude::*;

use crate::error::AppError;
use crate::event::UiEvent;
use crate::plain::short_id;
use crate::platform;
use crate::tell::tell_correlated;

/// One message at the corner of the page.
#[derive(Clone, Debug, PartialEq)]
struct Toast {
    id: u64,
    title: String,
    text: String,
    failed: bool,
    correlation_id: String,
}

/// The messages that are shown, oldest first. Shared by all islands of the page.
#[derive(Clone)]
pub struct Toasts {
    list: ArcRwSignal<Vec<Toast>>,
    next: ArcStoredValue<u64>,
}

const MOST: usize = 4;
const GOES_AFTER: Duration = Duration::from_secs(6);

impl Toasts {
    fn new() -> Self {
        Self { list: ArcRwSignal::new(Vec::new()), next: ArcStoredValue::new(1) }
    }

    /// Says that something worked; goes by itself.
    pub fn done(&self, title: &str) {
        let id = self.push(title, String::new(), false, String::new());
        let toasts = self.clone();
        set_timeout(move || toasts.close(id), GOES_AFTER);
    }

    /// Says that something has not happened yet; `close` it by its number.
    pub fn waits(&self, title: &str, text: &str) -> u64 {
        self.push(title, text.to_owned(), true, String::new())
    }

    /// Says that something failed or was refused, with the id under which the server told it.
    pub fn error(&self, title: &str, error: &AppError) {
        tell_correlated(
            &UiEvent::Toast { code: error.code.clone(), text: error.message.clone() },
            error.correlation_id.as_deref(),
        );
        self.push(title, error.message.clone(), true, error.correlation_id.clone().unwrap_or_default());
    }

    fn push(&self, title: &str, text: String, failed: bool, correlation_id: String) -> u64 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.list.update(|list| {
            list.push(Toast { id, title: title.to_owned(), text, failed, correlation_id });
            let surplus = list.len().saturating_sub(MOST);
            list.drain(..surplus);
        });
        id
    }

    pub fn close(&self, id: u64) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }
}

#[cfg(feature = "hydrate")]
thread_local! {
    static TOASTS: Toasts = Toasts::new();
}

/// Those of the page.
#[cfg(feature = "hydrate")]
pub fn toasts() -> Toasts {
    TOASTS.with(Toasts::clone)
}

/// On the server nothing is said.
#[cfg(not(feature = "hydrate"))]
pub fn toasts() -> Toasts {
    Toasts::new()
}

/// The corner itself: a live region that is there before anything is said in it.
#[island]
pub fn ToastList() -> impl IntoView {
    let toasts = toasts();
    let list = toasts.list.clone();
    view! {
        <div class="toasts" role="status" aria-label="Results">
            {move || list.get().into_iter().map(|toast| one(toast, toasts.clone())).collect_view()}
        </div>
    }
}

fn one(toast: Toast, toasts: Toasts) -> AnyView {
    let Toast { id, title, text, failed, correlation_id } = toast;
    let copied = correlation_id.clone();
    let short = short_id(&correlation_id);
    view! {
        <div class="toast" data-failed=failed.then_some("")>
            <b>{title}</b>
            <span>{text}</span>
            {(!correlation_id.is_empty()).then(|| view! {
                <span class="buttons">
                    "Trace " <a class="id" href=format!("/trace/{correlation_id}") aria-label=format!("Trace {short}") title=correlation_id.clone()>{short.clone()}</a>
                    <button class="button quiet" type="button" on:click=move |_| platform::copy(&copied)>"Copy id"</button>
                </span>
            })}
            <button class="button quiet close" type="button" aria-label="Close message" on:click=move |_| toasts.close(id)>"×"</button>
        </div>
    }
    .into_any()
}
