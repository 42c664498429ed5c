//! The judgement of alerts, pure: what was seen, asked and delivered in, effects out. No clock, no randomness, no I/O.
//!
//! Whatever a rule looks at comes down to a condition for a subject that is on since some moment or off since some moment.
//! On for long enough, an alert fires; off for long enough, it ends. All of it can be written down and gone on from.

mod asks;
mod notices;
mod readings;
mod standing;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{Context, Micros};

use super::alert::{Alert, Channel, Ending, Kind, Notice, Silence};
use super::events::AlertEvent;
use super::rule::{RuleId, Severity, Shape};
use super::signal::{Sighting, Signal, signals};
pub use asks::{Ask, Refusal};
pub use notices::{Delivery, Outcome};
pub use readings::Reading;
use standing::{Calls, Standing};

/// What happened, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub at: Micros,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The process began: what processes say of themselves has to be said anew.
    Booted,
    /// A record that is watched.
    Seen(Sighting),
    /// A number that is looked at again and again; words say what it means.
    Measured { rule: RuleId, subject: &'static str, value: i64, words: String },
    /// A condition that somebody else has judged.
    Noted { signal: Signal, words: String },
    /// Somebody wants something.
    Asked(Ask),
    /// What became of a message.
    Delivered(Delivery),
    /// Time went by.
    Ticked,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Tell(AlertEvent, Context),
    /// Send a message; one at a time and channel.
    Send(Notice),
    /// An alert that began, changed or ended is to be kept.
    Keep(Alert),
    /// What became of a message, for the list of deliveries.
    Receipt {
        kind: Kind,
        channel: Channel,
        alert: Alert,
    },
    /// To who asked: the id of the alert, or why not.
    Answer(Result<String, Refusal>),
}

/// What is known of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// When something was last said of it.
    pub seen_at: Option<Micros>,
    pub fired_at: Option<Micros>,
}

/// Everything; what it is after a restart is what was written down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    now: Micros,
    made: u64,
    calls: Calls,
    standing: BTreeMap<String, Standing>,
    open: BTreeMap<String, Alert>,
    silences: Vec<Silence>,
    looked: BTreeMap<RuleId, Looked>,
    notices: Vec<Notice>,
    /// When this process began, and the last number of each rule in words: of this process alone.
    #[serde(skip)]
    booted_at: Option<Micros>,
    #[serde(skip)]
    measured: BTreeMap<RuleId, (Micros, String)>,
    /// Messages that are being sent.
    #[serde(skip)]
    sending: BTreeMap<Channel, u64>,
    /// Where messages can go.
    #[serde(skip)]
    channels: Vec<Channel>,
    #[serde(skip)]
    effects: Vec<Effect>,
}

fn key(rule: RuleId, subject: &str) -> String {
    format!("{}|{subject}", rule.word())
}

impl Machine {
    /// Goes on from what was written down, with the channels of now. A message to a channel that is there no more is
    /// dropped; one that was under way is sent again, and says so.
    #[must_use]
    pub fn begin(mut self, channels: Vec<Channel>) -> Self {
        self.notices.retain(|notice| channels.contains(&notice.channel));
        self.channels = channels;
        self
    }

    /// The one way in.
    pub fn on(&mut self, input: Input) -> Vec<Effect> {
        // Two sources speak; neither turns time back.
        self.now = self.now.max(input.at);
        match input.what {
            What::Booted => self.booted(),
            What::Seen(sighting) => {
                for signal in signals(&sighting) {
                    self.signal(signal, &sighting);
                }
            }
            What::Measured { rule, subject, value, words } => self.measured(rule, subject, value, words),
            What::Noted { signal, words } => {
                let sighting = self.own(words);
                self.signal(signal, &sighting);
            }
            What::Asked(ask) => self.asked(ask),
            What::Delivered(delivery) => self.delivered(delivery),
            What::Ticked => {}
        }
        self.pass();
        std::mem::take(&mut self.effects)
    }

