//! Alerts and Settings as the server paints them: what fires is said with what to do, its buttons work without script, and
//! what is not known is not called fine.

use app::{
    AlertView, AlertsOpen, AlertsPaint, ChannelView, LevelView, ReceiptView, RuleView, SettingsPaint,
    ToldView, UserView,
};
use model::Micros;

use crate::support::{render, sample};

const FIRED: Micros = Micros(1_641_384_000_000_000);

fn alert(id: &str, critical: bool) -> AlertView {
    AlertView {
        id: id.to_owned(),
        title: "Gap in the price stream’s heartbeat".to_owned(),
        critical,
        message: "The prices stream ended after 52000 ms: <reset>".to_owned(),
        advice: "Look at your line first.".to_owned(),
        fires: "the price stream is away for 10 s".to_owned(),
        anchor: "alert-gap-in-the-price-streams-heartbeat".to_owned(),
        count: 3,
        fired_at: FIRED,
        last_at: FIRED,
        receipts: vec![ReceiptView {
            channel: "Webhook".to_owned(),
            at: FIRED,
            words: "answered 502".to_owned(),
            delivered: false,
            attempts: 2,
        }],
        session_id: Some("s-1".to_owned()),
        correlation_id: Some("0af7651916cd43dd8448eb211c80319c".to_owned()),
        ..AlertView::default()
    }
}

fn rule() -> RuleView {
    RuleView {
        word: "price_gap".to_owned(),
        title: "Gap in the price stream’s heartbeat".to_owned(),
        critical: true,
        fires: "the price stream is away for 10 s".to_owned(),
        window_us: 10_000_000,
        value: Ok("holds since 12:00:00 UTC".to_owned()),
        value_at: Some(FIRED),
        evaluated_at: Some(FIRED),
        fired_at: Some(FIRED),
        firing: 1,
        silence_most_us: 3_600_000_000,
        acknowledged: 0,
        silence: None,
        anchor: "alert-gap-in-the-price-streams-heartbeat".to_owned(),
    }
}

fn paint() -> AlertsPaint {
    let mut seen = alert("a-2", false);
    seen.acknowledged = Some(("ada".to_owned(), FIRED));
    let mut ended = alert("a-3", true);
    ended.resolved = Some((Micros(FIRED.0 + 74_000_000), "data again".to_owned()));
    let open = AlertsOpen { unread: 1, critical: true, open: vec![alert("a-1", true), seen], as_of: FIRED };
    let last = ToldView {
        channel: "Webhook".to_owned(),
        title: rule().title,
        words: "answered 502".to_owned(),
        ..ToldView::default()
    };
    AlertsPaint {
        open,
        rules: vec![rule()],
        ended: Some(vec![ended]),
        told: Some(vec![last.clone()]),
        channels: vec![ChannelView {
            word: "webhook".to_owned(),
            title: "Webhook".to_owned(),
            to: Some("hooks.example.org".to_owned()),
            last: Some(last),
            problem: None,
        }],
    }
}

pub fn page(path: &str) -> String {
    let mut port = sample::idle();
    port.alerts = paint();
    render(path, port, "dark")
}

#[test]
fn what_fires_is_said_with_what_to_do_and_a_button_that_needs_no_script() {
    let page = page("/alerts");
    for words in [
        "What to do.",
        "Look at your line first.",
        "&lt;reset&gt;",
        "/runbook#alert-gap-in-the-price-streams-heartbeat",
        "/sessions/s-1",
        "by ada at 2022-01-05 12:00:00",
        "not received",
        "1 m 14 s",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("method=\"post\" action=\"/alerts/act\""));
    assert!(page.contains("value=\"ack-a-1\"") && !page.contains("value=\"ack-a-2\""), "seen once is seen");
}

