//! One record: a row, and below it, opened, its payload and its context.

use leptos::prelude::*;
use telemetry::{LogRecord, Source, Value};

use crate::format;
use crate::log_query::LogQuery;
use crate::parts::{TraceLink, session_link};

/// What the list calls a source.
pub fn place(source: Source) -> &'static str {
    match source {
        Source::Backend => "server",
        Source::Frontend => "browser",
        Source::Audit => "audit",
    }
}

/// A payload value as text: strings bare, all else as JSON.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

/// The row, and the record below it, which the button shows.
pub fn record_row(record: LogRecord) -> AnyView {
    let key = record.event_id.clone();
    let opened_key = format!("{key}+");
    let place_id = format!("r-{key}");
    let controls = place_id.clone();
    let level = record.level.as_str();
    let time = format::clock_ms(record.timestamp);
    let full = format::date_clock(record.timestamp);
    let count = record.count.filter(|count| *count > 1).map(|count| format!("×{}", format::count(count)));
    let session = record.session_id.clone();
    let trace = record.correlation_id.clone().unwrap_or_default();
    let took = record.latency_us.map(format::duration);
    let event = record.event.to_string();
    let message = record.message.clone();
    let source = place(record.source);
    view! {
        <tr data-level=level data-key=key data-mine="class">
            <td class="when">
                <button class="open" type="button" aria-expanded="false" aria-controls=controls aria-label=format!("Record {time}") data-does="toggle" data-mine="aria-expanded"></button>
                <time title=full>{time.clone()}</time>
                <span class="narrow"><span class="level" data-level=level>{level}</span></span>
            </td>
            <td class="more"><span class="level" data-level=level>{level}</span></td>
            <td class="more source">{source}</td>
            <td class="more event">{event.clone()}</td>
            <td class="message"><span class="narrow event">{event}</span>{message}</td>
            <td class="n alike">{count}</td>
            <td class="more">{session.map(session_link)}</td>
            <td class="more n">{took}</td>
            <td class="more"><TraceLink id=trace/></td>
        </tr>
        {opened(record, opened_key, place_id)}
    }
    .into_any()
}

fn opened(record: LogRecord, key: String, id: String) -> AnyView {
    let level = record.level.as_str();
    let payload = payload_rows(&record);
    view! {
        <tr class="opened" id=id data-key=key data-mine="hidden" data-level=level hidden><td colspan="9"><div class="record">
            <div class="payload"><h3>"Payload"</h3><dl>{payload}</dl></div>
            <About record/>
        </div></td></tr>
    }
    .into_any()
}

/// The payload's fields, as a definition list.
pub fn payload_rows(record: &LogRecord) -> impl IntoView + use<> {
    let mut rows: Vec<(String, String)> =
        record.payload.iter().map(|(key, value)| (key.clone(), value_text(value))).collect();
    if let Some(error) = &record.error {
        let parts = [
            ("error.type", &error.kind),
            ("error.message", &error.message),
            ("error.stack_trace", &error.stack_trace),
        ];
        rows.extend(
            parts.into_iter().filter_map(|(key, value)| value.clone().map(|value| (key.to_owned(), value))),
        );
    }
    if rows.is_empty() {
        rows.push(("nothing".to_owned(), format::NONE.to_owned()));
    }
    rows.into_iter().map(|(key, value)| view! { <div><dt>{key}</dt><dd>{value}</dd></div> }).collect_view()
}

#[component]
fn About(record: LogRecord) -> impl IntoView {
    let json = record.to_line();
    let rows = [
        ("Strategy", record.strategy_id.clone()),
        ("Configuration", record.configuration.clone()),
        ("Mode", record.execution_mode.clone()),
        ("Session", record.session_id.clone()),
        ("Correlation id", record.correlation_id.clone()),
        ("Boot and sequence", Some(format!("{} · {}", record.boot_id, record.seq))),
        ("Decision", record.decision_seq.map(format::count)),
        ("Caused by", record.caused_by.clone()),
        ("Route", record.route.clone()),
        ("User", record.user_id.clone()),
        ("Version", Some(record.version.to_string())),
    ];
    let facts = rows
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| view! { <dt>{name}</dt><dd class="num">{value}</dd> }))
        .collect_view();
    let only_event = LogQuery { event: record.event.to_string(), ..LogQuery::default() }.to_href();
    let trace = record.correlation_id.clone().map(|id| format!("/trace/{id}"));
    view! {
        <div class="about">
            <h3>"Record"</h3>
            <dl class="facts">{facts}</dl>
            <div class="buttons">
                {trace.map(|href| view! { <a class="button" href=href>"Open trace"</a> })}
                <a class="button" href=only_event>"Only this event"</a>
                <button class="button" type="button" data-does="copy" data-copy=json>"Copy JSON"</button>
            </div>
        </div>
    }
    .into_any()
}
