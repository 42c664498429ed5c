//! Log levels: what is told in more or less detail for a while, and the form that says so.

use leptos::prelude::*;

use crate::format;
use crate::parts::reason_field;
use crate::settings_view::{LevelView, SettingsPaint};
use crate::shell;

const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];
const SPANS: [(i64, &str); 5] = [(15, "15 min"), (60, "1 h"), (240, "4 h"), (720, "12 h"), (1_440, "24 h")];
/// Where its forms go.
const ACTION: &str = "/settings/levels";

/// `wrong`: the field for which a level was refused.
pub fn panel(paint: &SettingsPaint, wrong: &str) -> AnyView {
    let rows = paint.levels.iter().map(|level| row(level, &paint.usual_level)).collect_view();
    let usual = paint.usual_level.clone();
    view! {
        <header><h2>"Log levels"</h2><span class="end"><span>"started with "<code>"LOG_LEVEL="{usual.clone()}</code></span></span></header>
        <div class="grid-table set-table"><table>
            <caption class="visually-hidden">"Targets with a level of their own, and the level of everything else"</caption>
            <thead><tr>
                <th scope="col">"Target"</th><th scope="col">"Level"</th><th scope="col" class="more">"Usually"</th><th scope="col">"Until, UTC"</th>
                <th scope="col" class="more">"Set by"</th><th scope="col"><span class="visually-hidden">"Change"</span></th>
            </tr></thead>
            <tbody>
                {rows}
                <tr><td>"Everything else"</td><td>{usual.clone()}</td><td class="more">{usual}</td><td class="none">"for good"</td><td class="more none">"LOG_LEVEL"</td><td></td></tr>
            </tbody>
        </table></div>
        {form(&paint.targets, wrong)}
    }
    .into_any()
}

fn row(level: &LevelView, usual: &str) -> AnyView {
    let key = format!("end-{}-{}", level.target, level.set_at.0);
    view! {
        <tr class="changed" data-key=level.target.clone()>
            <td><b>{level.target.clone()}</b></td>
            <td>{level.level.clone()}</td>
            <td class="more">{usual.to_owned()}</td>
            <td class="num" title=format::date_clock(level.expires_at)>{format::clock(level.expires_at)}</td>
            <td class="more">{level.by.clone()}", "{format::clock(level.set_at)}<span class="sub">"“"{level.reason.clone()}"”"</span></td>
            <td>
                <form method="post" action=ACTION class="act">
                    <input type="hidden" name="key" value=key/>
                    <input type="hidden" name="target" value=level.target.clone()/>
                    <button class="button" aria-label=format!("Set {} back to {usual}", level.target)>{format!("Back to {usual}")}</button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}

fn form(targets: &[String], wrong: &str) -> AnyView {
    let targets = targets
        .iter()
        .map(|target| view! { <option value=target.clone()>{target.clone()}</option> })
        .collect_view();
    let levels = LEVELS
        .map(|level| view! { <option value=level selected=level == "debug">{level}</option> })
        .collect_view();
    let spans = SPANS
        .map(|(minutes, words)| view! { <option value=minutes.to_string()>{words}</option> })
        .collect_view();
    let key = format!("level-{}", shell::page_key());
    let [target, minutes] = ["target", "minutes"].map(|name| (wrong == name).then_some("true"));
    view! {
        <form method="post" action=ACTION class="line-form" aria-label="Set a level for a while">
            <input type="hidden" name="key" value=key/>
            <label class="field" data-invalid=target>"Target"<select class="input" name="target" aria-invalid=target>{targets}</select></label>
            <label class="field">"Level"<select class="input" name="level">{levels}</select></label>
            <label class="field" data-invalid=minutes>"For"<select class="input" name="minutes" aria-invalid=minutes>{spans}</select></label>
            {reason_field(wrong == "reason")}
            <button class="button primary">"Set level"</button>
            <p class="hint-line">"A target is a source or a family of events. Trace and debug last 4 h at most, others a day. Steady events are sampled, with their rate on the record. Orders, exits, panics, errors and audit records are never left out by a level."</p>
        </form>
    }
    .into_any()
}
