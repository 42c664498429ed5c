//! What a card of closing shows: one part for each session that is closed, and one for what belongs to none. Pure.

use std::collections::BTreeSet;

use model::view::{ClosingView, LatchView, SessionView};

use crate::pages::past::configuration_name;
use model::{Lifecycle, Micros, SessionId, Symbol};

/// One close: of a session, or of what belongs to no session.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The session's id; empty for what belongs to none.
    pub key: String,
    pub name: String,
    pub closing: ClosingView,
}

/// What the card looks at of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    id: SessionId,
    name: String,
    stopped: bool,
    closing: Option<ClosingView>,
}

impl Seen {
    pub fn of(session: &SessionView) -> Self {
        Self {
            id: session.session_id.clone(),
            name: format!("{} · {}", configuration_name(&session.configuration), session.session_id),
            stopped: session.lifecycle == Lifecycle::Stopped,
            closing: session.closing.clone(),
        }
    }
}

/// The whole card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// A panic of all, not the close of one session.
    pub of_all: bool,
    pub panic: bool,
    pub verified: bool,
    pub parts: Vec<Part>,
}

/// A panic of all shows every session and the sweep until its latch is cleared; else the session that is shown, until
/// its close has ended.
pub fn card(
    latch: Option<&LatchView>,
    sweep: Option<&ClosingView>,
    sessions: &[Seen],
    shown: Option<&SessionId>,
) -> Option<Card> {
    let card = match latch {
        Some(latch) => {
            let mut parts: Vec<Part> =
                sessions.iter().filter_map(|session| of_panic(session, latch)).collect();
            parts.extend(sweep.and_then(|sweep| swept(sweep, &parts)));
            Card { of_all: true, panic: true, verified: latch.verified_flat_at.is_some(), parts }
        }
        None => {
            let session = sessions.iter().find(|session| shown == Some(&session.id))?;
            let closing = session.closing.as_ref()?;
            let verified = closing.verified_flat_at.is_some();
            if session.stopped && (verified || !closing.panic) {
                return None;
            }
            let parts = vec![part(session, closing.clone())];
            Card { of_all: false, panic: closing.panic, verified, parts }
        }
    };
    (!card.parts.is_empty()).then_some(card)
}

fn part(session: &Seen, closing: ClosingView) -> Part {
    Part { key: session.id.0.clone(), name: session.name.clone(), closing }
}

/// An earlier panic of one session, verified flat long ago, is no part of this one.
fn of_panic(session: &Seen, latch: &LatchView) -> Option<Part> {
    let closing = session.closing.as_ref().filter(|closing| closing.panic)?;
    let is_this = closing.panic_id.as_ref() == Some(&latch.panic_id);
    (is_this || closing.verified_flat_at.is_none()).then(|| part(session, closing.clone()))
}

/// The sweep looks at every instrument that it remembers: what sessions are closing is said with them, and what was
/// flat all along is no news.
fn swept(sweep: &ClosingView, parts: &[Part]) -> Option<Part> {
    let told: BTreeSet<&Symbol> =
        parts.iter().flat_map(|part| part.closing.legs.iter().map(|leg| &leg.symbol)).collect();
    let mut closing = sweep.clone();
    closing.legs.retain(|leg| {
        leg.foreign || leg.was != 0 || (leg.left.is_some_and(|left| left != 0) && !told.contains(&leg.symbol))
    });
    Some(Part { key: String::new(), name: "What belongs to no session".to_owned(), closing })
}

pub fn title(card: &Card) -> &'static str {
    match (card.of_all, card.panic, card.verified) {
        (true, _, false) => "Closing everything",
        (true, _, true) => "Closed everything: verified flat",
        (false, true, false) => "Closing this session, now",
        (false, true, true) => "Closed this session: verified flat",
        (false, false, false) => "Closing the position",
        (false, false, true) => "Closed the position: verified flat",
    }
}

/// What keeps a close from its end.
pub fn trouble(closing: &ClosingView) -> Option<String> {
    let blocked = closing.blocked.as_ref().map(|why| format!("The venue cannot be worked: {why}"));
    blocked.or_else(|| closing.doubt.as_ref().map(|why| format!("Not called flat: {why}")))
}

/// What a screen reader is told, once per step.
pub fn spoken(card: &Card) -> String {
    let at_work: Vec<String> = card
        .parts
        .iter()
        .filter_map(|part| {
            let step = part.closing.milestones.iter().find(|milestone| !milestone.done)?;
            let name = if card.parts.len() > 1 { format!("{}: ", part.name) } else { String::new() };
            let trouble = trouble(&part.closing).map(|why| format!(": {why}")).unwrap_or_default();
            Some(format!("{name}{} {}{trouble}", step.label, step.note))
        })
        .collect();
    let now = if at_work.is_empty() { "done".to_owned() } else { format!("now: {}", at_work.join("; ")) };
    format!("{}, {now}.", title(card))
}

