//! What a start means where the venue is a real one: said on the button and beside it, with the form that confirms it.

use leptos::prelude::*;
use model::input::LiveAccount;

use crate::live::use_live;

fn live() -> Option<LiveAccount> {
    use_live().strip.with_untracked(|strip| strip.live.clone())
}

/// The name of the button says what is traded.
pub(super) fn label() -> &'static str {
    match live() {
        None => "Start in simulation",
        Some(live) if live.real_money => "Start LIVE with real money",
        Some(_) => "Start LIVE with play money",
    }
}

/// Where orders go, in a sentence.
pub(super) fn orders_go() -> String {
    match live() {
        None => "Orders go to the simulated venue.".to_owned(),
        Some(LiveAccount { venue, account, .. }) => format!("Orders go to {venue}, account {account}."),
    }
}

/// The password once more; a plain form, so that it works without script and puts nothing into the module.
pub(super) fn confirmation() -> Option<AnyView> {
    let LiveAccount { venue, account, real_money } = live()?;
    let money = if real_money { "This is real money." } else { "This is play money." };
    let view = view! {
        <form class="step-up" method="post" action="/step-up" aria-label="Confirm live trading" data-own>
            <p><b>{format!("LIVE: {venue}, account {account}.")}</b>" "{money}" A start wants your password once more; it counts for some minutes."</p>
            <label class="field">
                <span>"Password, once more"</span>
                <input type="password" name="password" autocomplete="current-password" required/>
            </label>
            <button class="button" type="submit">"Confirm live trading"</button>
        </form>
    };
    Some(view.into_any())
}
