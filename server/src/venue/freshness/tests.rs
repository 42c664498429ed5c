//! Silence of single instruments in virtual time.

use super::*;

const A: &str = "C-BTC-48000-070122";
const B: &str = "P-BTC-44000-070122";

/// A market in virtual time: what it says is heard at once, and every quarter of a second the machine is asked.
struct World {
    machine: Freshness,
    now: Duration,
    log: Vec<Effect>,
    /// Every so many milliseconds, from which time to which, this is heard.
    feeds: Vec<(u64, Duration, Duration, Symbol, Feed)>,
}

impl World {
    fn new(symbols: &[&str]) -> Self {
        let mut machine = Freshness::default();
        let symbols: Vec<Symbol> = symbols.iter().map(|symbol| Symbol::from(*symbol)).collect();
        machine.watch(Duration::ZERO, &symbols);
        let mut world = Self { machine, now: Duration::ZERO, log: Vec::new(), feeds: Vec::new() };
        for perpetual in ["BTCUSD", "ETHUSD"] {
            world.every(1_000, 0, 1_000, perpetual, Feed::Spot);
        }
        world
    }

    fn every(&mut self, ms: u64, from_s: u64, to_s: u64, symbol: &str, feed: Feed) {
        let (from, to) = (Duration::from_secs(from_s), Duration::from_secs(to_s));
        self.feeds.push((ms, from, to, Symbol::from(symbol), feed));
    }

    fn both(&mut self, from_s: u64, to_s: u64, symbol: &str) {
        self.every(500, from_s, to_s, symbol, Feed::Top);
        self.every(2_000, from_s, to_s, symbol, Feed::Mark);
    }

    /// Goes on to this second.
    fn until(&mut self, second: u64) -> Vec<Effect> {
        while self.now < Duration::from_secs(second) {
            self.now += Duration::from_millis(250);
            let now_ms = u64::try_from(self.now.as_millis()).unwrap();
            for (every_ms, from, to, symbol, feed) in &self.feeds {
                if *from <= self.now && self.now <= *to && now_ms.is_multiple_of(*every_ms) {
                    let data_at = Micros(i64::try_from(self.now.as_micros()).unwrap());
                    self.machine.connection_heard(self.now);
                    self.machine.heard(self.now, symbol, *feed, data_at, Duration::ZERO);
                }
            }
            let effects = self.machine.step(self.now);
            for effect in &effects {
                if let Effect::Poll(symbol) = effect {
                    self.machine.polled(self.now, symbol, Duration::ZERO);
                }
            }
            self.log.extend(effects);
        }
        std::mem::take(&mut self.log)
    }
}

fn told(effects: &[Effect]) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    let (mut entered, mut left, mut polled) = (Vec::new(), Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::Entered { symbols, .. } => entered.extend(symbols.iter().map(Symbol::as_str)),
            Effect::Left { symbols, .. } => left.extend(symbols.iter().map(Symbol::as_str)),
            Effect::Poll(symbol) => polled.push(symbol.as_str()),
        }
    }
    (entered, left, polled)
}

#[test]
fn while_everything_is_heard_nothing_is_polled() {
    let mut world = World::new(&[A, B]);
    world.both(0, 100, A);
    world.both(0, 100, B);
    assert_eq!(world.until(60), []);
}

#[test]
fn one_silent_symbol_is_polled_once_a_second_until_it_is_heard_again() {
    for dead in [&[Feed::Top] as &[Feed], &[Feed::Mark], &[Feed::Top, Feed::Mark]] {
        let mut world = World::new(&[A, B]);
        world.both(0, 1_000, A);
        for feed in [Feed::Top, Feed::Mark] {
            let to_s = if dead.contains(&feed) { 10 } else { 1_000 };
            world.every(500, 0, to_s, B, feed);
            world.every(500, 40, 1_000, B, feed);
        }
        assert_eq!(world.until(12), [], "{dead:?}: patience");
        let effects = world.until(39);
        let (entered, left, polled) = told(&effects);
        assert_eq!((entered.as_slice(), left.len()), ([B].as_slice(), 0), "{dead:?}");
        assert!(polled.iter().all(|symbol| *symbol == B) && (26..=27).contains(&polled.len()), "{polled:?}");
        let effects = world.until(60);
        let (entered, left, polled) = told(&effects);
        assert_eq!((entered.len(), left.as_slice()), (0, [B].as_slice()), "{dead:?}");
        assert!(polled.len() <= 1, "{polled:?}");
        assert!(matches!(&effects[0], Effect::Poll(_) | Effect::Left { .. }), "{effects:?}");
        assert_eq!(world.until(100), []);
    }
}

#[test]
fn silence_of_the_connection_polls_all_and_each_leaves_when_it_is_heard() {
    let mut world = World::new(&[A, B]);
    for feed in &mut world.feeds {
        feed.2 = Duration::from_secs(10);
    }
    world.both(0, 10, A);
    world.both(0, 10, B);
    let effects = world.until(16);
    let (entered, left, polled) = told(&effects);
    assert_eq!(entered, ["BTCUSD", A, "ETHUSD", B], "{effects:?}");
    assert_eq!(left.len(), 0);
    for symbol in [A, B, "ETHUSD"] {
        assert!(polled.iter().filter(|polled| **polled == symbol).count() >= 3, "{symbol}: {polled:?}");
    }
    assert!(!polled.contains(&"BTCUSD"), "the tickers of its options tell its spot price: {polled:?}");
    world.both(16, 1_000, A);
    world.every(1_000, 16, 1_000, "BTCUSD", Feed::Spot);
    world.every(1_000, 16, 1_000, "ETHUSD", Feed::Spot);
    let effects = world.until(30);
    let (entered, mut left, polled) = told(&effects);
    left.sort_unstable();
    assert_eq!((entered.len(), left), (0, vec!["BTCUSD", A, "ETHUSD"]));
    assert!(
        polled.iter().filter(|polled| **polled == B).count() > 10,
        "the connection is back, and B is not"
    );
}

