//! The cells of a page: what its islands read.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::view::{SessionView, StripView};
use model::{Exposure, Lifecycle};

use crate::cell::Cells;
use crate::format;
use crate::frame::{may_operate, scope};
use crate::live::{running, use_live};
use crate::pages::control::{desk, resolve, stop_facts};
use crate::shown::use_shown;

const ONLY_LOOKS: &str = "Your role only looks.";

/// The cells of a session.
const OF_SESSION: [&str; 8] = [
    "shown",
    "floor",
    "why.pause",
    "why.resume",
    "why.stop",
    "stop.exit",
    "resolve.session",
    "resolve.close",
];

type Pairs = Vec<(&'static str, String)>;

/// Makes the cells of what is known now, and provides them to the islands that are painted.
pub fn provide_cells() -> BTreeMap<String, String> {
    let live = use_live();
    let operate = may_operate().get_untracked();
    let mut pairs = live.strip.with_untracked(|strip| of_strip(strip, operate));
    match use_shown().held_untracked() {
        Some(held) => pairs.extend(held.view.with_untracked(|session| of_session(session, operate))),
        // Said all the same: a browser may still show those of a session that was there.
        None => pairs.extend(OF_SESSION.map(|key| (key, String::new()))),
    }
    let cells: BTreeMap<String, String> =
        pairs.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
    provide_context(Cells(cells.clone()));
    cells
}

/// The cells of the first paint, where the browser finds them.
#[component]
pub fn PaintedCells(mut cells: BTreeMap<String, String>) -> impl IntoView {
    cells.retain(|_, text| !text.is_empty());
    let json = serde_json::to_string(&cells).unwrap_or_default();
    view! { <div hidden data-cells=json></div> }
}

fn of_strip(strip: &StripView, operate: bool) -> Pairs {
    let word = |text: Option<&'static str>| text.unwrap_or("none").to_owned();
    let latch = match &strip.latch {
        None => "",
        Some(latch) if latch.verified_flat_at.is_some() => "flat",
        Some(_) => "set",
    };
    let start = match (operate, &strip.latch) {
        (false, _) => "Your role only looks: an operator or admin may start.",
        (true, Some(_)) => "The panic latch is set: clear it first, with a reason.",
        (true, None) => "",
    };
    let clear = match (operate, latch) {
        (false, _) => ONLY_LOOKS,
        (true, "flat") => "",
        (true, _) => "Not yet verified flat.",
    };
    let health: Vec<&str> = strip.health.iter().map(|health| health.word()).collect();
    vec![
        ("latch", latch.to_owned()),
        ("panic.scope", scope(strip)),
        ("running", running(strip).to_string()),
        ("truth.intent", word(strip.intent.map(|intent| intent.word()))),
        ("truth.lifecycle", word(strip.lifecycle.map(|lifecycle| lifecycle.word()))),
        ("truth.exposure", word(strip.exposure.map(|exposure| exposure.word()))),
        ("truth.health", health.join(" ")),
        ("active.session", strip.session_id.as_ref().map(|id| id.0.clone()).unwrap_or_default()),
        ("active.mode", strip.execution_mode.word().to_owned()),
        ("spot.at", strip.spot_at.map(|at| at.as_millis().to_string()).unwrap_or_default()),
        ("why.start", start.to_owned()),
        ("why.clear", clear.to_owned()),
        ("why.role", if operate { "" } else { ONLY_LOOKS }.to_owned()),
    ]
}

fn of_session(session: &SessionView, operate: bool) -> Pairs {
    let shut = |why: fn(Lifecycle, Exposure) -> Option<&'static str>| {
        let why = if operate { why(session.lifecycle, session.exposure) } else { Some(ONLY_LOOKS) };
        why.unwrap_or_default().to_owned()
    };
    let pnl = &session.pnl;
    let need = resolve::need(session);
    vec![
        ("shown", session.session_id.0.clone()),
        ("floor", pnl.floor.map(format::plain).unwrap_or_default()),
        ("why.pause", shut(desk::pause_shut)),
        ("why.resume", shut(desk::resume_shut)),
        ("why.stop", shut(desk::stop_shut)),
        ("stop.exit", stop_facts::consequence(session)),
        ("resolve.session", need.as_ref().map(|need| need.id.0.clone()).unwrap_or_default()),
        ("resolve.close", need.as_ref().map(resolve::consequence).unwrap_or_default()),
    ]
}
