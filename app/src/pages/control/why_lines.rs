//! The "why" feed's lines: newest first, runs of the same repeated look folded into one, looks that changed
//! nothing left out on demand. Pure.

use std::collections::BTreeMap;

use model::SessionId;
use model::view::WhyView;
use telemetry::Level;

/// One line, standing for `count` decisions of which it is the newest.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub decision: WhyView,
    pub count: usize,
}

/// Looks that changed nothing.
const LOOKS: [&str; 5] = ["exit.evaluated", "rules.held", "rules.evaluated", "cycle.started", "cycle.ended"];
/// Steps of a fill, which its last one sums up.
const STEPS: [&str; 2] = ["order.partially_filled", "order.fill_booked"];

/// Whether a decision only says that things are as they were, or on their way.
fn is_routine(decision: &WhyView) -> bool {
    let event = decision.event.as_str();
    decision.level < Level::Info || LOOKS.contains(&event) || STEPS.contains(&event)
}

/// Newest first. `changes_only` leaves out the routine ones, but for the latest. `of` keeps to one session and what
/// belongs to none, such as a panic of all.
pub fn lines(why: &[WhyView], changes_only: bool, of: Option<&SessionId>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // Repeated looks fold by session: those of another between them are no end of a run.
    let mut latest: BTreeMap<Option<&SessionId>, usize> = BTreeMap::new();
    let meant = |decision: &&WhyView| {
        of.is_none_or(|of| decision.session_id.as_ref().is_none_or(|session| session == of))
    };
    for (age, decision) in why.iter().rev().filter(meant).enumerate() {
        let routine = is_routine(decision);
        let of_session = decision.session_id.as_ref();
        let run = latest.get(&of_session).map(|at| &mut lines[*at]);
        match run.filter(|line| routine && line.decision.event == decision.event) {
            Some(line) => line.count += 1,
            None if routine && changes_only && age > 0 => {}
            None => {
                latest.insert(of_session, lines.len());
                lines.push(Line { decision: decision.clone(), count: 1 });
            }
        }
    }
    lines
}

/// A sentence's lead, set in bold: up to the first full stop, colon or comma after two words, if short.
pub fn lead(sentence: &str) -> (&str, &str) {
    let end = sentence
        .char_indices()
        .find(|(at, letter)| matches!(letter, '.' | ':') && *at > 2 && sentence[at + 1..].starts_with(' '));
    match end {
        Some((at, _)) if at <= 48 => sentence.split_at(at + 1),
        Some(_) | None => ("", sentence),
    }
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;

    fn decision(seq: u64, event: &str) -> WhyView {
        WhyView {
            decision_seq: seq,
            at: Micros(0),
            event: event.to_owned(),
            level: Level::Info,
            sentence: String::new(),
            correlation_id: String::new(),
            session_id: None,
        }
    }

    fn shown(why: &[WhyView], changes_only: bool) -> Vec<(u64, usize)> {
        lines(why, changes_only, None)
            .into_iter()
            .map(|line| (line.decision.decision_seq, line.count))
            .collect()
    }

    #[test]
    fn repeated_looks_fold_into_their_newest() {
        let why = [
            decision(1, "session.started"),
            decision(2, "exit.evaluated"),
            decision(3, "exit.evaluated"),
            decision(4, "trailing.raised"),
            decision(5, "exit.evaluated"),
        ];
        assert_eq!(shown(&why, false), [(5, 1), (4, 1), (3, 2), (1, 1)]);
        assert_eq!(shown(&why, true), [(5, 1), (4, 1), (1, 1)]);
    }

    #[test]
    fn one_sessions_feed_leaves_out_the_others_and_keeps_what_is_of_all() {
        let of = |decision: WhyView, id: &str| WhyView { session_id: Some(SessionId::new(id)), ..decision };
        let why = [
            of(decision(1, "session.started"), "a"),
            of(decision(2, "session.started"), "b"),
            decision(3, "panic.latched"),
            of(decision(4, "exit.evaluated"), "a"),
            of(decision(5, "exit.evaluated"), "b"),
            of(decision(6, "exit.evaluated"), "a"),
        ];
        let seqs = |of: Option<&str>| {
            let of = of.map(SessionId::new);
            lines(&why, false, of.as_ref())
                .into_iter()
                .map(|line| (line.decision.decision_seq, line.count))
                .collect::<Vec<_>>()
        };
        assert_eq!(seqs(Some("a")), [(6, 2), (3, 1), (1, 1)]);
        assert_eq!(seqs(None), [(6, 2), (5, 1), (3, 1), (2, 1), (1, 1)], "runs fold by session");
    }

    #[test]
    fn two_fills_are_two_lines() {
        assert_eq!(
            shown(&[decision(1, "order.filled"), decision(2, "order.filled")], true),
            [(2, 1), (1, 1)]
        );
    }

    #[test]
    fn the_lead_is_the_first_short_statement() {
        assert_eq!(
            lead("Floor raised 60 to 70. New peak 96.50."),
            ("Floor raised 60 to 70.", " New peak 96.50.")
        );
        assert_eq!(lead("Held at 71.20"), ("", "Held at 71.20"));
        assert_eq!(lead("71.20 is above 70.00 by 1.20."), ("", "71.20 is above 70.00 by 1.20."));
    }
}
