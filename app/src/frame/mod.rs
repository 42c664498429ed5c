//! The frame of every page: bar (where am I), strip (what is true now), page, toasts.

mod account;
mod act;
mod panic_button;
mod panic_phase;
mod strip;
mod toasts;
mod truths;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use crate::data;
use crate::event::UiEvent;
use crate::live::{self, use_live};
use crate::parts::{BRAND, GAUGE, PULSE, icon};
use crate::platform;
use crate::port::User;
use crate::shown::provide_shown;
use crate::tell::tell;

use account::{Account, ThemeSwitch};
use strip::Strip;
use toasts::ToastList;

pub use act::{Act, act};
pub use toasts::{provide_toasts, use_toasts};
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

/// Bar, strip and the page of the route.
#[component]
pub fn Frame() -> impl IntoView {
    let live = use_live();
    let who = Who(RwSignal::new(None));
    provide_context(who);
    provide_shown();
    let paint = Resource::new_blocking(|| (), |()| data::frame());
    Effect::new(move |started: Option<()>| {
        if started.is_none() {
            live::start(live);
        }
    });
    follow_route();
    view! {
        <a class="skip" href="#page">"Skip to content"</a>
        <div class="frame">
            <header class="bar">
                <a class="brand" href="/">{icon(BRAND, "20")}"Deltascope"</a>
                <Navigation/>
                <div class="bar-end">
                    <LinkState/>
                    <ThemeSwitch/>
                    <Suspense>
                        {move || Suspend::new(async move {
                            let user = paint.await.ok().and_then(|paint| paint.0.user);
                            // Once: a page is gone through more than once while it is painted.
                            if who.0.with_untracked(|known| *known != user) {
                                who.0.set(user.clone());
                            }
                            view! { <Account user/> }
                        })}
                    </Suspense>
                </div>
            </header>
            <Suspense fallback=|| view! { <section class="strip" aria-label="State"></section> }>
                {move || Suspend::new(async move {
                    if let Ok(paint) = paint.await {
                        live.seed_strip(&paint.0.strip);
                    }
                    view! { <Strip/> }
                })}
            </Suspense>
            <main class="page" id="page" tabindex="-1"><Outlet/></main>
        </div>
        <ToastList/>
    }
    .into_any()
}

/// Route changes move focus to the new page's heading and are told.
fn follow_route() {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.as_ref().is_some_and(|before| *before != now) {
            tell(&UiEvent::Navigated { route: route_pattern(&now) });
            // After the new page stands.
            request_animation_frame(|| platform::focus("#page h1"));
        }
        now
    });
}

/// The pattern of a path: a record never holds a full address.
pub fn route_pattern(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "" => "/",
        "telemetry" => "/telemetry",
        "trace" => "/trace/:correlation_id",
        "login" => "/login",
        _ => "/*",
    }
}

#[component]
fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    let link = move |href: &'static str, name: &'static str, shape: &'static str, also: &'static str| {
        let current = move || {
            let path = path.get();
            (path == href || (!also.is_empty() && path.starts_with(also))).then_some("page")
        };
        view! { <a href=href aria-current=current>{icon(shape, "18")}<span>{name}</span></a> }
    };
    view! {
        <nav class="nav" aria-label="Pages">
            {link("/", "Control", GAUGE, "")}
            {link("/telemetry", "Telemetry", PULSE, "/trace")}
        </nav>
    }
    .into_any()
}

/// How fresh the feed is, as a dot and in words.
#[component]
fn LinkState() -> impl IntoView {
    let live = use_live();
    let words = move || match (live.link.get(), live.silent_ms.get()) {
        (live::Link::Connecting, _) => "connecting".to_owned(),
        (live::Link::Live, None) => "live".to_owned(),
        (live::Link::Live | live::Link::Silent, silent) => {
            format!("server link {} old", crate::format::span(silent.unwrap_or(0) * 1_000))
        }
        (live::Link::Retrying, _) => "reconnecting".to_owned(),
    };
    view! {
        <span class="link-state"><i class="dot" data-tone=move || live.link.get().tone()></i>" "<span>{words}</span></span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::route_pattern;

    #[test]
    fn records_hold_patterns_never_addresses() {
        for (path, pattern) in [
            ("/", "/"),
            ("/telemetry", "/telemetry"),
            ("/trace/4bf92f3577b34da6", "/trace/:correlation_id"),
            ("/x/y", "/*"),
        ] {
            assert_eq!(route_pattern(path), pattern);
        }
    }
}
