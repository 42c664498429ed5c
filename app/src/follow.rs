//! Following the list of records: the page is asked for again every two seconds, and what is new in it comes in.

use std::cell::Cell;

use leptos::task::spawn_local;
use web_sys::{DomParser, SupportedType};

use crate::cell::set_cell;
use crate::feed::{put_region, regions};
use crate::plain::{span, words};
use crate::{api, json, platform};

const EVERY_MS: u32 = 2_000;
const BOOKS_EVERY_MS: u32 = 5_000;
/// Parts of the page that follow.
const PARTS: [&str; 2] = ["records", "histogram"];
const PIPELINE: &str = "/api/v1/pipeline";

thread_local! {
    static FOLLOWING: Cell<bool> = const { Cell::new(false) };
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Begins to look, on a page that has such parts.
pub fn begin() {
    if regions::place(PARTS[0]).is_some() {
        platform::every(EVERY_MS, look);
    }
    if platform::exists("[data-pipeline]") {
        read_books();
        platform::every(BOOKS_EVERY_MS, read_books);
    }
}

/// Follows, or stands still.
pub fn set(on: bool) {
    FOLLOWING.set(on);
    for button in platform::all("[data-follow]") {
        let is_on = button.get_attribute("data-follow").as_deref() == Some("on");
        // A name of ours is a name.
        let _ = button.set_attribute("aria-pressed", if is_on == on { "true" } else { "false" });
    }
}

/// One request at a time.
fn look() {
    if !FOLLOWING.get() || ASKING.get() || platform::is_hidden() {
        return;
    }
    ASKING.set(true);
    let (path, search) = platform::address();
    spawn_local(async move {
        let answer = api::get("/telemetry", &format!("{path}{search}")).await;
        ASKING.set(false);
        let Ok(answer) = answer else { return };
        let page = DomParser::new()
            .and_then(|parser| parser.parse_from_string(&answer.body, SupportedType::TextHtml));
        let Ok(page) = page else { return };
        for name in PARTS {
            let found = page.query_selector(&format!("[data-region=\"{name}\"]")).ok().flatten();
            if let Some(found) = found {
                put_region(name, &found.inner_html());
            }
        }
    });
}

/// The forwarder's books, into their cells.
fn read_books() {
    if platform::is_hidden() {
        return;
    }
    spawn_local(async move {
        // Without an answer the numbers stay until the next round.
        let Ok(answer) = api::get(PIPELINE, PIPELINE).await else { return };
        let books = json::read(&answer.body);
        for key in ["delivered", "held", "quarantined", "turned_away", "offered", "duplicates"] {
            set_cell(&format!("pipeline.{key}"), platform::grouped(books[key].as_i64().unwrap_or(0)));
        }
        let state = match books["forwarder"]["state"].as_str() {
            Some("off") | None => "off: no ELASTICSEARCH_URL is set, and none is needed".to_owned(),
            Some(state) => words(state),
        };
        set_cell("pipeline.state", state);
        if let Some(ms) = books["forwarder"]["lag_ms"].as_i64() {
            set_cell("pipeline.lag", span(ms * 1_000));
        }
    });
}
