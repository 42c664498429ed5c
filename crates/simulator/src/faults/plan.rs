//! Fault rules at run time: which of them strikes now. Chance comes from its own seeded stream.

use super::condition::Scene;
use super::file::Faults;
use super::rule::{Fault, RequestFault, Rule, StreamFault, TimedFault};
use crate::dialect::auth::SignIn;
use crate::exchange::pattern::matches;
use crate::exchange::random::Random;
use crate::exchange::time::{Micros, SECOND_US};

/// The rules of a venue that is running.
pub(crate) struct FaultPlan {
    start_us: Micros,
    rules: Vec<Armed>,
    chance: Random,
    begun: Vec<Begun>,
    scene: Scene,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Sent,
    Dropped,
    Repeated,
    /// Sent so many milliseconds later.
    Late(u64),
    /// Sent behind the next one, or so many milliseconds later.
    Behind(u64),
}

/// What becomes of a frame on each kind of socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates {
    pub private: Fate,
    pub public: Fate,
}

impl Fates {
    /// On one socket.
    pub fn on(self, public_only: bool) -> Fate {
        if public_only { self.public } else { self.private }
    }
}

/// A fault of the feed that struck for the first time; what follows of the same rule is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub fault: &'static str,
    pub channel: String,
    pub symbol: String,
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
        let chance = Random::new(faults.seed.unwrap_or(seed), 5);
        FaultPlan { start_us, rules, chance, begun: Vec::new(), scene: Scene::default() }
    }

    /// True if some rule looks at the account or the market.
    pub fn has_conditions(&self) -> bool {
        self.rules.iter().any(|armed| !armed.rule.condition.is_empty())
    }

    /// What the rules are held against from now on.
    pub fn set_scene(&mut self, scene: Scene) {
        self.scene = scene;
    }

    /// The fault that strikes this request, if any: the first rule in the file that does.
    pub fn on_request(&mut self, now_us: Micros, method: &str, path: &str) -> Option<RequestFault> {
        let target = format!("{method} {path}");
        let (start_us, scene) = (self.start_us, self.scene);
        for armed in &mut self.rules {
            let Fault::Request { route, skip, kind } = &armed.rule.fault else { continue };
            let (skip, kind) = (*skip, kind.clone());
            if matches(route, &target) && armed.strikes(skip, start_us, now_us, &scene, &mut self.chance) {
                return Some(drawn(kind, &mut self.chance));
            }
        }
        None
    }

    /// What becomes of a frame.
    pub fn on_frame(&mut self, now_us: Micros, channel: &str, symbol: &str) -> Fates {
        self.fates(now_us, channel, symbol, false)
    }

    /// True if the snapshot that follows a subscription is dropped; nothing else can become of it.
    pub fn drops_snapshot(&mut self, now_us: Micros, channel: &str, symbol: &str, public_only: bool) -> bool {
        self.fates(now_us, channel, symbol, true).on(public_only) == Fate::Dropped
    }

    fn fates(&mut self, now_us: Micros, channel: &str, symbol: &str, snapshot: bool) -> Fates {
        let mut fates = Fates::default();
        let (start_us, scene) = (self.start_us, self.scene);
        for armed in &mut self.rules {
            let Fault::Stream { channels, socket, skip, kind } = &armed.rule.fault else { continue };
            let Some((pattern, shape)) = of_frames(kind) else { continue };
            let (socket, skip, name) = (*socket, *skip, kind.name());
            if meant(channels, channel)
                && (!snapshot || shape.fate == Fate::Dropped)
                && matches(pattern, symbol)
                && armed.strikes(skip, start_us, now_us, &scene, &mut self.chance)
            {
                let fate = shape.drawn(&mut self.chance);
                for (public_only, on) in [(false, &mut fates.private), (true, &mut fates.public)] {
                    if socket.covers(public_only) && *on == Fate::Sent {
                        *on = fate;
                    }
                }
                note(&mut self.begun, armed.struck, name, channel, symbol);
            }
        }
        fates
    }

    /// The error with which a subscription is refused, if it is.
    pub fn on_subscription(&mut self, now_us: Micros, channel: &str, public_only: bool) -> Option<String> {
        let (start_us, scene) = (self.start_us, self.scene);
        for armed in &mut self.rules {
            let Fault::Stream { channels, socket, skip, kind } = &armed.rule.fault else { continue };
            let StreamFault::SubscriptionRefused { error } = kind else { continue };
            let (skip, error, fault) = (*skip, error.clone(), kind.name());
            if meant(channels, channel)
                && socket.covers(public_only)
                && armed.strikes(skip, start_us, now_us, &scene, &mut self.chance)
            {
                note(&mut self.begun, armed.struck, fault, channel, "");
                return Some(error);
            }
        }
        None
    }

    /// How a sign-in is refused, if it is.
    pub fn on_sign_in(&mut self, now_us: Micros) -> Option<SignIn> {
        let (start_us, scene) = (self.start_us, self.scene);
        for armed in &mut self.rules {
            let Fault::Stream { skip, kind, .. } = &armed.rule.fault else { continue };
            let StreamFault::SignInRefused { status } = kind else { continue };
            let (skip, status, fault) = (*skip, *status, kind.name());
            if armed.strikes(skip, start_us, now_us, &scene, &mut self.chance) {
                note(&mut self.begun, armed.struck, fault, "key-auth", "");
                return Some(status);
            }
        }
        None
    }

    /// Faults of the feed that struck for the first time since this was asked.
    pub fn begun(&mut self) -> Vec<Begun> {
        std::mem::take(&mut self.begun)
    }

    /// Timed faults whose occasion has come and that strike.
    pub fn due(&mut self, now_us: Micros) -> Vec<TimedFault> {
        let mut due = Vec::new();
        for armed in &mut self.rules {
            let Fault::Timed { every_s, kind } = &armed.rule.fault else { continue };
            while let Some(at_us) = armed.next_us.filter(|at_us| *at_us <= now_us) {
                // An occasion waits for its condition, as long as its rule may strike.
                let waits = !armed.rule.condition.holds(&self.scene);
                if waits && within(&armed.rule, self.start_us, now_us) {
                    break;
                }
                let struck_us = if armed.rule.condition.is_empty() { at_us } else { now_us };
                armed.next_us = every_s.map(|every_s| struck_us + micros(every_s));
                if waits || !within(&armed.rule, self.start_us, at_us) || !spare(&armed.rule, armed.struck) {
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

impl Armed {
    /// Takes an occasion: true if the rule strikes it.
    fn strikes(
        &mut self,
        skip: u64,
        start_us: Micros,
        now_us: Micros,
        scene: &Scene,
        chance: &mut Random,
    ) -> bool {
        if !within(&self.rule, start_us, now_us) || !self.rule.condition.holds(scene) {
            return false;
        }
        self.seen += 1;
        let strikes =
            self.seen > skip && spare(&self.rule, self.struck) && chance.chance(self.rule.probability);
        self.struck += u64::from(strikes);
        strikes
    }
}

/// A fault of frames before its delay is drawn.
#[derive(Clone, Copy)]
struct Shape {
    fate: Fate,
    most_ms: u64,
}

impl Shape {
    fn drawn(self, chance: &mut Random) -> Fate {
        match self.fate {
            Fate::Late(least_ms) => Fate::Late(between(least_ms, self.most_ms, chance)),
            Fate::Sent | Fate::Dropped | Fate::Repeated | Fate::Behind(_) => self.fate,
        }
    }
}

/// Which symbols a fault is about, and what it does to their frames.
fn of_frames(kind: &StreamFault) -> Option<(&String, Shape)> {
    let shape = |fate: Fate| Shape { fate, most_ms: 0 };
    match kind {
        StreamFault::FramesDropped { symbol } => Some((symbol, shape(Fate::Dropped))),
        StreamFault::FramesRepeated { symbol } => Some((symbol, shape(Fate::Repeated))),
        StreamFault::FramesLate { symbol, delay_ms, most_ms } => {
            Some((symbol, Shape { fate: Fate::Late(*delay_ms), most_ms: *most_ms }))
        }
        StreamFault::FramesReordered { symbol, most_ms } => Some((symbol, shape(Fate::Behind(*most_ms)))),
        StreamFault::SubscriptionRefused { .. } | StreamFault::SignInRefused { .. } => None,
    }
}

/// The fault with its delay drawn.
fn drawn(kind: RequestFault, chance: &mut Random) -> RequestFault {
    if let RequestFault::Late { delay_ms, most_ms } = kind {
        let delay_ms = between(delay_ms, most_ms, chance);
        return RequestFault::Late { delay_ms, most_ms: delay_ms };
    }
    kind
}

/// Nothing is drawn where there is nothing to choose, so that older fault files strike as they did.
fn between(least: u64, most: u64, chance: &mut Random) -> u64 {
    if most <= least { least } else { least + (chance.uniform() * (most - least + 1) as f64) as u64 }
}

/// No channels named means every one.
fn meant(channels: &[String], channel: &str) -> bool {
    channels.is_empty() || channels.iter().any(|name| name == channel)
}

fn note(begun: &mut Vec<Begun>, struck: u64, fault: &'static str, channel: &str, symbol: &str) {
    if struck == 1 {
        begun.push(Begun { fault, channel: channel.to_owned(), symbol: symbol.to_owned() });
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
    fn frames_are_withheld_by_channel_symbol_socket_and_count_and_told_once() {
        let mut plan = plan(
            "[[rule]]\nfault = \"frames_dropped\"\nchannels = [\"ob_l1\"]\nsymbol = \"C-*\"\nsocket = \"public\"\n\
             skip = 1\ntimes = 2\n[[rule]]\nfault = \"frames_dropped\"\nsocket = \"private\"\nafter_s = 9",
        );
        let mut at = |second: i64, channel: &str, symbol: &str| {
            let Fates { private, public } = plan.on_frame(second * SECOND_US, channel, symbol);
            (private == Fate::Dropped, public == Fate::Dropped)
        };
        assert_eq!(at(1, "ob_l2", "C-1"), (false, false), "another channel");
        assert_eq!(at(1, "ob_l1", "P-1"), (false, false), "another symbol");
        assert_eq!(at(1, "ob_l1", "C-1"), (false, false), "skipped");
        assert_eq!([at(2, "ob_l1", "C-1"), at(3, "ob_l1", "C-2")], [(false, true); 2]);
        assert_eq!(at(4, "ob_l1", "C-1"), (false, false), "twice was all");
        assert_eq!([at(9, "orders", "P-1"), at(99, "ob_l1", "C-1")], [(true, false); 2], "every channel");
        let told: Vec<_> = plan.begun().into_iter().map(|begun| (begun.channel, begun.symbol)).collect();
        assert_eq!(told, [("ob_l1".to_owned(), "C-1".to_owned()), ("orders".to_owned(), "P-1".to_owned())]);
        assert!(plan.begun().is_empty());
    }

    #[test]
    fn subscriptions_are_refused_in_the_words_of_the_file() {
        let mut plan = plan(
            "[[rule]]\nfault = \"subscription_refused\"\nchannels = [\"ob_l1\"]\nerror = \"no\"\nsocket = \"public\"\ntimes = 1",
        );
        assert_eq!(plan.on_subscription(1, "ticker", true), None);
        assert_eq!(plan.on_subscription(1, "ob_l1", false), None, "another socket");
        assert_eq!(plan.on_subscription(1, "ob_l1", true), Some("no".to_owned()));
        assert_eq!(plan.on_subscription(1, "ob_l1", true), None, "once was all");
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
