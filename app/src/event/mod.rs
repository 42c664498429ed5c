//! Everything that a browser can tell: one enum, matched exhaustively, so that a new happening does not
//! compile until it has a name, a level, a sentence and fields.

mod catalogue;
mod control;
mod measured;
mod sites;

use telemetry::{Event, Level, Map, Source, Value};

pub use catalogue::ui_catalogue;
pub use control::Control;
pub use measured::Measured;
pub use sites::Taker;

/// Something that happened in a browser.
#[derive(Clone, Debug, PartialEq)]
pub enum UiEvent {
    /// The page became interactive.
    Booted {
        boot_ms: i64,
    },
    /// A page was opened.
    Navigated {
        route: &'static str,
    },
    /// Somebody acted. `subject` says on what: a preset, a session.
    Click {
        control: Control,
        subject: String,
    },
    /// An API call ended.
    Request(RequestEvent),
    FeedConnected {
        attempt: u32,
        wait_ms: i64,
    },
    FeedClosed {
        reason: String,
        attempt: u32,
        backoff_ms: i64,
        seq: u64,
    },
    FeedGap {
        expected: u64,
        received: u64,
    },
    FeedResynced {
        seq: u64,
    },
    FeedUndecodable {
        error: String,
        bytes: usize,
    },
    FeedStale {
        age_ms: i64,
    },
    FeedFresh {
        gap_ms: i64,
    },
    SpotStale {
        age_ms: i64,
    },
    SpotFresh {
        gap_ms: i64,
    },
    /// One of the four truths changed on the screen.
    TruthSeen {
        truth: &'static str,
        from: String,
        to: String,
    },
    FloorSeen {
        from: String,
        to: String,
    },
    /// A minute of the live feed, in one record.
    FeedMinute {
        frames: u64,
        bytes: u64,
        gap_ms_max: i64,
        reconnects: u64,
        /// At some moment of it nothing had come for too long.
        stale: bool,
    },
    ChartDrawn {
        points: usize,
        duration_ms: i64,
    },
    PanicAccepted {
        attempts: u32,
        duration_ms: i64,
    },
    PanicUnconfirmed {
        attempts: u32,
        error: String,
    },
    Toast {
        code: String,
        text: String,
    },
    ErrorBoundary {
        panel: String,
        path: String,
        code: String,
        error: String,
    },
    /// The WASM module panicked: nothing of the page works any more.
    Panic {
        error: String,
        location: String,
        path: String,
    },
    /// A line of a library, spoken through `tracing`.
    Log {
        level: Level,
        target: String,
        text: String,
    },
    Measured(Measured),
}

/// One API call, from the browser's side.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEvent {
    pub method: &'static str,
    /// Somebody wanted something to happen.
    pub is_intent: bool,
    /// Route pattern, never a full address.
    pub route: String,
    /// `None`: no answer came.
    pub status_code: Option<u16>,
    pub latency_ms: i64,
    pub request_bytes: usize,
    pub response_bytes: usize,
    /// 1 for the first try.
    pub attempt: u32,
    /// Field names of what was sent, never its values.
    pub fields: String,
    pub error: Option<String>,
}

impl Event for UiEvent {
    fn name(&self) -> &'static str {
        self.site().event
    }

    /// What a library tells is told most often and is mostly below what is wanted: its level stands in the event.
    #[inline]
    fn level(&self) -> Level {
        if let UiEvent::Log { level, .. } = self { *level } else { self.site().level }
    }

    fn source(&self) -> Source {
        Source::Frontend
    }

    fn message(&self) -> String {
        self.site().sentence(&self.values())
    }

    fn payload(&self) -> Map<String, Value> {
        self.site().payload(&self.values())
    }
}
