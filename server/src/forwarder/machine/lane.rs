//! One lane: what it works on, how it fares, and what it does next.

use std::collections::HashSet;

use super::super::Item;
use super::super::backoff::Backoff;
use super::super::window::{SUSPICIOUS, Verdict, Window};
use super::{Effect, Fenced, State};
use crate::store::telemetry::{Backlog, Lane, Position, Settled};

/// A window holds as many requests: books are moved ten times a second at most, and what lies between is a window.
const REQUESTS: usize = 16;
/// So many requests an earlier process can have sent behind its books at most: a window that grew, and what it fetched last.
const INHERITED: usize = 3 * REQUESTS;
/// Records of a request in the settings that come with the program; an earlier process may have had other ones.
const USUAL: usize = 1_000;
/// Requests of one lane at once; an urgent one keeps its order.
const AT_ONCE: usize = 3;
/// So often the engine is asked in vain what it has, before the question is given up.
const FENCES: u32 = 5;

/// What a lane is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// There was nothing more when it looked last.
    Idle,
    Working,
    Fetching,
    Fencing,
    Resting,
    /// Its books are to be moved.
    Settled,
    /// They are being moved.
    Booking,
}

/// What a lane wants to do.
pub(super) enum Step {
    Wait,
    Do(Effect),
    /// All that is left is refused, and nobody else is taken.
    Stuck {
        state: State,
        status: u16,
        reason: String,
    },
}

#[derive(Debug)]
pub(super) struct Way {
    lane: Lane,
    limit: usize,
    /// Records of one request: halved when a request is too large, doubled when one succeeds.
    chunk: usize,
    window: Window,
    at: At,
    /// Whether there may be records behind the window.
    more: bool,
    backoff: Backoff,
    state: State,
    last_error: Option<String>,
    /// So many records to come may have been taken from an earlier process, into that index or a later one.
    inherited: usize,
    inherited_index: Option<String>,
    failed_fences: u32,
    /// After a pause one more request shows whether the destination is well again.
    probe: bool,
}

impl Way {
    pub fn new(lane: Lane, limit: usize) -> Self {
        Self {
            lane,
            limit,
            chunk: limit,
            window: Window::new(lane, 0),
            // Letters lie outside the log and are looked for from the start.
            at: if lane == Lane::Letters { At::Working } else { At::Idle },
            more: lane == Lane::Letters,
            backoff: Backoff::default(),
            state: State::Idle,
            last_error: None,
            inherited: 0,
            inherited_index: None,
            failed_fences: 0,
            probe: false,
        }
    }

    pub fn start(&mut self, position: &Position) {
        self.window = Window::new(self.lane, position.cursor_id);
        self.window.index.clone_from(&position.index);
        self.inherited_index.clone_from(&position.index);
        self.inherited = INHERITED * self.limit.max(USUAL);
        (self.at, self.more) = (At::Working, true);
    }

