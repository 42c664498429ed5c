//! Where each event is told: its name, level, sentence and keys stand in statics, so that telling one costs no more than
//! its values. What is volatile (durations, sizes, counters, numbers of frames) makes no two calls different.

use telemetry::Level;
use telemetry::client::{FieldValue, Key, Role, Site};

use super::{Control, RequestEvent, UiEvent};

/// Takes the values of an event, one for each key of the site, in order. They are lent, because making a place for as
/// many as any event has costs more than telling most of them.
pub type Taker<'t, 'a> = &'t mut dyn FnMut(&[FieldValue<'a>]);

pub(super) const fn site(
    level: Level,
    event: &'static str,
    sentence: &'static str,
    keys: &'static [Key],
) -> Site {
    Site::new(level, event, "app", sentence, keys)
}

pub(super) const fn told(name: &'static str) -> Key {
    Key::told(name)
}

pub(super) const fn volatile(name: &'static str) -> Key {
    Key::volatile(name)
}

static BOOTED: Site =
    site(Level::Info, "ui.booted", "The page became interactive after {boot_ms} ms.", &[volatile("boot_ms")]);
static NAVIGATED: Site = site(Level::Info, "ui.navigated", "Opened {route}.", &[told("route")]);
const CLICK_KEYS: &[Key] = &[told("control"), told("subject"), Key::said("words")];
static CLICK: Site = site(Level::Info, "ui.click", "Clicked {words}.", CLICK_KEYS);
static CLICK_FOR: Site = site(Level::Info, "ui.click", "Clicked {words} for {subject}.", CLICK_KEYS);
static FEED_CONNECTED: Site = site(
    Level::Info,
    "ui.feed_connected",
    "Live feed connected on attempt {attempt}, {wait_ms} ms after the last frame or the start.",
    &[volatile("attempt"), volatile("wait_ms")],
);
static FEED_CLOSED: Site = site(
    Level::Warn,
    "ui.feed_closed",
    "Live feed closed ({reason}); next try in {backoff_ms} ms.",
    &[told("reason"), volatile("attempt"), volatile("backoff_ms"), volatile("frame_seq")],
);
static FEED_GAP: Site = site(
    Level::Warn,
    "ui.feed_gap",
    "Live feed skipped from frame {expected} to {received}; asked for a snapshot.",
    &[volatile("expected"), volatile("received")],
);
static FEED_RESYNCED: Site = site(
    Level::Info,
    "ui.feed_resynced",
    "A snapshot closed the gap at frame {frame_seq}.",
    &[volatile("frame_seq")],
);
static FEED_UNDECODABLE: Site = site(
    Level::Warn,
    "ui.feed_undecodable",
    "A frame of the live feed could not be read: {error}.",
    &[told("error"), volatile("bytes")],
);
static FEED_STALE: Site = site(
    Level::Warn,
    "ui.feed_stale",
    "Nothing came over the live feed for {age_ms} ms.",
    &[volatile("age_ms")],
);
static FEED_FRESH: Site = site(
    Level::Info,
    "ui.feed_fresh",
    "The live feed speaks again after {gap_ms} ms.",
    &[volatile("gap_ms")],
);
static SPOT_STALE: Site =
    site(Level::Warn, "ui.spot_stale", "The spot price is {age_ms} ms old.", &[volatile("age_ms")]);
static SPOT_FRESH: Site = site(
    Level::Info,
    "ui.spot_fresh",
    "The spot price moves again after {gap_ms} ms.",
    &[volatile("gap_ms")],
);
static TRUTH_SEEN: Site = site(
    Level::Info,
    "ui.truth_seen",
    "The screen showed {truth} {to} instead of {from}.",
    &[told("truth"), told("from"), told("to")],
);
static FLOOR_SEEN: Site = site(
    Level::Info,
    "ui.floor_seen",
    "The screen showed the trailing floor at {to} instead of {from}.",
    &[told("from"), told("to")],
);
static FEED_MINUTE: Site = site(
    Level::Info,
    "ui.feed_minute",
    "{frames} frames of the live feed in a minute.",
    &[volatile("frames"), volatile("bytes"), volatile("gap_ms_max"), volatile("reconnects"), told("stale")],
);
static CHART_DRAWN: Site = site(
    Level::Info,
    "ui.chart_drawn",
    "The P&L chart drew {points} points in {duration_ms} ms.",
    &[volatile("points"), volatile("duration_ms")],
);
static PANIC_ACCEPTED: Site = site(
    Level::Info,
    "ui.panic_accepted",
    "The server accepted the panic after {duration_ms} ms, attempt {attempts}.",
    &[volatile("attempts"), volatile("duration_ms")],
);
static PANIC_UNCONFIRMED: Site = site(
    Level::Error,
    "ui.panic_unconfirmed",
    "Panic not confirmed after {attempts} attempts; trying again.",
    &[volatile("attempts"), told("error")],
);
static TOAST: Site =
    site(Level::Warn, "ui.toast_shown", "Told the user: {text}", &[told("code"), Key::said("text")]);
