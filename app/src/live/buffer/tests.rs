//! Frames of several sessions, merged and flushed.

use leptos::prelude::*;
use model::view::{FeedDelta, PnlPoint, SessionChip, SessionView, StripView, WhyView};
use model::{Exposure, Lifecycle, Micros, SessionId, Underlying};
use telemetry::Level;

use super::super::held::Held;
use super::*;

fn point(at: i64) -> PnlPoint {
    PnlPoint { at: Micros(at), executable: None, peak: None, floor: None }
}

fn points(id: &str, times: &[i64]) -> FeedDelta {
    FeedDelta::Points { session_id: SessionId::new(id), points: times.iter().map(|at| point(*at)).collect() }
}

fn session(id: &str, lots_per_leg: i64) -> FeedDelta {
    FeedDelta::Session(Box::new(SessionView { lots_per_leg, ..crate::sample::session(id) }))
}

fn strip(ids: &[&str]) -> FeedDelta {
    let chip = |id: &&str| SessionChip {
        session_id: SessionId::new(*id),
        configuration: "quick-strangle".to_owned(),
        underlying: Underlying::new("BTC"),
        lifecycle: Lifecycle::Running,
        exposure: Exposure::Open,
        health: vec![],
        started_at: Micros(0),
        pnl: None,
    };
    FeedDelta::Strip(StripView { sessions: ids.iter().map(chip).collect(), ..StripView::default() })
}

/// Ids with their lots and the times of their points.
fn shown(held: &[Held]) -> Vec<(String, i64, Vec<i64>)> {
    held.iter()
        .map(|held| {
            let times = held.points.read_untracked().list.iter().map(|point| point.at.0).collect();
            (held.id.0.clone(), held.view.read_untracked().lots_per_leg, times)
        })
        .collect()
}

fn row(id: &str, lots: i64, times: &[i64]) -> (String, i64, Vec<i64>) {
    (id.to_owned(), lots, times.to_vec())
}

fn decision(seq: u64, of: Option<&str>) -> WhyView {
    WhyView {
        decision_seq: seq,
        at: Micros(0),
        event: "rules.held".to_owned(),
        level: Level::Info,
        sentence: "Held.".to_owned(),
        correlation_id: String::new(),
        session_id: of.map(SessionId::new),
    }
}

#[test]
fn each_session_has_its_own_view_and_points() {
    let (mut held, mut buffer) = (Vec::new(), Buffer::default());
    buffer.add(
        vec![strip(&["a", "b"]), session("a", 1), session("b", 2), points("a", &[1, 2]), points("b", &[5])],
        true,
    );
    assert!(buffer.flush_sessions(&mut held));
    buffer.add(vec![session("b", 3), points("b", &[5, 6])], false);
    buffer.add(vec![points("a", &[3])], false);
    assert!(!buffer.flush_sessions(&mut held), "the same two sessions");
    assert_eq!(shown(&held), [row("a", 1, &[1, 2, 3]), row("b", 3, &[5, 6])]);
}

#[test]
fn a_session_that_the_strip_no_longer_lists_is_dropped_with_its_points() {
    let (mut held, mut buffer) = (Vec::new(), Buffer::default());
    buffer.add(vec![strip(&["a", "b"]), session("a", 1), session("b", 2), points("a", &[1])], true);
    buffer.flush_sessions(&mut held);
    buffer.add(vec![session("a", 4), points("a", &[2]), strip(&["b"])], false);
    assert!(buffer.flush_sessions(&mut held));
    assert_eq!(shown(&held), [row("b", 2, &[])]);
}

#[test]
fn a_session_that_comes_before_the_strip_that_lists_it_stays() {
    let (mut held, mut buffer) = (Vec::new(), Buffer::default());
    buffer.add(vec![strip(&["a"]), session("a", 1)], true);
    buffer.add(vec![session("b", 2), points("b", &[1])], false);
    assert!(buffer.flush_sessions(&mut held));
    buffer.add(vec![strip(&["a", "b"])], false);
    assert!(!buffer.flush_sessions(&mut held));
    assert_eq!(shown(&held), [row("a", 1, &[]), row("b", 2, &[1])]);
}

#[test]
fn points_that_come_before_their_session_wait_for_it() {
    let (mut held, mut buffer) = (Vec::new(), Buffer::default());
    buffer.add(vec![points("a", &[1, 2])], false);
    assert!(!buffer.flush_sessions(&mut held));
    buffer.add(vec![session("a", 1), points("a", &[3])], false);
    buffer.flush_sessions(&mut held);
    assert_eq!(shown(&held), [row("a", 1, &[1, 2, 3])]);
}

#[test]
fn a_snapshot_replaces_everything_and_what_waited_before_it() {
    let (mut held, mut buffer) = (Vec::new(), Buffer::default());
    buffer.add(vec![strip(&["a", "b"]), session("a", 1), session("b", 2), points("b", &[1])], true);
    buffer.flush_sessions(&mut held);
    let drawn = held[1].points.read_untracked().generation;
    buffer.add(vec![session("a", 9), points("b", &[2])], false);
    buffer.add(vec![strip(&["b"]), session("b", 3), points("b", &[1, 4])], true);
    assert!(buffer.flush_sessions(&mut held));
    assert_eq!(shown(&held), [row("b", 3, &[1, 4])]);
    assert!(held[0].points.read_untracked().generation > drawn, "the chart is drawn anew");
}

#[test]
fn decisions_come_once_and_a_busy_session_does_not_push_out_a_quiet_one() {
    let mut why = vec![decision(5, Some("quiet"))];
    let mut buffer = Buffer::default();
    buffer.add(vec![FeedDelta::Why((4..7).map(|seq| decision(seq, Some("quiet"))).collect())], false);
    assert!(buffer.has_why());
    buffer.flush_why(&mut why);
    assert_eq!(why.iter().map(|decision| decision.decision_seq).collect::<Vec<_>>(), [5, 6]);
    buffer.add(vec![FeedDelta::Why((7..2_000).map(|seq| decision(seq, Some("busy"))).collect())], false);
    buffer.flush_why(&mut why);
    assert_eq!(why.len(), 2 + WHY_OF_SESSION);
    assert_eq!(why.last().map(|decision| decision.decision_seq), Some(1_999));
    assert_eq!(why[0].decision_seq, 5, "the quiet session's stay");
}

#[test]
fn the_decisions_of_many_sessions_are_bounded_in_all() {
    let mut why = Vec::new();
    let mut buffer = Buffer::default();
    let of_many = (1..9_000).map(|seq| decision(seq, Some(["a", "b", "c", "d", "e", "f"][seq as usize % 6])));
    buffer.add(vec![FeedDelta::Why(of_many.collect())], false);
    buffer.flush_why(&mut why);
    assert_eq!(why.len(), WHY_MAX);
    assert!(why.windows(2).all(|pair| pair[0].decision_seq < pair[1].decision_seq));
}

#[test]
fn the_latest_strip_wins() {
    let mut buffer = Buffer::default();
    for venue in ["a", "b"] {
        buffer.add(
            vec![FeedDelta::Strip(StripView { venue: venue.to_owned(), ..StripView::default() })],
            false,
        );
    }
    assert_eq!(buffer.strip.map(|strip| strip.venue).as_deref(), Some("b"));
}
