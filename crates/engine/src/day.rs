//! The UTC day turns: yesterday's result no longer counts against today's limit.

use model::decision::AccountDecision;
use model::state::day_of;
use model::{Stamp, TradingState};

use crate::said::{Said, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let day = day_of(stamp.at);
    if state.account.day.number >= day {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, AccountDecision::DayBegan { day })]
}
