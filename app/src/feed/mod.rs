//! The feed's driver: one socket, connected again with back-off. What comes is brought into the page behind each
//! picture: cells to their islands, regions into the document, points to the chart; and the clock that makes ages grow.

mod ages;
mod frame;
mod morph;
pub mod regions;
mod told;
pub mod view;

use std::cell::{Cell, RefCell};

use leptos::prelude::GetUntracked;
use leptos::task::spawn_local;

use crate::api;
use crate::backoff::backoff_ms;
use crate::cell::{cell, set_cell};
use crate::charts;
use crate::event::UiEvent;
use crate::islands::Link;
use crate::json;
use crate::platform;
use crate::sequence::{Sequence, Step};
use crate::server_clock::ServerClock;
use crate::tell::tell;
use frame::Frame;

/// A feed that says nothing for this long is amber.
const FEED_SILENT_MS: f64 = 4_000.0;
/// One that says nothing for this long is closed and opened again. The server speaks once a second.
const FEED_LOST_MS: f64 = 10_000.0;
/// A connection that lived so long was a good one: the next begins without waiting.
const FEED_LIVED_MS: f64 = 10_000.0;
/// Bringing what came into the page waits at most so long for the screen: a hidden page is never drawn.
const FLUSH_MOST_MS: u32 = 1_000;
/// Our two clocks differ by more than this anew: the machine slept, and the steady one stood still; or the other was set.
const SLEPT_MS: f64 = 5_000.0;
/// How the server closes a socket whose user has signed out.
const SIGNED_OUT: &str = "code 4401";
/// Older than this a spot price is stale.
const SPOT_STALE_MS: f64 = 6_000.0;
const RESYNC: &str = r#"{"resync":true}"#;

/// Everything the driver remembers between frames.
#[derive(Default)]
struct Driver {
    sequence: Sequence,
    flush_asked: bool,
    clock: ServerClock,
    /// When the last frame came, by our steady clock.
    last_frame_ms: f64,
    /// How far the clock of the day was ahead of the steady one.
    ahead_ms: f64,
    /// When the feed or the spot price was found stale.
    feed_stale_ms: Option<f64>,
    spot_stale_ms: Option<f64>,
    cells: Vec<(String, String)>,
    points: Vec<frame::Rows>,
    minute: Minute,
}

#[derive(Default)]
struct Minute {
    frames: u64,
    bytes: u64,
    gap_ms_max: i64,
    reconnects: u64,
    /// Nothing had come for too long, at some moment of it.
    stale: bool,
    ticks: u32,
}

thread_local! {
    static DRIVER: RefCell<Driver> = RefCell::default();
    /// The socket's state, and for how many milliseconds nothing came, while it is silent.
    static LINK: Cell<(Link, Option<i64>)> = const { Cell::new((Link::Connecting, None)) };
}

fn set_link(state: Link, silent_ms: Option<i64>) {
    LINK.set((state, silent_ms));
    state.show(silent_ms);
    // Here, for whoever changes the state: a page whose feed is back must not stay grey.
    platform::set_root_attribute("data-link", if silent_ms.is_some() { "stale" } else { "" });
}

fn with<T>(change: impl FnOnce(&mut Driver) -> T) -> T {
    DRIVER.with_borrow_mut(change)
}

/// Puts HTML that came another way into a part of the page.
pub fn put_region(name: &str, html: &str) {
    if let Some(place) = regions::place(name) {
        morph::morph(&place, html);
    }
    tick_ages();
}

/// Every age of the page anew, once the server's clock is known.
fn tick_ages() {
    if let Some(now_ms) = server_now_ms() {
        ages::tick(now_ms * 1_000.0);
    }
}

/// PANIC, beside the request for it. A socket that is open has no queue before it.
pub fn say_panic(key: &str, traceparent: &str) {
    let panic = json::object([("key", key.into()), ("traceparent", traceparent.into())]);
    platform::feed_send(&json::write(&json::object([("panic", panic)])));
}

/// Tells the server what the page shows, if it can be reached; it is told again at every connection.
pub fn say(view: &str) {
    platform::feed_send(&json::write(&json::object([("view", view.into())])));
}

