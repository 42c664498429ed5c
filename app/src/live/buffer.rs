//! What the socket said since the last flush, merged per key: signals are written once per animation frame,
//! however many frames came.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use model::SessionId;
use model::view::{FeedDelta, PnlPoint, SessionView, StripView, WhyView};

use super::held::{Held, find};

/// Most decisions kept on the page of one session: a busy one must not push out what a quiet one did.
const WHY_OF_SESSION: usize = 300;
/// Most decisions kept in all.
const WHY_MAX: usize = 1_200;

/// Merged deltas that wait for the next flush.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buffer {
    pub strip: Option<StripView>,
    /// Those that the latest strip lists: the others are gone.
    listed: Option<BTreeSet<SessionId>>,
    /// A snapshot came: what it does not hold is gone.
    snapshot: bool,
    sessions: BTreeMap<SessionId, Box<SessionView>>,
    points: BTreeMap<SessionId, Fresh<PnlPoint>>,
    why: Fresh<WhyView>,
}

/// New rows, and whether they replace what was there.
#[derive(Clone, Debug, PartialEq)]
struct Fresh<T> {
    replace: bool,
    rows: Vec<T>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self { replace: false, rows: Vec::new() }
    }
}

impl<T> Fresh<T> {
    fn add(&mut self, rows: Vec<T>, replace: bool) {
        if replace {
            *self = Self { replace, rows };
        } else {
            self.rows.extend(rows);
        }
    }

    fn is_empty(&self) -> bool {
        !self.replace && self.rows.is_empty()
    }
}

impl Buffer {
    /// Merges one frame's deltas; those of a snapshot replace.
    pub fn add(&mut self, deltas: Vec<FeedDelta>, snapshot: bool) {
        if snapshot {
            self.snapshot = true;
            self.listed = None;
            self.sessions.clear();
            self.points.clear();
        }
        for delta in deltas {
            match delta {
                FeedDelta::Strip(strip) => self.list(strip),
                FeedDelta::Session(session) => {
                    self.sessions.insert(session.session_id.clone(), session);
                }
                FeedDelta::Points { session_id, points } => {
                    self.points.entry(session_id).or_default().add(points, snapshot);
                }
                FeedDelta::Why(why) => self.why.add(why, snapshot),
                // The reader of frames has made views of them.
                FeedDelta::StripPatch(_) | FeedDelta::SessionPatch { .. } => {}
            }
        }
    }

    /// A session that a strip no longer lists is gone. What comes of it after that strip counts again.
    fn list(&mut self, strip: StripView) {
        let listed: BTreeSet<_> = strip.sessions.iter().map(|chip| chip.session_id.clone()).collect();
        self.sessions.retain(|id, _| listed.contains(id));
        self.points.retain(|id, _| listed.contains(id));
        self.listed = Some(listed);
        self.strip = Some(strip);
    }

    /// The sessions that wait, as they will be.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionView> {
        self.sessions.values().map(Box::as_ref)
    }

    /// Writes sessions and points to their signals; whether sessions came or went. Points of a session that is not
    /// known yet wait for it.
    pub fn flush_sessions(&mut self, held: &mut Vec<Held>) -> bool {
        let before = held.len();
        let snapshot = std::mem::take(&mut self.snapshot);
        let listed = self.listed.take();
        held.retain(|known| match (snapshot, &listed) {
            (true, _) => self.sessions.contains_key(&known.id),
            (false, Some(listed)) => listed.contains(&known.id) || self.sessions.contains_key(&known.id),
            (false, None) => true,
        });
        let mut changed = held.len() != before;
        for (id, view) in std::mem::take(&mut self.sessions) {
            match find(held, &id) {
                Some(known) => known.view.set(*view),
                None => {
                    held.push(Held::new(*view, Vec::new()));
                    changed = true;
                }
            }
        }
        self.points.retain(|id, fresh| match find(held, id) {
            Some(known) => {
                let fresh = std::mem::take(fresh);
                if !fresh.is_empty() {
                    known.points.update(|points| points.add(fresh.rows, fresh.replace));
                }
                false
            }
            None => true,
        });
        changed
    }

    /// Whether decisions wait.
    pub fn has_why(&self) -> bool {
        !self.why.is_empty()
    }

    /// Moves new decisions into `why`, each once, the oldest cut off.
    pub fn flush_why(&mut self, why: &mut Vec<WhyView>) {
        let fresh = std::mem::take(&mut self.why);
        if fresh.replace {
            *why = fresh.rows;
        } else {
            let last = why.last().map_or(0, |known| known.decision_seq);
            why.extend(fresh.rows.into_iter().filter(|decision| decision.decision_seq > last));
        }
        keep_latest(why);
    }
}

fn keep_latest(why: &mut Vec<WhyView>) {
    let mut kept: BTreeMap<Option<SessionId>, usize> = BTreeMap::new();
    let mut all = 0;
    let mut keep: Vec<bool> = why
        .iter()
        .rev()
        .map(|decision| {
            let of_session = kept.entry(decision.session_id.clone()).or_default();
            let keep = *of_session < WHY_OF_SESSION && all < WHY_MAX;
            *of_session += usize::from(keep);
            all += usize::from(keep);
            keep
        })
        .collect();
    why.retain(|_| keep.pop().unwrap_or(true));
}

#[cfg(test)]
mod tests;
