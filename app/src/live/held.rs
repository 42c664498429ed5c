//! The sessions that a page knows.

use leptos::prelude::*;
use model::SessionId;
use model::view::SessionView;

/// One session.
#[derive(Clone)]
pub struct Held {
    pub id: SessionId,
    pub view: ArcRwSignal<SessionView>,
}

impl Held {
    pub fn new(view: SessionView) -> Self {
        Self { id: view.session_id.clone(), view: ArcRwSignal::new(view) }
    }
}

/// That of an id.
pub fn find<'a>(held: &'a [Held], id: &SessionId) -> Option<&'a Held> {
    held.iter().find(|held| held.id == *id)
}
