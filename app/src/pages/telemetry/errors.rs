//! Errors in groups: what is the same error stands once, with how often, how long, in how many browsers and builds.

use leptos::prelude::*;
use model::Micros;

use crate::data;
use crate::format;
use crate::log_query::LogQuery;
use crate::parts::{Age, Panel};
use crate::port::ErrorGroup;

/// Groups that stand on the page.
const SHOWN: usize = 20;

#[component]
pub fn ErrorsPanel() -> impl IntoView {
    view! {
        <Panel name="Errors">
            {data::errors_paint().map(|groups| told(&groups))}
        </Panel>
    }
}

fn told(groups: &[ErrorGroup]) -> AnyView {
    let count = format::counted(groups.len(), "kind");
    let body = if groups.is_empty() {
        view! { <p class="empty">"No error in the last day. Each kind stands here once, with how often and where it was met."</p> }
            .into_any()
    } else {
        groups.iter().take(SHOWN).map(group).collect_view().into_any()
    };
    view! { <header><h2>"Errors of the last day"</h2><span class="end">{count}</span></header>{body} }
        .into_any()
}

fn group(group: &ErrorGroup) -> AnyView {
    let records = LogQuery {
        event: group.event.clone(),
        level: "error".to_owned(),
        source: group.source.clone(),
        ..LogQuery::default()
    };
    let at: Option<Micros> = Some(group.last);
    let rows = rows(group)
        .into_iter()
        .map(|(name, value)| view! { <tr><th scope="row">{name}</th><td class="n">{value}</td></tr> })
        .collect_view();
    view! {
        <div class="client" data-key=group.fingerprint.clone()>
            <p class="who">
                <a href=records.to_href() title="All records of this event">{group.event.clone()}</a>
                <span>{format!("{} ×", format::count(group.count))}</span>
                <Age at before="last "/>
            </p>
            <p class="who">{group.message.clone()}</p>
            <div class="sums grid-table"><table>
                <caption class="visually-hidden">"When and where this error was met"</caption>
                <tbody>{rows}</tbody>
            </table></div>
        </div>
    }
    .into_any()
}

fn rows(group: &ErrorGroup) -> Vec<(&'static str, String)> {
    let mut rows =
        vec![("First seen", format::date_clock(group.first)), ("Last seen", format::date_clock(group.last))];
    if group.source == "frontend" {
        rows.push(("Browser sessions", format::count(group.sessions)));
        let builds = if group.builds.is_empty() { "not told".to_owned() } else { group.builds.join(", ") };
        rows.push(("Builds", builds));
    }
    rows
}
