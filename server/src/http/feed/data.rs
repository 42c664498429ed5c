//! The feed for programs, which name no page: views as data, each whole when something in it changed.

use std::collections::BTreeMap;

use model::view::{SessionView, StripView};
use model::{Micros, SessionId};
use serde_json::{Value, json};

use crate::trading::FeedHub;

/// What one program was told.
#[derive(Default)]
pub(super) struct Data {
    strip: Option<StripView>,
    sessions: BTreeMap<SessionId, SessionView>,
    /// Up to where it has the points of a session.
    points: BTreeMap<SessionId, Micros>,
    /// The last decision of which it has the sentence.
    why: u64,
}

impl Data {
    /// The frame's content, and whether there is nothing in it.
    pub(super) fn frame(&mut self, hub: &FeedHub) -> (Value, bool) {
        let known = hub.known();
        let mut deltas = Vec::new();
        if self.strip.as_ref() != Some(&known.strip) {
            deltas.push(json!({ "key": "strip", "value": known.strip }));
            self.strip = Some(known.strip);
        }
        for session in known.sessions {
            let id = session.session_id.clone();
            let points = hub.points_after(&id, self.points.get(&id).copied());
            if let Some(last) = points.last() {
                self.points.insert(id.clone(), last.at);
                deltas.push(json!({ "key": "points", "value": { "session_id": id, "points": points } }));
            }
            if self.sessions.get(&id) != Some(&session) {
                deltas.push(json!({ "key": "session", "value": session }));
                self.sessions.insert(id, session);
            }
        }
        let why: Vec<_> = known.why.into_iter().filter(|why| why.decision_seq > self.why).collect();
        if let Some(last) = why.last() {
            self.why = last.decision_seq;
            deltas.push(json!({ "key": "why", "value": why }));
        }
        let is_empty = deltas.is_empty();
        (json!({ "deltas": deltas }), is_empty)
    }
}
