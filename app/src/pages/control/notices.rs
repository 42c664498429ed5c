//! What must be read before anything else: a session that went away, a position that cannot be seen, an operator
//! that is needed, a latch that is set, what belongs to no session, the last session's end.

use leptos::prelude::*;
use model::{Exposure, Lifecycle};
use serde_json::json;

use super::desk::ActButton;
use super::foreign::Foreign;
use super::outcome::{Gone, Outcome};
use super::resolve::NeedsOperator;
use crate::event::Control;
use crate::format;
use crate::frame::{Act, act, may_operate, use_toasts};
use crate::live::use_live;
use crate::parts::{Age, TraceLink, When};
use crate::shown::use_shown;

#[component]
pub fn Notices() -> impl IntoView {
    view! { <Gone/><Blind/><NeedsOperator/><LatchNotice/><Foreign/><Outcome/> }
}

/// Exposure is unknown: loud, and never shown as zero.
#[component]
fn Blind() -> impl IntoView {
    let shown = use_shown();
    let blind = shown
        .part(|session| session.exposure == Exposure::Unknown && session.lifecycle != Lifecycle::Stopped);
    let last = shown.part(|session| {
        session
            .legs
            .iter()
            .filter(|leg| leg.qty != 0)
            .map(|leg| format!("{} {}", format::lots(leg.qty), leg.symbol))
            .collect::<Vec<_>>()
            .join(", ")
    });
    let read_at = shown.part(|session| session.exposure_read_at);
    let read_at = Signal::derive(move || read_at.get().flatten());
    let answered = move || {
        read_at.get().map_or_else(
            || "The venue has not answered yet".to_owned(),
            |at| format!("The venue last answered at {} UTC", format::clock(at)),
        )
    };
    view! {
        <When when=move || blind.get() == Some(true)>
            <p class="note" data-tone="alarm" role="status">
                <span>
                    <b>"We cannot see your position. "</b>{answered}" " <Age at=read_at/> ". Last known: "
                    {move || last.get().filter(|last| !last.is_empty()).unwrap_or_else(|| "nothing open".to_owned())}
                    ". It is asked again and again. Panic works: it keeps trying until flat."
                </span>
            </p>
        </When>
    }
    .into_any()
}

/// The account's panic latch, and the way to clear it: with a reason, when verified flat.
#[component]
fn LatchNotice() -> impl IntoView {
    let live = use_live();
    let latch = Memo::new(move |_| live.strip.with(|strip| strip.latch.clone()));
    let shown = move || {
        latch.get().map(|latch| {
            let flat = match latch.verified_flat_at {
                Some(at) => format!("Verified flat at {} UTC by two reads of the venue.", format::clock(at)),
                None => "Not yet verified flat: the latch can be cleared when two reads of the venue say so.".to_owned(),
            };
            view! {
                <span><b>"Panic latch set "</b>{format!("at {} UTC by {}. Nothing new opens. {flat} ", format::clock(latch.since), latch.who)}<TraceLink id=latch.correlation_id/></span>
            }
        })
    };
    let verified = Signal::derive(move || {
        latch.with(|latch| latch.as_ref().is_some_and(|latch| latch.verified_flat_at.is_some()))
    });
    view! {
        <When when=move || latch.with(Option::is_some)>
            <div class="note latch" data-tone="alarm" role="status">{shown}<ClearLatch verified/></div>
        </When>
    }
    .into_any()
}

#[component]
fn ClearLatch(verified: Signal<bool>) -> impl IntoView {
    let toasts = use_toasts();
    let operate = may_operate();
    let reason = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let shut = Signal::derive(move || {
        if !operate.get() {
            Some("Your role only looks.".to_owned())
        } else if !verified.get() {
            Some("Not yet verified flat.".to_owned())
        } else if reason.with(|reason| reason.trim().is_empty()) {
            Some("Say why first: the reason is recorded with your name.".to_owned())
        } else {
            None
        }
    });
    let clear = move || {
        let clear = Act {
            control: Control::ClearLatch,
            subject: String::new(),
            route: "/api/v1/panic/acknowledge",
            path: "/api/v1/panic/acknowledge".to_owned(),
            body: json!({ "reason": reason.get_untracked().trim() }),
            accepted: "Latch cleared",
            refused: "Latch not cleared",
        };
        act(clear, toasts, busy, |_| {});
    };
    view! {
        <span class="end latch-form">
            <label class="field">"Reason"<input autocomplete="off" prop:value=move || reason.get() on:input=move |event| reason.set(event_target_value(&event))/></label>
            <ActButton label="Clear latch" class="" shut on_act=clear/>
        </span>
    }
    .into_any()
}
