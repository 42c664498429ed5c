//! What concerns the account and the process as a whole: its beginning, its clock, its day, its health, and what
//! it watches.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Value};

use crate::causes::HealthCause;
use crate::ids::Symbol;
use crate::input::{GapKind, LiveAccount};
use crate::tell::{fields, grouped};
use crate::words::Health;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountDecision {
    /// The process began.
    Booted { boot_id: String },
    /// What is traded from here on is traded at a real venue.
    LiveOpened(LiveAccount),
    /// A UTC day began: what was realised yesterday no longer counts against today's limit.
    DayBegan { day: i64 },
    /// The system's clock went another way than ours.
    ClockStepped { skew_ms: i64 },
    /// The venue's clock and ours are apart; what is signed carries the venue's time.
    VenueClockMeasured { offset_ms: i64 },
    /// Nothing was looked at for a while; the market is heard before anything counts as stale.
    GapNoticed { gap_ms: i64, kind: GapKind },
    /// The union of what sessions and closes need to see.
    Watching { symbols: BTreeSet<Symbol> },
    /// A condition of the account's health, which every session shares.
    HealthChanged { health: Health, on: bool, cause: HealthCause },
    /// A judge of the account failed; it is not asked any more in this process.
    JudgeFailed { judge: String },
}

impl Event for AccountDecision {
    fn name(&self) -> &'static str {
        match self {
            AccountDecision::Booted { .. } => "engine.booted",
            AccountDecision::LiveOpened(_) => "account.live_opened",
            AccountDecision::DayBegan { .. } => "engine.day_began",
            AccountDecision::ClockStepped { .. } => "clock.stepped",
            AccountDecision::VenueClockMeasured { .. } => "clock.venue_measured",
            AccountDecision::GapNoticed { .. } => "clock.gap_noticed",
            AccountDecision::Watching { .. } => "market.watching",
            AccountDecision::HealthChanged { .. } => "account.health_changed",
            AccountDecision::JudgeFailed { .. } => "engine.judge_failed",
        }
    }

    fn level(&self) -> Level {
        match self {
            AccountDecision::LiveOpened(_)
            | AccountDecision::ClockStepped { .. }
            | AccountDecision::VenueClockMeasured { .. }
            | AccountDecision::GapNoticed { .. }
            | AccountDecision::HealthChanged { on: true, .. } => Level::Warn,
            AccountDecision::JudgeFailed { .. } => Level::Error,
            AccountDecision::Watching { .. } => Level::Debug,
            AccountDecision::Booted { .. }
            | AccountDecision::DayBegan { .. }
            | AccountDecision::HealthChanged { on: false, .. } => Level::Info,
        }
    }

    fn message(&self) -> String {
        match self {
            AccountDecision::Booted { boot_id } => format!("The engine began as {boot_id}."),
            AccountDecision::LiveOpened(LiveAccount { venue, account, real_money }) => {
                let money = if *real_money { "orders are real money" } else { "orders are play money" };
                format!("The account {account} of {venue} is worked with: live, {money}.")
            }
            AccountDecision::DayBegan { .. } => {
                "A new UTC day began; the day's loss limit counts from zero.".to_owned()
            }
            AccountDecision::ClockStepped { skew_ms } => format!(
                "The system's clock stepped: it is {} ms {} ours, which goes on as it was.",
                grouped(skew_ms.saturating_abs()),
                if *skew_ms < 0 { "behind" } else { "ahead of" }
            ),
            AccountDecision::VenueClockMeasured { offset_ms } => format!(
                "The venue's clock is {} ms {} ours; what is signed carries the venue's time.",
                grouped(offset_ms.saturating_abs()),
                if *offset_ms < 0 { "behind" } else { "ahead of" }
            ),
            AccountDecision::GapNoticed { gap_ms, kind } => {
                let what = match kind {
                    GapKind::Suspended => "The machine slept",
                    GapKind::Stalled => "The process was held up",
                };
                format!(
                    "{what} for {} ms; the market is heard before anything is judged stale.",
                    grouped(*gap_ms)
                )
            }
            AccountDecision::Watching { symbols } => {
                format!("Watching {} instruments.", symbols.len())
            }
            AccountDecision::HealthChanged { health, on: true, cause } => {
                format!("Health of the account: {health}, {}.", cause.sentence())
            }
            AccountDecision::HealthChanged { health, on: false, cause } => {
                format!("Health of the account: {health} is over, {}.", cause.sentence())
            }
            AccountDecision::JudgeFailed { judge } => {
                format!("The judge of {judge} failed; it is not asked any more until the next start.")
            }
        }
    }

    fn payload(&self) -> Map<String, Value> {
        match self {
            AccountDecision::Booted { boot_id } => fields().put("process", boot_id).map(),
            AccountDecision::LiveOpened(LiveAccount { venue, account, real_money }) => {
                fields().put("venue", venue).put("account", account).put("real_money", real_money).map()
            }
            AccountDecision::DayBegan { day } => fields().put("day", day).map(),
            AccountDecision::ClockStepped { skew_ms } => fields().put("skew_ms", skew_ms).map(),
            AccountDecision::VenueClockMeasured { offset_ms } => fields().put("offset_ms", offset_ms).map(),
            AccountDecision::GapNoticed { gap_ms, kind } => {
                fields().put("gap_ms", gap_ms).put("kind", kind).map()
            }
            AccountDecision::Watching { symbols } => fields().put("symbols", symbols).map(),
            AccountDecision::HealthChanged { health, on, cause } => {
                fields().put("health", health).put("on", on).put("cause", cause).map()
            }
            AccountDecision::JudgeFailed { judge } => fields().put("judge", judge).map(),
        }
    }
}
