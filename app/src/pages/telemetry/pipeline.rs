//! The forwarder's books: offered is delivered, quarantined, turned away or held. Read in the browser, while
//! the page is open.

use leptos::prelude::*;

use crate::format;
use crate::parts::{Panel, cell_text};

/// A count of the books, kept by the browser.
fn count(key: &'static str) -> impl IntoView {
    cell_text(&format!("pipeline.{key}"), format::NONE)
}

#[component]
pub fn PipelinePanel() -> impl IntoView {
    let row = |name: &'static str, class: &'static str, key: &'static str| {
        view! { <tr class=class><th scope="row">{name}</th><td class="n">{count(key)}</td></tr> }
    };
    view! {
        <Panel name="Pipeline health">
            <header><h2>"Pipeline health"</h2></header>
            <dl class="state" data-pipeline><div><dt>"Forwarder"</dt><dd>{cell_text("pipeline.state", "reading")}</dd></div><div><dt>"Lag"</dt><dd class="num">{count("lag")}</dd></div></dl>
            <div class="sums grid-table"><table>
                <caption class="visually-hidden">"Records offered to Elasticsearch and what became of them"</caption>
                <thead><tr><th>"Records"</th><th class="n">"Count"</th></tr></thead>
                <tbody>
                    {row("Delivered", "first", "delivered")}
                    {row("Held, not yet acknowledged", "", "held")}
                    {row("Quarantined", "", "quarantined")}
                    {row("Turned away", "last", "turned_away")}
                    {row("Offered", "total", "offered")}
                    {row("Of the delivered, already there", "last", "duplicates")}
                </tbody>
            </table></div>
        </Panel>
    }
}
