//! Sign in: by password, or by the one-time link that the terminal printed, which sets one. Below it the
//! emergency form, a plain HTML post that needs no WASM.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::parts::{BRAND, Panel, icon};
use crate::shell;

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

#[component]
fn PasswordForm() -> impl IntoView {
    view! {
        <form class="stack" method="post" data-sends="/api/v1/sign-in">
            <h1 tabindex="-1">"Sign in"</h1>
            <label class="field">"User"<input name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required/></label>
            <label class="field">"Password"<input type="password" name="password" autocomplete="current-password" required/></label>
            <p class="refusal" role="alert"></p>
            <button class="button primary wide">"Sign in"</button>
        </form>
    }
    .into_any()
}

#[component]
fn LinkForm(token: String) -> impl IntoView {
    view! {
        <form class="stack" method="post" data-sends="/api/v1/set-password-by-link">
            <h1 tabindex="-1">"Set your password"</h1>
            <p class="said">"This link works once. After it you sign in with the user " <b>"admin"</b> " (or the user it was made for) and this password."</p>
            <input type="hidden" name="token" value=token/>
            <label class="field">"New password"<input type="password" name="password" autocomplete="new-password" minlength="8" required/></label>
            <label class="field">"The same again"<input type="password" name="again" autocomplete="new-password" minlength="8" required/></label>
            <p class="refusal" role="alert"></p>
            <button class="button primary wide">"Set password and sign in"</button>
        </form>
    }
    .into_any()
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
