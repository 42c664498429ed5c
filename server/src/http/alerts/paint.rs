//! Alerts as pages show them.

use telemetry::Micros;

use crate::alerts::{Alert, Channel, Looked, Reading, RuleId, Severity, Silence, Standing, Told, View};
use crate::clock;
use crate::shared::App;

/// Of what has ended, and of messages.
const SHOWN: usize = 200;
const DAY_US: i64 = 86_400_000_000;

/// Everything that the page of alerts shows. What cannot be read is said to be so.
pub(in crate::http) async fn paint_of(app: &App, period: &str) -> app::AlertsPaint {
    let view = app.alerts.view();
    let days = match period {
        "7d" => 7,
        "all" => 36_500,
        _ => 30,
    };
    let since = Micros(clock::now().0 - days * DAY_US);
    let ended = app.alerts.ended(since, SHOWN).await.ok();
    let told = app.alerts.told(SHOWN).await.ok();
    app::AlertsPaint {
        open: open_of(&view),
        rules: rules_of(&view),
        ended: ended.map(|ended| ended.iter().map(|alert| alert_of(alert, &view)).collect()),
        channels: channels_of(app, told.as_deref().unwrap_or_default()),
        told: told.map(|told| told.iter().map(told_of).collect()),
    }
}

/// Every channel, with its last message.
pub(in crate::http) fn channels_of(app: &App, told: &[Told]) -> Vec<app::ChannelView> {
    let one = |(channel, standing): (&Channel, &Standing)| {
        let (to, problem) = match standing {
            Standing::Off => (None, None),
            Standing::Ready(to) => (Some(to.clone()), None),
            Standing::Unusable(why) => (None, Some(why.clone())),
        };
        let last = told.iter().find(|told| told.channel == *channel).map(told_of);
        app::ChannelView {
            word: channel.word().to_owned(),
            title: channel.title().to_owned(),
            to,
            problem,
            last,
        }
    };
    app.alerts.notifiers().standing().iter().map(one).collect()
}

/// An alert for a page.
fn alert_of(alert: &Alert, view: &View) -> app::AlertView {
    let rule = alert.rule.rule();
    let silence = view.silence_of(alert.rule, &alert.subject).filter(|_| alert.resolved.is_none());
    app::AlertView {
        id: alert.id.clone(),
        title: rule.title.to_owned(),
        critical: alert.severity == Severity::Critical,
        subject: alert.subject.clone(),
        message: alert.message.clone(),
        advice: rule.advice.to_owned(),
        fires: rule.fires.to_owned(),
        anchor: rule.anchor(),
        count: alert.count,
        fired_at: alert.fired_at,
        last_at: alert.last_at,
        acknowledged: alert.acknowledged.as_ref().map(|mark| (mark.by.clone(), mark.at)),
        resolved: alert.resolved.as_ref().map(|ending| (ending.at, ending.why.clone())),
        silence: silence.map(silence_of),
        escalates_at: alert.escalates_at,
        receipts: alert
            .receipts
            .iter()
            .map(|(channel, receipt)| app::ReceiptView {
                channel: channel.title().to_owned(),
                at: receipt.at,
                words: receipt.words.clone(),
                delivered: receipt.delivered,
                attempts: receipt.attempts,
            })
            .collect(),
        session_id: alert.context.session_id.clone(),
        correlation_id: alert.context.correlation_id.clone(),
    }
}

fn silence_of(silence: &Silence) -> app::SilenceView {
    app::SilenceView { until: silence.until, by: silence.by.clone(), reason: silence.reason.clone() }
}

/// Every rule, with what it reads now.
fn rules_of(view: &View) -> Vec<app::RuleView> {
    let rules = view.rules.iter();
    rules.map(|(id, looked, reading)| rule_of(*id, looked, reading, view)).collect()
}

/// A rule for a page.
fn rule_of(
    id: RuleId,
    looked: &Looked,
    reading: &Result<Reading, &'static str>,
    view: &View,
) -> app::RuleView {
    let rule = id.rule();
    let firing = view.open.iter().filter(|alert| alert.rule == id);
    let (seen, unseen): (Vec<_>, Vec<_>) = firing.partition(|alert| alert.acknowledged.is_some());
    app::RuleView {
        word: rule.word.to_owned(),
        title: rule.title.to_owned(),
        critical: rule.severity == Severity::Critical,
        fires: rule.fires.to_owned(),
        window_us: rule.window(),
        value: reading.as_ref().map(|reading| reading.value.clone()).map_err(|why| (*why).to_owned()),
        value_at: reading.as_ref().ok().map(|reading| reading.at),
        evaluated_at: Some(view.as_of),
        fired_at: looked.fired_at,
        firing: unseen.len(),
        acknowledged: seen.len(),
        silence: view.silence_of(id, "\u{0}").map(silence_of),
        silence_most_us: rule.silence_most,
        anchor: rule.anchor(),
    }
}

/// A message for a page.
fn told_of(told: &Told) -> app::ToldView {
    app::ToldView {
        channel: told.channel.title().to_owned(),
        kind: told.kind.word().to_owned(),
        title: told.rule.rule().title.to_owned(),
        at: told.receipt.at,
        words: told.receipt.words.clone(),
        delivered: told.receipt.delivered,
        attempts: told.receipt.attempts,
    }
}

/// What the page shows that changes while it is open.
pub(in crate::http) fn open_of(view: &View) -> app::AlertsOpen {
    let (unread, worst) = view.unread;
    app::AlertsOpen {
        unread,
        critical: worst == Some(Severity::Critical),
        open: view.open.iter().map(|alert| alert_of(alert, view)).collect(),
        as_of: if view.as_of == Micros::default() { clock::now() } else { view.as_of },
    }
}
