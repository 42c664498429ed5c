//! Settings: log levels for a while, channels of alerts with their test, and how the server is set and stands. A document;
//! its buttons are plain forms.

mod levels;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::alerts::{ACT, note};
use crate::alerts_view::ChannelView;
use crate::data;
use crate::format;
use crate::parts::{Age, Panel};
use crate::settings_view::{Fact, SettingsPaint, UserView};
use crate::shell;

pub const PATH: &str = "/settings";

const SECTIONS: [(&str, &str); 6] = [
    ("levels", "Log levels"),
    ("channels", "Channels"),
    ("users", "Users"),
    ("venue", "Venue"),
    ("retention", "Retention"),
    ("about", "About"),
];

#[component]
pub fn SettingsPage() -> impl IntoView {
    let map = use_query_map();
    let asked = |name: &str| map.with_untracked(|map| map.get(name)).unwrap_or_default();
    let (said, wrong) = (asked("said"), asked("wrong"));
    let paint = data::settings_paint();
    let part = |view: fn(&SettingsPaint) -> AnyView| paint.clone().map(|paint| view(&paint));
    let log_levels = paint.clone().map(|paint| levels::panel(&paint, &wrong));
    let (of_channels, of_users) = (part(channels), part(users));
    let (of_venue, kept, said_of_it) =
        (part(|paint| facts("Venue", &paint.venue)), part(retention), part(about));
    let links =
        SECTIONS.map(|(id, name)| view! { <li><a href=format!("#{id}")>{name}</a></li> }).collect_view();
    view! {
        <Title text="Settings"/>
        <div class="page-head"><h1 tabindex="-1">"Settings"</h1></div>
        {note(&said)}
        <div class="settings">
            <nav class="index" aria-label="Sections">
                <ul>{links}</ul>
                <p class="said">"Every change here is an audit record with who, when, before and after. None of them stops a session."</p>
            </nav>
            <div class="sections">
                <div id="levels"><Panel name="Log levels">{log_levels}</Panel></div>
                <div id="channels"><Panel name="Notification channels">{of_channels}</Panel></div>
                <div id="users"><Panel name="Users">{of_users}</Panel></div>
                <div id="venue"><Panel name="Venue">{of_venue}</Panel></div>
                <div id="retention"><Panel name="Retention and Elasticsearch">{kept}</Panel></div>
                <div id="about"><Panel name="About">{said_of_it}</Panel></div>
            </div>
        </div>
    }
    .into_any()
}

fn list(facts: &[Fact]) -> AnyView {
    let rows = facts
        .iter()
        .map(|(name, value)| view! { <dt>{name.clone()}</dt><dd>{value.clone()}</dd> })
        .collect_view();
    view! { <dl class="facts set-facts">{rows}</dl> }.into_any()
}

fn facts(title: &'static str, facts: &[Fact]) -> AnyView {
    view! { <header><h2>{title}</h2></header><div class="body">{list(facts)}</div> }.into_any()
}

fn retention(paint: &SettingsPaint) -> AnyView {
    view! {
        <header><h2>"Retention and Elasticsearch"</h2></header>
        <div class="two-lists">
            <div><h3>"Kept here"</h3>{list(&paint.retention)}</div>
            <div><h3>"Elasticsearch"</h3>{list(&paint.forwarding)}</div>
        </div>
    }
    .into_any()
}

fn about(paint: &SettingsPaint) -> AnyView {
    let mut all = paint.about.clone();
    all.push(("Build of this page".to_owned(), shell::version()));
    view! {
        <header><h2>"About"</h2></header>
        <div class="body">{list(&all)}</div>
        <footer>"Charts: "<a href="https://www.tradingview.com/lightweight-charts/">"TradingView Lightweight Charts"</a>", Apache-2.0"</footer>
    }
    .into_any()
}

