//! The forwarder's judgement, pure: inputs in, effects out. No clock, no randomness, no I/O.
//!
//! Each lane works a window of records until all of them are settled (delivered, there already, or refused for good);
//! then its cursor and the books move in one transaction. Several requests are under way at once; how many follows
//! what the engine bears.

mod lane;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use self::lane::Way;
use super::backoff::Backoff;
use super::window::{Outgoing, Verdict};
use super::{ForwarderEvent, Reply};
use crate::store::telemetry::{Backlog, Lane, Position, Settled};

/// Requests of the lanes that are not urgent, together.
const MOST_REQUESTS: f32 = 4.0;

/// Causes of one outage that are told.
const TOLD: usize = 3;

/// What the driver reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Start(Vec<Position>),
    /// What the engine said about itself and its template, or why it could not be asked.
    SetUp(Result<Destination, String>),
    Backlog(Lane, Backlog),
    /// New records were committed.
    Committed,
    Answered(Lane, u64, Reply),
    /// No answer, or one that cannot be read: whether the records were taken is not known.
    Ambiguous(Lane, u64, String),
    /// Which of the ids in question the engine has; `Err`: it could not be asked.
    Fenced(Lane, Result<Fenced, String>),
    /// The books were moved.
    Booked,
    /// A pause is over: of a lane, or (`None`) of asking about the set-up.
    Rested(Option<Lane>),
}

/// What the engine has of records of which nothing was known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fenced {
    /// Ids that lie in indices which it does not write to any more.
    pub found: HashSet<String>,
    /// The index that it writes to.
    pub index: Option<String>,
}

/// What the engine said before anything is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Records can be sent.
    Ready,
    /// Nothing is sent until that is put right.
    Refuses { status: u16, reason: String },
}

/// What the driver does next. Each of these but `Tell` gives exactly one input later.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    SetUp,
    Fetch {
        lane: Lane,
        after: i64,
        limit: usize,
    },
    Send {
        lane: Lane,
        request: u64,
        records: Vec<Outgoing>,
    },
    /// Ask which of these ids the indices have that the lane's stream wrote to before, from that one on (empty: all).
    Fence {
        lane: Lane,
        index: String,
        ids: Vec<String>,
    },
    Book(Vec<Settled>),
    /// Wait until records are committed.
    AwaitCommit,
    Rest {
        lane: Option<Lane>,
        ms: u64,
    },
    Tell(ForwarderEvent),
}

/// What it is doing, as shown to people; the later word is the graver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    #[default]
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
    ways: BTreeMap<Lane, Way>,
    set_up: SetUp,
    setup_backoff: Backoff,
    /// Why the destination as a whole cannot be used.
    trouble: Option<(State, String)>,
    /// Requests that may be under way at once.
    allowance: f32,
    requests: u64,
    /// Records taken since the start, by all lanes.
    taken: u64,
    booking: bool,
    awaiting: bool,
    /// What was told of the present outage.
    told: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetUp {
    Needed,
    Asking,
    Resting,
    Done,
}

