//! Health as far as the engine sees it itself: stale data, an unreachable venue, what is on and not ours. Stale
//! data with a position and no stop at the venue means out, but only after the market had its chance to speak.

use model::causes::HealthCause;
use model::decision::{AccountDecision, RulesDecision};
use model::market::{LINK_SILENCE_MAX, MARK_AGE_MAX, QUOTE_AGE_MAX};
use model::{ExitReason, Health, Lifecycle, Stamp, TradingState};

use crate::clock::silence;
use crate::hearing::Hearing;
use crate::orphans;
use crate::said::{MILLISECOND, SECOND, Said, say, since};

/// T2: stale for so long with something on is a health state, and an exit while no venue stop rests.
const STALE_MAX: i64 = 15 * SECOND;
const UNREACHABLE_AFTER: i64 = 5 * SECOND;

pub(crate) fn judge(hearing: &Hearing<'_>) -> Vec<Said> {
    if hearing.session.is_over() {
        return Vec::new();
    }
    let stale = stale(hearing);
    if stale.is_empty() { operator(hearing) } else { stale }
}

/// How long the oldest number that matters has been beyond its age, 0 when all are fresh. What the process could
/// not hear does not count.
fn stale_for(hearing: &Hearing<'_>) -> i64 {
    let (state, now) = (hearing.state, hearing.now());
    let beyond = |at, most: model::Micros| silence(state, at, now) - most.0;
    let connection = beyond(state.market_heard_at, LINK_SILENCE_MAX);
    let open = hearing.session.symbols().filter(|symbol| hearing.session.position(symbol) != 0);
    let legs = open.map(|symbol| {
        let market = state.market(symbol);
        let quote = market.and_then(|market| market.quote.as_ref()).map(|quote| quote.at);
        let mark = market.and_then(|market| market.mark.as_ref()).map(|mark| mark.at);
        beyond(quote, QUOTE_AGE_MAX).max(beyond(mark, MARK_AGE_MAX))
    });
    legs.chain([connection]).max().unwrap_or(0).max(0)
}

fn stale(hearing: &Hearing<'_>) -> Vec<Said> {
    let session = hearing.session;
    let stale = stale_for(hearing);
    if stale == 0 || session.is_flat_by_fills() {
        return hearing.health(Health::DataStale, false, HealthCause::Fresh).into_iter().collect();
    }
    if stale < STALE_MAX {
        return Vec::new();
    }
    let cause = HealthCause::Stale { age_ms: stale / MILLISECOND };
    let mut said: Vec<Said> = hearing.health(Health::DataStale, true, cause).into_iter().collect();
    let steady =
        matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused | Lifecycle::NeedsOperator);
    if steady && session.exit().is_none() {
        said.push(hearing.note(RulesDecision::ExitDecided {
            reason: ExitReason::Error,
            also_matched: Vec::new(),
            who: None,
            executable: None,
            readings: session.rules.readings.clone(),
        }));
    }
    said
}

/// While it closes, the measure of what is on speaks of reconciliation itself.
fn operator(hearing: &Hearing<'_>) -> Vec<Said> {
    if hearing.session.is_closing() {
        return Vec::new();
    }
    let needed = hearing.session.lifecycle == Lifecycle::NeedsOperator;
    let cause = match (needed, &hearing.session.quarantined) {
        (true, Some(_)) => HealthCause::Quarantined,
        (true, None) => HealthCause::Differs,
        (false, _) => HealthCause::Resolved,
    };
    hearing.health(Health::Unreconciled, needed, cause).into_iter().collect()
}

/// Of the account: whether the venue can be read, and what it holds that is not ours.
pub(crate) fn account(state: &TradingState, stamp: &Stamp) -> Vec<Said> {
    let said = reach(state, stamp).or_else(|| strangers(state, stamp));
    said.into_iter().collect()
}

fn reach(state: &TradingState, stamp: &Stamp) -> Option<Said> {
    match &state.account.truth.unknown {
        Some((at, code)) if since(*at, stamp.at) >= UNREACHABLE_AFTER => {
            let cause = HealthCause::Unreadable { code: code.clone() };
            change(state, stamp, Health::VenueUnreachable, true, cause)
        }
        Some(_) => None,
        None => change(state, stamp, Health::VenueUnreachable, false, HealthCause::Answers),
    }
}

fn strangers(state: &TradingState, stamp: &Stamp) -> Option<Said> {
    let positions = state.foreign_positions();
    let orders = u32::try_from(orphans::orphans(state).count()).unwrap_or(u32::MAX);
    let doubt = state.account.sweep.as_ref().and_then(|sweep| sweep.doubt.clone());
    let on = !positions.is_empty() || orders > 0 || doubt.is_some();
    let cause = match (positions.is_empty(), orders, doubt) {
        (false, _, _) => HealthCause::Foreign { positions },
        (true, 0, Some(doubt)) => HealthCause::Doubted { doubt },
        (true, 0, None) => HealthCause::NothingForeign,
        (true, orders, _) => HealthCause::OrdersRest { orders },
    };
    change(state, stamp, Health::Unreconciled, on, cause)
}

fn change(state: &TradingState, stamp: &Stamp, health: Health, on: bool, cause: HealthCause) -> Option<Said> {
    let known = state.account.health.contains(&health);
    (known != on).then(|| say(&stamp.correlation_id, AccountDecision::HealthChanged { health, on, cause }))
}