    pub fn lane(&self) -> Lane {
        self.lane
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    pub fn under_way(&self) -> usize {
        self.window.under_way()
    }

    pub fn oldest_us(&self) -> Option<i64> {
        self.window.oldest_us()
    }

    /// Nothing keeps it from delivering.
    pub fn is_well(&self) -> bool {
        self.last_error.is_none()
    }

    /// Records were committed.
    pub fn wake(&mut self) {
        self.more = true;
        if self.at == At::Idle {
            self.at = At::Working;
        }
    }

    pub fn found(&mut self, backlog: Backlog) {
        self.at = At::Working;
        self.more = backlog.more;
        let unsure = self.inherited > 0 && self.lane != Lane::Letters;
        // What is committed after the end was reached was there for no earlier process.
        self.inherited = match backlog.records.len() {
            found if found > 0 && !backlog.more => 0,
            found => self.inherited.saturating_sub(found),
        };
        let unsure = unsure.then(|| self.inherited_index.clone().unwrap_or_default());
        self.window.add(backlog.records, backlog.end, unsure);
    }

    pub fn lost(&mut self, request: u64) {
        self.window.lost(request);
    }

    pub fn judge(&mut self, request: u64, items: &[Item], taken: u64) -> Option<(Verdict, u64)> {
        let (verdict, now) = self.window.judge(request, items, taken)?;
        if now > 0 {
            // Whoever takes something is well again.
            self.backoff = Backoff::default();
            self.recovered();
            self.chunk = (self.chunk * 2).min(self.limit);
        }
        Some((verdict, now))
    }

    /// A request was refused as a whole.
    pub fn refused(&mut self, request: u64, status: u16, reason: String, taken: u64) -> Verdict {
        let alone = self.window.size_of(request) == 1;
        match status {
            400 | 413 if super::super::blame::says_destination(&reason) => {}
            413 if !alone => {
                self.chunk = (self.window.size_of(request) / 2).max(1);
                self.window.returned(request);
                return Verdict::Fine;
            }
            // One by one it shows whether a record is to blame.
            400 if !alone => {
                self.chunk = 1;
                self.window.returned(request);
                return Verdict::Fine;
            }
            400 | 413 => {
                self.window.refused_alone(request, status, &reason, taken);
                return Verdict::Fine;
            }
            _ => {}
        }
        self.window.returned(request);
        if status == 429 || status >= 500 {
            Verdict::Retry { status, reason }
        } else {
            Verdict::Hold { status, reason }
        }
    }

    /// `Err`: the engine is to be asked again later.
    pub fn fenced(&mut self, result: Result<Fenced, String>) -> Result<(), String> {
        self.at = At::Working;
        match result {
            Ok(Fenced { found, index }) => {
                self.failed_fences = 0;
                self.window.known(&found, index.as_deref());
                Ok(())
            }
            Err(reason) => {
                self.failed_fences += 1;
                if self.failed_fences < FENCES {
                    return Err(reason);
                }
                // A key that may not read: the index refuses what it has by its id, unless it rolled over just now.
                self.failed_fences = 0;
                self.window.known(&HashSet::new(), None);
                Ok(())
            }
        }
    }

    /// Begins a pause; `None` when it rests already.
    pub fn rest(&mut self, state: State, reason: String, roll: u32) -> Option<u64> {
        self.state = state;
        self.last_error = Some(reason);
        if self.at == At::Resting {
            return None;
        }
        self.at = At::Resting;
        Some(self.backoff.next_ms(roll))
    }

    pub fn rested(&mut self) {
        self.at = At::Working;
        self.probe = true;
        if !self.window.has_pending() && !self.more {
            self.window.release_all();
        }
    }

    pub fn must_book(&self) -> bool {
        self.at == At::Settled
    }

    /// What is to be booked: a settled window, or that nothing was found.
    pub fn book(&mut self) -> Option<Settled> {
        let passed =
            self.at == At::Idle && self.lane != Lane::Letters && self.window.end() > self.window.from();
        if self.at != At::Settled && !passed {
            return None;
        }
        self.at = At::Booking;
        let mut settled = self.window.settled();
        if self.inherited > 0 {
            // The next process inherits what is left of it from where it lies.
            settled.index.clone_from(&self.inherited_index);
        }
        Some(settled)
    }

    pub fn booked(&mut self) {
        if self.at == At::Booking {
            // Letters are looked for from the first.
            let end = if self.lane == Lane::Letters { 0 } else { self.window.end() };
            self.window = self.window.next_window(end);
            (self.at, self.more) = (At::Working, true);
        }
    }

    /// The next thing to do.
    pub fn step(&mut self, may_send: bool, request: u64, taken: u64) -> Step {
        if self.at != At::Working {
            return Step::Wait;
        }
        if self.window.has_pending() {
            return if may_send { self.send(request) } else { Step::Wait };
        }
        if self.under_way() > 0 {
            return Step::Wait;
        }
        if self.window.aside() > 0 {
            let alone = self.window.must_be_alone();
            if self.window.look_again(taken) {
                if alone {
                    self.chunk = 1;
                }
                return self.step(may_send, request, taken);
            }
        }
        if self.window.aside() == 0 && !self.window.is_empty() {
            self.at = At::Settled;
            return Step::Wait;
        }
        if self.window.aside() > 0 {
            let full = self.window.len() >= self.limit * REQUESTS * 2;
            if full && self.window.give_up() {
                return self.step(may_send, request, taken);
            }
            if full || !self.more || self.must_pause() {
                return self.stuck();
            }
        }
        if self.more {
            return self.fetch();
        }
        self.at = At::Idle;
        self.state = State::Idle;
        self.recovered();
        Step::Wait
    }

    fn fetch(&mut self) -> Step {
        self.at = At::Fetching;
        let limit = if self.lane.is_urgent() { self.limit } else { self.limit * REQUESTS };
        Step::Do(Effect::Fetch { lane: self.lane, after: self.window.end(), limit })
    }

    /// So many are refused and nobody is taken that it is not they.
    fn must_pause(&self) -> bool {
        !self.probe && !self.window.recent() && self.window.aside() >= SUSPICIOUS
    }

    fn send(&mut self, request: u64) -> Step {
        if self.under_way() == 0 && self.must_pause() {
            return self.stuck();
        }
        // Until something is taken, one request shows how things are; an urgent lane keeps its order.
        let at_once = if self.window.recent() && !self.lane.is_urgent() { AT_ONCE } else { 1 };
        if self.under_way() >= at_once || self.window.doubts_under_way() {
            return Step::Wait;
        }
        if let Some((index, ids)) = self.window.unsure() {
            if self.under_way() > 0 {
                return Step::Wait;
            }
            self.at = At::Fencing;
            return Step::Do(Effect::Fence { lane: self.lane, index, ids });
        }
        self.probe = false;
        let records = self.window.next(self.chunk, request);
        if self.last_error.is_none() {
            self.state = State::Awaiting;
        }
        Step::Do(Effect::Send { lane: self.lane, request, records })
    }

    fn stuck(&mut self) -> Step {
        let (status, reason) = self.window.complaint().unwrap_or_default();
        if self.window.must_be_alone() {
            self.chunk = 1;
        }
        let state = if status >= 500 { State::Resting } else { State::Held };
        Step::Stuck { state, status, reason }
    }

    fn recovered(&mut self) {
        self.last_error = None;
        if matches!(self.state, State::Resting | State::Held) {
            self.state = State::Awaiting;
        }
    }
}
