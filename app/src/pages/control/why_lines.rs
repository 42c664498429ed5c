//! The "why" feed's lines: newest first, runs of the same repeated look folded into one, looks that changed
//! nothing left out on demand. Pure.

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

/// Newest first. `changes_only` leaves out the routine ones, but for the latest.
pub fn lines(why: &[WhyView], changes_only: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (age, decision) in why.iter().rev().enumerate() {
        let routine = is_routine(decision);
        match lines.last_mut() {
            Some(last) if routine && last.decision.event == decision.event => last.count += 1,
            Some(_) | None if routine && changes_only && age > 0 => {}
            Some(_) | None => lines.push(Line { decision: decision.clone(), count: 1 }),
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
        lines(why, changes_only).into_iter().map(|line| (line.decision.decision_seq, line.count)).collect()
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
