//! Everything that a browser can tell: one enum, matched exhaustively, so that a new happening does not
//! compile until it has a name, a level, a sentence and fields.

mod catalogue;
mod control;

use telemetry::{Event, Level, Map, Source, Value};

pub use catalogue::ui_catalogue;
pub use control::Control;

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
}

/// One API call, from the browser's side.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestEvent {
    pub method: &'static str,
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

impl RequestEvent {
    fn level(&self) -> Level {
        match self.status_code {
            None | Some(500..) => Level::Error,
            Some(400..500) => Level::Warn,
            Some(_) if self.method == "GET" => Level::Debug,
            Some(_) => Level::Info,
        }
    }

    fn sentence(&self) -> String {
        match self.status_code {
            Some(status) => {
                format!("{} {} answered {status} in {} ms.", self.method, self.route, self.latency_ms)
            }
            None => format!("{} {} got no answer in {} ms.", self.method, self.route, self.latency_ms),
        }
    }
}

impl Event for UiEvent {
    fn name(&self) -> &'static str {
        match self {
            UiEvent::Booted { .. } => "ui.booted",
            UiEvent::Navigated { .. } => "ui.navigated",
            UiEvent::Click { .. } => "ui.click",
            UiEvent::Request(_) => "ui.request",
            UiEvent::FeedConnected { .. } => "ui.feed_connected",
            UiEvent::FeedClosed { .. } => "ui.feed_closed",
            UiEvent::FeedGap { .. } => "ui.feed_gap",
            UiEvent::FeedResynced { .. } => "ui.feed_resynced",
            UiEvent::FeedUndecodable { .. } => "ui.feed_undecodable",
            UiEvent::FeedStale { .. } => "ui.feed_stale",
            UiEvent::FeedFresh { .. } => "ui.feed_fresh",
            UiEvent::SpotStale { .. } => "ui.spot_stale",
            UiEvent::SpotFresh { .. } => "ui.spot_fresh",
            UiEvent::TruthSeen { .. } => "ui.truth_seen",
            UiEvent::FloorSeen { .. } => "ui.floor_seen",
            UiEvent::FeedMinute { .. } => "ui.feed_minute",
            UiEvent::ChartDrawn { .. } => "ui.chart_drawn",
            UiEvent::PanicAccepted { .. } => "ui.panic_accepted",
            UiEvent::PanicUnconfirmed { .. } => "ui.panic_unconfirmed",
            UiEvent::Toast { .. } => "ui.toast_shown",
            UiEvent::ErrorBoundary { .. } => "ui.error_boundary",
            UiEvent::Panic { .. } => "ui.panic",
            UiEvent::Log { .. } => "ui.log",
        }
    }

    fn level(&self) -> Level {
        match self {
            UiEvent::Booted { .. }
            | UiEvent::Navigated { .. }
            | UiEvent::Click { .. }
            | UiEvent::FeedConnected { .. }
            | UiEvent::FeedResynced { .. }
            | UiEvent::FeedFresh { .. }
            | UiEvent::SpotFresh { .. }
            | UiEvent::TruthSeen { .. }
            | UiEvent::FloorSeen { .. }
            | UiEvent::FeedMinute { .. }
            | UiEvent::PanicAccepted { .. } => Level::Info,
            UiEvent::ChartDrawn { .. } => Level::Debug,
            UiEvent::FeedClosed { .. }
            | UiEvent::FeedGap { .. }
            | UiEvent::FeedUndecodable { .. }
            | UiEvent::FeedStale { .. }
            | UiEvent::SpotStale { .. }
            | UiEvent::Toast { .. } => Level::Warn,
            UiEvent::PanicUnconfirmed { .. } | UiEvent::ErrorBoundary { .. } => Level::Error,
            UiEvent::Panic { .. } => Level::Fatal,
            UiEvent::Request(request) => request.level(),
            UiEvent::Log { level, .. } => *level,
        }
    }

    fn source(&self) -> Source {
        Source::Frontend
    }

    fn message(&self) -> String {
        self.sentence()
    }

    fn payload(&self) -> Map<String, Value> {
        self.fields()
    }
}
