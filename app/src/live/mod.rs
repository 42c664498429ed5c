//! What is known, as the components of a page look at it: filled once for each painting.

mod held;

use leptos::prelude::*;
use model::Lifecycle;
use model::result::SessionResult;
use model::view::{SessionView, StripView, WhyView};

use crate::alerts_view::AlertsOpen;
use crate::data::ControlPaint;
use crate::painter::Known;

pub use held::{Held, find};

/// Older than this, a spot price or a quote is amber.
pub const QUOTE_STALE_US: i64 = 6_000_000;
/// Older than this, what the venue said of exposure and health is amber.
pub const TRUTH_STALE_US: i64 = 15_000_000;

/// The signals. Copy: pass it by value, or take it from context with `use_live`.
#[derive(Clone, Copy)]
pub struct Live {
    pub strip: RwSignal<StripView>,
    /// What fires.
    pub alerts: RwSignal<AlertsOpen>,
    /// Every session that is shown.
    pub held: RwSignal<Vec<Held>>,
    pub why: RwSignal<Vec<WhyView>>,
    /// Sessions that ended last, the latest first.
    pub lately: RwSignal<Vec<SessionResult>>,
    /// A session that is not shown any more, while the page says so.
    pub gone: RwSignal<Option<SessionView>>,
}

impl Live {
    fn new() -> Self {
        Self::of(Known::default())
    }

    /// Of what is known at one moment.
    pub fn of(known: Known) -> Self {
        Self {
            strip: RwSignal::new(known.strip),
            alerts: RwSignal::new(known.alerts),
            held: RwSignal::new(known.sessions.into_iter().map(Held::new).collect()),
            why: RwSignal::new(known.why),
            lately: RwSignal::new(known.lately),
            gone: RwSignal::new(known.gone),
        }
    }

    /// Takes over the strip of the first paint.
    pub fn seed_strip(self, strip: &StripView) {
        self.strip.set(strip.clone());
    }

    /// Takes over Control's first paint.
    pub fn seed(self, paint: &ControlPaint) {
        self.seed_strip(&paint.strip);
        self.held.set(paint.sessions.sessions.iter().cloned().map(Held::new).collect());
        self.why.set(paint.sessions.why.clone());
        self.lately.set(paint.sessions.lately.clone());
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
