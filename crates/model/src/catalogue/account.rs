//! Samples of what concerns the account and the process.

use super::{call, lots, put};
use crate::causes::HealthCause;
use crate::decision::AccountDecision;
use crate::input::{GapKind, LiveAccount};
use crate::words::Health;

pub(super) fn samples() -> Vec<AccountDecision> {
    let health = |health, on, cause| AccountDecision::HealthChanged { health, on, cause };
    vec![
        AccountDecision::Booted { boot_id: "01jf3k9x2mq8".to_owned() },
        AccountDecision::LiveOpened(LiveAccount {
            venue: "delta-india".to_owned(),
            account: "30084879".to_owned(),
            real_money: true,
        }),
        AccountDecision::DayBegan { day: 18_997 },
        AccountDecision::ClockStepped { skew_ms: -600_000 },
        AccountDecision::VenueClockMeasured { offset_ms: 1_900 },
        AccountDecision::GapNoticed { gap_ms: 42_000, kind: GapKind::Suspended },
        AccountDecision::GapNoticed { gap_ms: 3_100, kind: GapKind::Stalled },
        AccountDecision::Watching { symbols: [call(), put()].into() },
        health(Health::ClockSkew, true, HealthCause::ClockStepped { skew_ms: -600_000 }),
        health(Health::ClockSkew, false, HealthCause::ClockAgrees),
        health(Health::Unreconciled, true, HealthCause::Foreign { positions: lots(-200, 0) }),
        AccountDecision::JudgeFailed { judge: "truth".to_owned() },
    ]
}

pub(super) fn doc(decision: &AccountDecision) -> &'static str {
    match decision {
        AccountDecision::Booted { .. } => "the first decision of each process",
        AccountDecision::LiveOpened(_) => "after it, where the venue is a real one",
        AccountDecision::DayBegan { .. } => "a new UTC day, or the first start",
        AccountDecision::ClockStepped { .. } => "the system's clock was set, in either direction",
        AccountDecision::VenueClockMeasured { .. } => {
            "a measurement differs by more than a second from the last"
        }
        AccountDecision::GapNoticed { .. } => "after sleep, a held-up process, a long wait for the disk",
        AccountDecision::Watching { .. } => "what sessions and closes need to see changed",
        AccountDecision::HealthChanged { .. } => "a condition that concerns the whole account began or ended",
        AccountDecision::JudgeFailed { .. } => "a mistake in the program; sessions go on",
    }
}
