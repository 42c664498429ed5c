//! Kills of the process between any two things that it does, with streams that begin another index meanwhile.

use proptest::prelude::*;

use super::super::*;
use super::world::World;
use super::{schedules, script};

#[derive(Clone, Debug)]
struct Kill {
    /// So many things are done before it.
    after: usize,
    /// What becomes of those that are under way.
    fate: u64,
    /// Of the next process.
    limit: usize,
    rolls_over: bool,
}

fn kill() -> impl Strategy<Value = Kill> {
    let all = (0_usize..40, any::<u64>(), 1_usize..20, any::<bool>());
    all.prop_map(|(after, fate, limit, rolls_over)| Kill { after, fate, limit, rolls_over })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(schedules()))]
    /// Law: as without kills. Catches: what an earlier process may have sent is taken for new, however far it had come
    /// and however much the next one reads at once; a cursor or a book that moves alone.
    #[test]
    fn books_close_over_kills_that_nobody_was_told_of(
        records in 1_i64..200,
        limit in 1_usize..20,
        lanes in 1_usize..4,
        order in any::<u64>(),
        script in prop::collection::vec(script(), 0..40),
        kills in prop::collection::vec(kill(), 1..4),
    ) {
        let lanes = &[Lane::App, Lane::Audit, Lane::WebErrors][..lanes];
        let mut world = World::with(records).in_lanes(lanes).in_order(order);
        world.begin(limit, script);
        for Kill { after, fate, limit, rolls_over } in kills {
            world.resume(after);
            world.kill(fate, limit);
            if rolls_over {
                lanes.iter().for_each(|lane| world.roll_over(*lane));
            }
        }
        world.resume(100_000);
        prop_assert!(world.at_rest(), "it does not come to rest");
        world.assert_closed();
    }
}
