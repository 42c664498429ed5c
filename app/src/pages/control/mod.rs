//! Control: what you hold, what would make it close, and why it did what it did. Each part is a region that the feed
//! keeps up to date.

mod chart;
mod configure;
pub mod desk;
mod dialogs;
pub mod draft;
mod foreign;
mod legs;
mod live_start;
mod money;
mod notices;
mod offer;
mod orders;
mod outcome;
mod preview;
mod ready;
mod reasons;
mod rescue;
mod rescue_parts;
pub mod resolve;
mod rules;
mod session_list;
pub mod stop_facts;
mod why;
mod why_lines;

use leptos::prelude::*;
use leptos_meta::Title;
use serde_json::json;

use crate::data::{self, ControlPaint};
use crate::live::use_live;
use crate::painter::{PaintedCells, provide_cells, rows};
use crate::parts::{Panel, region};
use crate::shown::{use_shown, use_view};

pub use preview::preview;
pub use ready::ready;
pub use rescue::Rescue;

#[component]
pub fn ControlPage() -> impl IntoView {
    let live = use_live();
    view! {
        <Title text="Control"/>
        <h1 class="visually-hidden" tabindex="-1">"Control"</h1>
        <Panel name="Session and market" class="bare">
            {data::control_paint().map(|paint| {
                live.seed(&paint);
                let cells = provide_cells();
                view! { <PaintedCells cells/>{painted_points(&paint)}<Desktop/> }
            })}
        </Panel>
    }
    .into_any()
}

/// The curve so far, once, where the browser finds it: the feed goes on from its end.
fn painted_points(paint: &ControlPaint) -> Option<impl IntoView + use<>> {
    let session = use_shown().id.get_untracked()?;
    let points = paint.sessions.curves.get(&session)?;
    let json = json!({ "session": session, "replace": true, "rows": rows(points) }).to_string();
    Some(view! { <div hidden data-points=json></div> })
}

/// Everything below the heading, once the first paint is known.
#[component]
fn Desktop() -> impl IntoView {
    let slot = |name: &'static str| region(name, part(name));
    view! {
        {slot("notices")}
        {slot("sessions")}
        <div class="control">
            {slot("desk")}
            {slot("new")}
            {slot("rescue")}
            <div class="column">{slot("offer")}{slot("money")}{slot("legs")}{slot("orders")}</div>
            <div class="column">{slot("check")}{slot("rules")}{slot("why")}</div>
        </div>
        {dialogs::stop(part("stop"))}
        {dialogs::resolve(part("resolve"))}
        {live_start::dialog()}
    }
    .into_any()
}

const PARTS: [&str; 14] = [
    "notices", "sessions", "desk", "new", "rescue", "offer", "money", "legs", "orders", "check", "rules",
    "why", "stop", "resolve",
];

/// The parts of Control, painted.
pub fn control_regions() -> Vec<(&'static str, AnyView)> {
    PARTS.into_iter().map(|name| (name, part(name))).collect()
}

fn part(name: &'static str) -> AnyView {
    let running = use_live().running().get_untracked();
    let offered = running == 0 || use_view().composing;
    let exists = use_shown().id.get_untracked().is_some();
    match name {
        "notices" => view! { <notices::Notices/> }.into_any(),
        "sessions" => view! { <session_list::SessionList/> }.into_any(),
        "desk" => desk::desk(running),
        "new" if running > 0 && offered => view! { <offer::Beside/> }.into_any(),
        "rescue" => view! { <rescue::Rescue/> }.into_any(),
        "offer" if offered => offer::offer(),
        "check" if offered => offer::check(),
        "money" if exists => {
            view! { <Panel name="Profit and loss" class="money-panel"><money::MoneyPanel/></Panel> }
                .into_any()
        }
        "legs" if exists => view! { <Panel name="Legs" class="legs"><legs::Legs/></Panel> }.into_any(),
        "orders" if exists => {
            view! { <Panel name="Orders and fills" class="orders"><orders::Orders/></Panel> }.into_any()
        }
        "rules" if exists => {
            view! { <Panel name="Exit rules" class="rules"><rules::Rules/></Panel> }.into_any()
        }
        "why" if exists => view! { <Panel name="Decisions" class="why"><why::Why/></Panel> }.into_any(),
        "stop" if exists => stop_facts::facts(),
        "resolve" if exists => resolve::facts(),
        _ => ().into_any(),
    }
}
