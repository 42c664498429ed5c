//! The forwarder's books: offered is delivered, quarantined, turned away or held. Read in the browser, while
//! the page is open.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Pipeline};
use crate::format;
use crate::parts::{Panel, use_reporter};
use crate::platform;

#[component]
pub fn PipelinePanel() -> impl IntoView {
    view! { <Panel name="Pipeline health"><Books/></Panel> }
}

#[component]
fn Books() -> impl IntoView {
    let books = RwSignal::new(None::<Pipeline>);
    let reporter = use_reporter();
    let read = move || {
        let reporter = reporter.clone();
        spawn_local(async move {
            match api::get::<Pipeline>("/api/v1/pipeline", "/api/v1/pipeline").await {
                Ok(read) => {
                    reporter.recover();
                    books.try_set(Some(read));
                }
                Err(error) if error.may_retry() => {}
                Err(error) => reporter.throw(error),
            }
        });
    };
    Effect::new(move |_| {
        read();
        let again = read.clone();
        let poll = move || {
            if !platform::is_hidden() {
                again();
            }
        };
        if let Ok(timer) = set_interval_with_handle(poll, Duration::from_secs(5)) {
            on_cleanup(move || timer.clear());
        }
    });
    let state = move || books.with(|books| state_words(books.as_ref()));
    let lag = move || {
        books.with(|books| {
            books
                .as_ref()
                .and_then(|books| books.forwarder.lag_ms)
                .map_or_else(|| format::NONE.to_owned(), |ms| format::span(ms * 1_000))
        })
    };
    let row = move |name: &'static str, class: &'static str, of: fn(&Pipeline) -> u64| {
        let value = move || {
            books.with(|books| {
                books.as_ref().map_or_else(|| format::NONE.to_owned(), |books| format::count(of(books)))
            })
        };
        view! { <tr class=class><th scope="row">{name}</th><td class="n">{value}</td></tr> }
    };
    view! {
        <header><h2>"Pipeline health"</h2></header>
        <dl class="state"><div><dt>"Forwarder"</dt><dd>{state}</dd></div><div><dt>"Lag"</dt><dd class="num">{lag}</dd></div></dl>
        <div class="sums grid-table"><table>
            <caption class="visually-hidden">"Records offered to Elasticsearch and what became of them"</caption>
            <thead><tr><th>"Records"</th><th class="n">"Count"</th></tr></thead>
            <tbody>
                {row("Delivered", "first", |books| books.delivered)}
                {row("Held, not yet acknowledged", "", |books| books.held)}
                {row("Quarantined", "", |books| books.quarantined)}
                {row("Turned away", "last", |books| books.turned_away)}
                {row("Offered", "total", |books| books.offered)}
                {row("Of the delivered, already there", "last", |books| books.duplicates)}
            </tbody>
        </table></div>
    }
    .into_any()
}

fn state_words(books: Option<&Pipeline>) -> String {
    match books {
        None => "reading".to_owned(),
        Some(books) if books.forwarder.state == "off" => {
            "off: no ELASTICSEARCH_URL is set, and none is needed".to_owned()
        }
        Some(books) => format::words(&books.forwarder.state),
    }
}
