//! What fires now, and what somebody has seen; painted anew by the feed when it changes.

use leptos::prelude::*;

use super::{PATH, button};
use crate::alerts_view::{AlertView, ReceiptView};
use crate::format;
use crate::live::use_live;
use crate::parts::{Age, TraceLink};

#[component]
pub fn AlertsState() -> impl IntoView {
    let open = use_live().alerts.get_untracked();
    let (seen, firing): (Vec<_>, Vec<_>) = open.open.iter().partition(|alert| alert.acknowledged.is_some());
    let count = format::counted(firing.len(), "alert");
    let now = if firing.is_empty() {
        view! { <div class="empty"><h2>"Nothing fires"</h2><p>"Thirteen rules watch trading, the venue, the pages and the log. What fires stands here and on the strip of every page, with what to do."</p></div> }.into_any()
    } else {
        firing.iter().map(|alert| article(alert)).collect_view().into_any()
    };
    let acknowledged = (!seen.is_empty()).then(|| {
        view! {
            <section class="panel" aria-label="Acknowledged">
                <header><h2>"Acknowledged"</h2><span class="end"><span>{format::counted(seen.len(), "alert")}", still watched"</span></span></header>
                {seen.iter().map(|alert| article(alert)).collect_view()}
            </section>
        }
    });
    let end = (!firing.is_empty()).then(|| view! { <span>{count}", not acknowledged"</span> });
    view! {
        <section class="panel" aria-label="Firing now">
            <header><h2>"Firing now"</h2><span class="end">{end}</span></header>
            {now}
        </section>
        {acknowledged}
    }
    .into_any()
}

fn article(alert: &AlertView) -> AnyView {
    let severity = if alert.critical { "critical" } else { "warning" };
    let tone = match (alert.acknowledged.is_some(), alert.critical) {
        (true, _) => None,
        (false, true) => Some("alarm"),
        (false, false) => Some("doubt"),
    };
    let seen = alert.acknowledged.is_some().then_some("");
    let label = format!("{severity}: {}", alert.title);
    let about =
        (!alert.subject.is_empty()).then(|| view! { <span class="tag">{alert.subject.clone()}</span> });
    view! {
        <article class="alert" data-severity=severity data-seen=seen aria-label=label data-key=alert.id.clone()>
            <div class="alert-head">
                <span class="tag" data-tone=tone>{severity}</span>
                <h3>{alert.title.clone()}</h3>{about}
                <span class="since">"since "{format::date_clock(alert.fired_at)}" · "<b><Age at=Some(alert.fired_at)/></b></span>
            </div>
            <p>{alert.message.clone()}</p>
            <p class="todo"><b>"What to do. "</b>{alert.advice.clone()}</p>
            {facts(alert)}
            {receipts(alert)}
            {end(alert)}
        </article>
    }
    .into_any()
}

fn fact(name: &'static str, value: impl IntoView) -> AnyView {
    view! { <div><dt>{name}</dt><dd>{value}</dd></div> }.into_any()
}

fn facts(alert: &AlertView) -> AnyView {
    let times = (alert.count > 1)
        .then(|| fact("Happened", format!("{} times, last {}", alert.count, format::clock(alert.last_at))));
    let seen = alert
        .acknowledged
        .as_ref()
        .map(|(by, at)| fact("Acknowledged", format!("by {by} at {}", format::date_clock(*at))));
    let silent = alert.silence.as_ref().map(|silence| {
        let until = format::date_clock(silence.until);
        fact("Silent", format!("until {until} by {}: {}", silence.by, silence.reason))
    });
    let again = alert
        .escalates_at
        .map(|at| fact("Told again", format!("{} if nobody acknowledges", format::clock(at))));
    let session = alert.session_id.clone().map(|id| {
        let href = format!("/sessions/{id}");
        fact("Session", view! { <a class="id" href=href>{id}</a> })
    });
    let trace = alert.correlation_id.clone().map(|id| fact("Trace", view! { <TraceLink id/> }));
    view! {
        <dl class="alert-facts">
            {fact("Fires at", alert.fires.clone())}{times}{seen}{silent}{again}{session}{trace}
        </dl>
    }
    .into_any()
}

fn receipts(alert: &AlertView) -> Option<AnyView> {
    let line = |receipt: &ReceiptView| {
        let tries = (receipt.attempts > 1).then(|| format!("{} tries: ", receipt.attempts));
        let state = if receipt.delivered {
            view! { <Age at=Some(receipt.at)/> }.into_any()
        } else {
            view! { <span class="age" data-stale="">"not received"</span> }.into_any()
        };
        view! { <li><b>{receipt.channel.clone()}" "{state}</b>{tries}{receipt.words.clone()}</li> }
    };
    (!alert.receipts.is_empty()).then(|| {
        view! { <ul class="receipts" aria-label="Who was told">{alert.receipts.iter().map(line).collect_view()}</ul> }
            .into_any()
    })
}

fn end(alert: &AlertView) -> AnyView {
    let acknowledge = alert.acknowledged.is_none().then(|| {
        let about = format!("Acknowledge {}", alert.title);
        // Once is enough, from whichever page.
        button("acknowledge", &alert.id, "Acknowledge", "primary", about, format!("ack-{}", alert.id))
    });
    let silence = alert.silence.is_none().then(|| {
        let href = format!("{PATH}?silence={}", alert.id);
        view! { <a class="button" href=href aria-label=format!("Silence {}", alert.title)>"Silence…"</a> }
    });
    let runbook = format!("/runbook#{}", alert.anchor);
    view! {
        <div class="alert-end">
            {acknowledge}{silence}
            <a class="run" href=runbook>"Runbook: "{alert.title.clone()}</a>
            <span class="end">"Acknowledging changes nothing about trading."</span>
        </div>
    }
    .into_any()
}
