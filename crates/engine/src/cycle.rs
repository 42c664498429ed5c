//! Steady evaluations, told once a second per session: cycle start and end, worth, every rule's reading, and how
//! old each number is.

use model::decision::RulesDecision;
use model::decision::rules::LegFreshness;
use model::session::Session;
use model::{Lifecycle, Stamp, TradingState};

use crate::rules::{evaluate, source_word};
use crate::verdict::{MILLISECOND, SECOND, Verdict, say, since};

const RATE: &str = "1/s";

pub(crate) fn judge(state: &TradingState, stamp: &Stamp) -> Vec<Verdict> {
    let Some(session) = state.active() else { return Vec::new() };
    let due = state.sampled_at.is_none_or(|at| since(at, stamp.at) >= SECOND);
    if !due || session.legs.is_empty() || session.lifecycle == Lifecycle::Starting {
        return Vec::new();
    }
    let evaluation = evaluate(state, session, stamp.at);
    let outcome = if evaluation.fires.is_empty() { "held" } else { "rules fire" };
    let id = &stamp.correlation_id;
    vec![
        say(id, RulesDecision::CycleStarted { sample_rate: RATE.to_owned() }),
        say(
            id,
            RulesDecision::Evaluated {
                legs: freshness(state, session, stamp),
                worth: Box::new(evaluation.worth),
                readings: evaluation.readings,
                sample_rate: RATE.to_owned(),
            },
        ),
        say(
            id,
            RulesDecision::CycleCompleted {
                outcome: outcome.to_owned(),
                previous_step_us: stamp.previous_step_us,
                sample_rate: RATE.to_owned(),
            },
        ),
    ]
}

fn freshness(state: &TradingState, session: &Session, stamp: &Stamp) -> Vec<LegFreshness> {
    session
        .legs
        .iter()
        .map(|leg| {
            let market = state.market(&leg.instrument.symbol);
            let source = market.and_then(|market| market.mark.as_ref()).map(|mark| mark.source);
            let fresh = market.is_some_and(|market| market.is_fresh(stamp.at));
            LegFreshness {
                symbol: leg.instrument.symbol.clone(),
                quote_age_ms: market
                    .and_then(|market| market.quote_age(stamp.at))
                    .map(|age| age.0 / MILLISECOND),
                mark_age_ms: market
                    .and_then(|market| market.mark_age(stamp.at))
                    .map(|age| age.0 / MILLISECOND),
                mark_source: source_word(source, fresh).to_owned(),
            }
        })
        .collect()
}
