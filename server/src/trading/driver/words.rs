//! The last words of a server that stops: what stays open at the venue.

use model::TradingState;

/// One sentence; positions stay as they are.
pub(super) fn last(state: &TradingState) -> String {
    let Some(session) = state.active() else {
        return "no session is active, no positions stay open".to_owned();
    };
    let held: Vec<String> = session
        .legs
        .iter()
        .map(|leg| (session.position(&leg.instrument.symbol), &leg.instrument.symbol))
        .filter(|(lots, _)| *lots != 0)
        .map(|(lots, symbol)| format!("{lots} {symbol}"))
        .collect();
    let (id, lifecycle) = (&session.id, session.lifecycle);
    if held.is_empty() {
        format!("session {id} stays {lifecycle} without positions")
    } else {
        format!("session {id} stays {lifecycle} with {} open at the venue", held.join(", "))
    }
}