#[test]
fn a_quiet_book_begins_and_ends_polling_once_and_not_with_each_repetition() {
    let mut world = World::new(&[A]);
    world.every(5_000, 0, 300, A, Feed::Top);
    world.every(2_000, 0, 300, A, Feed::Mark);
    let effects = world.until(300);
    let (entered, left, polled) = told(&effects);
    assert_eq!((entered.len(), left.len()), (1, 1), "{effects:?}");
    assert!(polled.len() <= 3, "{polled:?}");
    let effects = world.until(310);
    let (entered, ..) = told(&effects);
    assert_eq!(entered, [A], "and its end is found all the same");
}

#[test]
fn an_outage_teaches_no_patience() {
    let mut world = World::new(&[A]);
    for feed in &mut world.feeds {
        feed.2 = Duration::from_secs(10);
    }
    world.both(0, 10, A);
    world.until(14);
    for feed in [Feed::Top, Feed::Mark] {
        world.every(500, 14, 30, A, feed);
    }
    world.every(1_000, 14, 1_000, "BTCUSD", Feed::Spot);
    world.every(1_000, 14, 1_000, "ETHUSD", Feed::Spot);
    world.until(33);
    let effects = world.until(34);
    assert_eq!(told(&effects).0, [A], "three seconds, as before the outage: {effects:?}");
}

#[test]
fn a_refused_channel_is_silence_at_once_until_it_is_granted() {
    for feed in [Feed::Top, Feed::Mark, Feed::Ticker] {
        let mut world = World::new(&[A, B]);
        world.both(0, 1_000, A);
        world.both(0, 1_000, B);
        assert_eq!(world.until(1), []);
        world.machine.refused(BTreeSet::from([(Symbol::from(A), feed)]));
        let effects = world.machine.step(world.now);
        assert_eq!(told(&effects), (vec![A], Vec::new(), vec![A]), "{feed:?}: at once");
        world.machine.polled(world.now, &Symbol::from(A), Duration::ZERO);
        let effects = world.until(20);
        assert_eq!((told(&effects).1.len(), told(&effects).2.len()), (0, 19), "{feed:?}: once a second");
        world.machine.refused(BTreeSet::new());
        let effects = world.until(30);
        assert_eq!((told(&effects).1, told(&effects).2.len()), (vec![A], 0), "{feed:?}");
    }
}

#[test]
fn a_refusal_that_comes_before_the_first_look_counts() {
    let (mut machine, symbol) = (Freshness::default(), Symbol::from(A));
    machine.refused(BTreeSet::from([(symbol.clone(), Feed::Top)]));
    machine.watch(Duration::ZERO, std::slice::from_ref(&symbol));
    assert!(machine.step(Duration::ZERO).contains(&Effect::Poll(symbol)));
}

#[test]
fn what_the_venue_does_not_list_is_asked_for_once_a_minute() {
    let mut machine = Freshness::default();
    machine.watch(Duration::ZERO, &[]);
    let mut asked = 0;
    for quarter in 0..1_200 {
        let now = Duration::from_millis(quarter * 250);
        for effect in machine.step(now) {
            if let Effect::Poll(symbol) = effect {
                asked += usize::from(symbol.as_str() == "ETHUSD");
                let refused = symbol.as_str() == "ETHUSD";
                machine.polled(now, &symbol, if refused { REFUSED_EVERY } else { Duration::ZERO });
            }
        }
    }
    assert_eq!(asked, 5, "in five minutes");
}

#[test]
fn a_slow_answer_is_awaited_before_the_next_question() {
    let mut machine = Freshness::default();
    machine.watch(Duration::ZERO, &[Symbol::from(A)]);
    let polls = |machine: &mut Freshness, second| {
        machine
            .step(Duration::from_secs(second))
            .iter()
            .filter(|effect| **effect == Effect::Poll(Symbol::from(A)))
            .count()
    };
    assert_eq!([4, 5, 6].map(|second| polls(&mut machine, second)), [1, 0, 0]);
    machine.polled(Duration::from_secs(6), &Symbol::from(A), Duration::ZERO);
    assert_eq!(polls(&mut machine, 7), 1);
}

#[test]
fn what_is_not_watched_any_more_is_not_polled_any_more() {
    let mut world = World::new(&[A, B]);
    world.both(0, 1_000, A);
    assert_eq!(told(&world.until(10)).0, [B]);
    world.machine.watch(world.now, &[Symbol::from(A)]);
    let effects = world.until(20);
    assert_eq!((told(&effects).1, told(&effects).2.len()), (vec![B], 0));
}

#[test]
fn late_frames_are_silence_and_kept_answers_are_no_news() {
    let mut machine = Freshness::default();
    let (symbol, second) = (Symbol::from(A), Duration::from_secs);
    machine.watch(Duration::ZERO, std::slice::from_ref(&symbol));
    for now in 1..20 {
        // A frame each second that was made eleven seconds before.
        machine.connection_heard(second(now));
        for feed in [Feed::Top, Feed::Mark] {
            machine.heard(second(now), &symbol, feed, Micros(100), second(11));
        }
    }
    assert!(machine.step(second(20)).contains(&Effect::Poll(symbol.clone())));
    assert!(!machine.is_news(&symbol, Feed::Top, Micros(99)), "older than what is known");
    assert!(machine.is_news(&symbol, Feed::Top, Micros(101)));
    assert!(!machine.is_news(&symbol, Feed::Top, Micros(101)), "the same page again");
}
