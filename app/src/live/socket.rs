//! The feed's driver: one socket, connected again with back-off, its frames buffered and flushed to the
//! signals once per animation frame; and the clock that makes ages grow.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use model::Micros;
use model::view::{SessionView, StripView};
use telemetry::Context;

use super::buffer::Buffer;
use super::held::{Held, find};
use super::reducer::{Sequence, Step, backoff_ms};
use super::{FEED_SILENT_MS, Link, Live, QUOTE_STALE_US};
use crate::event::UiEvent;
use crate::format::plain_or_unknown;
use crate::platform;
use crate::port::User;
use crate::tell::{set_trading_context, tell, tell_of};
use crate::wire::FrameReader;

/// Everything the driver remembers between frames.
#[derive(Default)]
struct Driver {
    reader: FrameReader,
    sequence: Sequence,
    buffer: Buffer,
    flush_asked: bool,
    /// Server clock less ours, milliseconds.
    offset_ms: f64,
    last_frame_ms: f64,
    /// When the feed or the spot price was found stale.
    feed_stale_ms: Option<f64>,
    spot_stale_ms: Option<f64>,
    minute: Minute,
}

#[derive(Default)]
struct Minute {
    frames: u64,
    bytes: u64,
    gap_ms_max: i64,
    reconnects: u64,
    ticks: u32,
}

type Shared = Rc<RefCell<Driver>>;

/// Starts the feed; call it once, in the browser, when somebody is signed in.
pub fn start(live: Live) {
    let driver = Shared::default();
    driver.borrow_mut().last_frame_ms = platform::now_ms();
    let ticking = Rc::clone(&driver);
    set_interval(move || tick(live, &ticking), Duration::from_millis(500));
    spawn_local(async move {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let opened = connect(live, &driver, attempt).await;
            attempt = if opened { 0 } else { attempt };
            let wait_ms = backoff_ms(attempt, platform::random_bits() as u32);
            platform::sleep_ms(wait_ms).await;
            if attempt >= 2 && signed_out().await {
                return platform::open("/login");
            }
        }
    });
}

/// Runs one socket to its end; whether it had opened.
async fn connect(live: Live, driver: &Shared, attempt: u32) -> bool {
    driver.borrow_mut().minute.reconnects += u64::from(attempt > 1);
    let last = driver.borrow().sequence.last();
    driver.borrow_mut().sequence = Sequence::default();
    let path = last.map_or_else(|| "/ws".to_owned(), |seq| format!("/ws?last_seq={seq}"));
    let opened = Rc::new(RefCell::new(false));
    let (on_open, on_text) = (Rc::clone(&opened), Rc::clone(driver));
    let since_ms = driver.borrow().last_frame_ms;
    let reason = platform::feed_run(
        &path,
        move || {
            *on_open.borrow_mut() = true;
            live.link.set(Link::Live);
            tell(&UiEvent::FeedConnected { attempt, wait_ms: (platform::now_ms() - since_ms) as i64 });
        },
        move |text| on_message(live, &on_text, &text),
    )
    .await;
    live.link.set(Link::Retrying);
    let opened = *opened.borrow();
    let seq = driver.borrow().sequence.last().unwrap_or(0);
    let backoff = i64::from(backoff_ms(if opened { 0 } else { attempt }, 0));
    tell(&UiEvent::FeedClosed { reason, attempt, backoff_ms: backoff, seq });
    opened
}

async fn signed_out() -> bool {
    crate::api::get::<User>("/api/v1/me", "/api/v1/me").await.is_err_and(|error| error.status == 401)
}

