//! What has fired and is over.

use leptos::prelude::*;

use super::PATH;
use crate::alerts_view::{AlertView, AlertsPaint};
use crate::format;
use crate::pages::past::span;
use crate::parts::TraceLink;

const PERIODS: [(&str, &str); 3] = [("7d", "7 days"), ("30d", "30 days"), ("all", "All")];

pub fn table(paint: &AlertsPaint, period: &str) -> AnyView {
    let chosen = if PERIODS.iter().any(|(word, _)| *word == period) { period } else { "30d" };
    let links = PERIODS
        .map(|(word, name)| {
            let current = (word == chosen).then_some("true");
            view! { <a href=format!("{PATH}?period={word}") aria-current=current>{name}</a> }
        })
        .collect_view();
    let body = match &paint.ended {
        None => view! { <p class="body">"What has ended cannot be read right now; what fires is above."</p> }.into_any(),
        Some(ended) if ended.is_empty() => view! {
            <div class="empty"><h2>"Nothing has ended in this time"</h2><p>"Alerts that are over stand here, with how long they lasted and who has seen them."</p></div>
        }
        .into_any(),
        Some(ended) => rows(ended),
    };
    let count = paint.ended.as_ref().map(|ended| format!("{} ended", ended.len()));
    view! {
        <header><h2>"History"</h2><span class="end"><span>{count}</span><span class="segments" role="group" aria-label="Period">{links}</span></span></header>
        {body}
    }
    .into_any()
}

fn rows(ended: &[AlertView]) -> AnyView {
    view! {
        <div class="grid-table history-table"><table>
            <caption class="visually-hidden">"Alerts that have ended, the latest first"</caption>
            <thead><tr>
                <th scope="col">"Fired, UTC"</th><th scope="col">"What happened"</th><th scope="col" class="more">"Severity"</th>
                <th scope="col" class="more n">"Lasted"</th><th scope="col" class="more">"About"</th>
                <th scope="col" class="more">"Acknowledged"</th><th scope="col" class="more">"Told"</th><th scope="col" class="more">"Trace"</th>
            </tr></thead>
            <tbody>{ended.iter().map(row).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

fn row(alert: &AlertView) -> AnyView {
    let severity = if alert.critical { "critical" } else { "warning" };
    let (lasted, why) = match &alert.resolved {
        Some((at, why)) => (span((at.0 - alert.fired_at.0) / 1_000), why.clone()),
        None => (format::NONE.to_owned(), String::new()),
    };
    let seen = match &alert.acknowledged {
        Some((by, at)) => format!("{by} {}", format::clock(*at)),
        None => "nobody, ended by itself".to_owned(),
    };
    let about = if alert.subject.is_empty() { format::NONE.to_owned() } else { alert.subject.clone() };
    let told = alert.receipts.iter().filter(|receipt| receipt.delivered).count();
    let told = if alert.receipts.is_empty() {
        format::NONE.to_owned()
    } else {
        format!("{told} of {}", alert.receipts.len())
    };
    let times = (alert.count > 1).then(|| format!(" {} times.", alert.count));
    view! {
        <tr data-key=alert.id.clone()>
            <td class="num">{format::date_clock(alert.fired_at)}</td>
            <td class="what"><b>{alert.title.clone()}". "</b>{alert.message.clone()}{times}<span class="sub">{why}</span></td>
            <td class="more"><span class="tag">{severity}</span></td>
            <td class="more n">{lasted}</td>
            <td class="more">{about}</td>
            <td class="more">{seen}</td>
            <td class="more">{told}</td>
            <td class="more">{alert.correlation_id.clone().map(|id| view! { <TraceLink id/> })}</td>
        </tr>
    }
    .into_any()
}
