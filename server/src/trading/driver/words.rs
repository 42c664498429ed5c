//! The last words of a server that stops: what stays open at the venue.

use model::{Session, TradingState};

/// One sentence for each session; positions stay as they are.
pub(super) fn last(state: &TradingState) -> String {
    let sessions: Vec<String> = state.active().map(of_session).collect();
    if sessions.is_empty() {
        return "no session is active, no positions of ours stay open".to_owned();
    }
    sessions.join("; ")
}

fn of_session(session: &Session) -> String {
    let held: Vec<String> = session
        .symbols()
        .map(|symbol| (session.position(symbol), symbol))
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
