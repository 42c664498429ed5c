//! What is told of alerts: they are records as everything else is. No rule looks at these.

use telemetry::{CatalogueEntry, Event, Level, Map, Micros, Source, Value};

use super::alert::{Alert, Kind, Notice, Silence};
use super::rule::{RuleId, Severity};

/// A happening in the life of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertEvent {
    Fired(About),
    /// Nobody has acknowledged it.
    Escalated(About, u32),
    Resolved(About, String, i64),
    Acknowledged(About, String),
    Silenced(SilenceTold),
    /// By its end, or by somebody.
    SilenceEnded(SilenceTold, Option<String>),
    Tested(About, Vec<&'static str>, String),
    Notified(Sent),
    Failed(Sent, bool),
    /// Records that rules should have looked at came faster than they could be taken.
    SightingsLost(u64),
    /// A channel is set and cannot be used.
    ChannelUnusable {
        channel: &'static str,
        why: String,
    },
}

/// Which alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub alert_id: String,
    pub rule: RuleId,
    pub subject: String,
    pub severity: Severity,
    pub words: String,
    pub count: u64,
}

/// What is silent, until when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilenceTold {
    pub rule: RuleId,
    pub subject: Option<String>,
    pub until: Micros,
    pub reason: String,
    pub by: String,
}

/// A message to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub about: About,
    pub channel: &'static str,
    pub kind: Kind,
    pub attempts: u32,
    /// What was answered, or why it failed.
    pub words: String,
    /// From when the message was made until it was taken.
    pub latency_us: i64,
}

impl About {
    fn of(alert: &Alert) -> Self {
        Self {
            alert_id: alert.id.clone(),
            rule: alert.rule,
            subject: alert.subject.clone(),
            severity: alert.severity,
            words: alert.message.clone(),
            count: alert.count,
        }
    }

    const fn title(&self) -> &'static str {
        self.rule.rule().title
    }

    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("alert_id".to_owned(), Value::from(self.alert_id.as_str())),
            ("rule".to_owned(), Value::from(self.rule.word())),
            ("subject".to_owned(), Value::from(self.subject.as_str())),
            ("severity".to_owned(), Value::from(self.severity.word())),
        ])
    }
}

impl SilenceTold {
    fn of(silence: &Silence) -> Self {
        let Silence { rule, subject, until, reason, by } = silence.clone();
        Self { rule, subject, until, reason, by }
    }

    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("rule".to_owned(), Value::from(self.rule.word())),
            ("subject".to_owned(), Value::from(self.subject.clone())),
            ("until".to_owned(), Value::from(self.until.to_rfc3339())),
            ("reason".to_owned(), Value::from(self.reason.as_str())),
            ("user".to_owned(), Value::from(self.by.as_str())),
        ])
    }
}

impl Sent {
    fn of(notice: &Notice, words: String, latency_us: i64) -> Self {
        Self {
            about: About::of(&notice.alert),
            channel: notice.channel.word(),
            kind: notice.kind,
            attempts: notice.attempts,
            words,
            latency_us,
        }
    }

    fn fields(&self) -> Map<String, Value> {
        with(
            self.about.fields(),
            [
                ("channel", Value::from(self.channel)),
                ("kind", Value::from(self.kind.word())),
                ("attempts", Value::from(self.attempts)),
            ],
        )
    }
}

fn with<const N: usize>(mut fields: Map<String, Value>, more: [(&str, Value); N]) -> Map<String, Value> {
    fields.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    fields
}

impl AlertEvent {
    pub(super) fn fired(alert: &Alert) -> Self {
        Self::Fired(About::of(alert))
    }

    pub(super) fn escalated(alert: &Alert) -> Self {
        Self::Escalated(About::of(alert), alert.escalations)
    }

    pub(super) fn resolved(alert: &Alert) -> Self {
        let ending = alert.resolved.as_ref();
        let lasted_ms = ending.map_or(0, |ending| (ending.at.0 - alert.fired_at.0) / 1_000);
        Self::Resolved(
            About::of(alert),
            ending.map(|ending| ending.why.clone()).unwrap_or_default(),
            lasted_ms,
        )
    }

    pub(super) fn acknowledged(alert: &Alert, by: String) -> Self {
        Self::Acknowledged(About::of(alert), by)
    }

    pub(super) fn silenced(silence: &Silence) -> Self {
        Self::Silenced(SilenceTold::of(silence))
    }

