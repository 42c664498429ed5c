//! Time itself: a clock that was set and a process that was away are inputs like others. Neither freezes anything
//! nor is a reason to leave; health says how far the clocks are apart.

use model::causes::HealthCause;
use model::decision::AccountDecision;
use model::input::ClockReport;
use model::{Health, Micros, Stamp, TradingState};

use crate::said::{Said, say};

/// The system's clock is slewed by less than this all the time.
const SKEW_MAX_MS: u64 = 500;
/// The venue's clock is measured to a second at best, and a signature lives five.
const OFFSET_MAX_MS: u64 = 2_500;

pub(crate) fn report(state: &TradingState, stamp: &Stamp, report: ClockReport) -> Vec<Said> {
    let decision = match report {
        ClockReport::Stepped { skew_ms } if skew_ms == state.clock.skew_ms => return Vec::new(),
        ClockReport::Stepped { skew_ms } => AccountDecision::ClockStepped { skew_ms },
        ClockReport::Venue { offset_ms } if offset_ms == state.clock.venue_offset_ms => return Vec::new(),
        ClockReport::Venue { offset_ms } => AccountDecision::VenueClockMeasured { offset_ms },
        ClockReport::Gap { gap_ms, kind } => AccountDecision::GapNoticed { gap_ms, kind },
    };
    vec![say(&stamp.correlation_id, decision)]
}

/// Health CLOCK_SKEW while the clocks are apart.
pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let (skew_ms, offset_ms) = (state.clock.skew_ms, state.clock.venue_offset_ms);
    let stepped = skew_ms.unsigned_abs() > SKEW_MAX_MS;
    let on = stepped || offset_ms.unsigned_abs() > OFFSET_MAX_MS;
    if state.account.health.contains(&Health::ClockSkew) == on {
        return Vec::new();
    }
    let cause = match (stepped, on) {
        (true, _) => HealthCause::ClockStepped { skew_ms },
        (false, true) => HealthCause::VenueClock { offset_ms },
        (false, false) => HealthCause::ClockAgrees,
    };
    vec![say(&stamp.correlation_id, AccountDecision::HealthChanged { health: Health::ClockSkew, on, cause })]
}

/// How long nothing fresh has been heard since `at`, given that the process itself may have been away: what it
/// could not hear does not count as silence.
pub(crate) fn silence(state: &TradingState, at: Option<Micros>, now: Micros) -> i64 {
    let from = at.max(state.clock.resumed_at);
    from.map_or(0, |from| now.0.saturating_sub(from.0)).max(0)
}