impl Machine {
    /// A machine that sends at most `limit` records in a request.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let ways = Lane::ALL.into_iter().map(|lane| (lane, Way::new(lane, limit.max(1)))).collect();
        Self {
            ways,
            set_up: SetUp::Needed,
            setup_backoff: Backoff::default(),
            trouble: None,
            allowance: 2.0,
            requests: 0,
            taken: 0,
            booking: false,
            awaiting: false,
            told: BTreeSet::new(),
        }
    }

    /// What it is doing: the gravest of all lanes.
    #[must_use]
    pub fn state(&self) -> State {
        let of_lanes = self.ways.values().map(Way::state).max().unwrap_or_default();
        self.trouble.as_ref().map_or(of_lanes, |(state, _)| *state)
    }

    /// Why it rests or is held.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        let of_lane = || self.ways.values().max_by_key(|way| way.state())?.last_error();
        self.trouble.as_ref().map(|(_, why)| why.as_str()).or_else(of_lane)
    }

    /// State and error of each lane.
    pub fn lanes(&self) -> impl Iterator<Item = (Lane, State, Option<&str>)> {
        self.ways.iter().map(|(lane, way)| (*lane, way.state(), way.last_error()))
    }

    /// When the oldest record happened that is being worked on, in microseconds.
    #[must_use]
    pub fn oldest_us(&self) -> Option<i64> {
        self.ways.values().filter_map(Way::oldest_us).min()
    }

    /// Takes one input. `roll` is a random number for the jitter of pauses.
    pub fn on(&mut self, input: Input, roll: u32) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Start(positions) => {
                for position in positions {
                    self.way(position.lane).start(&position);
                }
            }
            Input::SetUp(result) => self.asked(result, roll, &mut effects),
            Input::Backlog(lane, backlog) => self.way(lane).found(backlog),
            Input::Committed => {
                self.awaiting = false;
                self.ways.values_mut().for_each(Way::wake);
            }
            Input::Answered(lane, request, reply) => self.answered(lane, request, reply, roll, &mut effects),
            Input::Ambiguous(lane, request, reason) => {
                self.way(lane).lost(request);
                // Who comes back may be another engine, and an empty one.
                self.ask_again();
                self.slow_down();
                self.rest(lane, State::Resting, 0, reason, roll, &mut effects);
            }
            Input::Fenced(lane, result) => {
                if let Err(reason) = self.way(lane).fenced(result) {
                    self.rest(lane, State::Resting, 0, reason, roll, &mut effects);
                }
            }
            Input::Booked => {
                self.booking = false;
                self.ways.values_mut().for_each(Way::booked);
            }
            Input::Rested(Some(lane)) => self.way(lane).rested(),
            Input::Rested(None) => self.set_up = SetUp::Needed,
        }
        self.proceed(roll, &mut effects);
        effects
    }

    fn way(&mut self, lane: Lane) -> &mut Way {
        // Every lane is there from the start.
        self.ways.entry(lane).or_insert_with(|| Way::new(lane, 1))
    }

    fn asked(&mut self, result: Result<Destination, String>, roll: u32, effects: &mut Vec<Effect>) {
        let (state, status, reason, ms) = match result {
            Ok(Destination::Ready) => {
                self.set_up = SetUp::Done;
                self.setup_backoff = Backoff::default();
                self.trouble = None;
                return;
            }
            Ok(Destination::Refuses { status, reason }) => {
                (State::Held, status, reason, self.setup_backoff.next_ms(roll))
            }
            Err(reason) => (State::Resting, 0, reason, self.setup_backoff.next_unreached_ms(roll)),
        };
        self.set_up = SetUp::Resting;
        self.tell_trouble(state, status, &reason, ms, effects);
        self.trouble = Some((state, reason));
        effects.push(Effect::Rest { lane: None, ms });
    }

    fn ask_again(&mut self) {
        if self.set_up == SetUp::Done {
            self.set_up = SetUp::Needed;
        }
    }

    fn slow_down(&mut self) {
        self.allowance = (self.allowance / 2.0).max(1.0);
    }

    fn answered(&mut self, lane: Lane, request: u64, reply: Reply, roll: u32, effects: &mut Vec<Effect>) {
        let taken = self.taken;
        let verdict = match reply {
            Reply::Items(items) => match self.way(lane).judge(request, &items, taken) {
                Some((verdict, now)) => {
                    self.taken += now;
                    if now > 0 {
                        self.trouble = None;
                    }
                    verdict
                }
                // A list of another length says nothing about any record.
                None => {
                    self.way(lane).lost(request);
                    let reason =
                        format!("answer has {} results for other records than were sent", items.len());
                    Verdict::Retry { status: 0, reason }
                }
            },
            Reply::Refused { status, reason } => self.way(lane).refused(request, status, reason, taken),
        };
        match verdict {
            Verdict::Fine => {
                self.allowance = (self.allowance + 1.0 / self.allowance).min(MOST_REQUESTS);
            }
            Verdict::Retry { status, reason } => {
                self.slow_down();
                self.rest(lane, State::Resting, status, reason, roll, effects);
            }
            Verdict::Hold { status, reason } => {
                self.ask_again();
                self.rest(lane, State::Held, status, reason, roll, effects);
            }
        }
    }

    fn rest(
        &mut self,
        lane: Lane,
        state: State,
        status: u16,
        reason: String,
        roll: u32,
        effects: &mut Vec<Effect>,
    ) {
        let reason = super::blame::explain(status, &reason);
        let Some(ms) = self.way(lane).rest(state, reason.clone(), roll) else { return };
        self.tell_trouble(state, status, &reason, ms, effects);
        effects.push(Effect::Rest { lane: Some(lane), ms });
    }

    /// Each cause once in an outage, and not more than three.
    fn tell_trouble(&mut self, state: State, status: u16, reason: &str, ms: u64, effects: &mut Vec<Effect>) {
        if self.told.len() >= TOLD || !self.told.insert(reason.to_owned()) {
            return;
        }
        let reason = reason.to_owned();
        effects.push(Effect::Tell(match state {
            State::Held => ForwarderEvent::Held { status, reason },
            State::Idle | State::Awaiting | State::Resting => {
                ForwarderEvent::Resting { reason, backoff_ms: ms }
            }
        }));
    }

    /// Everything that can be begun now.
    fn proceed(&mut self, roll: u32, effects: &mut Vec<Effect>) {
        if self.set_up == SetUp::Needed {
            self.set_up = SetUp::Asking;
            effects.push(Effect::SetUp);
        }
        for lane in Lane::ALL {
            self.proceed_lane(lane, roll, effects);
        }
        self.book(effects);
        if !std::mem::replace(&mut self.awaiting, true) {
            effects.push(Effect::AwaitCommit);
        }
        let well = self.trouble.is_none() && self.set_up == SetUp::Done;
        if !self.told.is_empty() && well && self.ways.values().all(Way::is_well) {
            self.told.clear();
            effects.push(Effect::Tell(ForwarderEvent::Recovered));
        }
    }

    fn proceed_lane(&mut self, lane: Lane, roll: u32, effects: &mut Vec<Effect>) {
        let (ready, taken) = (self.set_up == SetUp::Done, self.taken);
        loop {
            let under_way: usize =
                self.ways.values().filter(|way| !way.lane().is_urgent()).map(Way::under_way).sum();
            let request = self.requests + 1;
            let may_send = ready && (lane.is_urgent() || (under_way as f32) < self.allowance.floor());
            match self.way(lane).step(may_send, request, taken) {
                lane::Step::Wait => return,
                lane::Step::Do(effect) => {
                    if let Effect::Send { .. } = effect {
                        self.requests = request;
                    }
                    effects.push(effect);
                }
                lane::Step::Stuck { state, status, reason } => {
                    self.ask_again();
                    self.rest(lane, state, status, reason, roll, effects);
                    return;
                }
            }
        }
    }

    fn book(&mut self, effects: &mut Vec<Effect>) {
        if self.booking || !self.ways.values().any(Way::must_book) {
            return;
        }
        self.booking = true;
        effects.push(Effect::Book(self.ways.values_mut().filter_map(Way::book).collect()));
    }
}

#[cfg(test)]
mod tests;