fn channels(paint: &SettingsPaint) -> AnyView {
    let any = paint.channels.iter().any(|channel| channel.to.is_some());
    let all = any.then(|| test("", "Test all", "Test all channels".to_owned(), "quiet"));
    view! {
        <header><h2>"Notification channels"</h2><span class="end">{all}</span></header>
        <div class="grid-table set-table"><table>
            <caption class="visually-hidden">"Where alerts go, and what became of the last message"</caption>
            <thead><tr>
                <th scope="col">"Channel"</th><th scope="col" class="more">"Goes to"</th><th scope="col">"State"</th>
                <th scope="col" class="more">"Last delivery"</th><th scope="col"><span class="visually-hidden">"Test"</span></th>
            </tr></thead>
            <tbody>
                <tr><td><b>"Console"</b></td><td class="more">"the strip of every page, and Alerts"</td><td>"always on"</td><td class="more"></td><td></td></tr>
                {paint.channels.iter().map(channel).collect_view()}
            </tbody>
        </table></div>
        <footer>"Set by "<code>"DELTASCOPE__NOTIFY__…"</code>" and "<code>"TELEGRAM_BOT_TOKEN"</code>" when the server starts. Warnings go by e-mail after 5 min without acknowledgement; critical alerts go everywhere at once, and again."</footer>
    }
    .into_any()
}

fn channel(channel: &ChannelView) -> AnyView {
    let to = channel.to.clone().unwrap_or_else(|| format::NONE.to_owned());
    let failed = channel.last.as_ref().is_some_and(|last| !last.delivered);
    let state = match (&channel.problem, &channel.to) {
        (Some(why), _) => view! { <span class="tag" data-tone="alarm">"unusable"</span><span class="sub">{why.clone()}</span> }.into_any(),
        (None, None) => view! { <span class="none">"not set"</span> }.into_any(),
        (None, Some(_)) if failed => view! { <span class="tag" data-tone="doubt">"not received"</span> }.into_any(),
        (None, Some(_)) => "set".into_any(),
    };
    let last = channel.last.as_ref().map(|last| view! { {last.words.clone()}" "<Age at=Some(last.at)/> });
    let test =
        channel.to.is_some().then(|| test(&channel.word, "Test", format!("Test {}", channel.title), ""));
    view! {
        <tr data-key=channel.word.clone()>
            <td><b>{channel.title.clone()}</b></td><td class="more">{to}</td><td>{state}</td><td class="more">{last}</td><td>{test}</td>
        </tr>
    }
    .into_any()
}

/// A button that sends a test by one channel, or by all.
fn test(word: &str, label: &'static str, about: String, class: &'static str) -> AnyView {
    let key = format!("test-{word}-{}", shell::page_key());
    view! {
        <form method="post" action=ACT class="act">
            <input type="hidden" name="key" value=key/>
            <input type="hidden" name="do" value="test"/>
            <input type="hidden" name="channel" value=word.to_owned()/>
            <input type="hidden" name="back" value=PATH/>
            <button class=format!("button {class}") aria-label=about>{label}</button>
        </form>
    }
    .into_any()
}

fn users(paint: &SettingsPaint) -> AnyView {
    let count = paint.users.as_ref().map(|users| format::counted(users.len(), "user"));
    let body = match &paint.users {
        None => view! { <p class="body">"Accounts cannot be read right now."</p> }.into_any(),
        Some(users) => view! {
            <div class="grid-table set-table"><table>
                <caption class="visually-hidden">"Who may sign in"</caption>
                <thead><tr><th scope="col">"User"</th><th scope="col">"Role"</th><th scope="col" class="more">"Made, UTC"</th><th scope="col">"Password"</th></tr></thead>
                <tbody>{users.iter().map(user).collect_view()}</tbody>
            </table></div>
        }
        .into_any(),
    };
    view! {
        <header><h2>"Users"</h2><span class="end"><span>{count}</span></span></header>
        {body}
        <footer>"From a shell: "<code>"deltascope user add NAME"</code>" and "<code>"deltascope user remove NAME"</code></footer>
    }
    .into_any()
}

fn user(user: &UserView) -> AnyView {
    let password = if user.without_password { "not set yet" } else { "set" };
    view! {
        <tr><td><b>{user.name.clone()}</b></td><td>{user.role.clone()}</td><td class="more num">{format::date_clock(user.created_at)}</td><td>{password}</td></tr>
    }
    .into_any()
}
