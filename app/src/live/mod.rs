//! The live feed as the pages see it: many small signals, filled by the first paint and then by the socket.

mod buffer;
mod reducer;
mod socket;

use leptos::prelude::*;
use model::view::{PnlPoint, SessionView, StripView, WhyView};
use model::{Lifecycle, Micros};

use crate::data::ControlPaint;

pub use socket::start;

/// Older than this, a spot price or a quote is amber.
pub const QUOTE_STALE_US: i64 = 6_000_000;
/// Older than this, what the venue said of exposure and health is amber.
pub const TRUTH_STALE_US: i64 = 15_000_000;
/// A feed that says nothing for this long is amber.
pub const FEED_SILENT_MS: f64 = 4_000.0;

/// The state of the feed's socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Nothing was tried yet, or the first try runs.
    #[default]
    Connecting,
    Live,
    /// Open, and nothing comes.
    Silent,
    /// Closed; trying again.
    Retrying,
}

impl Link {
    pub fn tone(self) -> &'static str {
        match self {
            Link::Connecting => "",
            Link::Live => "gain",
            Link::Silent | Link::Retrying => "doubt",
        }
    }
}

/// All points of a session's P&L; a new generation replaces, the same one appends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    pub generation: u64,
    pub list: Vec<PnlPoint>,
}

/// The signals. Copy: pass it by value, or take it from context with `use_live`.
#[derive(Clone, Copy)]
pub struct Live {
    pub strip: RwSignal<StripView>,
    pub session: RwSignal<Option<Box<SessionView>>>,
    pub points: RwSignal<Points>,
    pub why: RwSignal<Vec<WhyView>>,
    pub link: RwSignal<Link>,
    /// How long nothing came over the feed, in milliseconds; `None` while it is live.
    pub silent_ms: RwSignal<Option<i64>>,
    /// The server's clock, ticking; `None` on the server and until the first tick, so that no age is painted
    /// that hydration would contradict.
    pub now: RwSignal<Option<Micros>>,
    /// Whether the feed has spoken: a first paint is older than that.
    pub spoken: RwSignal<bool>,
}

impl Live {
    fn new() -> Self {
        Self {
            strip: RwSignal::new(StripView::default()),
            session: RwSignal::new(None),
            points: RwSignal::new(Points::default()),
            why: RwSignal::new(Vec::new()),
            link: RwSignal::new(Link::default()),
            silent_ms: RwSignal::new(None),
            now: RwSignal::new(None),
            spoken: RwSignal::new(false),
        }
    }

    /// Takes over the strip that the server painted, unless the feed knows better.
    pub fn seed_strip(self, strip: &StripView) {
        if !self.spoken.get_untracked() {
            self.strip.set(strip.clone());
        }
    }

    /// Takes over Control's first paint, unless the feed knows better.
    pub fn seed(self, paint: &ControlPaint) {
        if !paint.from_server || self.spoken.get_untracked() {
            return;
        }
        self.strip.set(paint.strip.clone());
        self.session.set(paint.session.session.clone().map(Box::new));
        self.points.set(Points { generation: 1, list: paint.session.points.clone() });
        self.why.set(paint.session.why.clone());
    }

    /// A part of the session that changes on its own; `None` while no session has ever run.
    pub fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        part: impl Fn(&SessionView) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.session.with(|session| session.as_deref().map(&part)))
    }

    /// Whether a session is there that has not ended.
    pub fn running(self) -> Memo<bool> {
        Memo::new(move |_| {
            self.session.with(|session| {
                session.as_ref().is_some_and(|session| session.lifecycle != Lifecycle::Stopped)
            })
        })
    }
}

/// Makes the signals and provides them as context; once, in the root.
pub fn provide_live() -> Live {
    let live = Live::new();
    provide_context(live);
    live
}

pub fn use_live() -> Live {
    use_context::<Live>().unwrap_or_else(Live::new)
}

impl Live {
    /// Wait before the same request is sent again.
    pub fn retry_ms(attempt: u32) -> u32 {
        reducer::backoff_ms(attempt.saturating_sub(1), crate::platform::random_bits() as u32)
    }
}
