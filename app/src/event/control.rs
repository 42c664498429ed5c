//! What a person can click, and what each event says and carries.

use telemetry::{Map, Value};

use super::{RequestEvent, UiEvent};
use crate::plain::words;

/// A control of the console; its word is in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    SignIn,
    SetPassword,
    SignOut,
    Theme,
    Choose,
    Compose,
    Start,
    Pause,
    Resume,
    StopDialog,
    Stop,
    Drain,
    ResolveDialog,
    Resolve,
    Panic,
    ClearLatch,
    CloseNotice,
    Follow,
    Retry,
}

impl Control {
    /// Those that the server writes into a page, by their word.
    pub fn of(word: &str) -> Option<Self> {
        let written = [
            Control::Choose,
            Control::Compose,
            Control::CloseNotice,
            Control::Follow,
            Control::Start,
            Control::Pause,
            Control::Resume,
            Control::StopDialog,
            Control::Stop,
            Control::Drain,
            Control::ResolveDialog,
            Control::Resolve,
        ];
        written.into_iter().find(|control| control.word() == word)
    }

    pub fn word(self) -> &'static str {
        match self {
            Control::SignIn => "sign_in",
            Control::SetPassword => "set_password",
            Control::SignOut => "sign_out",
            Control::Theme => "theme",
            Control::Choose => "choose",
            Control::Compose => "compose",
            Control::Start => "start",
            Control::Pause => "pause",
            Control::Resume => "resume",
            Control::StopDialog => "stop_dialog",
            Control::Stop => "stop",
            Control::Drain => "drain",
            Control::ResolveDialog => "resolve_dialog",
            Control::Resolve => "resolve",
            Control::Panic => "panic",
            Control::ClearLatch => "clear_latch",
            Control::CloseNotice => "close_notice",
            Control::Follow => "follow",
            Control::Retry => "retry",
        }
    }
}

fn map(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in fields {
        map.insert(key.to_owned(), value);
    }
    map
}

impl UiEvent {
    pub(super) fn sentence(&self) -> String {
        match self {
            UiEvent::Booted { boot_ms } => format!("The page became interactive after {boot_ms} ms."),
            UiEvent::Navigated { route } => format!("Opened {route}."),
            UiEvent::Click { control, subject } if subject.is_empty() => {
                format!("Clicked {}.", words(control.word()))
            }
            UiEvent::Click { control, subject } => {
                format!("Clicked {} for {subject}.", words(control.word()))
            }
            UiEvent::Request(request) => request.sentence(),
            UiEvent::FeedConnected { attempt, wait_ms } => {
                format!(
                    "Live feed connected on attempt {attempt}, {wait_ms} ms after the last frame or the start."
                )
            }
            UiEvent::FeedClosed { reason, backoff_ms, .. } => {
                format!("Live feed closed ({reason}); next try in {backoff_ms} ms.")
            }
            UiEvent::FeedGap { expected, received } => {
                format!("Live feed skipped from frame {expected} to {received}; asked for a snapshot.")
            }
            UiEvent::FeedResynced { seq } => format!("A snapshot closed the gap at frame {seq}."),
            UiEvent::FeedUndecodable { error, .. } => {
                format!("A frame of the live feed could not be read: {error}.")
            }
            UiEvent::FeedStale { age_ms } => format!("Nothing came over the live feed for {age_ms} ms."),
            UiEvent::FeedFresh { gap_ms } => format!("The live feed speaks again after {gap_ms} ms."),
            UiEvent::SpotStale { age_ms } => format!("The spot price is {age_ms} ms old."),
            UiEvent::SpotFresh { gap_ms } => format!("The spot price moves again after {gap_ms} ms."),
            UiEvent::TruthSeen { truth, from, to } => {
                format!("The screen showed {truth} {to} instead of {from}.")
            }
            UiEvent::FloorSeen { from, to } => {
                format!("The screen showed the trailing floor at {to} instead of {from}.")
            }
            UiEvent::FeedMinute { frames, .. } => format!("{frames} frames of the live feed in a minute."),
            UiEvent::ChartDrawn { points, duration_ms } => {
                format!("The P&L chart drew {points} points in {duration_ms} ms.")
            }
            UiEvent::PanicAccepted { attempts, duration_ms } => {
                format!("The server accepted the panic after {duration_ms} ms, attempt {attempts}.")
            }
            UiEvent::PanicUnconfirmed { attempts, .. } => {
                format!("Panic not confirmed after {attempts} attempts; trying again.")
            }
            UiEvent::Toast { text, .. } => format!("Told the user: {text}"),
            UiEvent::ErrorBoundary { panel, error, .. } => format!("Panel {panel} stopped: {error}"),
            UiEvent::Panic { error, .. } => format!("The page's program failed: {error}"),
            UiEvent::Log { text, .. } => text.clone(),
        }
    }

