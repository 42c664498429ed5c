//! "Why is it not trading?" is answered with one named gate: their words and sentences.

use serde::{Deserialize, Serialize};

/// The gates in the order in which they are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    NoSession,
    Latched,
    NeedsOperator,
    Ended,
    Closing,
    Starting,
    Paused,
    PositionOpen,
    Entering,
    ExposureUnknown,
    DayLimit,
    Planning,
    VenueRestricted,
    QuotesStale,
    SpotStale,
    CreditBelowGuard,
    Open,
}

impl Gate {
    pub fn word(self) -> &'static str {
        match self {
            Gate::NoSession => "no_session",
            Gate::Latched => "latched",
            Gate::NeedsOperator => "needs_operator",
            Gate::Ended => "ended",
            Gate::Closing => "closing",
            Gate::Starting => "starting",
            Gate::Paused => "paused",
            Gate::PositionOpen => "position_open",
            Gate::Entering => "entering",
            Gate::ExposureUnknown => "exposure_unknown",
            Gate::DayLimit => "day_limit",
            Gate::Planning => "planning",
            Gate::VenueRestricted => "venue_restricted",
            Gate::QuotesStale => "quotes_stale",
            Gate::SpotStale => "spot_stale",
            Gate::CreditBelowGuard => "credit_below_guard",
            Gate::Open => "open",
        }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            Gate::NoSession => "No session runs: start one.",
            Gate::Latched => {
                "The panic latch is set: clear it with a reason once everything is verified flat."
            }
            Gate::NeedsOperator => "The venue and our records differ: an operator must resolve it.",
            Gate::Ended => "The session has ended; re-entry is off. Start a new one.",
            Gate::Closing => "The session is closing its position.",
            Gate::Starting => "The session is starting: it waits for the venue's truth and fresh quotes.",
            Gate::Paused => "Entries are paused; exits keep running. Resume to trade.",
            Gate::PositionOpen => "A position is already open (1 of 1).",
            Gate::Entering => "Entry orders are working.",
            Gate::ExposureUnknown => "What is on at the venue is not known.",
            Gate::DayLimit => "The day's loss limit is reached; it counts anew from 00:00 UTC.",
            Gate::Planning => "Strikes are being chosen and the plan priced.",
            Gate::VenueRestricted => {
                "The venue does not trade a leg as usual: an auction, a disruption or maintenance."
            }
            Gate::QuotesStale => "Quotes of the legs are stale or one-sided.",
            Gate::SpotStale => "The spot price is stale.",
            Gate::CreditBelowGuard => "The executable credit is below the slippage guard.",
            Gate::Open => "Entry is open.",
        }
    }
}
