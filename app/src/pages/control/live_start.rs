//! What a start means where the venue is a real one: said on the button and beside it, and the dialog that asks for the
//! password once more.

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

/// Whose account it is, and whether it is money.
fn whose(LiveAccount { venue, account, real_money }: &LiveAccount) -> AnyView {
    let money = if *real_money { "This is real money." } else { "This is play money." };
    view! { <b>{format!("LIVE: {venue}, account {account}.")}</b>" "{money} }.into_any()
}

/// Beside the button.
pub(super) fn warning() -> Option<AnyView> {
    let live = live()?;
    Some(
        view! { <p class="step-up">{whose(&live)}" A start asks for your password once more."</p> }
            .into_any(),
    )
}

/// Opened by the answer that the password is wanted once more; what was pressed is done when it was right.
pub(super) fn dialog() -> Option<AnyView> {
    let live = live()?;
    let view = view! {
        <div class="dialog" hidden data-dialog="confirm" data-while="" data-back=".desk .button.primary">
            <section class="panel" role="dialog" aria-labelledby="confirm-title" aria-describedby="confirm-about">
                <header>
                    <h2 id="confirm-title"><span class="what-waits" data-own></span>": your password, once more"</h2>
                    <span class="end"><button class="button quiet" type="button" data-does="close">"Close, do nothing"</button></span>
                </header>
                <form class="body stack" method="post" action="/step-up" data-sends="/api/v1/step-up">
                    <p id="confirm-about">{whose(&live)}" What you pressed is done once the password is right. It counts for some minutes, in this browser only."</p>
                    <label class="field">"Password"<input type="password" id="confirm" name="password" autocomplete="current-password" required/></label>
                    <p class="refusal" role="alert" data-own></p>
                    <button class="button danger solid">"Confirm"</button>
                </form>
            </section>
        </div>
    };
    Some(view.into_any())
}
