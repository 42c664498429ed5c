//! How fresh the feed is, as a dot and in words.

use leptos::prelude::*;

use crate::plain::span;

/// The state of the feed's socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing was tried yet, or the first try runs.
    #[default]
    Connecting,
    Live,
    /// Open, and nothing comes.
    Silent,
    /// Closed; trying again.
    Retrying,
}

impl Link {
    fn tone(self) -> &'static str {
        match self {
            Link::Connecting => "",
            Link::Live => "gain",
            Link::Silent | Link::Retrying => "doubt",
        }
    }
}

#[cfg(feature = "hydrate")]
thread_local! {
    static LINK: ArcRwSignal<(Link, Option<i64>)> = ArcRwSignal::new((Link::default(), None));
}

/// State, and for how many milliseconds nothing came, while it is silent.
#[cfg(feature = "hydrate")]
pub fn link() -> ArcRwSignal<(Link, Option<i64>)> {
    LINK.with(ArcRwSignal::clone)
}

/// The server has no feed to itself.
#[cfg(not(feature = "hydrate"))]
pub fn link() -> ArcRwSignal<(Link, Option<i64>)> {
    ArcRwSignal::new((Link::default(), None))
}

fn words((link, silent): (Link, Option<i64>)) -> String {
    match (link, silent) {
        (Link::Connecting, _) => "connecting".to_owned(),
        (Link::Live, None) => "live".to_owned(),
        (Link::Live | Link::Silent, silent) => {
            format!("server link {} old", span(silent.unwrap_or(0) * 1_000))
        }
        (Link::Retrying, _) => "reconnecting".to_owned(),
    }
}

#[island]
pub fn LinkState() -> impl IntoView {
    let link = link();
    let tone = link.clone();
    view! {
        <span class="link-state"><i class="dot" data-tone=move || tone.get().0.tone()></i>" "<span>{move || words(link.get())}</span></span>
    }
}
