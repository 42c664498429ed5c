//! What people ask for: acknowledge, silence, end a silence, test.

use std::collections::BTreeMap;

use telemetry::{Context, Micros};

use super::{Effect, Machine};
use crate::alerts::alert::{Alert, Channel, Kind, Mark, Silence};
use crate::alerts::events::AlertEvent;
use crate::alerts::rule::{RuleId, Severity};

/// A request of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    Acknowledge {
        id: String,
        by: String,
    },
    /// `id`: of an alert, which is about its subject, or of a rule.
    Silence {
        id: String,
        until: Micros,
        reason: String,
        by: String,
    },
    EndSilence {
        id: String,
        by: String,
    },
    /// A message that says that it is a test; over one channel or all, in the words of a rule if one is named.
    Test {
        channel: Option<Channel>,
        rule: Option<RuleId>,
        by: String,
    },
}

/// Why it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoSuchAlert,
    NotSilent,
    /// Not in the future.
    Past,
    /// Longer than the rule allows, microseconds.
    TooLong(i64),
    NoChannel,
}

impl Machine {
    pub(super) fn asked(&mut self, ask: Ask) {
        let answer = match ask {
            Ask::Acknowledge { id, by } => self.acknowledge(&id, by),
            Ask::Silence { id, until, reason, by } => self.silence(&id, until, reason, by),
            Ask::EndSilence { id, by } => self.end_silence(&id, &by),
            Ask::Test { channel, rule, by } => self.test(channel, rule, by),
        };
        self.effects.push(Effect::Answer(answer));
    }

    pub(super) fn key_of(&self, id: &str) -> Option<String> {
        self.open.iter().find(|(_, alert)| alert.id == id).map(|(key, _)| key.clone())
    }

    /// A second acknowledgement changes nothing: the first stands.
    fn acknowledge(&mut self, id: &str, by: String) -> Result<String, Refusal> {
        let key = self.key_of(id).ok_or(Refusal::NoSuchAlert)?;
        let now = self.now;
        let alert = self.open.get_mut(&key).ok_or(Refusal::NoSuchAlert)?;
        if alert.acknowledged.is_none() {
            alert.acknowledged = Some(Mark { by: by.clone(), at: now });
            alert.escalates_at = None;
            let event = AlertEvent::acknowledged(alert, by);
            let context = alert.context.clone();
            self.effects.push(Effect::Tell(event, context));
            self.withdraw(id);
            self.keep(&key);
        }
        Ok(id.to_owned())
    }

    /// Rule and subject that an id speaks of.
    fn target(&self, id: &str) -> Result<(RuleId, Option<String>), Refusal> {
        if let Some(rule) = RuleId::parse(id) {
            return Ok((rule, None));
        }
        let alert = self.key_of(id).and_then(|key| self.open.get(&key)).ok_or(Refusal::NoSuchAlert)?;
        Ok((alert.rule, Some(alert.subject.clone())))
    }

    fn silence(&mut self, id: &str, until: Micros, reason: String, by: String) -> Result<String, Refusal> {
        let (rule, subject) = self.target(id)?;
        if until <= self.now {
            return Err(Refusal::Past);
        }
        let most = rule.rule().silence_most;
        if until.0 - self.now.0 > most {
            return Err(Refusal::TooLong(most));
        }
        self.silences.retain(|silence| silence.rule != rule || silence.subject != subject);
        let silence = Silence { rule, subject, until, reason, by };
        self.effects.push(Effect::Tell(AlertEvent::silenced(&silence), Context::default()));
        let ids: Vec<String> = self
            .open
            .values()
            .filter(|alert| silence.covers(alert.rule, &alert.subject))
            .map(|alert| alert.id.clone())
            .collect();
        self.silences.push(silence);
        ids.iter().for_each(|id| self.withdraw(id));
        Ok(id.to_owned())
    }

    fn end_silence(&mut self, id: &str, by: &str) -> Result<String, Refusal> {
        let (rule, subject) = self.target(id)?;
        let is_it = |silence: &Silence| silence.rule == rule && silence.subject == subject;
        let at = self.silences.iter().position(is_it).ok_or(Refusal::NotSilent)?;
        let silence = self.silences.remove(at);
        self.silence_over(&silence, Some(by));
        Ok(id.to_owned())
    }

    pub(super) fn end_silences(&mut self) {
        let now = self.now;
        let (over, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.silences).into_iter().partition(|silence| silence.until <= now);
        self.silences = rest;
        for silence in over {
            self.silence_over(&silence, None);
        }
    }

    /// What still lasts, and nobody knows of, is told now.
    fn silence_over(&mut self, silence: &Silence, by: Option<&str>) {
        let event = AlertEvent::silence_ended(silence, by);
        self.effects.push(Effect::Tell(event, Context::default()));
        let keys: Vec<String> = self
            .open
            .iter()
            .filter(|(_, alert)| silence.covers(alert.rule, &alert.subject) && alert.acknowledged.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        keys.iter().for_each(|key| self.announce(key));
    }

    fn test(
        &mut self,
        channel: Option<Channel>,
        rule: Option<RuleId>,
        by: String,
    ) -> Result<String, Refusal> {
        let channels: Vec<Channel> =
            self.channels.iter().copied().filter(|has| channel.is_none_or(|asked| asked == *has)).collect();
        if channels.is_empty() {
            return Err(Refusal::NoChannel);
        }
        self.made += 1;
        let id = format!("a{}-{}", self.now.0, self.made);
        let rule = rule.unwrap_or(RuleId::PanicStarted);
        let alert = Alert {
            id: id.clone(),
            rule,
            subject: String::new(),
            severity: Severity::Warning,
            fired_at: self.now,
            last_at: self.now,
            count: 0,
            message: format!("{by} tests the deliveries. Nothing has happened."),
            context: Context::default(),
            acknowledged: None,
            resolved: None,
            escalations: 0,
            escalates_at: None,
            receipts: BTreeMap::new(),
        };
        let words = channels.iter().map(|channel| channel.word()).collect();
        self.effects.push(Effect::Tell(AlertEvent::tested(&alert, words, by), Context::default()));
        for channel in channels {
            self.queue(channel, Kind::Test, alert.clone());
        }
        Ok(id)
    }
}
