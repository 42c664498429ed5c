//! The card of a close or a panic: counts down to verified flat, session by session and leg by leg.

use leptos::prelude::*;
use model::view::{ClosingLegView, MilestoneView};

use super::rescue_parts::{Card, Part, Seen, card, read_at, spoken, title, trouble};
use crate::format;
use crate::live::{TRUTH_STALE_US, use_live};
use crate::parts::{Age, Panel, TraceLink, When};
use crate::shown::use_shown;

#[component]
pub fn Rescue() -> impl IntoView {
    let (live, shown) = (use_live(), use_shown());
    let card = Memo::new(move |_| {
        let sessions: Vec<Seen> =
            live.held.with(|held| held.iter().map(|held| held.view.with(Seen::of)).collect());
        let id = shown.id();
        live.strip.with(|strip| card(strip.latch.as_ref(), strip.sweep.as_ref(), &sessions, id.as_ref()))
    });
    view! {
        <When when=move || card.with(Option::is_some)>
            <Panel name="Closing progress" class="desk rescue"><Progress card/></Panel>
        </When>
    }
    .into_any()
}

/// When it began, and who wanted it.
fn began(card: &Card) -> String {
    let Some(first) = card.parts.first().map(|part| &part.closing) else { return String::new() };
    let who = first.who.as_ref().map(|who| format!(" · by {who}")).unwrap_or_default();
    format!("accepted {}{who}", format::clock_ms(first.started_at))
}

fn trace(card: &Card) -> String {
    card.parts.first().map(|part| part.closing.correlation_id.clone()).unwrap_or_default()
}

#[component]
fn Progress(card: Memo<Option<Card>>) -> impl IntoView {
    let text = move |of: fn(&Card) -> String| {
        Memo::new(move |_| card.with(|card| card.as_ref().map(of).unwrap_or_default()))
    };
    let (spoken, began, trace) = (text(spoken), text(began), text(trace));
    let heading = text(|card| title(card).to_owned());
    let read_at = Signal::derive(move || card.with(|card| card.as_ref().and_then(read_at)));
    let is_panic = Memo::new(move |_| card.with(|card| card.as_ref().is_some_and(|card| card.panic)));
    let at_work =
        Memo::new(move |_| card.with(|card| card.as_ref().is_some_and(|card| card.panic && !card.verified)));
    let keys = Memo::new(move |_| {
        card.with(|card| {
            let parts = card.iter().flat_map(|card| &card.parts);
            parts.map(|part| part.key.clone()).collect::<Vec<_>>()
        })
    });
    let part = move |key: String| {
        Memo::new(move |_| {
            card.with(|card| card.as_ref()?.parts.iter().find(|part| part.key == key).cloned())
        })
    };
    let many = Signal::derive(move || keys.with(|keys| keys.len() > 1));
    view! {
        <header data-panic=move || at_work.get().then_some("")>
            <h2>{move || heading.get()}</h2>
            <span class="end"><span>{move || began.get()}</span>{move || view! { <TraceLink id=trace.get()/> }}</span>
        </header>
        <p class="visually-hidden" aria-live="assertive" role="status">{move || spoken.get()}</p>
        <div class="rescue-parts">
            <For each=move || keys.get() key=String::clone let:key><PartView part=part(key) many/></For>
        </div>
        <footer>
            <Age at=read_at stale_us=TRUTH_STALE_US before="venue read "/>" "
            <When when=move || is_panic.get()>
                <span>"No new order can open a position until you clear the latch."</span>
            </When>
            <When when=move || at_work.get()>
                <span>" If this page goes dark, closing continues on the server; from a shell: " <code>"deltascope panic --all"</code></span>
            </When>
        </footer>
    }
    .into_any()
}

/// One session, or what belongs to none; named where there are several.
#[component]
fn PartView(part: Memo<Option<Part>>, many: Signal<bool>) -> impl IntoView {
    let name =
        Memo::new(move |_| part.with(|part| part.as_ref().map(|part| part.name.clone()).unwrap_or_default()));
    let trouble = Memo::new(move |_| {
        part.with(|part| part.as_ref().and_then(|part| trouble(&part.closing)).unwrap_or_default())
    });
    let milestones = move || part.get().map(|part| milestone_rows(&part.closing.milestones).collect_view());
    let legs = move || part.get().map(|part| part.closing.legs.into_iter().map(leg_row).collect_view());
    let nothing = move || part.with(|part| part.as_ref().is_none_or(|part| part.closing.legs.is_empty()));
    view! {
        <div class="rescue-part" role="group" aria-label=move || name.get()>
            <When when=move || many.get()><h3>{move || name.get()}</h3></When>
            <ol class="milestones">{milestones}</ol>
            <p class="note" data-tone="alarm" hidden=move || trouble.with(String::is_empty)>{move || trouble.get()}</p>
            <p class="lack" hidden=move || !nothing()>"Nothing was found on."</p>
            <div class="grid-table" hidden=nothing><table>
                <caption class="visually-hidden">{move || format!("Legs of {} and what is left of each", name.get())}</caption>
                <thead><tr><th>"Leg"</th><th class="more n">"Was"</th><th class="n">"Left"</th><th>"Now"</th><th class="more n">"Attempts"</th><th class="n">"Price"</th></tr></thead>
                <tbody>{legs}</tbody>
            </table></div>
        </div>
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
    let left = leg.left.map_or_else(|| format::UNKNOWN.to_owned(), format::lots);
    let sentence = if leg.sentence == word { String::new() } else { leg.sentence };
    view! {
        <tr>
            <td><span class="symbol">{leg.symbol.0}</span>{leg.foreign.then(|| view! { <span class="sub">"not ours"</span> })}</td>
            <td class="more n">{format::lots(leg.was)}</td>
            <td class="n">{left}</td>
            <td><span class="tag" data-tone=tone>{word}</span>" "{sentence}</td>
            <td class="more n">{leg.attempts}</td>
            <td class="n">{format::price_or_none(leg.average_price)}</td>
        </tr>
    }
}
