//! Fault rules at run time: which of them strikes now. Chance comes from its own seeded stream.

use super::file::Faults;
use super::rule::{Fault, RequestFault, Rule, TimedFault};
use crate::exchange::pattern::matches;
use crate::exchange::random::Random;
use crate::exchange::time::{Micros, SECOND_US};

/// The rules of a venue that is running.
pub(crate) struct FaultPlan {
    start_us: Micros,
    rules: Vec<Armed>,
    chance: Random,
}

struct Armed {
    rule: Rule,
    seen: u64,
    struck: u64,
    /// Next occasion of a timed fault.
    next_us: Option<Micros>,
}

impl FaultPlan {
    pub fn new(faults: Faults, seed: u64, start_us: Micros) -> FaultPlan {
        let arm = |rule: Rule| {
            let timed = matches!(rule.fault, Fault::Timed { .. });
            let next_us = timed.then(|| start_us + micros(rule.after_s));
            Armed { rule, seen: 0, struck: 0, next_us }
        };
        let rules = faults.rules.into_iter().map(arm).collect();
        FaultPlan { start_us, rules, chance: Random::new(faults.seed.unwrap_or(seed), 5) }
    }

    /// The fault that strikes this request, if any: the first rule in the file that does.
    pub fn on_request(&mut self, now_us: Micros, method: &str, path: &str) -> Option<RequestFault> {
        let target = format!("{method} {path}");
        for armed in &mut self.rules {
            let Fault::Request { route, skip, kind } = &armed.rule.fault else { continue };
            if !matches(route, &target) || !within(&armed.rule, self.start_us, now_us) {
                continue;
            }
            armed.seen += 1;
            if armed.seen > *skip
                && spare(&armed.rule, armed.struck)
                && self.chance.chance(armed.rule.probability)
            {
                armed.struck += 1;
                return Some(kind.clone());
            }
        }
        None
    }

    /// Timed faults whose occasion has come and that strike.
    pub fn due(&mut self, now_us: Micros) -> Vec<TimedFault> {
        let mut due = Vec::new();
        for armed in &mut self.rules {
            let Fault::Timed { every_s, kind } = &armed.rule.fault else { continue };
            while let Some(at_us) = armed.next_us.filter(|at_us| *at_us <= now_us) {
                armed.next_us = every_s.map(|every_s| at_us + micros(every_s));
                if !within(&armed.rule, self.start_us, at_us) || !spare(&armed.rule, armed.struck) {
                    armed.next_us = None;
                } else if self.chance.chance(armed.rule.probability) {
                    armed.struck += 1;
                    due.push(kind.clone());
                }
            }
        }
        due
    }
}

fn micros(seconds: f64) -> Micros {
    (seconds * SECOND_US as f64) as Micros
}

fn within(rule: &Rule, start_us: Micros, at_us: Micros) -> bool {
    at_us >= start_us + micros(rule.after_s)
        && rule.until_s.is_none_or(|until_s| at_us <= start_us + micros(until_s))
}

fn spare(rule: &Rule, struck: u64) -> bool {
    rule.times.is_none_or(|times| struck < times)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> FaultPlan {
        FaultPlan::new(Faults::parse(text).unwrap(), 1, 0)
    }

    #[test]
    fn requests_are_struck_by_route_time_and_count() {
        let mut plan = plan(
            "[[rule]]\nfault = \"reply_lost\"\nroute = \"POST /v2/orders\"\nskip = 1\ntimes = 2\nafter_s = 10",
        );
        let mut struck =
            |second: i64, target: &str| plan.on_request(second * SECOND_US, target, "/v2/orders").is_some();
        assert!(!struck(9, "POST"), "too early");
        assert!(!struck(10, "POST"), "skipped");
        assert!(!struck(11, "GET"), "another route");
        assert_eq!([struck(12, "POST"), struck(13, "POST"), struck(14, "POST")], [true, true, false]);
    }

    #[test]
    fn timed_faults_come_once_or_again_and_again() {
        let mut once = plan("[[rule]]\nfault = \"socket_cut\"\nafter_s = 5");
        assert_eq!([1, 5, 6, 999].map(|s| once.due(s * SECOND_US).len()), [0, 1, 0, 0]);
        let mut again = plan("[[rule]]\nfault = \"socket_cut\"\nafter_s = 5\nevery_s = 10\nuntil_s = 30");
        assert_eq!([1, 5, 14, 15, 26, 999].map(|s| again.due(s * SECOND_US).len()), [0, 1, 0, 1, 1, 0]);
    }

    #[test]
    fn the_same_seed_strikes_the_same_requests() {
        let text = "[[rule]]\nfault = \"request_lost\"\nprobability = 0.3";
        let strikes = || {
            let mut plan = plan(text);
            (0..200).map(|i| plan.on_request(i, "GET", "/").is_some()).collect::<Vec<_>>()
        };
        let count = strikes().iter().filter(|struck| **struck).count();
        assert_eq!(strikes(), strikes());
        assert!((30..90).contains(&count), "{count}");
    }
}