    pub(super) fn fields(&self) -> Map<String, Value> {
        match self {
            UiEvent::Booted { boot_ms } => map([("boot_ms", (*boot_ms).into())]),
            UiEvent::Navigated { route } => map([("route", (*route).into())]),
            UiEvent::Click { control, subject } => {
                map([("control", control.word().into()), ("subject", subject.as_str().into())])
            }
            UiEvent::Request(request) => request.payload(),
            UiEvent::FeedConnected { attempt, wait_ms } => {
                map([("attempt", (*attempt).into()), ("wait_ms", (*wait_ms).into())])
            }
            UiEvent::FeedClosed { reason, attempt, backoff_ms, seq } => map([
                ("reason", reason.as_str().into()),
                ("attempt", (*attempt).into()),
                ("backoff_ms", (*backoff_ms).into()),
                ("frame_seq", (*seq).into()),
            ]),
            UiEvent::FeedGap { expected, received } => {
                map([("expected", (*expected).into()), ("received", (*received).into())])
            }
            UiEvent::FeedResynced { seq } => map([("frame_seq", (*seq).into())]),
            UiEvent::FeedUndecodable { error, bytes } => {
                map([("error", error.as_str().into()), ("bytes", (*bytes).into())])
            }
            UiEvent::FeedStale { age_ms } | UiEvent::SpotStale { age_ms } => {
                map([("age_ms", (*age_ms).into())])
            }
            UiEvent::FeedFresh { gap_ms } | UiEvent::SpotFresh { gap_ms } => {
                map([("gap_ms", (*gap_ms).into())])
            }
            UiEvent::TruthSeen { truth, from, to } => {
                map([("truth", (*truth).into()), ("from", from.as_str().into()), ("to", to.as_str().into())])
            }
            UiEvent::FloorSeen { from, to } => {
                map([("from", from.as_str().into()), ("to", to.as_str().into())])
            }
            UiEvent::FeedMinute { frames, bytes, gap_ms_max, reconnects } => map([
                ("frames", (*frames).into()),
                ("bytes", (*bytes).into()),
                ("gap_ms_max", (*gap_ms_max).into()),
                ("reconnects", (*reconnects).into()),
            ]),
            UiEvent::ChartDrawn { points, duration_ms } => {
                map([("points", (*points).into()), ("duration_ms", (*duration_ms).into())])
            }
            UiEvent::PanicAccepted { attempts, duration_ms } => {
                map([("attempts", (*attempts).into()), ("duration_ms", (*duration_ms).into())])
            }
            UiEvent::PanicUnconfirmed { attempts, error } => {
                map([("attempts", (*attempts).into()), ("error", error.as_str().into())])
            }
            UiEvent::Toast { code, .. } => map([("code", code.as_str().into())]),
            UiEvent::ErrorBoundary { panel, path, code, error } => map([
                ("panel", panel.as_str().into()),
                ("component_path", path.as_str().into()),
                ("code", code.as_str().into()),
                ("error", error.as_str().into()),
            ]),
            UiEvent::Panic { error, location, path } => map([
                ("error", error.as_str().into()),
                ("location", location.as_str().into()),
                ("component_path", path.as_str().into()),
            ]),
            UiEvent::Log { target, .. } => map([("target", target.as_str().into())]),
        }
    }
}

impl RequestEvent {
    fn payload(&self) -> Map<String, Value> {
        let mut fields = map([
            ("method", self.method.into()),
            ("endpoint", self.route.as_str().into()),
            ("latency_us", (self.latency_ms * 1_000).into()),
            ("request_bytes", self.request_bytes.into()),
            ("response_bytes", self.response_bytes.into()),
            ("attempt", self.attempt.into()),
        ]);
        if let Some(status) = self.status_code {
            fields.insert("status_code".to_owned(), status.into());
        }
        if !self.fields.is_empty() {
            fields.insert("fields".to_owned(), self.fields.as_str().into());
        }
        if let Some(error) = &self.error {
            fields.insert("error".to_owned(), error.as_str().into());
        }
        fields
    }
}
