//! The sessions that run at once, one line each: what it is, its truths, its result. A line is a link that puts the
//! session into the panels, so it works from the keyboard, as a bookmark, and without the page's program.

use leptos::prelude::*;
use model::view::SessionChip;
use model::{Health, SessionId};

use crate::format;
use crate::frame::{exposure_tone, health_tone, lifecycle_tone};
use crate::live::use_live;
use crate::pages::past::configuration_name;
use crate::parts::{SignedMoney, When};
use crate::shown::{href, use_shown};

/// Shown as soon as there is something to choose.
#[component]
pub fn SessionList() -> impl IntoView {
    let live = use_live();
    let ids = Memo::new(move |_| {
        live.strip.with(|strip| strip.sessions.iter().map(|chip| chip.session_id.clone()).collect::<Vec<_>>())
    });
    view! {
        <When when=move || ids.with(|ids| ids.len() > 1)>
            <nav class="sessions" aria-label="Sessions">
                <ul>
                    {move || ids.get().into_iter().map(|id| { let key = id.to_string(); view! { <li data-key=key><Row id/></li> } }).collect_view()}
                </ul>
            </nav>
        </When>
    }
    .into_any()
}

/// The tone of a tag; the strip's chips have the same.
fn tag(tone: &'static str) -> Option<&'static str> {
    match tone {
        "" | "idle" => None,
        "wait" => Some("doubt"),
        other => Some(other),
    }
}

fn health_words(health: &[Health]) -> String {
    match health {
        [] => "OK".to_owned(),
        some => some.iter().map(|health| format::words(health.word())).collect::<Vec<_>>().join(", "),
    }
}

/// What needs the eye first.
fn row_tone(chip: &SessionChip) -> Option<&'static str> {
    let tones = [lifecycle_tone(chip.lifecycle), exposure_tone(chip.exposure), health_tone(&chip.health)];
    ["alarm", "doubt"].into_iter().find(|tone| tones.contains(tone))
}

#[component]
fn Row(id: SessionId) -> impl IntoView {
    let (live, shown) = (use_live(), use_shown());
    let (chip_id, subject) = (id.clone(), id.0.clone());
    let chip = Memo::new(move |_| {
        live.strip.with(|strip| strip.sessions.iter().find(|chip| chip.session_id == chip_id).cloned())
    });
    let text = move |of: fn(&SessionChip) -> String| {
        move || chip.with(|chip| chip.as_ref().map(of).unwrap_or_default())
    };
    let tone = move |of: fn(&SessionChip) -> Option<&'static str>| {
        move || chip.with(|chip| chip.as_ref().and_then(of))
    };
    let money = Signal::derive(move || chip.with(|chip| chip.as_ref().and_then(|chip| chip.pnl)));
    let own = id.clone();
    let current = move || (shown.id().as_ref() == Some(&own)).then_some("true");
    view! {
        <a href=href(&id) aria-current=current data-tone=tone(row_tone) data-does="tell" data-control="choose" data-subject=subject>
            <span class="what"><b>{text(|chip| configuration_name(&chip.configuration))}</b>" "<span class="sub">{text(|chip| format!("{} · {}", chip.underlying, chip.session_id))}</span></span>
            " "
            <span class="truth-tags">
                <span class="tag" data-tone=tone(|chip| tag(lifecycle_tone(chip.lifecycle)))>{text(|chip| format::words(chip.lifecycle.word()))}</span>
                " "
                <span class="tag" data-tone=tone(|chip| tag(exposure_tone(chip.exposure)))>{text(|chip| format::words(chip.exposure.word()))}</span>
                " "
                <span class="tag" data-tone=tone(|chip| tag(health_tone(&chip.health)))>{text(|chip| health_words(&chip.health))}</span>
            </span>
            " "
            <SignedMoney money why="nothing sold yet, or no price to close a leg"/>
        </a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::{Exposure, Lifecycle, Micros, Underlying};

    use super::*;

    #[test]
    fn a_line_takes_the_tone_of_its_worst_truth() {
        let chip = |lifecycle, exposure, health: &[Health]| SessionChip {
            session_id: SessionId::new("s-1"),
            configuration: String::new(),
            underlying: Underlying::new("BTC"),
            lifecycle,
            exposure,
            health: health.to_vec(),
            started_at: Micros(0),
            pnl: None,
        };
        for (lifecycle, exposure, health, tone) in [
            (Lifecycle::Running, Exposure::Open, &[][..], None),
            (Lifecycle::Paused, Exposure::Open, &[][..], None),
            (Lifecycle::Running, Exposure::Unknown, &[][..], Some("doubt")),
            (Lifecycle::NeedsOperator, Exposure::Unknown, &[][..], Some("alarm")),
            (Lifecycle::Running, Exposure::Open, &[Health::Unreconciled][..], Some("alarm")),
        ] {
            assert_eq!(row_tone(&chip(lifecycle, exposure, health)), tone, "{lifecycle} {exposure}");
        }
        assert_eq!(health_words(&[Health::DataStale, Health::ClockSkew]), "Data stale, Clock skew");
    }
}