    /// When time alone changes something; in the past only for what the next input does.
    #[must_use]
    pub fn next_wake(&self) -> Option<Micros> {
        let standing = self.standing.values().filter_map(|standing| {
            let is_open = self.open.contains_key(&key(standing.rule, &standing.subject));
            standing.wake(is_open, self.now)
        });
        let silences = self.silences.iter().map(|silence| silence.until);
        let escalations = self.open.values().filter_map(|alert| alert.escalates_at);
        // The first of each channel: what stands behind it waits for it.
        let first = |channel: &Channel| self.notices.iter().find(|notice| notice.channel == *channel);
        let idle = self.channels.iter().filter(|channel| !self.sending.contains_key(channel));
        let notices = idle.filter_map(first);
        standing.chain(silences).chain(escalations).chain(notices.map(|notice| notice.due)).min()
    }

    /// Alerts that last, the most severe first, then the latest.
    #[must_use]
    pub fn open(&self) -> Vec<&Alert> {
        let mut open: Vec<&Alert> = self.open.values().collect();
        open.sort_by(|a, b| (b.severity, b.fired_at, &b.id).cmp(&(a.severity, a.fired_at, &a.id)));
        open
    }

    /// What is silent now.
    #[must_use]
    pub fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// The silence that covers an alert.
    #[must_use]
    pub fn silence_of(&self, rule: RuleId, subject: &str) -> Option<&Silence> {
        self.silences.iter().find(|silence| silence.covers(rule, subject))
    }

    /// What is known of a rule.
    #[must_use]
    pub fn looked(&self, rule: RuleId) -> Looked {
        self.looked.get(&rule).cloned().unwrap_or_default()
    }

    /// Messages that wait or are under way.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Alerts that somebody should look at: neither acknowledged nor silent, and the most severe of them.
    #[must_use]
    pub fn unread(&self) -> (usize, Option<Severity>) {
        let unread = self.open.values().filter(|alert| {
            alert.acknowledged.is_none() && self.silence_of(alert.rule, &alert.subject).is_none()
        });
        unread.fold((0, None), |(count, worst), alert| (count + 1, worst.max(Some(alert.severity))))
    }

    fn own(&self, words: String) -> Sighting {
        Sighting {
            at: self.now,
            name: String::new(),
            level: telemetry::Level::Warn,
            message: words,
            context: Context::default(),
            payload: telemetry::Map::new(),
        }
    }

    /// Whatever a process says of itself is off until it says it again, or for good.
    fn booted(&mut self) {
        let now = self.now;
        self.booted_at = Some(now);
        self.measured.clear();
        for standing in self.standing.values_mut().filter(|standing| standing.rule.is_of_the_process()) {
            standing.off(now, "the server was started again");
        }
        self.sending.clear();
        for notice in &mut self.notices {
            notice.due = notice.due.min(now);
            notice.repeated |= std::mem::take(&mut notice.under_way);
        }
    }

    fn signal(&mut self, signal: Signal, sighting: &Sighting) {
        match signal {
            Signal::Call { failed } => self.called(failed, sighting),
            Signal::Hit { rule, subject } => {
                let window = rule.rule().window();
                let standing = self.standing_of(rule, &subject);
                standing.hit(sighting, window);
                self.look(rule);
            }
            Signal::On { rule, subject, since } => {
                self.standing_of(rule, &subject).on(since, sighting);
                self.look(rule);
            }
            Signal::Off { rule, subject } => {
                let now = self.now;
                if let Some(standing) = self.standing.get_mut(&key(rule, &subject)) {
                    standing.off(now, &sighting.message);
                }
                self.look(rule);
            }
            Signal::Over { session } => {
                let now = self.now;
                for standing in self.standing.values_mut().filter(|standing| standing.subject == session) {
                    standing.off(now, &sighting.message);
                }
            }
        }
    }

    fn standing_of(&mut self, rule: RuleId, subject: &str) -> &mut Standing {
        self.standing.entry(key(rule, subject)).or_insert_with(|| Standing::new(rule, subject))
    }

