//! Rules without money in them: the latch, exposure as expected, time, the strategy's own signal.

use model::rules::{Measure, Rule, RuleReading, Verdict};
use model::{Decimal, Micros};

use super::{Judgement, Look, near, percent, quiet};
use crate::said::{MILLISECOND, SECOND};

pub(super) fn latch(look: &Look<'_>) -> Judgement {
    let set = look.state.account.latch.is_some() || look.session.latch.is_some();
    // The latch has a judge of its own that acts before any rule; here it is only read.
    let verdict = if set { Verdict::Fires } else { Verdict::Holds };
    let reading = RuleReading { measure: Measure::Latch { set }, ..RuleReading::bare(Rule::Latch, verdict) };
    Judgement { reading, change: None, fires: false }
}

pub(super) fn exposure(look: &Look<'_>) -> Judgement {
    let session = look.session;
    let ours = session.symbols().map(|symbol| session.position(symbol)).collect();
    let truth = &look.state.account.truth;
    let read_since_moved = |symbol| {
        let moved = session.orders.moved_in(symbol).unwrap_or(Micros(0));
        truth.position(symbol).filter(|read| read.mark.requested_at > moved)
    };
    let venue: Vec<_> =
        session.symbols().map(|symbol| read_since_moved(symbol).map(|read| read.lots)).collect();
    let read = venue.iter().any(Option::is_some);
    let verdict = match session.mismatches {
        _ if !read => Verdict::Confirming,
        0 => Verdict::Holds,
        1 => Verdict::Confirming,
        _ => Verdict::Fires,
    };
    let measure = Measure::Lots { ours, venue: read.then_some(venue) };
    let reading = RuleReading { measure, ..RuleReading::bare(Rule::Exposure, verdict) };
    Judgement { reading, change: None, fires: false }
}

/// Square-off before expiry and the longest holding time; always judged, whatever the market does.
pub(super) fn time(look: &Look<'_>) -> Judgement {
    let configuration = &look.session.configuration;
    let minutes = |minutes: i64| minutes.saturating_mul(60 * SECOND);
    let square_off = look
        .session
        .legs()
        .first()
        .map(|leg| leg.instrument.expiry.0.saturating_sub(minutes(configuration.square_off_minutes)))
        // Options settle by the venue's clock.
        .map(|at| at.saturating_sub(look.state.clock.venue_offset_ms.saturating_mul(MILLISECOND)));
    let entered = look.session.entered_at(&look.state.clock);
    let held = entered
        .zip(configuration.holding_minutes_max)
        .map(|(since, longest)| since.0.saturating_add(minutes(longest)));
    let until = square_off.into_iter().chain(held).min();
    let Some(until) = until.filter(|_| !is_venues_clock_awaited(look)) else {
        return quiet(Rule::Time, Verdict::NotArmed);
    };
    let left = until.saturating_sub(look.now.0);
    let fires = left <= 0;
    let began = entered.unwrap_or(look.session.started_at);
    let used =
        percent(Decimal::from(look.now.0.saturating_sub(began.0)), Decimal::from((until - began.0).max(1)));
    let reading = RuleReading {
        rule: Rule::Time,
        verdict: if fires { Verdict::Fires } else { near(used) },
        measure: Measure::Until { at: Micros(until) },
        value: Some(Decimal::from(left.max(0) / SECOND)),
        threshold: Some(Decimal::ZERO),
        used_percent: used,
    };
    Judgement { reading, change: None, fires }
}

/// A process that has just taken a session up does not know the venue's clock yet: one whose system is hours ahead would
/// leave at once. Neither does one whom a single answer tells another time.
fn is_venues_clock_awaited(look: &Look<'_>) -> bool {
    look.state.clock.venue_moved_lately(look.now)
        || look.session.is_taken_up() && look.state.awaits_venue_clock(look.now)
}

/// Short straddle and strangle have no signal of their own.
pub(super) fn signal() -> Judgement {
    quiet(Rule::Signal, Verdict::Off)
}
