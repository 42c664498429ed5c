//! The clockless clock: each step of the grid moves the market, brings what the calendar brings, matches
//! what rests and publishes what is due.

use super::event::{Level, Telling, VenueEvent};
use super::market::{Source, TICK_US, Underlying};
use super::state::Exchange;
use super::time::{self, Micros, SECOND_US};

const COARSE_BEHIND_US: Micros = 3_600 * SECOND_US;

impl Exchange {
    /// Runs the market to `now_us` and takes out what is due by then, in order.
    pub fn advance(&mut self, now_us: Micros) -> Vec<VenueEvent> {
        self.run_to(now_us);
        let later = self.outbox.split_off(&(self.now_us + 1, 0));
        std::mem::replace(&mut self.outbox, later).into_values().collect()
    }

    /// When [`Exchange::advance`] next has something to do.
    pub fn next_due_us(&self) -> Micros {
        let tick = self.state.clock.tick_us + TICK_US;
        self.outbox.keys().next().map_or(tick, |(due, _)| tick.min(*due))
    }

    /// Lets the market run. Time never goes back: an earlier `now_us` counts as the latest seen.
    pub(crate) fn run_to(&mut self, now_us: Micros) {
        let target_us = self.now_us.max(now_us);
        loop {
            let tick_us = self.state.clock.tick_us;
            // Far behind, as after a night switched off, whole seconds are fine enough.
            let behind = target_us - tick_us > COARSE_BEHIND_US && tick_us.rem_euclid(SECOND_US) == 0;
            let at_us = tick_us + if behind { SECOND_US } else { TICK_US };
            if at_us > target_us {
                break;
            }
            self.now_us = at_us;
            self.tick(at_us);
        }
        self.now_us = target_us;
    }

    fn tick(&mut self, at_us: Micros) {
        let turns = self.tape_turns();
        let elapsed_s = self.state.clock.step(at_us);
        let market_us = self.state.clock.market_us();
        self.state.segments.step(&self.source, elapsed_s, market_us);
        if self.tape_turns() != turns {
            self.note_tape_end(at_us);
        }
        let now_s = time::seconds(at_us);
        for underlying in Underlying::ALL {
            let index = self.state.segments[underlying].course.index;
            if let Some(history) = self.history.get_mut(&underlying) {
                history.note(now_s, index);
            }
        }
        self.turn_statuses(at_us);
        self.miss_heartbeats(at_us);
        if at_us.rem_euclid(SECOND_US) == 0 {
            self.settle_due(now_s, at_us);
            self.pay_funding(now_s, at_us);
            for underlying in Underlying::ALL {
                let segment = &mut self.state.segments[underlying];
                segment.twap.sample(now_s, segment.course.index);
                if segment.chain.refresh(now_s, segment.course.index) {
                    self.published.forget_products();
                }
            }
        }
        self.release_decay(at_us);
        self.match_resting(at_us);
        self.watch_margins(at_us);
        self.publish(at_us);
    }

    fn tape_turns(&self) -> i64 {
        match &self.source {
            Source::Tape(tape, _) => tape.turns(self.state.clock.market_us()),
            Source::Walk => 0,
        }
    }

    fn note_tape_end(&mut self, at_us: Micros) {
        let name = self.source.tape_name().unwrap_or_default().to_owned();
        let telling = Telling {
            name: "simulator.tape_turned",
            level: Level::Warn,
            message: format!("the tape {name} came to its end; the market goes on from there"),
            payload: serde_json::json!({ "tape": name, "turns": self.tape_turns() }),
        };
        self.emit(at_us, VenueEvent::Note(telling));
    }
}