/// When the venue was read, by the part of which it is longest ago. Once all is verified nothing is read any more:
/// that is no staleness.
pub fn read_at(card: &Card) -> Option<Micros> {
    if card.verified {
        return None;
    }
    card.parts.iter().map(|part| part.closing.read_at).min().flatten()
}

#[cfg(test)]
mod tests {
    use model::view::{ClosingLegView, MilestoneView};
    use model::{ExitReason, PanicId};

    use super::*;

    fn leg(symbol: &str, was: i64, left: Option<i64>, foreign: bool) -> ClosingLegView {
        ClosingLegView {
            symbol: Symbol::new(symbol),
            was,
            left,
            attempts: 0,
            average_price: None,
            foreign,
            sentence: String::new(),
        }
    }

    fn closing(panic: &str, legs: Vec<ClosingLegView>) -> ClosingView {
        let step =
            |label: &str, done| MilestoneView { label: label.to_owned(), done, note: "1 of 2".to_owned() };
        ClosingView {
            panic: !panic.is_empty(),
            panic_id: (!panic.is_empty()).then(|| PanicId::new(panic)),
            started_at: Micros(0),
            who: None,
            correlation_id: String::new(),
            milestones: vec![
                step("Accepted", true),
                step("All legs flat", false),
                step("Verified flat", false),
            ],
            legs,
            read_at: None,
            blocked: None,
            doubt: None,
            verified_flat_at: None,
        }
    }

    fn session(id: &str, closing: Option<ClosingView>) -> Seen {
        Seen::of(&SessionView { closing, ..crate::sample::session(id) })
    }

    fn latch() -> LatchView {
        LatchView {
            panic_id: PanicId::new("p-1"),
            since: Micros(0),
            who: String::new(),
            reason: ExitReason::Panic,
            correlation_id: String::new(),
            verified_flat_at: None,
        }
    }

    #[test]
    fn a_panic_of_all_shows_every_session_and_the_sweep() {
        let ours = vec![leg("C", -200, Some(-80), false)];
        let sessions = [session("a", Some(closing("p-1", ours))), session("b", Some(closing("p-1", vec![])))];
        let sweep = closing(
            "p-1",
            vec![leg("C", 0, Some(-80), false), leg("P", 0, Some(0), false), leg("X", 50, Some(50), true)],
        );
        let card = card(Some(&latch()), Some(&sweep), &sessions, Some(&SessionId::new("b"))).expect("a card");
        let rows: Vec<(&str, usize)> =
            card.parts.iter().map(|part| (part.key.as_str(), part.closing.legs.len())).collect();
        assert_eq!(rows, [("a", 1), ("b", 0), ("", 1)], "the session's leg is said once");
        assert_eq!(title(&card), "Closing everything");
        assert!(
            spoken(&card).contains("Short strangle BTC · quick · a: All legs flat 1 of 2"),
            "{}",
            spoken(&card)
        );
    }

    #[test]
    fn an_earlier_panic_of_one_session_is_no_part_of_it() {
        let old = ClosingView { verified_flat_at: Some(Micros(1)), ..closing("p-0", vec![]) };
        assert_eq!(card(Some(&latch()), None, &[session("a", Some(old))], None), None);
    }

    #[test]
    fn without_a_latch_only_the_session_that_is_shown_counts() {
        let at_work = || Some(closing("", vec![]));
        let mut sessions = [session("a", at_work()), session("b", at_work()), session("c", None)];
        let of = |sessions: &[Seen], id: &str| card(None, None, sessions, Some(&SessionId::new(id)));
        let one = of(&sessions, "a").expect("a card");
        assert_eq!((one.parts.len(), title(&one)), (1, "Closing the position"));
        assert_eq!(of(&sessions, "c"), None);
        sessions[0].stopped = true;
        assert_eq!(of(&sessions, "a"), None, "it has ended");
    }

    #[test]
    fn a_screen_reader_hears_the_step_that_is_worked_on() {
        let shown = [session("a", Some(closing("p-1", vec![])))];
        let one = card(None, None, &shown, Some(&SessionId::new("a"))).expect("a card");
        assert_eq!(spoken(&one), "Closing this session, now, now: All legs flat 1 of 2.");
    }
}
