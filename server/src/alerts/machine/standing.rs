//! What is known about one rule and subject, and about the calls to the venue.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use telemetry::{Context, Micros};

use crate::alerts::alert::Alert;
use crate::alerts::rule::{MINUTE, RuleId, SECOND, Shape};
use crate::alerts::signal::Sighting;

/// Hits that are remembered; more of them change nothing.
const HITS_MOST: usize = 100;
/// The window of calls moves in such steps.
const STEP: i64 = 5 * SECOND;

/// A condition that is on or off since some moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub rule: RuleId,
    pub subject: String,
    on_since: Option<Micros>,
    off_since: Option<Micros>,
    hits: VecDeque<Micros>,
    count: u64,
    last_at: Micros,
    message: String,
    context: Context,
    /// Why it is off.
    pub why: String,
}

impl Standing {
    pub fn new(rule: RuleId, subject: &str) -> Self {
        Self {
            rule,
            subject: subject.to_owned(),
            on_since: None,
            off_since: None,
            hits: VecDeque::new(),
            count: 0,
            last_at: Micros(0),
            message: String::new(),
            context: Context::default(),
            why: String::new(),
        }
    }

    /// How long it must hold, and how long it must not.
    const fn patience(&self) -> (i64, i64) {
        match self.rule.rule().shape {
            Shape::Share { .. } | Shape::Count { .. } => (0, 0),
            Shape::Holds { after, calm } | Shape::Level { after, calm, .. } => (after, calm),
        }
    }

    pub fn on(&mut self, since: Micros, sighting: &Sighting) {
        let since =
            self.on_since.filter(|_| self.off_since.is_none()).map_or(since, |before| before.min(since));
        (self.on_since, self.off_since) = (Some(since), None);
        self.note(sighting);
    }

    pub fn off(&mut self, at: Micros, why: &str) {
        if self.off_since.is_none() {
            (self.off_since, self.why) = (Some(at), why.to_owned());
        }
    }

    /// Counts a hit; as many of them as the rule wants within the window turn it on.
    pub fn hit(&mut self, sighting: &Sighting, window: i64) {
        self.hits.push_back(sighting.at);
        if self.hits.len() > HITS_MOST {
            self.hits.pop_front();
        }
        let within = self.hits_within(sighting.at, window);
        self.note(sighting);
        if let Shape::Count { times, .. } = self.rule.rule().shape
            && within >= times
        {
            self.on_since = Some(sighting.at);
            self.off_since = None;
        }
    }

    /// A count is off when nothing has come for its calm.
    pub fn slide(&mut self, now: Micros) {
        if let Shape::Count { calm, .. } = self.rule.rule().shape
            && now.0 - self.last_at.0 >= calm
        {
            self.off(now, "it has not happened again");
        }
    }

    fn note(&mut self, sighting: &Sighting) {
        self.count += 1;
        self.last_at = self.last_at.max(sighting.at);
        self.message.clone_from(&sighting.message);
        self.context = sighting.context.clone();
    }

    /// Hits within the window that ends now.
    pub fn hits_within(&self, now: Micros, window: i64) -> usize {
        self.hits.iter().filter(|at| at.0 > now.0 - window).count()
    }

    /// Since when the condition is on; `None`: it is not.
    pub fn holds_since(&self) -> Option<Micros> {
        self.on_since.filter(|_| self.off_since.is_none())
    }

    pub fn fires(&self, now: Micros) -> bool {
        let (after, _) = self.patience();
        self.off_since.is_none() && self.on_since.is_some_and(|since| now.0 - since.0 >= after)
    }

    pub fn ends(&self, now: Micros) -> bool {
        let (_, calm) = self.patience();
        self.off_since.is_some_and(|since| now.0 - since.0 >= calm)
    }

    /// Nothing that could still lead to an alert.
    pub const fn is_over(&self) -> bool {
        self.off_since.is_some()
    }

    /// When time alone changes something.
    pub fn wake(&self, is_open: bool, now: Micros) -> Option<Micros> {
        let (after, calm) = self.patience();
        match (self.rule.rule().shape, self.off_since, self.on_since) {
            (Shape::Count { calm: quiet, .. }, None, _) => Some(Micros(self.last_at.0 + quiet)),
            (Shape::Share { .. }, None, Some(_)) => Some(Micros((now.0 / STEP + 1) * STEP)),
            (_, Some(off), _) => Some(Micros(off.0 + calm)),
            (_, None, Some(on)) if !is_open => Some(Micros(on.0 + after)),
            (_, None, _) => None,
        }
    }

    pub fn alert(&self, id: String, now: Micros) -> Alert {
        Alert {
            id,
            rule: self.rule,
            subject: self.subject.clone(),
            severity: self.rule.rule().severity,
            fired_at: now,
            last_at: self.last_at,
            count: self.count,
            message: self.message.clone(),
            context: self.context.clone(),
            acknowledged: None,
            resolved: None,
            escalations: 0,
            escalates_at: None,
            receipts: BTreeMap::new(),
        }
    }

    /// What happened since.
    pub fn describe(&self, alert: &mut Alert) {
        (alert.last_at, alert.count) = (self.last_at, self.count);
        alert.message.clone_from(&self.message);
    }
}

/// Calls to the venue in steps of the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Calls {
    steps: VecDeque<(i64, u64, u64)>,
}

impl Calls {
    pub fn note(&mut self, at: Micros, failed: bool) {
        let step = at.0 / STEP;
        if self.steps.back().is_none_or(|(last, ..)| *last < step) {
            self.steps.push_back((step, 0, 0));
        }
        if let Some((_, all, bad)) = self.steps.back_mut() {
            *all += 1;
            *bad += u64::from(failed);
        }
    }

    fn sums(&self) -> (u64, u64) {
        self.steps.iter().fold((0, 0), |(all, bad), (_, more, worse)| (all + more, bad + worse))
    }

    /// Whether the rule's condition is on or off; `None`: in between, where it stays what it was.
    pub fn judge(&mut self, now: Micros, shape: Shape) -> Option<bool> {
        let Shape::Share { window, many, few, percent } = shape else { return None };
        let first = (now.0 - window) / STEP;
        while self.steps.front().is_some_and(|(step, ..)| *step <= first) {
            self.steps.pop_front();
        }
        let (all, bad) = self.sums();
        if bad >= many || bad >= few && bad * 100 > all * percent {
            return Some(true);
        }
        let calm = bad * 2 < many && (bad * 2 < few || bad * 200 <= all * percent);
        calm.then_some(false)
    }

    /// In words, what lies within the window that ends now.
    pub fn within(&self, now: Micros, window: i64) -> String {
        let first = (now.0 - window) / STEP;
        let steps = self.steps.iter().filter(|(step, ..)| *step > first).copied().collect();
        let calls = Self { steps };
        if calls.steps.is_empty() { format!("no call within {} min", window / MINUTE) } else { calls.words() }
    }

    pub fn words(&self) -> String {
        let (all, bad) = self.sums();
        let permille = bad * 1_000 / all.max(1);
        format!("{bad} of {all} calls within 5 min, {}.{} %,", permille / 10, permille % 10)
    }
}
