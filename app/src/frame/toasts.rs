//! Results of what the user did: said politely, kept until closed when they are errors.

use std::time::Duration;

use leptos::prelude::*;

use crate::error::AppError;
use crate::event::UiEvent;
use crate::parts::TraceLink;
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

/// The messages that are shown, oldest first.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

const MOST: usize = 4;

impl Toasts {
    /// Says that something worked; goes by itself.
    pub fn done(self, title: impl Into<String>, text: impl Into<String>) {
        let id = self.push(Toast {
            id: 0,
            title: title.into(),
            text: text.into(),
            failed: false,
            correlation_id: String::new(),
        });
        set_timeout(move || self.close(id), Duration::from_secs(6));
    }

    /// Says that something failed or was refused, with the id under which the server told it.
    pub fn error(self, title: impl Into<String>, error: &AppError) {
        let correlation_id = error.correlation_id.clone().unwrap_or_default();
        tell_correlated(
            &UiEvent::Toast { code: error.code.clone(), text: error.message.clone() },
            error.correlation_id.as_deref(),
        );
        self.push(Toast {
            id: 0,
            title: title.into(),
            text: error.message.clone(),
            failed: true,
            correlation_id,
        });
    }

    fn push(self, mut toast: Toast) -> u64 {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        toast.id = id;
        self.list.update(|list| {
            list.push(toast);
            let surplus = list.len().saturating_sub(MOST);
            list.drain(..surplus);
        });
        id
    }

    fn close(self, id: u64) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Makes them and provides them as context; once, in the root.
pub fn provide_toasts() {
    provide_context(Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(1) });
}

pub fn use_toasts() -> Toasts {
    use_context::<Toasts>()
        .unwrap_or_else(|| Toasts { list: RwSignal::new(Vec::new()), next: StoredValue::new(1) })
}

/// The corner itself: a live region that is there before anything is said in it.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-label="Results">
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <ToastView toast toasts/>
            </For>
        </div>
    }
    .into_any()
}

#[component]
fn ToastView(toast: Toast, toasts: Toasts) -> impl IntoView {
    let id = toast.id;
    let correlation_id = toast.correlation_id.clone();
    let copied = toast.correlation_id.clone();
    view! {
        <div class="toast" data-failed=toast.failed.then_some("")>
            <b>{toast.title}</b>
            <span>{toast.text}</span>
            {(!correlation_id.is_empty()).then(|| view! {
                <span class="buttons">
                    "Trace " <TraceLink id=correlation_id/>
                    <button class="button quiet" type="button" on:click=move |_| platform::copy(&copied)>"Copy id"</button>
                </span>
            })}
            <button class="button quiet close" type="button" aria-label="Close message" on:click=move |_| toasts.close(id)>"×"</button>
        </div>
    }
    .into_any()
}