/// Catches: a reading without its age, and a rule that looks fine because nothing is known of it.
#[test]
fn a_rule_reads_something_of_some_age_or_says_why_nothing_is_known() {
    let mut port = sample::idle();
    port.alerts = paint();
    let unknown = RuleView {
        word: "forwarder".to_owned(),
        value: Err("nothing is forwarded".to_owned()),
        value_at: None,
        ..rule()
    };
    port.alerts.rules.push(unknown);
    let page = render("/alerts", port, "dark");
    assert!(page.contains("holds since 12:00:00 UTC<"), "{page}");
    assert!(page.contains(&format!("data-at=\"{}\"", FIRED.0)) && page.contains("data-before=\"read \""));
    assert!(
        page.contains("title=\"nothing is forwarded\"") && page.contains(" unknown: nothing is forwarded")
    );
}

/// Catches: a form that comes back from a refusal as if nothing had been wrong.
#[test]
fn a_form_marks_the_field_for_which_it_was_refused() {
    for (path, marked) in [
        ("/alerts?silence=price_gap&wrong=reason", true),
        ("/alerts?silence=price_gap", false),
        ("/settings?wrong=minutes", true),
        ("/settings", false),
    ] {
        assert_eq!(page(path).contains("aria-invalid=\"true\""), marked, "{path}");
    }
}

#[test]
fn every_page_says_how_many_alerts_nobody_has_acknowledged() {
    let of =
        |page: String| page.contains("data-tone=\"alarm\" href=\"/alerts\"") && page.contains("1 alert<");
    assert!(of(page("/telemetry")) && of(page("/")));
    assert!(!render("/", sample::idle(), "dark").contains("href=\"/alerts\" title"));
}

#[test]
fn the_form_that_silences_offers_no_longer_than_the_rule_allows() {
    assert!(!page("/alerts").contains("name=\"minutes\""));
    for id in ["price_gap", "a-1"] {
        let page = page(&format!("/alerts?silence={id}"));
        assert!(page.contains("<option value=\"60\"") && !page.contains("<option value=\"240\""), "{id}");
    }
    assert!(!page("/alerts?silence=none").contains("name=\"minutes\""));
}

#[test]
fn what_cannot_be_read_is_not_called_empty() {
    let mut port = sample::idle();
    port.alerts = AlertsPaint { ended: None, told: None, ..paint() };
    let page = render("/alerts", port, "light");
    assert!(page.contains("What has ended cannot be read") && page.contains("What was told cannot be read"));
    assert!(!page.contains("Nothing was sent yet"));
}

pub fn settings() -> String {
    let mut port = sample::idle();
    port.settings = SettingsPaint {
        usual_level: "info".to_owned(),
        levels: vec![LevelView {
            target: "venue".to_owned(),
            level: "debug".to_owned(),
            expires_at: FIRED,
            reason: "why <so> many".to_owned(),
            by: "ada".to_owned(),
            set_at: FIRED,
        }],
        targets: vec!["backend".to_owned(), "venue".to_owned()],
        channels: vec![
            paint().channels.remove(0),
            ChannelView {
                word: "mail".to_owned(),
                title: "E-mail".to_owned(),
                problem: Some("notify.mail_to is missing".to_owned()),
                ..ChannelView::default()
            },
            ChannelView {
                word: "telegram".to_owned(),
                title: "Telegram".to_owned(),
                ..ChannelView::default()
            },
        ],
        users: Some(vec![UserView {
            name: "admin".to_owned(),
            role: "admin".to_owned(),
            without_password: true,
            created_at: FIRED,
        }]),
        about: vec![("Version".to_owned(), "0.1.0".to_owned())],
        ..SettingsPaint::default()
    };
    render("/settings", port, "dark")
}

#[test]
fn settings_say_what_is_set_and_what_is_not() {
    let page = settings();
    for words in [
        "why &lt;so&gt; many",
        "Back to info",
        "notify.mail_to is missing",
        "not set",
        "Test Webhook",
        "not set yet",
        "0.1.0+test",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("Test Telegram"), "what is not set cannot be tested");
}