    fn look(&mut self, rule: RuleId) {
        self.looked.entry(rule).or_default().seen_at = Some(self.now);
    }

    fn called(&mut self, failed: bool, sighting: &Sighting) {
        let rule = RuleId::VenueFailures;
        let now = self.now;
        self.calls.note(now, failed);
        let (share, value) = (self.calls.judge(now, rule.rule().shape), self.calls.words());
        match share {
            Some(true) => {
                let since = self.now;
                let seen = Sighting {
                    message: format!("{value} failed; the last: {}", sighting.message),
                    ..sighting.clone()
                };
                self.standing_of(rule, "").on(since, &seen);
            }
            Some(false) => {
                if let Some(standing) = self.standing.get_mut(&key(rule, "")) {
                    standing.off(now, &format!("{value} failed"));
                }
            }
            None => {}
        }
        self.look(rule);
    }

    fn measured(&mut self, rule: RuleId, subject: &str, value: i64, words: String) {
        let Shape::Level { fires, ends, .. } = rule.rule().shape else { return };
        let sighting = self.own(words.clone());
        if value >= fires {
            self.standing_of(rule, subject).on(sighting.at, &sighting);
        } else if value <= ends
            && let Some(standing) = self.standing.get_mut(&key(rule, subject))
        {
            standing.off(sighting.at, &words);
        }
        self.measured.insert(rule, (self.now, words));
        self.look(rule);
    }

    /// What time brings: conditions that have held for long enough, ends, escalations, silences, messages.
    fn pass(&mut self) {
        self.end_silences();
        self.slide();
        let keys: Vec<String> = self.standing.keys().cloned().collect();
        for key in keys {
            self.settle(&key);
        }
        self.escalate();
        self.send();
    }

    /// A window slides also while nothing comes.
    fn slide(&mut self) {
        let (rule, now) = (RuleId::VenueFailures, self.now);
        if self.standing.contains_key(&key(rule, ""))
            && self.calls.judge(now, rule.rule().shape) == Some(false)
        {
            let value = self.calls.words();
            if let Some(standing) = self.standing.get_mut(&key(rule, "")) {
                standing.off(now, &format!("{value} failed"));
            }
            self.look(rule);
        }
    }

    fn settle(&mut self, key: &str) {
        let (now, is_open) = (self.now, self.open.contains_key(key));
        let Some(standing) = self.standing.get_mut(key) else { return };
        standing.slide(now);
        if let Some(alert) = self.open.get_mut(key) {
            standing.describe(alert);
        }
        if !is_open && standing.fires(now) {
            self.fire(key);
        } else if is_open && standing.ends(now) {
            let why = standing.why.clone();
            self.standing.remove(key);
            self.resolve(key, why);
        } else if !is_open && standing.is_over() {
            self.standing.remove(key);
        }
    }

    fn fire(&mut self, key: &str) {
        self.made += 1;
        let id = format!("a{}-{}", self.now.0, self.made);
        let Some(alert) = self.standing.get(key).map(|standing| standing.alert(id, self.now)) else { return };
        self.looked.entry(alert.rule).or_default().fired_at = Some(self.now);
        self.open.insert(key.to_owned(), alert);
        let Some(alert) = self.open.get(key).cloned() else { return };
        let context = alert.context.clone();
        self.effects.push(Effect::Tell(AlertEvent::fired(&alert), context));
        self.announce(key);
        self.keep(key);
    }

    fn resolve(&mut self, key: &str, why: String) {
        let Some(mut alert) = self.open.remove(key) else { return };
        alert.resolved = Some(Ending { at: self.now, why });
        alert.escalates_at = None;
        self.effects.push(Effect::Tell(AlertEvent::resolved(&alert), alert.context.clone()));
        self.call_off(&alert);
        self.effects.push(Effect::Keep(alert));
    }

    fn keep(&mut self, key: &str) {
        if let Some(alert) = self.open.get(key) {
            self.effects.push(Effect::Keep(alert.clone()));
        }
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