/// Starts the feed; call it once, when somebody is signed in.
pub fn start() {
    with(|driver| {
        driver.last_frame_ms = platform::steady_ms();
        driver.ahead_ms = platform::now_ms() - driver.last_frame_ms;
        // The page itself was made at a time of the server: its ages begin to grow before the feed is there.
        if let Some(made_ms) = platform::meta("now").map(|text| platform::number(&text)) {
            driver.clock.hear(made_ms, platform::document_at_ms());
        }
    });
    told::begin();
    frame::painted_points().into_iter().for_each(add_points);
    platform::every(500, tick);
    spawn_local(async move {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (reason, lived_ms) = connect(attempt).await;
            // One that accepts and drops is no better than one that is not there.
            attempt = if lived_ms > FEED_LIVED_MS { 0 } else { attempt };
            let backoff = backoff_ms(attempt, platform::random_bits() as u32);
            let seq = with(|driver| driver.sequence.last()).unwrap_or(0);
            let is_over = reason == SIGNED_OUT;
            tell(&UiEvent::FeedClosed { reason, attempt, backoff_ms: i64::from(backoff), seq });
            if is_over {
                return platform::open("/login");
            }
            platform::sleep_ms(backoff).await;
            if attempt >= 2 && signed_out().await {
                return platform::open("/login");
            }
        }
    });
}

async fn signed_out() -> bool {
    api::get("/api/v1/me", "/api/v1/me").await.is_err_and(|error| error.status == 401)
}

/// Runs one socket to its end: why it ended, and how long it had been open.
async fn connect(attempt: u32) -> (String, f64) {
    let last = with(|driver| {
        driver.minute.reconnects += u64::from(attempt > 1);
        std::mem::take(&mut driver.sequence).last()
    });
    let since = last.map(|seq| format!("&last_seq={seq}")).unwrap_or_default();
    let build = platform::encoded(&platform::meta("version").unwrap_or_default());
    let path =
        format!("/ws?view={}&build={build}{since}{}", platform::encoded(&view::text()), charts::known());
    let since_ms = with(|driver| driver.last_frame_ms);
    let opened_ms = std::rc::Rc::new(Cell::new(f64::INFINITY));
    let on_open = opened_ms.clone();
    let reason = platform::feed_run(
        &path,
        FEED_LOST_MS,
        move || {
            let now_ms = platform::steady_ms();
            on_open.set(now_ms);
            set_link(Link::Live, None);
            tell(&UiEvent::FeedConnected { attempt, wait_ms: (now_ms - since_ms) as i64 });
        },
        |text: String| on_message(&text),
    )
    .await;
    set_link(Link::Retrying, LINK.get().1);
    (reason, platform::steady_ms() - opened_ms.get())
}

fn on_message(text: &str) {
    let Some(frame) = Frame::read(text) else {
        if let Some(key) = frame::accepted(text) {
            return crate::islands::panic_accepted(&key);
        }
        let error = "no frame".to_owned();
        tell(&UiEvent::FeedUndecodable { error, bytes: text.len() });
        return platform::feed_send(RESYNC);
    };
    let now_ms = platform::steady_ms();
    let step = with(|driver| {
        let minute = &mut driver.minute;
        minute.frames += 1;
        minute.bytes += text.len() as u64;
        minute.gap_ms_max = minute.gap_ms_max.max((now_ms - driver.last_frame_ms) as i64);
        driver.last_frame_ms = now_ms;
        driver.clock.hear(frame.ts_ms, now_ms);
        driver.sequence.on_frame(frame.seq, frame.snapshot)
    });
    match step {
        Step::Apply => {}
        Step::Ignore => return,
        Step::Resync { expected } => {
            tell(&UiEvent::FeedGap { expected, received: frame.seq });
            return platform::feed_send(RESYNC);
        }
        Step::Resynced => tell(&UiEvent::FeedResynced { seq: frame.seq }),
    }
    if !frame.take_regions() {
        tell(&UiEvent::FeedUndecodable { error: "a piece of no region".to_owned(), bytes: text.len() });
        return platform::feed_send(RESYNC);
    }
    with(|driver| {
        for (key, text) in frame.cells() {
            // The last word counts: a page that is not drawn for hours must not grow.
            driver.cells.retain(|(known, _)| *known != key);
            driver.cells.push((key, text));
        }
        driver.points.extend(frame.points());
    });
    ask_to_flush();
}