static ERROR_BOUNDARY: Site = site(
    Level::Error,
    "ui.error_boundary",
    "Panel {panel} stopped: {error}",
    &[told("panel"), told("component_path"), told("code"), told("error")],
);
static PANIC: Site = site(
    Level::Fatal,
    "ui.panic",
    "The page's program failed: {error}",
    &[told("error"), told("location"), told("component_path")],
);

/// Slower ones are told one by one.
const SLOW_MS: i64 = 2_000;

const REQUEST_KEYS: &[Key] = &[
    told("method"),
    told("endpoint"),
    volatile("latency_us"),
    volatile("request_bytes"),
    volatile("response_bytes"),
    volatile("attempt"),
    told("status_code"),
    told("fields"),
    told("error"),
    Key::new("latency_ms", Role::SaidVolatile),
];

const fn answered(level: Level) -> Site {
    site(level, "ui.request", "{method} {endpoint} answered {status_code} in {latency_ms} ms.", REQUEST_KEYS)
}

static REQUEST_SILENT: Site =
    site(Level::Error, "ui.request", "{method} {endpoint} got no answer in {latency_ms} ms.", REQUEST_KEYS);
static REQUEST_FAILED: Site = answered(Level::Error);
static REQUEST_REFUSED: Site = answered(Level::Warn);
static REQUEST_DONE: Site = answered(Level::Info);
static REQUEST_READ: Site = answered(Level::Debug);

const fn line(level: Level) -> Site {
    site(level, "ui.log", "{text}", const { &[told("target"), Key::said("text")] })
}

static LOG: [Site; 6] = [
    line(Level::Trace),
    line(Level::Debug),
    line(Level::Info),
    line(Level::Warn),
    line(Level::Error),
    line(Level::Fatal),
];

impl UiEvent {
    /// Everything about it that is no value.
    pub fn site(&self) -> &'static Site {
        match self {
            UiEvent::Booted { .. } => &BOOTED,
            UiEvent::Navigated { .. } => &NAVIGATED,
            UiEvent::Click { subject, .. } if subject.is_empty() => &CLICK,
            UiEvent::Click { .. } => &CLICK_FOR,
            UiEvent::Request(request) => request.site(),
            UiEvent::FeedConnected { .. } => &FEED_CONNECTED,
            UiEvent::FeedClosed { .. } => &FEED_CLOSED,
            UiEvent::FeedGap { .. } => &FEED_GAP,
            UiEvent::FeedResynced { .. } => &FEED_RESYNCED,
            UiEvent::FeedUndecodable { .. } => &FEED_UNDECODABLE,
            UiEvent::FeedStale { .. } => &FEED_STALE,
            UiEvent::FeedFresh { .. } => &FEED_FRESH,
            UiEvent::SpotStale { .. } => &SPOT_STALE,
            UiEvent::SpotFresh { .. } => &SPOT_FRESH,
            UiEvent::TruthSeen { .. } => &TRUTH_SEEN,
            UiEvent::FloorSeen { .. } => &FLOOR_SEEN,
            UiEvent::FeedMinute { .. } => &FEED_MINUTE,
            UiEvent::ChartDrawn { .. } => &CHART_DRAWN,
            UiEvent::PanicAccepted { .. } => &PANIC_ACCEPTED,
            UiEvent::PanicUnconfirmed { .. } => &PANIC_UNCONFIRMED,
            UiEvent::Toast { .. } => &TOAST,
            UiEvent::ErrorBoundary { .. } => &ERROR_BOUNDARY,
            UiEvent::Panic { .. } => &PANIC,
            UiEvent::Log { level, .. } => &LOG[*level as usize],
            UiEvent::Measured(measured) => measured.site(),
        }
    }

    /// One for each key of the site.
    pub fn values(&self) -> Vec<FieldValue<'_>> {
        let mut all = Vec::new();
        self.lend_values(&mut |values| all.extend_from_slice(values));
        all
    }

    /// Gives the values to `take`, once.
    pub fn lend_values<'a>(&'a self, take: Taker<'_, 'a>) {
        match self {
            UiEvent::Booted { boot_ms } => take(&[signed(*boot_ms)]),
            UiEvent::Navigated { route } => take(&[text(route)]),
            UiEvent::Click { control, subject } => {
                take(&[text(control.word()), some(subject), text(control.words())])
            }
            UiEvent::Request(request) => request.lend_values(take),
            UiEvent::FeedConnected { attempt, wait_ms } => take(&[count(*attempt), signed(*wait_ms)]),
            UiEvent::FeedClosed { reason, attempt, backoff_ms, seq } => {
                take(&[text(reason), count(*attempt), signed(*backoff_ms), number(*seq)])
            }
            UiEvent::FeedGap { expected, received } => take(&[number(*expected), number(*received)]),
            UiEvent::FeedResynced { seq } => take(&[number(*seq)]),
            UiEvent::FeedUndecodable { error, bytes } => take(&[text(error), size(*bytes)]),
            UiEvent::FeedStale { age_ms } | UiEvent::SpotStale { age_ms } => take(&[signed(*age_ms)]),
            UiEvent::FeedFresh { gap_ms } | UiEvent::SpotFresh { gap_ms } => take(&[signed(*gap_ms)]),
            UiEvent::TruthSeen { truth, from, to } => take(&[text(truth), text(from), text(to)]),
            UiEvent::FloorSeen { from, to } => take(&[text(from), text(to)]),
            UiEvent::FeedMinute { frames, bytes, gap_ms_max, reconnects, stale } => take(&[
                number(*frames),
                number(*bytes),
                signed(*gap_ms_max),
                number(*reconnects),
                FieldValue::Bool(*stale),
            ]),
            UiEvent::ChartDrawn { points, duration_ms } => take(&[size(*points), signed(*duration_ms)]),
            UiEvent::PanicAccepted { attempts, duration_ms } => {
                take(&[count(*attempts), signed(*duration_ms)])
            }
            UiEvent::PanicUnconfirmed { attempts, error } => take(&[count(*attempts), text(error)]),
            UiEvent::Toast { code, text: said } => take(&[text(code), text(said)]),
            UiEvent::ErrorBoundary { panel, path, code, error } => {
                take(&[text(panel), text(path), text(code), text(error)])
            }
            UiEvent::Panic { error, location, path } => take(&[text(error), text(location), text(path)]),
            UiEvent::Log { target, text: said, .. } => take(&[text(target), text(said)]),
            UiEvent::Measured(measured) => measured.lend_values(take),
        }
    }

    /// Two clicks are two intents, however alike they look: each keeps its record and its correlation id.
    pub fn is_intent(&self) -> bool {
        match self {
            UiEvent::Click { control, .. } => {
                !matches!(control, Control::Theme | Control::Follow | Control::Retry)
            }
            UiEvent::Request(request) => request.is_intent,
            UiEvent::PanicAccepted { .. } => true,
            UiEvent::Booted { .. }
            | UiEvent::Navigated { .. }
            | UiEvent::FeedConnected { .. }
            | UiEvent::FeedClosed { .. }
            | UiEvent::FeedGap { .. }
            | UiEvent::FeedResynced { .. }
            | UiEvent::FeedUndecodable { .. }
            | UiEvent::FeedStale { .. }
            | UiEvent::FeedFresh { .. }
            | UiEvent::SpotStale { .. }
            | UiEvent::SpotFresh { .. }
            | UiEvent::TruthSeen { .. }
            | UiEvent::FloorSeen { .. }
            | UiEvent::FeedMinute { .. }
            | UiEvent::ChartDrawn { .. }
            | UiEvent::PanicUnconfirmed { .. }
            | UiEvent::Toast { .. }
            | UiEvent::ErrorBoundary { .. }
            | UiEvent::Panic { .. }
            | UiEvent::Log { .. }
            | UiEvent::Measured(_) => false,
        }
    }
}

