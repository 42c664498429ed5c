//! Icons: one stroke path each, drawn in the colour of the text.

use leptos::prelude::*;

pub const BELL: &str = "M18 15V10a6 6 0 0 0-12 0v5l-2 3h16zM10 21h4";
pub const BRAND: &str = "M12 3 21 20H3zM12 10v4";
pub const CHART: &str = "M4 20V5M4 20h16M8 16l4-5 3 3 5-7";
pub const GAUGE: &str = "M4 14a8 8 0 1 1 16 0M12 14l4-5";
pub const LIST: &str = "M5 6h14M5 12h14M5 18h9";
pub const PULSE: &str = "M3 12h4l3-7 4 14 3-7h4";
pub const SEARCH: &str = "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0M15.5 15.5 21 21";
pub const SLIDERS: &str = "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4";

/// An icon that says nothing to a screen reader.
pub fn icon(path: &'static str, size: &'static str) -> impl IntoView {
    view! {
        <svg width=size height=size viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}
