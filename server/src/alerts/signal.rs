//! What records mean for the rules: a pure reading of an event's name and fields. Nothing else knows which events raise
//! alerts; records of alerts themselves are not among them, so that no alert can raise another.

use telemetry::{Context, Level, LogRecord, Map, Micros, Value};

use super::rule::RuleId;
use crate::store::log::Head;

/// Streams, venues and parts are named by words of ours.
const PRICES: &str = "prices";
/// What concerns the account and no session.
pub const ACCOUNT: &str = "account";
/// A stream that brings nothing for so long is away, though its connection stands.
const SILENCE_MS: i64 = 10_000;
/// A venue's clock further away than this is a matter for people.
const VENUE_SKEW_MS: i64 = 5_000;

/// A record that matters, as it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    pub at: Micros,
    pub name: String,
    pub level: Level,
    pub message: String,
    pub context: Context,
    pub payload: Map<String, Value>,
}

impl Sighting {
    /// A record that was built elsewhere.
    #[must_use]
    pub fn of(record: &LogRecord) -> Self {
        Self {
            at: record.timestamp,
            name: record.event.clone().into_owned(),
            level: record.level,
            message: record.message.clone(),
            context: Context {
                strategy_id: record.strategy_id.clone(),
                session_id: record.session_id.clone(),
                configuration: record.configuration.clone(),
                execution_mode: record.execution_mode.clone(),
                correlation_id: record.correlation_id.clone(),
            },
            payload: record.payload.clone(),
        }
    }

    /// A line of the log that a browser told, if it is watched. Browsers speak of themselves only.
    #[must_use]
    pub fn of_line(line: &str) -> Option<Self> {
        let head = Head::of(line.as_bytes())?;
        if !head.event.starts_with("ui.") || !is_watched(&head.event) {
            return None;
        }
        LogRecord::from_line(line).ok().map(|record| Self::of(&record))
    }
}

/// What it says about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A call to the venue.
    Call { failed: bool },
    /// It happened once more.
    Hit { rule: RuleId, subject: String },
    /// The condition holds, since then.
    On { rule: RuleId, subject: String, since: Micros },
    /// It holds no more.
    Off { rule: RuleId, subject: String },
    /// The session is over, and with it whatever was said about it.
    Over { session: String },
}

/// Whether a record of this name is worth a look. Asked of every record, told or not: a comparison of words.
#[must_use]
pub fn is_watched(name: &str) -> bool {
    matches!(
        name,
        "venue.request"
            | "exit.decided"
            | "ui.error_boundary"
            | "ui.panic"
            | "ui.trapped"
            | "ui.boot_failed"
            | "stream.disconnected"
            | "stream.heartbeat"
            | "stream.heartbeat_missed"
            | "stream.gap"
            | "market.link_changed"
            | "panic.started"
            | "panic.acknowledged"
            | "panic.blocked"
            | "panic.unblocked"
            | "exit.restricted"
            | "exit.unrestricted"
            | "panic.verified_flat"
            | "exit.verified_flat"
            | "engine.begun_without_journal"
            | "engine.sessions_lost"
            | "session.exposure_changed"
            | "session.operator_needed"
            | "session.quarantined"
            | "session.lifecycle_changed"
            | "session.resolved"
            | "position.mismatched"
            | "position.matched"
            | "db.journal_failed"
            | "db.journal_restored"
            | "forwarder.held"
            | "forwarder.unusable"
            | "forwarder.recovered"
            | "account.health_changed"
            | "clock.venue_measured"
    )
}

