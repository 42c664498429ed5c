//! The card of a close or a panic: counts down to verified flat, leg by leg.

use leptos::prelude::*;
use model::Lifecycle;
use model::view::{ClosingLegView, ClosingView, MilestoneView};

use super::shown::use_shown;
use crate::format;
use crate::live::{TRUTH_STALE_US, use_live};
use crate::parts::{Age, Panel, TraceLink};

#[component]
pub fn Rescue() -> impl IntoView {
    let (live, shown) = (use_live(), use_shown());
    let closing = shown.part(|session| {
        session.closing.clone().filter(|closing| closing.panic || session.lifecycle != Lifecycle::Stopped)
    });
    let latched = Memo::new(move |_| live.strip.with(|strip| strip.latch.is_some()));
    // A panic's card stays until its latch is cleared, any other until the session has ended.
    let closing = Memo::new(move |_| {
        closing
            .get()
            .flatten()
            .filter(|closing| !closing.panic || closing.verified_flat_at.is_none() || latched.get())
    });
    view! {
        <Show when=move || closing.with(Option::is_some)>
            <Panel name="Closing progress" class="desk rescue"><Progress closing/></Panel>
        </Show>
    }
    .into_any()
}

fn title(closing: &ClosingView) -> &'static str {
    match (closing.panic, closing.verified_flat_at.is_some()) {
        (true, false) => "Closing everything",
        (true, true) => "Closed everything: verified flat",
        (false, false) => "Closing the position",
        (false, true) => "Closed the position: verified flat",
    }
}

/// What a screen reader is told, once per step.
fn spoken(closing: &ClosingView) -> String {
    let now = closing.milestones.iter().find(|milestone| !milestone.done).map_or_else(
        || "done".to_owned(),
        |milestone| format!("now: {} {}", milestone.label, milestone.note),
    );
    let blocked = closing.blocked.as_ref().map(|why| format!(" Blocked: {why}")).unwrap_or_default();
    format!("{}, {now}.{blocked}", title(closing))
}

#[component]
fn Progress(closing: Memo<Option<ClosingView>>) -> impl IntoView {
    let text = move |of: fn(&ClosingView) -> String| {
        Memo::new(move |_| closing.with(|closing| closing.as_ref().map(of).unwrap_or_default()))
    };
    let spoken = text(spoken);
    let heading = text(|closing| title(closing).to_owned());
    let began = text(|closing| {
        let who = closing.who.as_ref().map(|who| format!(" · by {who}")).unwrap_or_default();
        format!("accepted {}{who}", format::clock_ms(closing.started_at))
    });
    let trace = text(|closing| closing.correlation_id.clone());
    let blocked = text(|closing| closing.blocked.clone().unwrap_or_default());
    let read_at =
        Signal::derive(move || closing.with(|closing| closing.as_ref().and_then(|closing| closing.read_at)));
    let is_panic =
        Memo::new(move |_| closing.with(|closing| closing.as_ref().is_some_and(|closing| closing.panic)));
    let milestones = move || closing.get().map(|closing| milestone_rows(&closing.milestones).collect_view());
    let legs = move || closing.get().map(|closing| closing.legs.into_iter().map(leg_row).collect_view());
    view! {
        <header data-panic=move || is_panic.get().then_some("")>
            <h2>{move || heading.get()}</h2>
            <span class="end"><span>{move || began.get()}</span>{move || view! { <TraceLink id=trace.get()/> }}</span>
        </header>
        <p class="visually-hidden" aria-live="assertive" role="status">{move || spoken.get()}</p>
        <ol class="milestones">{milestones}</ol>
        <p class="note" data-tone="alarm" hidden=move || blocked.with(String::is_empty)>{move || blocked.get()}</p>
        <div class="grid-table"><table>
            <caption class="visually-hidden">"Legs and what is left of each"</caption>
            <thead><tr><th>"Leg"</th><th class="more n">"Was"</th><th class="n">"Left"</th><th>"Now"</th><th class="more n">"Attempts"</th><th class="n">"Paid"</th></tr></thead>
            <tbody>{legs}</tbody>
        </table></div>
        <footer>
            <Age at=read_at stale_us=TRUTH_STALE_US before="venue read "/>" "
            <Show when=move || is_panic.get()>
                <span>"No new order can open a position until you clear the latch. If this page goes dark, closing continues on the server; from a shell: " <code>"deltascope panic --all"</code></span>
            </Show>
        </footer>
    }
    .into_any()
}

/// The first milestone that is not done is the one that is worked on.
fn milestone_rows(milestones: &[MilestoneView]) -> impl Iterator<Item = impl IntoView + use<>> {
    let now = milestones.iter().position(|milestone| !milestone.done);
    milestones.iter().enumerate().map(move |(index, milestone)| {
        let MilestoneView { label, done, note } = milestone.clone();
        view! { <li data-done=done.then_some("") data-now=(now == Some(index)).then_some("")>{label}<span class="num">{note}</span></li> }
    })
}

fn leg_row(leg: ClosingLegView) -> impl IntoView {
    let (tone, word) = match leg.left {
        Some(0) => ("gain", "flat"),
        Some(_) => ("alarm", "closing"),
        None => ("doubt", "unknown"),
    };
    view! {
        <tr>
            <td><span class="symbol">{leg.symbol.0}</span></td>
            <td class="more n">{format::lots(leg.was)}</td>
            <td class="n">{leg.left.map_or_else(|| "?".to_owned(), format::lots)}</td>
            <td><span class="tag" data-tone=tone>{word}</span>" "{leg.sentence}</td>
            <td class="more n">{leg.attempts}</td>
            <td class="n">{format::price_or_none(leg.average_price)}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;

    #[test]
    fn a_screen_reader_hears_the_step_that_is_worked_on() {
        let step =
            |label: &str, done| MilestoneView { label: label.to_owned(), done, note: "1 of 2".to_owned() };
        let closing = ClosingView {
            panic: true,
            panic_id: None,
            started_at: Micros(0),
            who: None,
            correlation_id: String::new(),
            milestones: vec![
                step("Accepted", true),
                step("Shorts flat", false),
                step("Verified flat", false),
            ],
            legs: vec![],
            read_at: None,
            blocked: None,
            verified_flat_at: None,
        };
        assert_eq!(spoken(&closing), "Closing everything, now: Shorts flat 1 of 2.");
    }
}