impl RequestEvent {
    /// How much a call matters that ended so. What went well and was nobody's intent is told by the minute, with all of
    /// its route.
    pub fn level_of(is_intent: bool, status_code: Option<u16>, latency_ms: i64) -> Level {
        match status_code {
            None | Some(500..) => Level::Error,
            Some(400..500) => Level::Warn,
            Some(_) if latency_ms > SLOW_MS => Level::Warn,
            Some(_) if is_intent => Level::Info,
            Some(_) => Level::Debug,
        }
    }

    fn site(&self) -> &'static Site {
        if self.status_code.is_none() {
            return &REQUEST_SILENT;
        }
        match Self::level_of(self.is_intent, self.status_code, self.latency_ms) {
            Level::Fatal | Level::Error => &REQUEST_FAILED,
            Level::Warn => &REQUEST_REFUSED,
            Level::Info => &REQUEST_DONE,
            Level::Debug | Level::Trace => &REQUEST_READ,
        }
    }

    fn lend_values<'a>(&'a self, take: Taker<'_, 'a>) {
        take(&[
            text(self.method),
            text(&self.route),
            signed(self.latency_ms.saturating_mul(1_000)),
            size(self.request_bytes),
            size(self.response_bytes),
            count(self.attempt),
            self.status_code.map_or(FieldValue::Absent, |status| count(u32::from(status))),
            some(&self.fields),
            self.error.as_deref().map_or(FieldValue::Absent, text),
            signed(self.latency_ms),
        ])
    }
}

fn text(text: &str) -> FieldValue<'_> {
    FieldValue::Str(text)
}

/// Nothing instead of an empty text.
fn some(text: &str) -> FieldValue<'_> {
    if text.is_empty() { FieldValue::Absent } else { FieldValue::Str(text) }
}

fn signed(number: i64) -> FieldValue<'static> {
    FieldValue::I64(number)
}

fn number(number: u64) -> FieldValue<'static> {
    FieldValue::U64(number)
}

fn count(number: u32) -> FieldValue<'static> {
    FieldValue::U64(u64::from(number))
}

fn size(number: usize) -> FieldValue<'static> {
    FieldValue::U64(number as u64)
}
