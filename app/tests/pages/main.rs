//! Every page as the server writes it: complete without WASM, allowed by the strict policy, named for a screen
//! reader. With `DELTASCOPE_RENDER_TO` set, the pages are kept there to be looked at.

mod alerts;
mod control;
mod live;
mod past;
mod support;

use app::AppError;
use support::{SamplePort, render, sample};

fn page(path: &str, port: SamplePort) -> String {
    render(path, port, "dark")
}

fn all() -> Vec<(&'static str, String)> {
    vec![
        ("control", page("/", sample::running())),
        ("control-idle", page("/", sample::idle())),
        ("control-live", page("/", live::live(sample::running(), true))),
        ("control-live-idle", page("/", live::live(sample::offering(), true))),
        ("control-two", page("/", sample::two())),
        ("control-foreign", page(&format!("/?session={}", sample::BTC), sample::foreign())),
        ("control-unknown", page("/", sample::blind())),
        ("control-operator", page("/", sample::needs_operator())),
        ("control-gone", page("/?session=s-01j2a1", sample::two())),
        ("control-panic", page("/", sample::panicking())),
        ("telemetry", page("/telemetry?level=info", sample::running())),
        ("telemetry-clients", page("/telemetry", support::past::many())),
        ("alerts", alerts::page("/alerts?silence=price_gap")),
        ("settings", alerts::settings()),
        ("analytics", page("/analytics?period=30d", support::past::many())),
        ("analytics-few", page("/analytics", support::past::few())),
        ("analytics-empty", page("/analytics", sample::idle())),
        ("trades", page("/trades?sort=-net&page=2", support::past::many())),
        ("trades-empty", page("/trades", sample::idle())),
        ("trades-none", page("/trades?result=won", sample::idle())),
        ("session-ended", page("/sessions/s-0001", support::past::many())),
        ("session-running", page(&format!("/sessions/{}", sample::BTC), support::past::many())),
        ("session-unknown", page("/sessions/s-nobody", support::past::many())),
        ("trace", page(&format!("/trace/{}", sample::TRACE), sample::running())),
        ("login", page("/login", sample::idle())),
        ("login-link", page("/login?token=abc", sample::idle())),
        ("missing", page("/nowhere", sample::idle())),
    ]
}

/// The elements between `<body>` and the data scripts.
fn body(html: &str) -> &str {
    let from = html.find("<body").expect("a body");
    &html[from..html.find("</body>").expect("its end")]
}

#[test]
fn no_page_needs_an_inline_style_and_every_script_has_the_nonce() {
    for (name, html) in all() {
        assert!(!body(&html).contains(" style="), "{name} has a style attribute");
        assert!(!html.contains("<style"), "{name} has a style element");
        let data = html.split("</html>").nth(1).unwrap_or_default();
        assert!(data.len() < 300, "{name} travels twice: {data}");
        for tag in html.split("</html>").next().unwrap_or_default().split("<script").skip(1) {
            let open = tag.split('>').next().unwrap_or_default();
            assert!(
                open.is_empty() || open.contains("nonce=\"sample-nonce\""),
                "{name}: a script without nonce: {open}"
            );
        }
    }
}

#[test]
fn every_page_has_one_heading_of_the_first_level_a_title_and_a_main() {
    for (name, html) in all() {
        assert_eq!(body(&html).matches("<h1").count(), 1, "{name}");
        assert_eq!(body(&html).matches("<main").count(), 1, "{name}");
        assert!(html.contains("<title>") && html.contains("Deltascope</title>"), "{name} has no title");
    }
}

#[test]
fn what_stands_in_a_record_is_text_and_never_markup() {
    for path in ["/telemetry".to_owned(), format!("/trace/{}", sample::TRACE)] {
        let html = page(&path, sample::running());
        assert!(
            body(&html).contains("&lt;script>alert(1)") || body(&html).contains("&lt;script&gt;alert(1)"),
            "{path}"
        );
        assert!(!html.contains("<script>alert(1)"), "{path}");
    }
}

#[test]
fn telemetry_works_as_a_plain_form_and_pages_on() {
    let html = page("/telemetry?level=warn&q=fill", sample::running());
    assert!(html.contains("action=\"/telemetry\"") && html.contains("method=\"get\""));
    assert!(html.contains("value=\"fill\""), "the filter is not filled from the address");
    assert!(html.contains("cursor=older"), "the next page is missing");
}

#[test]
fn a_search_that_had_no_more_time_says_how_far_it_looked_and_goes_on() {
    let mut port = sample::running();
    port.logs.looked_to = telemetry::Micros::parse_rfc3339("2026-11-20T08:35:33.123456Z");
    let html = page("/telemetry?q=rare", port);
    for text in ["told since 2026-11-20T08:35:33.", "Search further back", "cursor=older"] {
        assert!(html.contains(text), "{text} is missing");
    }
    assert!(!page("/telemetry?q=rare", sample::running()).contains("The search stopped"));
}

#[test]
fn a_trace_is_told_as_picture_and_as_sentences() {
    let html = page(&format!("/trace/{}", sample::TRACE), sample::running());
    for text in ["Waterfall of 6 records", "In order", "POST /v2/orders answered 200", "browser 1"] {
        assert!(html.contains(text), "{text} is missing");
    }
}

#[test]
fn a_failing_panel_says_so_and_the_rest_of_the_page_stands() {
    let mut port = sample::running();
    port.failing = Some(
        AppError::new("STORE", "The store is busy.").with_correlation(Some("abcdef0123456789".to_owned())),
    );
    let html = page("/telemetry", port);
    assert!(html.contains("The store is busy.") && html.contains("Try again"));
    assert!(html.contains("Pipeline health"));
}

#[test]
fn the_emergency_form_needs_no_script() {
    let html = page("/login", sample::idle());
    for text in [
        "action=\"/panic\"",
        "name=\"confirm\"",
        "name=\"key\"",
        "name=\"username\"",
        "value=\"0af7651916cd43dd8448eb211c80319c\"",
    ] {
        assert!(html.contains(text), "{text} is missing");
    }
}

#[test]
fn the_theme_of_the_cookie_is_painted() {
    assert!(render("/login", sample::idle(), "light").contains("data-theme=\"light\""));
    assert!(render("/login", sample::idle(), "anything").contains("data-theme=\"dark\""));
}

#[test]
fn pages_can_be_kept_to_be_looked_at() {
    let Ok(folder) = std::env::var("DELTASCOPE_RENDER_TO") else { return };
    for theme in ["dark", "light"] {
        for (name, html) in all() {
            let html = html
                .replace("data-theme=\"dark\"", &format!("data-theme=\"{theme}\""))
                .replace("/pkg/deltascope.css", "style/main.css");
            std::fs::write(format!("{folder}/{name}-{theme}.html"), html)
                .expect("a folder that can be written");
        }
    }
}