fn on_message(live: Live, driver: &Shared, text: &str) {
    let mut state = driver.borrow_mut();
    let frame = match state.reader.frame(text) {
        Ok(frame) => frame,
        Err(error) => {
            tell(&UiEvent::FeedUndecodable { error: error.to_string(), bytes: text.len() });
            return platform::feed_send(r#"{"resync":true}"#);
        }
    };
    let now_ms = platform::now_ms();
    state.minute.frames += 1;
    state.minute.bytes += text.len() as u64;
    state.minute.gap_ms_max = state.minute.gap_ms_max.max((now_ms - state.last_frame_ms) as i64);
    state.last_frame_ms = now_ms;
    state.offset_ms = frame.ts.as_millis() as f64 - now_ms;
    match state.sequence.on_frame(frame.seq, frame.snapshot) {
        Step::Apply => {}
        Step::Ignore => return,
        Step::Resync { expected } => {
            tell(&UiEvent::FeedGap { expected, received: frame.seq });
            return platform::feed_send(r#"{"resync":true}"#);
        }
        Step::Resynced => tell(&UiEvent::FeedResynced { seq: frame.seq }),
    }
    state.buffer.add(frame.deltas, frame.snapshot);
    if !std::mem::replace(&mut state.flush_asked, true) {
        let driver = Rc::clone(driver);
        if platform::is_hidden() {
            set_timeout(move || flush(live, &driver), Duration::from_secs(1));
        } else {
            request_animation_frame(move || flush(live, &driver));
        }
    }
}

/// Writes what was buffered to the signals, each at most once.
fn flush(live: Live, driver: &Shared) {
    let mut state = driver.borrow_mut();
    state.flush_asked = false;
    let mut buffer = std::mem::take(&mut state.buffer);
    let now = server_now(&state);
    drop(state);
    live.spoken.set(true);
    live.now.set(Some(now));
    let mut held = live.held.get_untracked();
    buffer.sessions().for_each(|session| tell_floor(&held, session));
    if buffer.flush_sessions(&mut held) {
        live.held.set(held);
    }
    if let Some(strip) = buffer.strip.take() {
        live.strip.with_untracked(|known| tell_truths(known, &strip));
        live.strip.set(strip);
    }
    if buffer.has_why() {
        live.why.update(|why| buffer.flush_why(why));
    }
    // Points that wait for their session.
    driver.borrow_mut().buffer = buffer;
}

fn server_now(state: &Driver) -> Micros {
    Micros::from_millis((platform::now_ms() + state.offset_ms) as i64)
}

/// Twice a second: the clock, and whether the feed and the spot price are fresh.
fn tick(live: Live, driver: &Shared) {
    let mut state = driver.borrow_mut();
    let now_ms = platform::now_ms();
    if live.spoken.get_untracked() {
        live.now.set(Some(server_now(&state)));
    }
    let silent_ms = now_ms - state.last_frame_ms;
    let silent = silent_ms > FEED_SILENT_MS;
    live.silent_ms.set(silent.then_some(silent_ms as i64));
    if let Some(event) = changed(&mut state.feed_stale_ms, silent, now_ms) {
        tell(
            &event.map_or(UiEvent::FeedStale { age_ms: silent_ms as i64 }, |gap_ms| UiEvent::FeedFresh {
                gap_ms,
            }),
        );
    }
    let link = live.link.get_untracked();
    match (link, silent) {
        (Link::Live, true) => live.link.set(Link::Silent),
        (Link::Silent, false) => live.link.set(Link::Live),
        (Link::Connecting | Link::Live | Link::Silent | Link::Retrying, _) => {}
    }
    watch_spot(live, &mut state, now_ms);
    state.minute.ticks += 1;
    if state.minute.ticks >= 120 {
        let minute = std::mem::take(&mut state.minute);
        let Minute { frames, bytes, gap_ms_max, reconnects, .. } = minute;
        tell(&UiEvent::FeedMinute { frames, bytes, gap_ms_max, reconnects });
    }
}

fn watch_spot(live: Live, state: &mut Driver, now_ms: f64) {
    let Some(at) = live.strip.with_untracked(|strip| strip.spot_at) else { return };
    let age_us = server_now(state).0 - at.0;
    if let Some(event) = changed(&mut state.spot_stale_ms, age_us > QUOTE_STALE_US, now_ms) {
        tell(
            &event.map_or(UiEvent::SpotStale { age_ms: age_us / 1_000 }, |gap_ms| UiEvent::SpotFresh {
                gap_ms,
            }),
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

/// Tells each of the four truths that changed on the screen.
fn tell_truths(before: &StripView, after: &StripView) {
    let word = |text: Option<&'static str>| text.unwrap_or("none").to_owned();
    let health =
        |strip: &StripView| strip.health.iter().map(|health| health.word()).collect::<Vec<_>>().join(" ");
    let pairs = [
        ("intent", word(before.intent.map(|it| it.word())), word(after.intent.map(|it| it.word()))),
        ("lifecycle", word(before.lifecycle.map(|it| it.word())), word(after.lifecycle.map(|it| it.word()))),
        ("exposure", word(before.exposure.map(|it| it.word())), word(after.exposure.map(|it| it.word()))),
        ("health", health(before), health(after)),
    ];
    set_trading_context(Context {
        session_id: after.session_id.as_ref().map(|id| id.0.clone()),
        execution_mode: Some(after.execution_mode.word().to_owned()),
        ..Context::default()
    });
    for (truth, from, to) in pairs {
        if from != to {
            tell(&UiEvent::TruthSeen { truth, from, to });
        }
    }
}

fn tell_floor(held: &[Held], session: &SessionView) {
    let Some(known) = find(held, &session.session_id) else { return };
    let (before, after) = (known.view.with_untracked(|view| view.pnl.floor), session.pnl.floor);
    if before != after && after.is_some() {
        let (from, to) = (plain_or_unknown(before), plain_or_unknown(after));
        tell_of(&UiEvent::FloorSeen { from, to }, &session.session_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staleness_is_told_once_and_its_end_with_the_gap() {
        let mut since = None;
        assert_eq!(changed(&mut since, false, 0.0), None);
        assert_eq!(changed(&mut since, true, 1_000.0), Some(None));
        assert_eq!(changed(&mut since, true, 1_500.0), None);
        assert_eq!(changed(&mut since, false, 4_000.0), Some(Some(3_000)));
        assert_eq!(changed(&mut since, false, 4_500.0), None);
    }
}
