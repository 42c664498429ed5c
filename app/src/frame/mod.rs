//! The frame of every page: bar (where am I), strip (what is true now), page, toasts.

mod strip;
mod truths;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::{use_location, use_query_map};

use crate::data;
use crate::islands::LinkState;
use crate::live::use_live;
use crate::painter::{PaintedCells, View, provide_cells};
use crate::parts::{BELL, BRAND, CHART, GAUGE, LIST, PULSE, SLIDERS, icon, region};
use crate::port::User;
use crate::shell;
use crate::shown::provide_shown;

use strip::Strip;

pub use strip::{frame_regions, scope};
pub use truths::{exposure_tone, health_tone, lifecycle_tone};

/// Who is signed in, for every page inside the frame; `None` until it is known.
#[derive(Clone, Copy)]
pub struct Who(pub RwSignal<Option<User>>);

/// Whether the person may act. A viewer sees why not.
pub fn may_operate() -> Signal<bool> {
    let who = use_context::<Who>();
    Signal::derive(move || {
        who.is_some_and(|who| who.0.with(|user| user.as_ref().is_some_and(User::may_operate)))
    })
}

/// What the address of the page chooses.
fn view_of_address() -> View {
    let (path, query) = (use_location().pathname.get_untracked(), use_query_map().get_untracked());
    let pairs = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    View::read(&format!("{path}?{}", pairs.join("&")))
}

/// Bar, strip and the page of the route.
#[component]
pub fn Frame() -> impl IntoView {
    let live = use_live();
    let (user, strip) = match data::frame_paint() {
        Ok(paint) => {
            live.alerts.set(paint.alerts);
            (paint.user, Some(paint.strip))
        }
        Err(_) => (None, None),
    };
    if let Some(strip) = &strip {
        live.seed_strip(strip);
    }
    provide_context(Who(RwSignal::new(user.clone())));
    provide_context(view_of_address());
    provide_shown(None);
    let cells = provide_cells();
    view! {
        <a class="skip" href="#page">"Skip to content"</a>
        <div class="frame">
            <header class="bar">
                <a class="brand" href="/">{icon(BRAND, "20")}"Deltascope"</a>
                <Navigation/>
                <div class="bar-end">
                    <LinkState/>
                    {theme_switch()}
                    {account(user)}
                </div>
            </header>
            <PaintedCells cells/>
            <Strip/>
            {region("build", ())}
            <main class="page" id="page" tabindex="-1" data-keep=kept()><Outlet/></main>
        </div>
        {keys()}
        <div class="toasts" role="status" aria-label="Results"></div>
    }
    .into_any()
}

/// Pages of which the browser keeps what they showed (`public/recall.js`), for a return to them.
fn kept() -> Option<&'static str> {
    let path = use_location().pathname.get_untracked();
    matches!(path.as_str(), "/analytics" | "/trades").then_some("")
}

/// What `?` shows.
fn keys() -> AnyView {
    let key = |keys: &'static str, does: &'static str| view! { <div><dt><kbd>{keys}</kbd></dt><dd>{does}</dd></div> };
    view! {
        <div class="dialog" data-dialog="keys" data-while="" hidden>
            <section class="panel" role="dialog" aria-label="Keys">
                <header><h2 id="keys" tabindex="-1">"Keys"</h2></header>
                <div class="body">
                    <dl class="keys">
                        {key("Shift Esc, Shift Esc", "PANIC: closes everything")}
                        {key("Space or Enter held 1 s on PANIC", "the same")}
                        {key("g c", "Control")}
                        {key("g a", "Analytics")}
                        {key("g t", "Trades")}
                        {key("g e", "Telemetry: the log")}
                        {key("g l", "Alerts")}
                        {key("g s", "Settings")}
                        {key("Esc", "closes a dialog")}
                        {key("?", "this list")}
                    </dl>
                    <p class="buttons"><button class="button" type="button" data-does="close">"Close"</button></p>
                </div>
            </section>
        </div>
    }
    .into_any()
}

fn theme_switch() -> AnyView {
    let (now, other) = if shell::theme() == "light" { ("light", "dark") } else { ("dark", "light") };
    view! {
        <button class="button quiet" type="button" data-does="theme" aria-label=format!("Switch to the {other} theme")>{now}</button>
    }
    .into_any()
}

/// Who is signed in, and the way out.
fn account(user: Option<User>) -> AnyView {
    match user {
        Some(user) => view! {
            <span class="wide" title=format!("Role: {}", user.role)>{user.username}</span>
            <button class="button quiet" type="button" data-does="sign-out">"Sign out"</button>
        }
        .into_any(),
        None => view! { <a href="/login">"Sign in"</a> }.into_any(),
    }
}

#[component]
fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    let link = move |href: &'static str,
                     name: &'static str,
                     shape: &'static str,
                     also: &'static str,
                     key: &'static str| {
        let current = move || {
            let path = path.get();
            (path == href || (!also.is_empty() && path.starts_with(also))).then_some("page")
        };
        view! { <a href=href aria-current=current data-key=key>{icon(shape, "18")}<span>{name}</span></a> }
    };
    view! {
        <nav class="nav" aria-label="Pages">
            {link("/", "Control", GAUGE, "", "c")}
            {link("/analytics", "Analytics", CHART, "", "a")}
            {link("/trades", "Trades", LIST, "/sessions/", "t")}
            {link("/telemetry", "Telemetry", PULSE, "/trace/", "e")}
            {link("/alerts", "Alerts", BELL, "", "l")}
            {link("/settings", "Settings", SLIDERS, "", "s")}
        </nav>
    }
    .into_any()
}
