//! Sign in: by password, or by the one-time link that the terminal printed, which sets one. Below it the
//! emergency form, a plain HTML post that needs no WASM.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde_json::json;

use crate::api::{self, Intent};
use crate::event::{Control, UiEvent};
use crate::parts::{BRAND, Panel, icon};
use crate::tell::tell_correlated;
use crate::{platform, shell};

#[component]
pub fn LoginPage() -> impl IntoView {
    let token = use_query_map().read_untracked().get("token").filter(|token| !token.is_empty());
    let by_link = token.is_some();
    view! {
        <Title text=if by_link { "Set a password" } else { "Sign in" }/>
        <main class="door" id="page">
            <span class="brand">{icon(BRAND, "22")}"Deltascope"</span>
            <Panel name="Sign in">
                <div class="body">
                    {match token {
                        Some(token) => view! { <LinkForm token/> }.into_any(),
                        None => view! { <PasswordForm/> }.into_any(),
                    }}
                </div>
            </Panel>
            <div>
                <EmergencyForm/>
                <FirstStart/>
            </div>
            <p class="foot"><span class="num">{shell::version()}</span></p>
        </main>
    }
    .into_any()
}

/// What a form does when it is sent, and what it says when that fails.
#[derive(Clone, Copy)]
struct Door {
    busy: RwSignal<bool>,
    said: RwSignal<String>,
}

impl Door {
    fn new() -> Self {
        Self { busy: RwSignal::new(false), said: RwSignal::new(String::new()) }
    }

    fn send(self, control: Control, route: &'static str, body: serde_json::Value) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let intent = Intent::new();
        tell_correlated(&UiEvent::Click { control, subject: String::new() }, Some(&intent.correlation_id));
        spawn_local(async move {
            let result = api::post(route, route, &body, &intent, 1).await;
            self.busy.set(false);
            match result {
                Ok(_) => platform::open("/"),
                Err(error) => self.said.set(error.message),
            }
        });
    }
}

#[component]
fn PasswordForm() -> impl IntoView {
    let door = Door::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event_target::<leptos::web_sys::EventTarget>(&event);
        let body = json!({
            "username": platform::form_field(&form, "username"),
            "password": platform::form_field(&form, "password"),
        });
        door.send(Control::SignIn, "/api/v1/sign-in", body);
    };
    view! {
        <form class="stack" method="post" on:submit=submit>
            <h1 tabindex="-1">"Sign in"</h1>
            <label class="field">"User"<input name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required/></label>
            <label class="field">"Password"<input type="password" name="password" autocomplete="current-password" required/></label>
            <Said door/>
            <button class="button primary wide" disabled=move || door.busy.get()>"Sign in"</button>
        </form>
    }
    .into_any()
}

#[component]
fn LinkForm(token: String) -> impl IntoView {
    let door = Door::new();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let form = event_target::<leptos::web_sys::EventTarget>(&event);
        let password = platform::form_field(&form, "password");
        if password != platform::form_field(&form, "again") {
            door.said.set("The two passwords differ.".to_owned());
            return;
        }
        door.send(
            Control::SetPassword,
            "/api/v1/set-password-by-link",
            json!({ "token": token, "password": password }),
        );
    };
    view! {
        <form class="stack" method="post" on:submit=submit>
            <h1 tabindex="-1">"Set your password"</h1>
            <p class="said">"This link works once. After it you sign in with the user " <b>"admin"</b> " (or the user it was made for) and this password."</p>
            <label class="field">"New password"<input type="password" name="password" autocomplete="new-password" minlength="8" required/></label>
            <label class="field">"The same again"<input type="password" name="again" autocomplete="new-password" minlength="8" required/></label>
            <Said door/>
            <button class="button primary wide" disabled=move || door.busy.get()>"Set password and sign in"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Said(door: Door) -> impl IntoView {
    view! { <p class="refusal" role="alert">{move || door.said.get()}</p> }
}

#[component]
fn EmergencyForm() -> impl IntoView {
    view! {
        <details class="fold" data-tone="alarm" id="emergency">
            <summary>"Emergency: close everything"</summary>
            <form class="inside stack" method="post" action="/panic" aria-label="Close everything">
                <p class="said">"Cancels every entry order and buys back all legs of all sessions, at market where needed. Nothing opens again until the latch is cleared. Needs no script."</p>
                <input type="hidden" name="key" value=shell::page_key()/>
                <label class="field">"User"<input name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required/></label>
                <label class="field">"Password"<input type="password" name="password" autocomplete="current-password" required/></label>
                <label class="field"><span>"Type " <span class="word">"PANIC"</span> " in place of the hold"</span><input name="confirm" pattern="PANIC" autocomplete="off" autocapitalize="characters" spellcheck="false" required/></label>
                <button class="button danger wide">"Close everything"</button>
                <p class="said">"With no browser: " <code>"deltascope panic --all"</code></p>
            </form>
        </details>
    }
    .into_any()
}

#[component]
fn FirstStart() -> impl IntoView {
    view! {
        <details class="fold">
            <summary>"First start, or no way in"</summary>
            <div class="inside">
                <p class="said">"The first start makes the user " <b>"admin"</b> " and prints a link to the terminal it was started from. The link works once, for 15 minutes; each start prints a new one until a password is set."</p>
                <p class="said">"More accounts: " <code>"deltascope user add NAME"</code> " on the server reads the password from its input."</p>
            </div>
        </details>
    }
    .into_any()
}
