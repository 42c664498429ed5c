//! Messages on their way: who is told at once, who later, what is tried again, and when it is given up. One message at a
//! time and channel, in order, so that a channel that is down holds up no other.

use telemetry::Micros;

use super::{Effect, Machine};
use crate::alerts::alert::{Alert, Channel, Kind, Notice, Receipt};
use crate::alerts::events::AlertEvent;
use crate::alerts::rule::{MINUTE, SECOND, Severity};

/// Nobody has acknowledged a critical alert for so long: it is told again.
const CRITICAL: [i64; 4] = [MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE];
/// The same for a warning; by e-mail it is told only now.
const WARNING: [i64; 1] = [5 * MINUTE];
/// Pauses between attempts: the first, and the longest.
const FIRST: i64 = 2 * SECOND;
const LONGEST: i64 = 5 * MINUTE;
/// Attempts before a message is given up; the pauses before them come to an hour and a half.
const ATTEMPTS: u32 = 24;
/// Messages of one channel that wait. Beyond it the oldest goes.
const WAITING: usize = 100;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub notice: u64,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With what the other side answered.
    Done(String),
    /// It may work later.
    Failed(String),
    /// It will not work, however often it is tried.
    Refused(String),
}

impl Machine {
    /// Tells a new alert, or one whose silence is over, unless it is silent.
    pub(super) fn announce(&mut self, key: &str) {
        let Some(alert) = self.open.get(key) else { return };
        if self.silence_of(alert.rule, &alert.subject).is_some() {
            return;
        }
        let (alert, now) = (alert.clone(), self.now);
        for channel in self.told_at_once(alert.severity) {
            self.queue(channel, Kind::Fired, alert.clone());
        }
        if let Some(alert) = self.open.get_mut(key) {
            alert.escalations = 0;
            alert.escalates_at = Some(Micros(now.0 + pause_before(alert.severity, 0).unwrap_or_default()));
        }
    }

    /// E-mail waits for whether somebody acknowledges a warning, if there is another way to tell.
    fn told_at_once(&self, severity: Severity) -> Vec<Channel> {
        let others = self.channels.iter().any(|channel| *channel != Channel::Mail);
        let waits = |channel: &Channel| *channel == Channel::Mail && severity == Severity::Warning && others;
        self.channels.iter().copied().filter(|channel| !waits(channel)).collect()
    }

