//! The UTC day turns by the venue's clock: yesterday's result no longer counts against today's limit.

use model::decision::AccountDecision;
use model::{Stamp, TradingState};

use crate::said::{Said, say};

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let (known, day) = (state.account.day.number, state.today(stamp.at));
    // A process that does not know the venue's clock yet would forget what this day has lost.
    if known >= day || known != 0 && state.awaits_venue_clock(stamp.at) {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, AccountDecision::DayBegan { day })]
}