/// The signals of a record.
#[must_use]
pub fn signals(sighting: &Sighting) -> Vec<Signal> {
    let text = |key: &str| sighting.payload.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| sighting.payload.get(key).and_then(Value::as_i64).unwrap_or_default();
    let subject = || sighting.context.session_id.clone().unwrap_or_else(|| ACCOUNT.to_owned());
    let on = |rule| Signal::On { rule, subject: subject(), since: sighting.at };
    let off = |rule| Signal::Off { rule, subject: subject() };
    let plain_on = |rule| Signal::On { rule, subject: String::new(), since: sighting.at };
    let plain_off = |rule| Signal::Off { rule, subject: String::new() };
    match sighting.name.as_str() {
        "venue.request" => vec![Signal::Call { failed: call_failed(text("outcome"), text("auth")) }],
        "exit.decided" if text("reason") == "error" => {
            let strategy = sighting.context.strategy_id.clone().unwrap_or_default();
            vec![Signal::Hit { rule: RuleId::ErrorExits, subject: strategy }]
        }
        "ui.error_boundary" | "ui.panic" | "ui.trapped" | "ui.boot_failed" => {
            vec![Signal::Hit { rule: RuleId::ErrorBoundary, subject: String::new() }]
        }
        "stream.disconnected"
        | "stream.heartbeat_missed"
        | "stream.heartbeat"
        | "stream.gap"
        | "market.link_changed"
            if text("stream") == PRICES =>
        {
            of_prices(sighting).into_iter().collect()
        }
        "panic.started" => vec![on(RuleId::PanicStarted)],
        "engine.begun_without_journal" => {
            vec![Signal::On { rule: RuleId::PanicStarted, subject: ACCOUNT.to_owned(), since: sighting.at }]
        }
        "panic.acknowledged" => vec![off(RuleId::PanicStarted), off(RuleId::PanicBlocked)],
        "panic.blocked" | "exit.restricted" => vec![on(RuleId::PanicBlocked)],
        "panic.unblocked" | "exit.unrestricted" | "exit.verified_flat" => vec![off(RuleId::PanicBlocked)],
        "panic.verified_flat" => vec![off(RuleId::PanicBlocked), off(RuleId::OperatorNeeded)],
        "session.exposure_changed" if text("to") == "UNKNOWN" => vec![on(RuleId::ExposureUnknown)],
        "session.exposure_changed" => vec![off(RuleId::ExposureUnknown)],
        "session.operator_needed" | "session.quarantined" | "engine.sessions_lost" => {
            vec![on(RuleId::OperatorNeeded)]
        }
        "session.resolved" => vec![off(RuleId::OperatorNeeded), off(RuleId::Mismatch)],
        "session.lifecycle_changed" if text("to") == "STOPPED" => {
            vec![Signal::Over { session: subject() }]
        }
        "session.lifecycle_changed" if text("from") == "NEEDS_OPERATOR" => {
            vec![off(RuleId::OperatorNeeded)]
        }
        "position.mismatched" if sighting.level >= Level::Error => vec![on(RuleId::Mismatch)],
        "position.matched" => vec![off(RuleId::Mismatch)],
        "db.journal_failed" => vec![plain_on(RuleId::Journal)],
        "db.journal_restored" => vec![plain_off(RuleId::Journal)],
        "forwarder.held" | "forwarder.unusable" => vec![plain_on(RuleId::Forwarder)],
        "forwarder.recovered" => vec![plain_off(RuleId::Forwarder)],
        "account.health_changed" if text("health") == "CLOCK_SKEW" => {
            let holds = sighting.payload.get("on") == Some(&Value::Bool(true));
            vec![if holds { plain_on(RuleId::ClockSkew) } else { plain_off(RuleId::ClockSkew) }]
        }
        "clock.venue_measured" => vec![venue_clock(number("offset_ms"), sighting.at)],
        _ => Vec::new(),
    }
}

/// How far the venue's clock is from ours.
fn venue_clock(offset_ms: i64, since: Micros) -> Signal {
    let (rule, subject) = (RuleId::ClockSkew, "venue".to_owned());
    if offset_ms.abs() >= VENUE_SKEW_MS {
        Signal::On { rule, subject, since }
    } else {
        Signal::Off { rule, subject }
    }
}

/// What the price stream says about itself: away since some moment, or there again.
fn of_prices(sighting: &Sighting) -> Option<Signal> {
    let number = |key: &str| sighting.payload.get(key).and_then(Value::as_i64).unwrap_or_default();
    let (rule, subject) = (RuleId::PriceGap, String::new());
    let silence_ms = number("silence_ms").max(0);
    let is_away = match sighting.name.as_str() {
        "stream.disconnected" | "stream.heartbeat_missed" => true,
        // It says how long nothing came, also where the connection stands.
        "stream.heartbeat" => silence_ms >= SILENCE_MS,
        // Of a link that is down its stream says more.
        "market.link_changed" if sighting.payload.get("up") != Some(&Value::Bool(true)) => return None,
        _ => false,
    };
    let since = Micros(sighting.at.0 - silence_ms * 1_000);
    Some(if is_away { Signal::On { rule, subject, since } } else { Signal::Off { rule, subject } })
}

