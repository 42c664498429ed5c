//! The list, newest first; follows live while it shows the newest page, and stands still when asked to.

use leptos::prelude::*;

use super::record::record_row;
use crate::log_query::LogQuery;
use crate::port::LogPage;

#[component]
pub fn Records(page: LogPage, query: Memo<LogQuery>) -> impl IntoView {
    let shown = query.get_untracked();
    let can_follow = shown.is_open_ended();
    let count = page.records.len();
    let older = page.next_cursor.map(|cursor| LogQuery { cursor, ..shown.clone() }.to_href());
    let looked = page.looked_to.map(|at| {
        let at = at.to_rfc3339();
        format!(
            "The search stopped for lack of time. It has looked at what was told since {}.",
            at.get(..19).unwrap_or(&at)
        )
    });
    let (go_on, nothing) = match &looked {
        Some(_) => ("Search further back", "Nothing matches so far."),
        None => (
            "Older records",
            "Nothing matches. Records appear here as soon as server or browser tells one; clear a filter or widen the time.",
        ),
    };
    let newest = LogQuery { cursor: String::new(), ..shown.clone() }.to_href();
    view! {
        <header>
            <h2>"Records"</h2>
            <span class="end">
                <span>{format!("{count} shown, newest first")}</span>
                {can_follow.then(follow_switch)}
            </span>
        </header>
        <div class="grid-table log"><table>
            <caption class="visually-hidden">"Records of browser and server, newest first; times in UTC"</caption>
            <thead><tr>
                <th>"Time, UTC"</th><th class="more">"Level"</th><th class="more">"Source"</th><th class="more">"Event"</th><th>"Message"</th>
                <th class="n alike">"Alike"</th><th class="more">"Session"</th><th class="more n">"Took"</th><th class="more">"Trace"</th>
            </tr></thead>
            <tbody>
                {page.records.into_iter().map(record_row).collect_view()}
            </tbody>
        </table></div>
        <p class="empty" hidden=count > 0>{nothing}</p>
        {looked.map(|words| view! { <p role="status">{words}</p> })}
        <footer class="paging">
            {(!shown.cursor.is_empty()).then(|| view! { <a href=newest>"Newest"</a> })}
            {older.map(|href| view! { <a href=href>{go_on}</a> })}
        </footer>
    }
    .into_any()
}

/// The browser follows, by asking for this page again; which button is pressed is its affair.
fn follow_switch() -> impl IntoView {
    let button = |pressed: bool, word: &'static str, subject: &'static str, label: &'static str| {
        view! { <button type="button" aria-pressed=pressed.to_string() data-does="follow" data-follow=word data-control="follow" data-subject=subject>{label}</button> }
    };
    view! {
        <span class="segments" role="group" aria-label="Live tail" data-own>
            {button(false, "on", "live", "Follow live")}
            {button(true, "off", "paused", "Paused")}
        </span>
    }
}
