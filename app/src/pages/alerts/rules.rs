//! The rules: when each fires, what it saw last and when, its silence, its test; and the form that silences.

use leptos::prelude::*;

use super::{ACT, PATH, button};
use crate::alerts_view::{AlertsPaint, RuleView};
use crate::format;
use crate::parts::{Age, reason_field};
use crate::plain::span;
use crate::shell;

/// What can be chosen, minutes and words.
const SPANS: [(i64, &str); 5] = [(15, "15 min"), (60, "1 h"), (240, "4 h"), (720, "12 h"), (1_440, "24 h")];

pub fn table(paint: &AlertsPaint) -> AnyView {
    let count = |of: fn(&RuleView) -> bool| paint.rules.iter().filter(|rule| of(rule)).count();
    let (firing, seen) = (count(|rule| rule.firing > 0), count(|rule| rule.acknowledged > 0));
    let silent = count(|rule| rule.silence.is_some());
    let words =
        format!("{} rules · {firing} firing · {seen} acknowledged · {silent} silent", paint.rules.len());
    let can_test = paint.channels.iter().any(|channel| channel.to.is_some());
    view! {
        <header><h2>"Rules"</h2><span class="end"><span>{words}</span></span></header>
        <div class="grid-table rules-table"><table>
            <caption class="visually-hidden">"Rules with their threshold, what they saw last, and their silence"</caption>
            <thead><tr>
                <th scope="col">"Rule, and when it fires"</th><th scope="col" class="more">"Severity"</th>
                <th scope="col" class="more">"Window"</th><th scope="col">"Now"</th><th scope="col" class="more">"Evaluated"</th>
                <th scope="col" class="more">"Last fired"</th><th scope="col" class="more">"Tells"</th><th scope="col" class="more">"Silence"</th>
                <th scope="col" class="more"><span class="visually-hidden">"Test"</span></th>
            </tr></thead>
            <tbody>{paint.rules.iter().map(|rule| row(rule, can_test)).collect_view()}</tbody>
        </table></div>
        <footer>"Rules run in the server as events happen, also on what the log's level leaves out. A test goes by every channel, is marked as a test and kept under Deliveries."</footer>
    }
    .into_any()
}

fn row(rule: &RuleView, can_test: bool) -> AnyView {
    let state = match (rule.firing, rule.acknowledged) {
        (0, 0) => None,
        (0, _) => Some("seen"),
        (_, _) => Some("firing"),
    };
    let severity = if rule.critical { "critical" } else { "warning" };
    // A length that somebody chose has no tenths.
    let window =
        if rule.window_us == 0 { "at once".to_owned() } else { span(rule.window_us).replace(".0 ", " ") };
    let fired = match (state, rule.fired_at) {
        (Some(_), Some(at)) => view! { <b>"now, since "{format::clock(at)}</b> }.into_any(),
        (_, Some(at)) => view! { <span class="num">{format::date_clock(at)}</span> }.into_any(),
        (_, None) => view! { <span class="none">"never"</span> }.into_any(),
    };
    let evaluated = match rule.evaluated_at {
        Some(_) => view! { <Age at=rule.evaluated_at/> }.into_any(),
        None => view! { <span class="none">"not yet"</span> }.into_any(),
    };
    let test = can_test.then(|| {
        let key = format!("test-{}-{}", rule.word, shell::page_key());
        button("test", &rule.word, "Test", "", format!("Test {}", rule.title), key)
    });
    let runbook = format!("/runbook#{}", rule.anchor);
    let tells = if rule.critical {
        ("everybody at once", "again after 1, 6, 21, 81 min")
    } else {
        ("at once", "e-mail after 5 min")
    };
    let href = format!("{PATH}?silence={}", rule.word);
    view! {
        <tr data-state=state data-key=rule.word.clone()>
            <td><a href=runbook>{rule.title.clone()}</a><span class="sub"><span class="narrow">{severity}" · "</span>{rule.fires.clone()}<a class="narrow" href=href>"Silence…"</a></span></td>
            <td class="more"><span class="tag">{severity}</span></td>
            <td class="more">{window}</td>
            <td class="value">{now(rule)}</td>
            <td class="more">{evaluated}</td>
            <td class="more">{fired}</td>
            <td class="more say">{tells.0}<span class="sub">{tells.1}</span></td>
            <td class="more">{silence(rule)}</td>
            <td class="more">{test}</td>
        </tr>
    }
    .into_any()
}

/// What it reads, with the age of that.
fn now(rule: &RuleView) -> AnyView {
    let at = rule.value_at;
    match &rule.value {
        Ok(value) => view! { {value.clone()}<span class="sub"><Age at before="read "/></span> }.into_any(),
        Err(why) => {
            let said = format!(" unknown: {why}");
            view! { <span title=why.clone()>{format::UNKNOWN}<span class="visually-hidden">{said}</span></span> }
                .into_any()
        }
    }
}

fn silence(rule: &RuleView) -> AnyView {
    match &rule.silence {
        None => {
            let href = format!("{PATH}?silence={}", rule.word);
            view! { <a class="button quiet" href=href aria-label=format!("Silence {}", rule.title)>"Silence…"</a> }.into_any()
        }
        Some(silence) => {
            let key = format!("end-{}-{}", rule.word, silence.until.0);
            view! {
                <span class="silence">"until "{format::date_clock(silence.until)}
                <span class="sub">{silence.by.clone()}": "{silence.reason.clone()}</span></span>
                {button("end-silence", &rule.word, "End now", "quiet", format!("End the silence of {}", rule.title), key)}
            }
            .into_any()
        }
    }
}

/// The form that silences a rule or an alert, when the address asks for it.
/// `wrong`: the field for which it was refused.
pub fn silence_form(paint: &AlertsPaint, id: &str, wrong: &str) -> Option<AnyView> {
    let rule = paint.rules.iter().find(|rule| rule.word == id);
    let alert = paint.open.open.iter().find(|alert| alert.id == id);
    let (title, most_us) = match (rule, alert) {
        (Some(rule), _) => (rule.title.clone(), rule.silence_most_us),
        (None, Some(alert)) => {
            let most = paint
                .rules
                .iter()
                .find(|rule| rule.title == alert.title)
                .map_or(0, |rule| rule.silence_most_us);
            let about =
                if alert.subject.is_empty() { String::new() } else { format!(" of {}", alert.subject) };
            (format!("{}{about}", alert.title), most)
        }
        (None, None) => return None,
    };
    let choices = SPANS
        .into_iter()
        .filter(|(minutes, _)| minutes * 60_000_000 <= most_us)
        .map(|(minutes, words)| view! { <option value=minutes.to_string()>{words}</option> })
        .collect_view();
    let key = format!("silence-{}", shell::page_key());
    let minutes = (wrong == "minutes").then_some("true");
    Some(view! {
        <section class="panel" aria-label="Silence">
            <header><h2>"Silence: "{title}</h2></header>
            <form method="post" action=ACT class="line-form">
                <input type="hidden" name="key" value=key/>
                <input type="hidden" name="do" value="silence"/>
                <input type="hidden" name="id" value=id.to_owned()/>
                <label class="field" data-invalid=minutes>"For"<select class="input" name="minutes" aria-invalid=minutes>{choices}</select></label>
                {reason_field(wrong == "reason")}
                <button class="button primary">"Silence"</button>
                <a class="button quiet" href=PATH>"Do not"</a>
                <p class="hint-line">"It still fires, and stands here; nobody is told until then. What lasts longer is told at the end."</p>
            </form>
        </section>
    }.into_any())
}
