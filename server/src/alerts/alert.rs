//! What an alert is: one per rule and subject while it lasts, with everything that was done about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use telemetry::{Context, Micros};

use super::rule::{RuleId, Severity};

/// Where alerts go besides the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Webhook,
    Telegram,
    Mail,
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::Webhook, Self::Telegram, Self::Mail];

    /// Lowercase word, as in records and the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Telegram => "telegram",
            Self::Mail => "mail",
        }
    }

    /// As people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Webhook => "Webhook",
            Self::Telegram => "Telegram",
            Self::Mail => "E-mail",
        }
    }

    /// Reads the word exactly.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub by: String,
    pub at: Micros,
}

/// How an alert ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub at: Micros,
    pub why: String,
}

/// What became of the last message of a channel about an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Micros,
    /// What the channel answered, or why it has not.
    pub words: String,
    pub delivered: bool,
    pub attempts: u32,
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub id: String,
    pub rule: RuleId,
    /// What it is about: a session, a strategy, `account`; empty when the rule says it all.
    pub subject: String,
    pub severity: Severity,
    pub fired_at: Micros,
    /// Of what happened last.
    pub last_at: Micros,
    /// How often it happened.
    pub count: u64,
    /// What happened, in the words of the record that says so.
    pub message: String,
    /// Session and trace of that record.
    pub context: Context,
    pub acknowledged: Option<Mark>,
    pub resolved: Option<Ending>,
    /// How often it was told again because nobody had acknowledged it.
    pub escalations: u32,
    /// When it is told again; `None`: not any more.
    pub escalates_at: Option<Micros>,
    pub receipts: BTreeMap<Channel, Receipt>,
}

/// Rule or alert that is silent for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub rule: RuleId,
    /// `None`: whatever the rule is about.
    pub subject: Option<String>,
    pub until: Micros,
    pub reason: String,
    pub by: String,
}

impl Silence {
    /// Whether it covers an alert of that rule and subject.
    #[must_use]
    pub fn covers(&self, rule: RuleId, subject: &str) -> bool {
        self.rule == rule && self.subject.as_deref().is_none_or(|only| only == subject)
    }
}

/// Why a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Fired,
    /// Nobody has acknowledged it.
    Escalated,
    Resolved,
    Test,
}

impl Kind {
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }
}

/// A message on its way over one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: u64,
    pub channel: Channel,
    pub kind: Kind,
    /// As it was when the message was made.
    pub alert: Alert,
    pub queued_at: Micros,
    /// Attempts that are over.
    pub attempts: u32,
    /// When it is tried next.
    pub due: Micros,
    /// It was handed out, and nothing came back yet.
    #[serde(default)]
    pub under_way: bool,
    /// The process ended while it was under way: whoever gets it may have had it before.
    #[serde(default)]
    pub repeated: bool,
}
