//! What must be read before anything else: a session that went away, a position that cannot be seen, an operator
//! that is needed, a latch that is set, what belongs to no session, the last session's end.

use leptos::prelude::*;
use model::{Exposure, Lifecycle};

use super::foreign::Foreign;
use super::outcome::{Gone, Outcome};
use super::resolve::NeedsOperator;
use crate::format;
use crate::islands::ClearLatch;
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
    // Red while something may still be on.
    let is_flat =
        move || latch.with(|latch| latch.as_ref().is_some_and(|latch| latch.verified_flat_at.is_some()));
    let tone = move || (!is_flat()).then_some("alarm");
    view! {
        <When when=move || latch.with(Option::is_some)>
            <div class="note latch" data-tone=tone role="status">{shown}<ClearLatch/></div>
        </When>
    }
    .into_any()
}
