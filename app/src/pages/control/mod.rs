//! Control: what you hold, what would make it close, and why it did what it did.

mod chart;
mod compose;
mod configure;
mod desk;
mod draft;
mod foreign;
mod legs;
mod money;
mod notices;
mod orders;
mod outcome;
mod points;
mod preview;
mod ready;
mod reasons;
mod rescue;
mod rescue_parts;
mod resolve;
mod rules;
mod session_list;
mod start;
mod stop_dialog;
mod why;
mod why_lines;

use leptos::prelude::*;
use leptos_meta::Title;

use crate::data;
use crate::live::use_live;
use crate::parts::{Panel, Retry, When};
use crate::wire::Wire;

use crate::shown::use_shown;
use configure::Configure;
use desk::Desk;
use legs::Legs;
use money::MoneyPanel;
use notices::Notices;
use orders::Orders;
use preview::Preview;
use ready::Ready;
use rescue::Rescue;
use rules::Rules;
use session_list::SessionList;
use start::Starting;
use why::Why;

#[component]
pub fn ControlPage() -> impl IntoView {
    let live = use_live();
    let retry = Retry(RwSignal::new(0));
    provide_context(retry);
    let paint = Resource::new_blocking(move || retry.0.get(), |_| data::control());
    view! {
        <Title text="Control"/>
        <h1 class="visually-hidden" tabindex="-1">"Control"</h1>
        <Panel name="Session and market" class="bare">
            <Suspense fallback=|| view! { <div class="skeleton"></div> }>
                {move || Suspend::new(async move {
                    paint.await.map(|Wire(paint)| {
                        live.seed(&paint);
                        view! { <Desktop starting=Starting::new(paint.presets)/> }
                    })
                })}
            </Suspense>
        </Panel>
    }
    .into_any()
}

/// Everything below the heading, once the first paint is known.
#[component]
fn Desktop(starting: Starting) -> impl IntoView {
    let live = use_live();
    let running = live.running();
    let shown = use_shown();
    let exists = Memo::new(move |_| shown.id().is_some());
    starting.keep_preview_fresh(running);
    let stale = move || live.silent_ms.get().map(|_| "stale");
    view! {
        <Notices/>
        <SessionList/>
        <div class="control" data-link=stale>
            <Desk starting running/>
            <Rescue/>
            <div class="column">
                <When when=move || starting.is_offered(running)>
                    <Panel name="Preview" class="money-panel"><Preview starting/></Panel>
                    <Panel name="Configuration"><Configure starting/></Panel>
                </When>
                <When when=move || exists.get()>
                    <Panel name="Profit and loss" class="money-panel"><MoneyPanel/></Panel>
                    <Panel name="Legs" class="legs"><Legs/></Panel>
                    <Panel name="Orders and fills" class="orders"><Orders/></Panel>
                </When>
            </div>
            <div class="column">
                <When when=move || starting.is_offered(running)>
                    <Panel name="Ready to start"><Ready starting/></Panel>
                </When>
                <When when=move || exists.get()>
                    <Panel name="Exit rules" class="rules"><Rules/></Panel>
                    <Panel name="Decisions" class="why"><Why/></Panel>
                </When>
            </div>
        </div>
    }
    .into_any()
}
