//! Whose a trade is when our clock and the venue's are apart: its time is the venue's, and a session's is ours.

use model::causes::FillFault;
use model::decision::OrderDecision;
use model::input::{ClockReport, ExecutionReport};
use model::order::Side;
use model::{Decision, Input, Lifecycle, Micros};

use crate::support::world::World;
use crate::support::{SECOND, call, quick_strangle};

const MINUTE: i64 = 60 * SECOND;
/// A clock that is a little off, by a minute, and by what a zone is away.
const APART: [i64; 5] = [-330 * MINUTE, -20 * MINUTE, 0, 20 * MINUTE, 330 * MINUTE];

/// The venue's clock is `apart` µs ahead of ours, and it is known.
fn is_apart(world: &mut World, apart: i64) {
    world.input(Input::Clock(ClockReport::Venue { offset_ms: apart / 1_000 }));
}

/// A session under such a clock from the beginning, in its position for ten seconds.
fn session_apart(apart: i64) -> World {
    let mut world = World::new();
    is_apart(&mut world, apart);
    world.start_and_enter(quick_strangle());
    world.run_ms(10_000);
    world
}

/// What a stranger's or nobody's trade at that time of the venue is told as.
fn heard(world: &mut World, id: &str, at: i64) -> Option<FillFault> {
    let fill = crate::edges::trade(id, Side::Sell, Micros(at));
    let records = world.input(Input::Execution(ExecutionReport::Fill(fill)));
    records.iter().find_map(|record| match &record.decision {
        Decision::Order(OrderDecision::FillRefused { fault, .. }) => Some(*fault),
        _ => None,
    })
}

#[test]
fn what_a_stranger_trades_while_a_session_runs_is_beside_its_books() {
    for apart in APART {
        let mut world = session_apart(apart);
        let now = world.now.0 + apart;
        assert_eq!(heard(&mut world, "now", now), Some(FillFault::Foreign), "{apart}");
        assert_eq!(world.session().foreign_lots(&call()), -30, "{apart}");
    }
}

#[test]
fn what_a_stranger_traded_before_a_session_began_is_not() {
    for apart in APART {
        let mut world = session_apart(apart);
        let began = world.session().started_at.0 + apart;
        assert_eq!(heard(&mut world, "before", began - SECOND), None, "{apart}");
        assert_eq!(world.session().foreign_lots(&call()), 0, "{apart}");
    }
}

/// The clock of each process is ahead of the one before, which was right or wrong itself.
#[test]
fn both_go_by_the_clock_of_the_process_that_began_it_after_a_restart_under_another() {
    for before in APART {
        for leap in [0, 20 * MINUTE, 330 * MINUTE] {
            for restarts in [1, 2] {
                let mut world = session_apart(before);
                let began = world.session().started_at.0 + before;
                let died = world.now.0 + before;
                for restart in 1..=restarts {
                    world.kill_for_ms(leap / 1_000 + 2_000);
                    is_apart(&mut world, before - restart * leap);
                    world.run_ms(10_000);
                }
                let is = format!("{before} {leap} {restarts}");
                assert_eq!(heard(&mut world, "before", began - SECOND), None, "{is}");
                let after = heard(&mut world, "after", began + SECOND);
                assert_eq!(after, Some(FillFault::Foreign), "a process watched: {is}");
                assert_eq!(heard(&mut world, "away", died + SECOND), Some(FillFault::Unclaimed), "{is}");
                let later = died + restarts * 2 * SECOND + (restarts - 1) * 10 * SECOND + 6 * SECOND;
                assert_eq!(heard(&mut world, "later", later), Some(FillFault::Foreign), "{is}");
                assert_ne!(world.lifecycle(), Lifecycle::Stopped);
            }
        }
    }
}

/// One answer with a wrong date, from a cache or a gateway on the way. What is unclear is looked at again in the list.
#[test]
fn nothing_is_called_somebody_elses_by_a_clock_that_has_just_leapt() {
    for leap in [-330 * MINUTE, 330 * MINUTE] {
        let mut world = session_apart(0);
        let (began, now) = (world.session().started_at.0, world.now.0);
        is_apart(&mut world, leap);
        for (id, at) in [("before", began - SECOND), ("after", now)] {
            assert_eq!(heard(&mut world, id, at), None, "{leap} {id}");
        }
        world.run_ms(1_000);
        is_apart(&mut world, 0);
        world.run_ms(6_000);
        assert_eq!(heard(&mut world, "before", began - SECOND), None, "{leap}");
        assert_eq!(heard(&mut world, "after", now), Some(FillFault::Foreign), "{leap}");
    }
}