/// A refusal is an answer of a venue that works, unless it refuses who asks.
fn call_failed(outcome: &str, auth: &str) -> bool {
    matches!(outcome, "limited" | "failed" | "unreadable" | "lost" | "not_sent") || auth == "refused"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every event that the program can tell, as its catalogue has it.
    fn catalogue() -> Vec<String> {
        let entries = [model::catalogue::catalogue(), crate::catalogue::catalogue(), app::ui_catalogue()];
        entries.concat().iter().map(|entry| entry.name.to_owned()).collect()
    }

    #[test]
    fn what_is_watched_can_be_told_and_no_alert_is_watched() {
        let names = catalogue();
        let watched: Vec<&String> = names.iter().filter(|name| is_watched(name)).collect();
        let unique: std::collections::BTreeSet<_> = watched.iter().collect();
        assert_eq!(unique.len(), 35, "a watched name that nobody tells, or one that the catalogue has lost");
        assert!(names.iter().filter(|name| name.starts_with("alert.")).all(|name| !is_watched(name)));
    }

    fn told(event: &dyn telemetry::Event, context: &Context) -> Vec<Signal> {
        signals(&Sighting {
            at: Micros(50_000_000),
            name: event.name().to_owned(),
            level: event.level(),
            message: event.message(),
            context: context.clone(),
            payload: event.payload(),
        })
    }

    /// The words of the fields are those that the engine writes, not what this file believes: every sample of the
    /// engine's catalogue that is watched says something.
    #[test]
    fn samples_of_the_engine_are_understood() {
        let context = Context {
            session_id: Some("s-1".to_owned()),
            strategy_id: Some("short_strangle".to_owned()),
            ..Context::default()
        };
        let said: Vec<(String, Signal)> = model::catalogue::samples()
            .iter()
            .flat_map(|sample| {
                let name = telemetry::Event::name(sample).to_owned();
                told(sample, &context).into_iter().map(move |signal| (name.clone(), signal))
            })
            .collect();
        let says = |name: &str, signal: &dyn Fn(&Signal) -> bool| {
            assert!(said.iter().any(|(of, what)| of == name && signal(what)), "{name}: {said:?}");
        };
        let on = |rule: RuleId| move |signal: &Signal| matches!(signal, Signal::On { rule: of, .. } if *of == rule);
        let off = |rule: RuleId| move |signal: &Signal| matches!(signal, Signal::Off { rule: of, .. } if *of == rule);
        says("panic.started", &on(RuleId::PanicStarted));
        says("panic.acknowledged", &off(RuleId::PanicStarted));
        says("panic.blocked", &on(RuleId::PanicBlocked));
        says("panic.unblocked", &off(RuleId::PanicBlocked));
        says("exit.restricted", &on(RuleId::PanicBlocked));
        says("exit.unrestricted", &off(RuleId::PanicBlocked));
        says("session.exposure_changed", &on(RuleId::ExposureUnknown));
        says("session.exposure_changed", &off(RuleId::ExposureUnknown));
        says("session.operator_needed", &on(RuleId::OperatorNeeded));
        says("position.mismatched", &on(RuleId::Mismatch));
        says("position.matched", &off(RuleId::Mismatch));
        says("exit.decided", &|signal| matches!(signal, Signal::Hit { rule: RuleId::ErrorExits, .. }));
        says("account.health_changed", &on(RuleId::ClockSkew));
        says("market.link_changed", &off(RuleId::PriceGap));
        assert!(
            !said
                .iter()
                .any(|(name, signal)| name == "position.mismatched" && matches!(signal, Signal::Off { .. })),
            "the first of two reads says nothing"
        );
    }

    #[test]
    fn a_session_that_has_stopped_is_over_and_one_that_was_decided_on_needs_nobody() {
        let changed = |from, to| {
            let cause = model::causes::LifecycleCause::Ready;
            let decision = model::decision::SessionDecision::LifecycleChanged { from, to, cause };
            told(&decision, &Context { session_id: Some("s-1".to_owned()), ..Context::default() })
        };
        use model::Lifecycle::{Exiting, NeedsOperator, Running, Stopped};
        assert_eq!(changed(Exiting, Stopped), [Signal::Over { session: "s-1".to_owned() }]);
        let off = Signal::Off { rule: RuleId::OperatorNeeded, subject: "s-1".to_owned() };
        assert_eq!(changed(NeedsOperator, Exiting), [off]);
        assert_eq!(changed(Running, Exiting), []);
    }

    #[test]
    fn a_refusal_of_the_venue_is_no_failure_of_its_api() {
        for (outcome, auth, failed) in [
            ("ok", "signed", false),
            ("refused", "signed", false),
            ("refused", "refused", true),
            ("limited", "signed", true),
            ("lost", "unsigned", true),
            ("unreadable", "signed", true),
        ] {
            assert_eq!(call_failed(outcome, auth), failed, "{outcome} {auth}");
        }
    }
}