fn ask_to_flush() {
    if with(|driver| !std::mem::replace(&mut driver.flush_asked, true)) {
        // Whichever comes first: a page that is hidden meanwhile gets no frame until it is looked at. Behind a picture and
        // not within it: making one takes a slow phone long enough.
        platform::before_picture(|| platform::later(0, flush));
        platform::later(FLUSH_MOST_MS, flush);
    }
}

/// Brings what waits into the page.
fn flush() {
    if !with(|driver| std::mem::take(&mut driver.flush_asked)) {
        return;
    }
    let (cells, rows) =
        with(|driver| (std::mem::take(&mut driver.cells), std::mem::take(&mut driver.points)));
    for (key, text) in cells {
        set_cell(&key, text);
    }
    told::tell_changes();
    crate::dialogs::check();
    if !regions::flush() {
        ask_to_flush();
    }
    rows.into_iter().for_each(add_points);
    // Drawing takes a turn of its own.
    platform::later(0, charts::update);
    tick_ages();
}

fn add_points(rows: frame::Rows) {
    charts::add(&rows.session, &rows.rows, rows.replace);
}

/// The server's clock, milliseconds, once it was heard.
fn server_now_ms() -> Option<f64> {
    with(|driver| driver.clock.at(platform::steady_ms()))
}

/// Twice a second: ages, and whether the feed and the spot price are fresh.
fn tick() {
    let now_ms = platform::steady_ms();
    wake_up(now_ms);
    tick_ages();
    let silent_ms = with(|driver| now_ms - driver.last_frame_ms);
    let silent = silent_ms > FEED_SILENT_MS;
    watch_link(silent.then_some(silent_ms as i64));
    if let Some(end) = with(|driver| changed(&mut driver.feed_stale_ms, silent, now_ms)) {
        tell(
            &end.map_or(UiEvent::FeedStale { age_ms: silent_ms as i64 }, |gap_ms| UiEvent::FeedFresh {
                gap_ms,
            }),
        );
    }
    watch_spot(now_ms);
    let minute = with(|driver| {
        driver.minute.ticks += 1;
        driver.minute.stale |= silent;
        (driver.minute.ticks >= 120).then(|| std::mem::take(&mut driver.minute))
    });
    if let Some(Minute { frames, bytes, gap_ms_max, reconnects, stale, .. }) = minute {
        tell(&UiEvent::FeedMinute { frames, bytes, gap_ms_max, reconnects, stale });
    }
}

/// A machine that slept has heard nothing, however little time its steady clock says has passed. Its line is opened anew.
fn wake_up(now_ms: f64) {
    let ahead_ms = platform::now_ms() - now_ms;
    let slept_ms = with(|driver| ahead_ms - std::mem::replace(&mut driver.ahead_ms, ahead_ms));
    if slept_ms > SLEPT_MS {
        with(|driver| {
            driver.clock.slept(slept_ms);
            driver.last_frame_ms -= slept_ms;
        });
        platform::feed_lose();
    }
}

fn watch_link(silent_ms: Option<i64>) {
    let before = LINK.get();
    let state = match (before.0, silent_ms) {
        (Link::Live, Some(_)) => Link::Silent,
        (Link::Silent, None) => Link::Live,
        (state @ (Link::Connecting | Link::Live | Link::Silent | Link::Retrying), _) => state,
    };
    if before != (state, silent_ms) {
        set_link(state, silent_ms);
    }
}

fn watch_spot(now_ms: f64) {
    let at_ms = platform::number(&cell("spot.at").get_untracked());
    if at_ms.is_nan() {
        return;
    }
    let Some(server_ms) = server_now_ms() else { return };
    let age_ms = server_ms - at_ms;
    if let Some(end) = with(|driver| changed(&mut driver.spot_stale_ms, age_ms > SPOT_STALE_MS, now_ms)) {
        tell(
            &end.map_or(UiEvent::SpotStale { age_ms: age_ms as i64 }, |gap_ms| UiEvent::SpotFresh { gap_ms }),
        );
    }
}

/// `Some(None)` when something went stale, `Some(Some(gap))` when it is fresh again, `None` when nothing changed.
fn changed(since_ms: &mut Option<f64>, stale: bool, now_ms: f64) -> Option<Option<i64>> {
    match (*since_ms, stale) {
        (None, true) => {
            *since_ms = Some(now_ms);
            Some(None)
        }
        (Some(since), false) => {
            *since_ms = None;
            Some(Some((now_ms - since) as i64))
        }
        (None, false) | (Some(_), true) => None,
    }
}