    pub(super) fn silence_ended(silence: &Silence, by: Option<&str>) -> Self {
        Self::SilenceEnded(SilenceTold::of(silence), by.map(str::to_owned))
    }

    pub(super) fn tested(alert: &Alert, channels: Vec<&'static str>, by: String) -> Self {
        Self::Tested(About::of(alert), channels, by)
    }

    pub(super) fn notified(notice: &Notice, words: String, now: Micros) -> Self {
        Self::Notified(Sent::of(notice, words, now.0 - notice.queued_at.0))
    }

    pub(super) fn failed(notice: &Notice, why: String, given_up: bool) -> Self {
        Self::Failed(Sent::of(notice, why, 0), given_up)
    }
}

impl Event for AlertEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Fired(_) => "alert.fired",
            Self::Escalated(..) => "alert.escalated",
            Self::Resolved(..) => "alert.resolved",
            Self::Acknowledged(..) => "alert.acknowledged",
            Self::Silenced(_) => "alert.silenced",
            Self::SilenceEnded(..) => "alert.silence_ended",
            Self::Tested(..) => "alert.tested",
            Self::Notified(_) => "alert.notified",
            Self::Failed(..) => "alert.notification_failed",
            Self::SightingsLost(_) => "alert.sightings_lost",
            Self::ChannelUnusable { .. } => "alert.channel_unusable",
        }
    }

    fn level(&self) -> Level {
        match self {
            Self::Fired(about) | Self::Escalated(about, _) => match about.severity {
                Severity::Warning => Level::Warn,
                Severity::Critical => Level::Error,
            },
            Self::Failed(_, true) => Level::Error,
            Self::Failed(_, false) | Self::SightingsLost(_) | Self::ChannelUnusable { .. } => Level::Warn,
            Self::Resolved(..)
            | Self::Acknowledged(..)
            | Self::Silenced(_)
            | Self::SilenceEnded(..)
            | Self::Tested(..)
            | Self::Notified(_) => Level::Info,
        }
    }

    fn source(&self) -> Source {
        match self {
            Self::Acknowledged(..)
            | Self::Silenced(_)
            | Self::SilenceEnded(_, Some(_))
            | Self::Tested(..) => Source::Audit,
            Self::Fired(_)
            | Self::Escalated(..)
            | Self::Resolved(..)
            | Self::SilenceEnded(_, None)
            | Self::Notified(_)
            | Self::Failed(..)
            | Self::SightingsLost(_)
            | Self::ChannelUnusable { .. } => Source::Backend,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Fired(about) => format!("{}: {}", about.title(), about.words),
            Self::Escalated(about, times) => {
                format!(
                    "Nobody has acknowledged it, told again ({times}): {}: {}",
                    about.title(),
                    about.words
                )
            }
            Self::Resolved(about, why, lasted_ms) => {
                format!("{} ended after {} s: {why}", about.title(), lasted_ms / 1_000)
            }
            Self::Acknowledged(about, by) => format!("{by} acknowledged: {}", about.title()),
            Self::Silenced(told) => {
                let until = told.until.to_rfc3339();
                format!("{} silenced {} until {until}: {}", told.by, told.rule.rule().title, told.reason)
            }
            Self::SilenceEnded(told, Some(by)) => {
                format!("{by} ended the silence of {}", told.rule.rule().title)
            }
            Self::SilenceEnded(told, None) => format!("The silence of {} is over", told.rule.rule().title),
            Self::Tested(_, channels, by) => {
                format!("{by} tests the deliveries by {}", channels.join(", "))
            }
            Self::Notified(sent) => {
                let Sent { about, channel, kind, words, .. } = sent;
                format!("Told by {channel} ({}): {}: {words}", kind.word(), about.title())
            }
            Self::Failed(sent, given_up) => {
                let end = if *given_up { "it is given up" } else { "it is tried again" };
                let Sent { about, channel, kind, words, .. } = sent;
                format!("Not told by {channel} ({}): {}: {words}; {end}", kind.word(), about.title())
            }
            Self::ChannelUnusable { channel, why } => {
                format!("Alerts do not go by {channel}: {why}")
            }
            Self::SightingsLost(count) => {
                format!("{count} records were not looked at by the rules of alerts: they came too fast")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            Self::Fired(about) => with(about.fields(), [("cause", Value::from(about.words.as_str()))]),
            Self::Escalated(about, times) => with(about.fields(), [("escalations", Value::from(*times))]),
            Self::Resolved(about, why, lasted_ms) => with(
                about.fields(),
                [
                    ("why", Value::from(why.as_str())),
                    ("lasted_ms", Value::from(*lasted_ms)),
                    ("times", Value::from(about.count)),
                ],
            ),
            Self::Acknowledged(about, by) => with(about.fields(), [("user", Value::from(by.as_str()))]),
            Self::Silenced(told) | Self::SilenceEnded(told, None) => told.fields(),
            Self::SilenceEnded(told, Some(by)) => with(told.fields(), [("user", Value::from(by.as_str()))]),
            Self::Tested(about, channels, by) => with(
                about.fields(),
                [("channels", Value::from(channels.clone())), ("user", Value::from(by.as_str()))],
            ),
            Self::Notified(sent) => with(
                sent.fields(),
                [("receipt", Value::from(sent.words.as_str())), ("latency_us", Value::from(sent.latency_us))],
            ),
            Self::Failed(sent, given_up) => with(
                sent.fields(),
                [("error", Value::from(sent.words.as_str())), ("given_up", Value::from(*given_up))],
            ),
            Self::ChannelUnusable { channel, why } => Map::from_iter([
                ("channel".to_owned(), Value::from(*channel)),
                ("error".to_owned(), Value::from(why.as_str())),
            ]),
            Self::SightingsLost(count) => Map::from_iter([("count".to_owned(), Value::from(*count))]),
        }
    }
}

