//! The UTC day turns: yesterday's result no longer counts against today's limit.

use model::decision::MarketDecision;
use model::state::day_of;
use model::{Stamp, TradingState};

use crate::verdict::{Verdict, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let day = day_of(stamp.at);
    if state.account.day == day {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, MarketDecision::DayBegan { day })]
}
