//! The session that the panels show, as signals: named by the address (`?session=`), so that a reload and a link
//! keep it.

mod choice;

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use model::SessionId;
use model::view::SessionView;

use crate::live::{Held, Live, Points, find, use_live};

use choice::{Candidate, Choice, choose};

/// A start of this page that has not shown itself yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Awaited {
    #[default]
    Nothing,
    /// The request is on its way.
    Answer,
    /// Accepted; the feed has not told of it yet.
    Session(SessionId),
}

/// What the panels show. Copy, as `Live` is.
#[derive(Clone, Copy)]
pub struct Shown {
    live: Live,
    choice: Memo<Choice>,
    /// Of the choice: what the panels look at, woken only by another session.
    id: Memo<Option<SessionId>>,
    pub awaited: RwSignal<Awaited>,
}

/// A session that runs is listed long before.
const LISTED_WITHIN: Duration = Duration::from_secs(5);

fn in_place() -> NavigateOptions {
    NavigateOptions { scroll: false, ..NavigateOptions::default() }
}

/// Only what an id may be made of: it goes into an address of the API.
fn is_session_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

/// Address of Control with a session chosen.
pub fn href(id: &SessionId) -> String {
    format!("/?session={id}")
}

/// Makes the choice and provides it to everything below; once, by the frame: it outlives every page, so that nothing
/// of a page that is just being left can find it gone.
pub fn provide_shown() -> Shown {
    let live = use_live();
    let query = use_query_map();
    let asked = Memo::new(move |_| {
        query.with(|query| query.get("session")).filter(|id| is_session_id(id)).map(SessionId)
    });
    let awaited = RwSignal::new(Awaited::default());
    let there = Memo::new(move |_| candidates(live));
    let choice = Memo::new(move |before: Option<&Choice>| {
        there.with(|there| {
            let awaited = awaited.get();
            let wanted = match &awaited {
                Awaited::Session(id) if there.iter().any(|candidate| candidate.is(id)) => Some(id.clone()),
                Awaited::Nothing | Awaited::Answer | Awaited::Session(_) => asked.get(),
            };
            choose(there, wanted.as_ref(), before)
        })
    });
    let id = Memo::new(move |_| choice.with(|choice| choice.id.clone()));
    let shown = Shown { live, choice, id, awaited };
    shown.follow(asked);
    provide_context(shown);
    shown
}

pub fn use_shown() -> Shown {
    use_context::<Shown>().unwrap_or_else(provide_shown)
}

/// Those that the strip lists and whose view has come.
fn candidates(live: Live) -> Vec<Candidate> {
    live.held.with(|held| {
        live.strip.with(|strip| {
            let there = strip.sessions.iter().filter(|chip| find(held, &chip.session_id).is_some());
            there.map(Candidate::of).collect()
        })
    })
}

impl Shown {
    /// A session that this page started goes into the address as soon as it is there; whatever else the address
    /// comes to name, is the newer wish.
    fn follow(self, asked: Memo<Option<SessionId>>) {
        let navigate = use_navigate();
        let path = use_location().pathname;
        // Whoever has left the page meanwhile is not called back.
        let elsewhere = move || path.try_get_untracked().as_deref() != Some("/");
        let late = navigate.clone();
        Effect::new(move |_| {
            let Awaited::Session(id) = self.awaited.get() else { return };
            let late = late.clone();
            // One that ended at once is never listed: as an address it is answered with how it ended.
            let give_up = move || {
                if self.awaited.try_get_untracked() != Some(Awaited::Session(id.clone())) {
                    return;
                }
                self.awaited.set(Awaited::Nothing);
                if !elsewhere() {
                    late(&href(&id), in_place());
                }
            };
            set_timeout(give_up, LISTED_WITHIN);
        });
        Effect::new(move |_| {
            let Awaited::Session(id) = self.awaited.get() else { return };
            let alone = self.live.strip.with(|strip| strip.sessions.len() == 1);
            if self.id.with(|shown| shown.as_ref() != Some(&id)) {
                return;
            }
            if elsewhere() || alone && asked.with_untracked(Option::is_none) {
                self.awaited.set(Awaited::Nothing);
            } else {
                navigate(&href(&id), in_place());
            }
        });
        Effect::new(move |before: Option<Option<SessionId>>| {
            let now = asked.get();
            if before.is_some_and(|before| before != now) {
                self.awaited.set(Awaited::Nothing);
            }
            now
        });
    }

    pub fn id(self) -> Option<SessionId> {
        self.id.get()
    }

    pub fn id_untracked(self) -> Option<SessionId> {
        self.id.get_untracked()
    }

    /// What was shown or asked for and is not there any more; silent while a start is on its way, which takes the
    /// place of one that ended.
    pub fn gone(self) -> Option<SessionId> {
        let waits = self.awaited.with(|awaited| *awaited == Awaited::Answer);
        self.choice.with(|choice| choice.gone.clone()).filter(|_| !waits)
    }

    /// The session; `None` while none has ever run.
    pub fn held(self) -> Option<Held> {
        let id = self.id()?;
        self.live.held.with(|held| find(held, &id).cloned())
    }

    fn held_untracked(self) -> Option<Held> {
        let id = self.id_untracked()?;
        self.live.held.with_untracked(|held| find(held, &id).cloned())
    }

    /// A part of the session that changes on its own; `None` while no session has ever run.
    pub fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&SessionView) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.held().map(|held| held.view.with(&part)))
    }

    /// Looks at the session's points and is woken by new ones.
    pub fn with_points<T>(self, look: impl FnOnce(&Points) -> T) -> Option<T> {
        self.held().map(|held| held.points.with(look))
    }

    pub fn with_points_untracked<T>(self, look: impl FnOnce(&Points) -> T) -> Option<T> {
        self.held_untracked().map(|held| held.points.with_untracked(look))
    }
}

#[cfg(test)]
mod tests {
    use super::is_session_id;

    #[test]
    fn an_address_names_nothing_but_an_id() {
        assert!(is_session_id("s-01jf3k9x2m"));
        for text in ["", "s-1/panic", "../x", "s 1", &"s".repeat(41)] {
            assert!(!is_session_id(text), "{text}");
        }
    }
}
