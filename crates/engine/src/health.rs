//! Health as far as the engine sees it itself: stale data and an unreachable venue. Stale data with a position
//! and no stop at the venue means out.

use model::decision::{RulesDecision, SessionDecision};
use model::market::{LINK_SILENCE_MAX, MARK_AGE_MAX, QUOTE_AGE_MAX};
use model::session::{ExitReason, Health, Session};
use model::{Lifecycle, Micros, Stamp, TradingState};

use crate::verdict::{SECOND, Verdict, say, since};

/// T2: stale for so long with something on is a health state, and an exit while no venue stop rests.
const STALE_MAX: i64 = 15 * SECOND;
const UNREACHABLE_AFTER: i64 = 5 * SECOND;

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    let stale = stale_for(state, session, stamp.at);
    let judged = [
        judge_stale(session, stale, stamp),
        judge_reach(state, session, stamp),
        judge_operator(session, stamp),
    ];
    judged.into_iter().find(|verdicts| !verdicts.is_empty()).unwrap_or_default()
}

/// How long the oldest number that matters has been beyond its age, 0 when all are fresh.
fn stale_for(state: &TradingState, session: &Session, now: Micros) -> i64 {
    let silent = state.market_heard_at.map_or(0, |at| since(at, now) - LINK_SILENCE_MAX.0);
    let legs = session.legs.iter().filter(|leg| session.position(&leg.instrument.symbol) != 0).map(|leg| {
        let market = state.market(&leg.instrument.symbol);
        let quote = market.and_then(|market| market.quote_age(now)).map_or(0, |age| age.0 - QUOTE_AGE_MAX.0);
        let mark = market.and_then(|market| market.mark_age(now)).map_or(0, |age| age.0 - MARK_AGE_MAX.0);
        quote.max(mark)
    });
    legs.chain([silent]).max().unwrap_or(0).max(0)
}

fn judge_stale(session: &Session, stale: i64, stamp: &Stamp) -> Vec<Verdict> {
    let open = !session.is_flat_by_fills();
    let known = session.health.contains(&Health::DataStale);
    let id = &stamp.correlation_id;
    if stale == 0 || !open {
        let why = "quotes and marks are fresh again".to_owned();
        return change(known, false, Health::DataStale, why, stamp);
    }
    if stale < STALE_MAX {
        return Vec::new();
    }
    let why = "no fresh quotes or marks for fifteen seconds".to_owned();
    let mut verdicts = change(known, true, Health::DataStale, why, stamp);
    let steady =
        matches!(session.lifecycle, Lifecycle::Running | Lifecycle::Paused) && session.exit.is_none();
    if steady {
        verdicts.push(say(
            id,
            RulesDecision::ExitDecided {
                reason: ExitReason::Error,
                also_matched: Vec::new(),
                who: None,
                executable: None,
                readings: session.rules.readings.clone(),
                rationale:
                    "Leaving: prices have been stale for fifteen seconds and no stop rests at the venue."
                        .to_owned(),
            },
        ));
    }
    verdicts
}

fn judge_reach(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let known = session.health.contains(&Health::VenueUnreachable);
    match &state.truth.unknown {
        Some((at, reason)) if since(*at, stamp.at) >= UNREACHABLE_AFTER => {
            change(known, true, Health::VenueUnreachable, reason.clone(), stamp)
        }
        Some(_) => Vec::new(),
        None => change(known, false, Health::VenueUnreachable, "the venue answers again".to_owned(), stamp),
    }
}

fn judge_operator(session: &Session, stamp: &Stamp) -> Vec<Verdict> {
    let known = session.health.contains(&Health::Unreconciled);
    let needed = session.lifecycle == Lifecycle::NeedsOperator;
    let why = if needed { "the venue and our fills differ" } else { "an operator resolved it" };
    change(known, needed, Health::Unreconciled, why.to_owned(), stamp)
}

fn change(known: bool, on: bool, health: Health, why: String, stamp: &Stamp) -> Vec<Verdict> {
    if known == on {
        return Vec::new();
    }
    vec![say(&stamp.correlation_id, SessionDecision::HealthChanged { health, on, why })]
}
