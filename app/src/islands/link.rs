//! How fresh the feed is, as a dot and in words.

use leptos::prelude::*;

use super::painted::painted;
use crate::cell::cell;
#[cfg(any(test, feature = "hydrate"))]
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

const CONNECTING: &str = "connecting";

#[cfg(feature = "hydrate")]
impl Link {
    /// Shows it in the bar. `silent_ms`: for how long nothing came, while it is silent.
    pub fn show(self, silent_ms: Option<i64>) {
        let tone = match self {
            Link::Connecting => "",
            Link::Live => "gain",
            Link::Silent | Link::Retrying => "doubt",
        };
        crate::cell::set_cell("link.tone", tone.to_owned());
        crate::cell::set_cell("link.words", words(self, silent_ms));
    }
}

#[cfg(any(test, feature = "hydrate"))]
fn words(link: Link, silent_ms: Option<i64>) -> String {
    match (link, silent_ms) {
        (Link::Connecting, _) => CONNECTING.to_owned(),
        (Link::Live, None) => "live".to_owned(),
        (Link::Live | Link::Silent, silent_ms) => {
            ["server link ", &span(silent_ms.unwrap_or(0) * 1_000), " old"].concat()
        }
        (Link::Retrying, _) => "reconnecting".to_owned(),
    }
}

#[island]
pub fn LinkState() -> impl IntoView {
    painted(
        || {
            view! { <span class="link-state"><i class="dot" data-tone=""></i>" "<span class="link-words">{CONNECTING}</span></span> }
        },
        |place| {
            let (tone, words) = (cell("link.tone"), cell("link.words"));
            place.part("i").has("data-tone", move || Some(tone.get()));
            let said = move || Some(words.get()).filter(|words| !words.is_empty());
            place.part(".link-words").says(move || said().unwrap_or_else(|| CONNECTING.to_owned()));
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_link_says_for_how_long() {
        assert_eq!(words(Link::Silent, Some(12_300)), "server link 12 s old");
        assert_eq!(words(Link::Live, None), "live");
        assert_eq!(words(Link::Retrying, Some(12_300)), "reconnecting");
    }
}
