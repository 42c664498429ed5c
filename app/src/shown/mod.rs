//! The session that the panels show: named by the address (`?session=`), so that a reload and a link keep it.

mod choice;

use leptos::prelude::*;
use model::view::SessionView;
use model::{Lifecycle, SessionId};

use crate::live::{Held, Live, find, use_live};
use crate::painter::View;

use choice::{Candidate, Choice, choose};

/// What was shown when the page was painted before.
#[derive(Clone, Debug)]
pub struct Before {
    choice: Choice,
    /// It had ended: that another takes its place is no news.
    ended: bool,
}

impl Before {
    pub fn id(&self) -> Option<SessionId> {
        self.choice.id.clone()
    }

    pub fn gone(&self) -> Option<&SessionId> {
        self.choice.gone.as_ref()
    }
}

/// What the panels show. Copy, as `Live` is.
#[derive(Clone, Copy)]
pub struct Shown {
    live: Live,
    choice: Memo<Choice>,
    /// Of the choice: what the panels look at.
    pub id: Memo<Option<SessionId>>,
}

/// Address of Control with a session chosen.
pub fn href(id: &SessionId) -> String {
    format!("/?session={id}")
}

/// Makes the choice and provides it to everything below; once, by the frame.
pub fn provide_shown(before: Option<&Before>) -> Shown {
    let live = use_live();
    let asked = use_view().session;
    let before = before.filter(|before| !before.ended).map(|before| before.choice.clone());
    let there = Memo::new(move |_| candidates(live));
    let choice = Memo::new(move |_| there.with(|there| choose(there, asked.as_ref(), before.as_ref())));
    let id = Memo::new(move |_| choice.with(|choice| choice.id.clone()));
    let shown = Shown { live, choice, id };
    provide_context(shown);
    shown
}

pub fn use_shown() -> Shown {
    use_context::<Shown>().unwrap_or_else(|| provide_shown(None))
}

/// What the page's address chooses.
pub fn use_view() -> View {
    use_context::<View>().unwrap_or_default()
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
    pub fn id(self) -> Option<SessionId> {
        self.id.get()
    }

    /// What was shown or asked for and is not there any more, until the notice of it was closed.
    pub fn gone(self) -> Option<SessionId> {
        let seen = use_view().seen;
        self.choice.with(|choice| choice.gone.clone()).filter(|gone| gone.0 != seen)
    }

    /// The session; `None` while none has ever run.
    pub fn held(self) -> Option<Held> {
        let id = self.id()?;
        self.live.held.with(|held| find(held, &id).cloned())
    }

    pub fn held_untracked(self) -> Option<Held> {
        untrack(|| self.held())
    }

    /// For the next painting.
    pub fn before(self) -> Before {
        let ended = self
            .held_untracked()
            .is_some_and(|held| held.view.with_untracked(|session| session.lifecycle == Lifecycle::Stopped));
        Before { choice: self.choice.get_untracked(), ended }
    }

    /// A part of the session; `None` while no session has ever run.
    pub fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&SessionView) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.held().map(|held| held.view.with(&part)))
    }
}