/// Samples for EVENTS.md.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let about = About {
        alert_id: "a1641373200000000-7".to_owned(),
        rule: RuleId::PriceGap,
        subject: String::new(),
        severity: Severity::Critical,
        words: "The prices stream ended after 52000 ms: connection reset".to_owned(),
        count: 1,
    };
    let warning = About {
        rule: RuleId::ErrorBoundary,
        severity: Severity::Warning,
        words: "Panel Legs stopped: The server's answer could not be read.".to_owned(),
        ..about.clone()
    };
    let told = SilenceTold {
        rule: RuleId::Forwarder,
        subject: None,
        until: Micros(1_641_376_800_000_000),
        reason: "Elasticsearch is restarted".to_owned(),
        by: "ada".to_owned(),
    };
    let sent = Sent {
        about: about.clone(),
        channel: "webhook",
        kind: Kind::Fired,
        attempts: 1,
        words: "answered 200".to_owned(),
        latency_us: 140_000,
    };
    let failed = Sent { words: "answered 502".to_owned(), latency_us: 0, ..sent.clone() };
    let entry = |event: &AlertEvent, doc: &'static str| CatalogueEntry::from_sample(event).with_doc(doc);
    vec![
        entry(&AlertEvent::Fired(about.clone()), "a rule fires; error when it is critical, else a warning"),
        entry(&AlertEvent::Fired(warning), "a rule fires; error when it is critical, else a warning"),
        entry(&AlertEvent::Escalated(about.clone(), 1), "nobody has acknowledged it in time"),
        entry(
            &AlertEvent::Resolved(
                about.clone(),
                "The prices stream has data again after 2300 ms".to_owned(),
                74_000,
            ),
            "what it was about has been over for long enough",
        ),
        entry(&AlertEvent::Acknowledged(about.clone(), "ada".to_owned()), "somebody has seen it"),
        entry(&AlertEvent::Silenced(told.clone()), "nobody is told of it until then"),
        entry(&AlertEvent::SilenceEnded(told.clone(), None), "by itself, or by somebody"),
        entry(&AlertEvent::SilenceEnded(told, Some("ada".to_owned())), "by itself, or by somebody"),
        entry(
            &AlertEvent::Tested(about, vec!["webhook", "mail"], "ada".to_owned()),
            "somebody tests the channels",
        ),
        entry(&AlertEvent::Notified(sent), "a channel took the message; with what it answered"),
        entry(
            &AlertEvent::Failed(failed.clone(), false),
            "the first failure of a message, and when it is given up",
        ),
        entry(&AlertEvent::Failed(failed, true), "the first failure of a message, and when it is given up"),
        entry(
            &AlertEvent::ChannelUnusable { channel: "mail", why: "notify.mail_to is missing".to_owned() },
            "at the start",
        ),
        entry(&AlertEvent::SightingsLost(12), "a storm of records; at most once a second"),
    ]
}