    pub(super) fn escalate(&mut self) {
        let now = self.now;
        let due: Vec<String> = self
            .open
            .iter()
            .filter(|(_, alert)| alert.escalates_at.is_some_and(|at| at <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            let Some(alert) = self.open.get_mut(&key) else { continue };
            if self.silences.iter().any(|silence| silence.covers(alert.rule, &alert.subject)) {
                // When the silence ends, it is told anew.
                alert.escalates_at = None;
                continue;
            }
            alert.escalations += 1;
            alert.escalates_at =
                pause_before(alert.severity, alert.escalations).map(|pause| Micros(now.0 + pause));
            let (told, context) = (alert.clone(), alert.context.clone());
            self.effects.push(Effect::Tell(AlertEvent::escalated(&told), context));
            for channel in self.channels.clone() {
                self.queue(channel, Kind::Escalated, told.clone());
            }
            self.keep(&key);
        }
    }

    /// Who was told that it began is told that it ended; what was not said yet need not be said any more.
    pub(super) fn call_off(&mut self, alert: &Alert) {
        let said = |channel: &Channel| alert.receipts.get(channel).is_some_and(|receipt| receipt.delivered);
        let sending: Vec<Channel> = self
            .notices
            .iter()
            .filter(|notice| {
                notice.alert.id == alert.id && self.sending.get(&notice.channel) == Some(&notice.id)
            })
            .map(|notice| notice.channel)
            .collect();
        let tells: Vec<Channel> = self
            .channels
            .iter()
            .copied()
            .filter(|channel| said(channel) || sending.contains(channel))
            .collect();
        // A channel that has heard nothing yet gets one message: that it was, and is over.
        let unheard: Vec<Channel> = self
            .notices
            .iter()
            .filter(|notice| notice.alert.id == alert.id && !tells.contains(&notice.channel))
            .map(|notice| notice.channel)
            .collect();
        self.withdraw(&alert.id);
        for channel in self.channels.clone() {
            if tells.contains(&channel) || unheard.contains(&channel) {
                self.queue(channel, Kind::Resolved, alert.clone());
            }
        }
    }

    /// Messages about an alert that wait are not sent.
    pub(super) fn withdraw(&mut self, alert_id: &str) {
        let sending = &self.sending;
        self.notices
            .retain(|notice| notice.alert.id != alert_id || sending.get(&notice.channel) == Some(&notice.id));
    }

    pub(super) fn queue(&mut self, channel: Channel, kind: Kind, alert: Alert) {
        let waits =
            |notice: &&Notice| notice.channel == channel && self.sending.get(&channel) != Some(&notice.id);
        if self.notices.iter().filter(waits).count() >= WAITING
            && let Some(oldest) = self.notices.iter().find(waits).map(|notice| notice.id)
        {
            self.give_up(oldest, "too many messages wait".to_owned());
        }
        self.made += 1;
        let (id, now) = (self.made, self.now);
        self.notices.push(Notice {
            id,
            channel,
            kind,
            alert,
            queued_at: now,
            attempts: 0,
            due: now,
            under_way: false,
            repeated: false,
        });
    }

    /// Whether what a message says still has to be said: it may have waited, or its answer was lost.
    fn is_idle_talk(&self, notice: &Notice) -> bool {
        match notice.kind {
            Kind::Resolved | Kind::Test => false,
            Kind::Fired | Kind::Escalated => {
                self.open.values().find(|alert| alert.id == notice.alert.id).is_none_or(|alert| {
                    alert.acknowledged.is_some() || self.silence_of(alert.rule, &alert.subject).is_some()
                })
            }
        }
    }

    /// The first message of each channel, if it is due and no other is under way.
    pub(super) fn send(&mut self) {
        let idle: Vec<u64> = self
            .notices
            .iter()
            .filter(|notice| {
                self.sending.get(&notice.channel) != Some(&notice.id) && self.is_idle_talk(notice)
            })
            .map(|notice| notice.id)
            .collect();
        self.notices.retain(|notice| !idle.contains(&notice.id));
        for channel in self.channels.clone() {
            if self.sending.contains_key(&channel) {
                continue;
            }
            let first = self.notices.iter_mut().find(|notice| notice.channel == channel);
            if let Some(notice) = first.filter(|notice| notice.due <= self.now) {
                notice.under_way = true;
                self.sending.insert(channel, notice.id);
                self.effects.push(Effect::Send(notice.clone()));
            }
        }
    }

    pub(super) fn delivered(&mut self, Delivery { notice: id, outcome }: Delivery) {
        let Some(at) = self.notices.iter().position(|notice| notice.id == id) else { return };
        let now = self.now;
        let notice = &mut self.notices[at];
        self.sending.remove(&notice.channel);
        notice.attempts += 1;
        notice.under_way = false;
        match outcome {
            Outcome::Done(words) => {
                let notice = self.notices.remove(at);
                let event = AlertEvent::notified(&notice, words.clone(), now);
                self.effects.push(Effect::Tell(event, notice.alert.context.clone()));
                self.receipt(&notice, words, true);
            }
            Outcome::Failed(why) if notice.attempts < ATTEMPTS => {
                let pause = (FIRST << notice.attempts.min(20).saturating_sub(1)).min(LONGEST);
                notice.due = Micros(now.0 + pause);
                let notice = notice.clone();
                // Told at the first failure; the others are counted on the receipt.
                if notice.attempts == 1 {
                    let event = AlertEvent::failed(&notice, why.clone(), false);
                    self.effects.push(Effect::Tell(event, notice.alert.context.clone()));
                }
                self.receipt(&notice, why, false);
            }
            Outcome::Failed(why) | Outcome::Refused(why) => self.give_up(id, why),
        }
    }

    fn give_up(&mut self, id: u64, why: String) {
        let Some(at) = self.notices.iter().position(|notice| notice.id == id) else { return };
        let notice = self.notices.remove(at);
        let event = AlertEvent::failed(&notice, why.clone(), true);
        self.effects.push(Effect::Tell(event, notice.alert.context.clone()));
        self.receipt(&notice, why, false);
    }

    fn receipt(&mut self, notice: &Notice, words: String, delivered: bool) {
        let receipt = Receipt { at: self.now, words, delivered, attempts: notice.attempts };
        let Some(key) = self.key_of(&notice.alert.id) else {
            // A test, or an alert that is over: its row gets the receipt all the same.
            let mut alert = notice.alert.clone();
            alert.receipts.insert(notice.channel, receipt);
            self.effects.push(Effect::Receipt { kind: notice.kind, alert, channel: notice.channel });
            return;
        };
        if let Some(alert) = self.open.get_mut(&key) {
            alert.receipts.insert(notice.channel, receipt);
            let alert = alert.clone();
            self.effects.push(Effect::Receipt { kind: notice.kind, alert, channel: notice.channel });
        }
        self.keep(&key);
    }
}

/// How long after it was told the last time it is told again; `None`: not any more.
const fn pause_before(severity: Severity, escalations: u32) -> Option<i64> {
    let pauses: &[i64] = match severity {
        Severity::Critical => &CRITICAL,
        Severity::Warning => &WARNING,
    };
    let at = escalations as usize;
    if at < pauses.len() { Some(pauses[at]) } else { None }
}
