//! The forwarder's judgement, pure: inputs in, effects out. No clock, no randomness, no I/O.
//!
//! A window of records is worked until each of them is settled (delivered, there already, or refused for good);
//! then cursor and books move in one transaction. What is retried is retried alone, in order.

use super::backoff::Backoff;
use super::window::{Outgoing, Verdict, Window};
use super::{ForwarderEvent, Item, Reply};
use crate::store::telemetry::{Settled, StoredRecord};

/// What the driver reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Start,
    /// The engine answered the set-up questions (whatever it said), or could not be reached.
    SetUp(Result<(), String>),
    /// The oldest records that are not settled; empty when there are none.
    Backlog(Vec<StoredRecord>),
    /// New records were committed.
    Committed,
    Answered(Reply),
    /// No answer, or one that cannot be read: whether the records were taken is not known.
    Ambiguous(String),
    /// The books were moved.
    Booked,
    /// The pause is over.
    Rested,
}

/// What the driver does next. Each of these but `Tell` gives exactly one input later.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    SetUp,
    Fetch {
        limit: usize,
    },
    Send(Vec<Outgoing>),
    Book(Settled),
    /// Wait until records are committed.
    AwaitCommit,
    Rest {
        ms: u64,
    },
    Tell(ForwarderEvent),
}

/// What it is doing, as shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    Awaiting,
    Resting,
    Held,
}

impl State {
    /// The word of `/api/v1/pipeline`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Awaiting => "awaiting",
            Self::Resting => "resting",
            Self::Held => "held",
        }
    }
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    state: State,
    limit: usize,
    /// Records of one request: halved when a request is too large, doubled when one succeeds.
    chunk: usize,
    window: Window,
    backoff: Backoff,
    set_up: bool,
    last_error: Option<String>,
    /// Whether the present outage was told.
    outage_told: bool,
}

impl Machine {
    /// A machine that works windows of at most `limit` records.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            state: State::Idle,
            limit,
            chunk: limit,
            window: Window::default(),
            backoff: Backoff::default(),
            set_up: false,
            last_error: None,
            outage_told: false,
        }
    }

    /// What it is doing.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Why it rests or is held.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Takes one input. `roll` is a random number for the jitter of pauses.
    pub fn on(&mut self, input: Input, roll: u32) -> Vec<Effect> {
        match input {
            Input::Start | Input::Rested => self.proceed(),
            Input::SetUp(Ok(())) => {
                self.set_up = true;
                self.proceed()
            }
            Input::SetUp(Err(reason)) => self.rest(State::Resting, 0, reason, roll),
            Input::Backlog(records) if records.is_empty() => {
                self.state = State::Idle;
                vec![Effect::AwaitCommit]
            }
            Input::Backlog(records) => {
                self.window = Window::new(records);
                self.proceed()
            }
            Input::Committed => self.proceed(),
            Input::Answered(reply) => self.answered(reply, roll),
            Input::Ambiguous(reason) => self.rest(State::Resting, 0, reason, roll),
            Input::Booked => {
                self.window = Window::default();
                self.proceed()
            }
        }
    }

    /// The next thing to do, given what is known.
    fn proceed(&mut self) -> Vec<Effect> {
        if !self.set_up {
            return vec![Effect::SetUp];
        }
        if self.window.is_empty() {
            return vec![Effect::Fetch { limit: self.limit }];
        }
        if self.window.is_settled() {
            return vec![Effect::Book(self.window.settled())];
        }
        self.state = State::Awaiting;
        vec![Effect::Send(self.window.next(self.chunk))]
    }

    fn answered(&mut self, reply: Reply, roll: u32) -> Vec<Effect> {
        match reply {
            Reply::Items(items) => self.judge_items(&items, roll),
            Reply::Refused { status: 413, reason } => self.split(413, &reason, true),
            Reply::Refused { status: 400, reason } => self.split(400, &reason, false),
            Reply::Refused { status: 404, reason } => {
                self.set_up = false;
                self.rest(State::Held, 404, reason, roll)
            }
            Reply::Refused { status, reason } if status == 429 || status >= 500 => {
                self.rest(State::Resting, status, reason, roll)
            }
            Reply::Refused { status, reason } => self.rest(State::Held, status, reason, roll),
        }
    }

    /// Results are matched by position; a list of another length says nothing about any record.
    fn judge_items(&mut self, items: &[Item], roll: u32) -> Vec<Effect> {
        let Some(verdicts) = self.window.judge(items) else {
            let reason = format!("answer has {} results for {} records", items.len(), self.window.sent());
            return self.rest(State::Resting, 0, reason, roll);
        };
        let mut effects: Vec<Effect> = self.window.take_quarantined().into_iter().map(Effect::Tell).collect();
        let refused = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Hold { status, reason } => Some((State::Held, *status, reason.clone())),
            Verdict::Retry { .. } | Verdict::Settled => None,
        });
        let delayed = verdicts.iter().find_map(|verdict| match verdict {
            Verdict::Retry { status, reason } => Some((State::Resting, *status, reason.clone())),
            Verdict::Hold { .. } | Verdict::Settled => None,
        });
        match refused.or(delayed) {
            Some((state, status, reason)) => {
                self.set_up &= status != 404;
                effects.extend(self.rest(state, status, reason, roll));
            }
            None => {
                effects.extend(self.recovered());
                self.chunk = (self.chunk * 2).min(self.limit);
                effects.extend(self.proceed());
            }
        }
        effects
    }

    /// A request that is too large, or that cannot be parsed, is halved until one record is to blame.
    fn split(&mut self, status: u16, reason: &str, may_truncate: bool) -> Vec<Effect> {
        let sent = self.window.sent();
        if sent > 1 {
            self.chunk = sent / 2;
            return self.proceed();
        }
        if !(may_truncate && self.window.truncate()) {
            self.window.quarantine(status, reason);
        }
        let mut effects: Vec<Effect> = self.window.take_quarantined().into_iter().map(Effect::Tell).collect();
        effects.extend(self.proceed());
        effects
    }

    fn rest(&mut self, state: State, status: u16, reason: String, roll: u32) -> Vec<Effect> {
        self.state = state;
        self.last_error = Some(reason.clone());
        let ms = self.backoff.next_ms(roll);
        let mut effects = Vec::new();
        if !self.outage_told {
            self.outage_told = true;
            effects.push(Effect::Tell(match state {
                State::Held => ForwarderEvent::Held { status, reason },
                State::Idle | State::Awaiting | State::Resting => {
                    ForwarderEvent::Resting { reason, backoff_ms: ms }
                }
            }));
        }
        effects.push(Effect::Rest { ms });
        effects
    }

    fn recovered(&mut self) -> Option<Effect> {
        self.backoff = Backoff::default();
        self.last_error = None;
        std::mem::take(&mut self.outage_told).then_some(Effect::Tell(ForwarderEvent::Recovered))
    }
}

#[cfg(test)]
mod tests;
