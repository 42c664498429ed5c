//! One sample of every browser event, for EVENTS.md; those of the boot sentinel, which is no Rust, included.

use telemetry::{CatalogueEntry, Level, Source};

use super::{Control, RequestEvent, UiEvent, measured};

/// Entries of EVENTS.md for everything a browser tells.
pub fn ui_catalogue() -> Vec<CatalogueEntry> {
    let mut entries: Vec<CatalogueEntry> =
        samples().iter().map(|event| CatalogueEntry::from_sample(event)).collect();
    entries.extend(sentinel());
    entries
}

fn samples() -> Vec<UiEvent> {
    let mut samples = vec![
        UiEvent::Booted { boot_ms: 412 },
        UiEvent::Navigated { route: "/telemetry" },
        UiEvent::Click { control: Control::Start, subject: "quick-strangle".to_owned() },
        UiEvent::FeedConnected { attempt: 1, wait_ms: 38 },
        UiEvent::FeedClosed { reason: "code 1006".to_owned(), attempt: 2, backoff_ms: 740, seq: 48_391 },
        UiEvent::FeedGap { expected: 12, received: 15 },
        UiEvent::FeedResynced { seq: 16 },
        UiEvent::FeedUndecodable { error: "expected value at line 1".to_owned(), bytes: 17 },
        UiEvent::FeedStale { age_ms: 3_100 },
        UiEvent::FeedFresh { gap_ms: 7_200 },
        UiEvent::SpotStale { age_ms: 6_004 },
        UiEvent::SpotFresh { gap_ms: 13_700 },
        UiEvent::TruthSeen { truth: "lifecycle", from: "STARTING".to_owned(), to: "RUNNING".to_owned() },
        UiEvent::FloorSeen { from: "60.00".to_owned(), to: "70.00".to_owned() },
        UiEvent::FeedMinute { frames: 600, bytes: 184_000, gap_ms_max: 240, reconnects: 0, stale: false },
        UiEvent::ChartDrawn { points: 900, duration_ms: 6 },
        UiEvent::PanicAccepted { attempts: 1, duration_ms: 38 },
        UiEvent::PanicUnconfirmed { attempts: 3, error: "The server did not answer".to_owned() },
        UiEvent::Toast {
            code: "PRODUCT_LEASED".to_owned(),
            text: "session s-01jf3k9x2m holds C-BTC-48000-070122; stop it first, or choose other strikes."
                .to_owned(),
        },
        UiEvent::ErrorBoundary {
            panel: "Legs".to_owned(),
            path: "App › Control › Legs".to_owned(),
            code: "UNREADABLE".to_owned(),
            error: "The server's answer could not be read.".to_owned(),
        },
        UiEvent::Panic {
            error: "index out of bounds".to_owned(),
            location: "app/src/parts/chart.rs:118".to_owned(),
            path: "App › Control".to_owned(),
        },
        UiEvent::Log {
            level: Level::Warn,
            target: "leptos_router".to_owned(),
            text: "No route matched.".to_owned(),
        },
    ];
    samples.extend(requests());
    samples.extend(measured::samples().map(UiEvent::Measured));
    samples
}

/// One call per level it may have.
fn requests() -> [UiEvent; 5] {
    [
        ("POST", Some(202), 79),
        ("GET", Some(200), 79),
        ("POST", Some(409), 79),
        ("GET", None, 10_000),
        ("GET", Some(200), 2_100),
    ]
    .map(|(method, status_code, latency_ms)| {
        UiEvent::Request(RequestEvent {
            method,
            is_intent: method == "POST",
            route: "/api/v1/sessions".to_owned(),
            status_code,
            latency_ms,
            request_bytes: 412,
            response_bytes: 96,
            attempt: 1,
            fields: "preset execution_mode".to_owned(),
            error: status_code.is_none().then(|| "The server did not answer".to_owned()),
        })
    })
}

/// What the boot sentinel and `guard.js` send by themselves.
fn sentinel() -> [CatalogueEntry; 3] {
    let entry = |name, message: &str, doc| CatalogueEntry {
        name,
        levels: vec![Level::Fatal],
        source: Source::Frontend,
        message: message.to_owned(),
        payload_keys: ["kind", "location"].map(str::to_owned).to_vec(),
        doc,
    };
    [
        entry(
            "ui.boot_failed",
            "The page did not start within 15 s.",
            "WASM cannot be fetched, compiled or started",
        ),
        entry("ui.trapped", "unreachable executed", "the WASM module trapped without a panic"),
        entry(
            "ui.script_error",
            "An error of a script or a promise that nobody caught.",
            "error and unhandledrejection listeners",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use telemetry::client::FieldValue;

    use super::*;

    #[test]
    fn every_name_is_of_the_ui_family_and_every_message_is_a_sentence() {
        let entries = ui_catalogue();
        let names: BTreeSet<_> = entries.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), 31, "{names:?}");
        for entry in entries {
            assert!(entry.name.starts_with("ui."), "{}", entry.name);
            assert_eq!(entry.source, Source::Frontend);
            assert!(!entry.message.is_empty());
        }
    }

    #[test]
    fn a_failed_request_is_an_error_a_refused_or_slow_one_a_warning() {
        let levels = requests().map(|event| telemetry::Event::level(&event));
        assert_eq!(levels, [Level::Info, Level::Debug, Level::Warn, Level::Error, Level::Warn]);
    }

    /// Catches: an event whose values do not stand in the order of its keys, and a sentence that says more than it
    /// tells.
    #[test]
    fn every_event_has_a_value_for_each_key() {
        for event in samples() {
            let (site, values) = (event.site(), event.values());
            assert!(values.len() <= site.keys.len(), "{}: more values than keys", site.event);
            for (index, key) in site.keys.iter().enumerate() {
                let optional = matches!(key.name(), "status_code" | "error" | "fields" | "subject");
                let told = values.get(index).is_some_and(|value| *value != FieldValue::Absent);
                assert!(optional || told, "{}: {}", site.event, key.name());
            }
            assert!(!telemetry::Event::message(&event).contains(['{', '}']), "{}", site.event);
        }
    }

    /// The values of a sentence are cleaned one by one: its own words must not be the key to a secret.
    #[test]
    fn no_sentence_names_a_secret() {
        for event in samples() {
            let site = event.site();
            let values = [FieldValue::Str("Ab1Cd2Ef3Gh4"); 10];
            let sentence = site.sentence(&values);
            assert_eq!(telemetry::clean(&sentence), sentence);
        }
    }

    #[test]
    fn a_click_on_start_is_an_intent_and_one_on_the_theme_is_not() {
        let click = |control| UiEvent::Click { control, subject: String::new() };
        assert!(click(Control::Start).is_intent() && !click(Control::Theme).is_intent());
        assert_eq!(telemetry::Event::message(&click(Control::StopDialog)), "Clicked Stop dialog.");
        assert_eq!(Control::StopDialog.words(), crate::plain::words(Control::StopDialog.word()));
    }
}
