//! The live feed as the pages see it: many small signals, filled by the first paint and then by the socket.

mod buffer;
mod held;
mod reducer;
mod socket;

use leptos::prelude::*;
use model::view::{StripView, WhyView};
use model::{Lifecycle, Micros};

use crate::data::ControlPaint;

pub use held::{Held, Points, find};
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

/// The signals. Copy: pass it by value, or take it from context with `use_live`.
#[derive(Clone, Copy)]
pub struct Live {
    pub strip: RwSignal<StripView>,
    /// Every session that is shown; written when one comes or goes. What each says is in its own signals.
    pub held: RwSignal<Vec<Held>>,
    pub why: RwSignal<Vec<WhyView>>,
    pub link: RwSignal<Link>,
    /// How long nothing came over the feed, in milliseconds; `None` while it is live.
    pub silent_ms: RwSignal<Option<i64>>,
    /// The server's clock, ticking; `None` on the server and until the first tick, so that no age is painted
    /// that hydration would contradict.
    pub now: RwSignal<Option<Micros>>,
    /// Whether the feed has spoken: a first paint is older than that.
    pub spoken: RwSignal<bool>,
    /// What has been taken over from a first paint. A page is gone through more than once while it is painted; to
    /// write again would wake what looks at it, perhaps after the page has been sent and its signals are gone.
    painted: StoredValue<Painted>,
}

#[derive(Clone, Copy, Default)]
struct Painted {
    strip: bool,
    sessions: bool,
}

impl Live {
    fn new() -> Self {
        Self {
            strip: RwSignal::new(StripView::default()),
            held: RwSignal::new(Vec::new()),
            why: RwSignal::new(Vec::new()),
            link: RwSignal::new(Link::default()),
            silent_ms: RwSignal::new(None),
            now: RwSignal::new(None),
            spoken: RwSignal::new(false),
            painted: StoredValue::new(Painted::default()),
        }
    }

    /// Takes over the strip that the server painted, unless the feed knows better.
    pub fn seed_strip(self, strip: &StripView) {
        if !self.painted.get_value().strip && !self.spoken.get_untracked() {
            self.painted.update_value(|painted| painted.strip = true);
            self.strip.set(strip.clone());
        }
    }

    /// Takes over Control's first paint, unless the feed knows better.
    pub fn seed(self, paint: &ControlPaint) {
        if !paint.from_server || self.painted.get_value().sessions || self.spoken.get_untracked() {
            return;
        }
        self.painted.update_value(|painted| painted.sessions = true);
        self.seed_strip(&paint.strip);
        let points = |id| paint.sessions.points.get(id).cloned().unwrap_or_default();
        let held = paint.sessions.sessions.iter();
        self.held.set(held.map(|view| Held::new(view.clone(), points(&view.session_id))).collect());
        self.why.set(paint.sessions.why.clone());
    }

    /// How many sessions have not ended.
    pub fn running(self) -> Memo<usize> {
        Memo::new(move |_| self.strip.with(running))
    }
}

/// How many sessions of a strip have not ended.
pub fn running(strip: &StripView) -> usize {
    strip.sessions.iter().filter(|chip| chip.lifecycle != Lifecycle::Stopped).count()
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
