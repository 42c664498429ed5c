//! The list, newest first; follows live while it shows the newest page, and stands still when asked to.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use telemetry::LogRecord;

use super::record::RecordRow;
use crate::api;
use crate::event::{Control, UiEvent};
use crate::log_query::LogQuery;
use crate::parts::use_reporter;
use crate::platform;
use crate::port::LogPage;
use crate::tell::tell;

/// Most records kept while following.
const MOST: usize = 500;
const POLL: Duration = Duration::from_secs(2);

/// Puts what is new in front, each record once, oldest cut off; how many were new.
fn merge(list: &mut Vec<LogRecord>, fresh: Vec<LogRecord>) -> usize {
    let known: std::collections::BTreeSet<String> =
        list.iter().map(|record| record.event_id.clone()).collect();
    let mut fresh: Vec<LogRecord> =
        fresh.into_iter().filter(|record| !known.contains(&record.event_id)).collect();
    let count = fresh.len();
    fresh.append(list);
    fresh.truncate(MOST);
    *list = fresh;
    count
}

#[component]
pub fn Records(page: LogPage, query: Memo<LogQuery>) -> impl IntoView {
    let shown = query.get_untracked();
    let can_follow = shown.is_open_ended();
    let records = RwSignal::new(page.records);
    let following = RwSignal::new(false);
    if can_follow {
        follow(records, following, shown.clone());
    }
    let older = page.next_cursor.map(|cursor| LogQuery { cursor, ..shown.clone() }.to_href());
    let newest = LogQuery { cursor: String::new(), ..shown.clone() }.to_href();
    view! {
        <header>
            <h2>"Records"</h2>
            <span class="end">
                <span>{move || format!("{} shown, newest first", records.with(Vec::len))}</span>
                {can_follow.then(|| view! { <FollowSwitch following/> })}
            </span>
        </header>
        <div class="grid-table log"><table>
            <caption class="visually-hidden">"Records of browser and server, newest first; times in UTC"</caption>
            <thead><tr>
                <th>"Time, UTC"</th><th class="more">"Level"</th><th class="more">"Source"</th><th class="more">"Event"</th><th>"Message"</th>
                <th class="n alike">"Alike"</th><th class="more">"Session"</th><th class="more n">"Took"</th><th class="more">"Trace"</th>
            </tr></thead>
            <tbody>
                <For each=move || records.get() key=|record| record.event_id.clone() let:record><RecordRow record/></For>
            </tbody>
        </table></div>
        <p class="empty" hidden=move || records.with(|records| !records.is_empty())>
            "Nothing matches. Records appear here as soon as server or browser tells one; clear a filter or widen the time."
        </p>
        <footer class="paging">
            {(!shown.cursor.is_empty()).then(|| view! { <a href=newest>"Newest"</a> })}
            {older.map(|href| view! { <a href=href>"Older records"</a> })}
        </footer>
    }
    .into_any()
}

#[component]
fn FollowSwitch(following: RwSignal<bool>) -> impl IntoView {
    let set = move |on: bool| {
        following.set(on);
        tell(&UiEvent::Click {
            control: Control::Follow,
            subject: if on { "live" } else { "paused" }.to_owned(),
        });
    };
    view! {
        <span class="segments" role="group" aria-label="Live tail">
            <button type="button" aria-pressed=move || following.get().to_string() on:click=move |_| set(true)>"Follow live"</button>
            <button type="button" aria-pressed=move || (!following.get()).to_string() on:click=move |_| set(false)>"Paused"</button>
        </span>
    }
    .into_any()
}

/// Asks for the newest page again and again while following; one request at a time.
fn follow(records: RwSignal<Vec<LogRecord>>, following: RwSignal<bool>, query: LogQuery) {
    let reporter = use_reporter();
    let asking = StoredValue::new(false);
    Effect::new(move |_| {
        let (query, reporter) = (query.clone(), reporter.clone());
        let poll = move || {
            if !following.get_untracked() || asking.get_value() || platform::is_hidden() {
                return;
            }
            asking.set_value(true);
            let (path, reporter) = (format!("/api/v1/logs{}", query.to_query_string()), reporter.clone());
            spawn_local(async move {
                let result = api::get::<LogPage>("/api/v1/logs", &path).await;
                asking.try_set_value(false);
                match result {
                    Ok(page) => {
                        reporter.recover();
                        records.try_update(|list| merge(list, page.records));
                    }
                    Err(error) if error.may_retry() => {}
                    Err(error) => reporter.throw(error),
                }
            });
        };
        if let Ok(timer) = set_interval_with_handle(poll, POLL) {
            on_cleanup(move || timer.clear());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u64) -> LogRecord {
        LogRecord { event_id: format!("b-{id}"), seq: id, ..LogRecord::default() }
    }

    #[test]
    fn new_records_stand_in_front_once_and_the_list_is_bounded() {
        let mut list = vec![record(2), record(1)];
        assert_eq!(merge(&mut list, vec![record(3), record(2)]), 1);
        assert_eq!(list.iter().map(|record| record.seq).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(merge(&mut list, (4..900).rev().map(record).collect()), 896);
        assert_eq!((list.len(), list[0].seq), (MOST, 899));
    }
}
