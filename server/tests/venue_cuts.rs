//! Sockets that are cut again and again while sessions trade, in virtual time: the client's conversations with the
//! simulated venue's own end of the socket between them, the inbox, and the engine. Afterwards books, orders and positions
//! of the client are the exchange's, no order was placed twice, and gaps are accounted to the millisecond. Forty cuts in
//! six minutes; with `DELTASCOPE_FULL=1` two hundred in an hour.

#[path = "venue_cuts/chance.rs"]
mod chance;
#[path = "venue_cuts/line.rs"]
mod line;
#[path = "tape_day/world.rs"]
#[allow(dead_code)]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chance::Chance;
use futures_util::FutureExt as _;
use line::{Cut, Line};
use model::decision::OrderDecision;
use model::input::{Input, Link};
use model::market::{Mark, MarketEvent, MarketSource, Quote, Spot};
use model::order::OrderStatus;
use model::{Decision, Micros, Symbol, Underlying};
use server::trading::{Inbox, Item};
use server::venue::freshness::{Effect as Watch, Freshness};
use server::venue::{StreamHappening, feed_of, polled_feed};
use simulator::order::OrderState;
use world::World;

const SPEED: u32 = 120;

/// Client, venue and the cuts between them.
struct Run {
    world: World,
    prices: Line,
    orders: Line,
    inbox: Inbox,
    freshness: Freshness,
    begin: Micros,
    /// Answers to polls on their way.
    polled: Vec<(Micros, Symbol)>,
    polls: u64,
    chance: Chance,
    compared: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut world = World::new(SPEED, seed);
        world.watched = Some(Vec::new());
        world.exchange.set_watched(BTreeMap::new());
        let begin = world.now;
        Self {
            world,
            prices: Line::new(Link::Prices, seed),
            orders: Line::new(Link::Orders, seed + 1),
            inbox: Inbox::default(),
            freshness: Freshness::default(),
            begin,
            polled: Vec::new(),
            polls: 0,
            chance: Chance(seed),
            compared: 0,
        }
    }

    fn since(&self) -> Duration {
        Duration::from_micros((self.world.now.0 - self.begin.0).unsigned_abs())
    }

    /// Ten milliseconds.
    fn step(&mut self) {
        let watched_before = self.world.watched.clone().unwrap_or_default();
        for event in self.world.advance() {
            self.prices.says(&event);
            self.orders.says(&event);
        }
        let (now, since) = (self.world.now, self.since());
        for line in [&mut self.prices, &mut self.orders] {
            line.pass(now, &mut self.world.exchange, &mut self.chance);
        }
        self.hear(now, since);
        if now.0 % 250_000 == 0 {
            self.look(since);
        }
        self.answers(now);
        while let Some(items) = self.inbox.take().now_or_never() {
            for item in items {
                let Item::Input(input) = item else { panic!("nobody asks") };
                self.world.input(input);
            }
        }
        self.world.deliver();
        let watched = self.world.watched.clone().unwrap_or_default();
        if watched != watched_before {
            self.prices.watch(&watched, now, &mut self.world.exchange, &mut self.chance);
        }
        self.follow();
        if now.0 % 1_000_000 == 0 {
            self.compare_books();
        }
    }

    /// The venue prices what anybody subscribes.
    fn follow(&mut self) {
        let mut all: BTreeMap<simulator::Channel, BTreeSet<String>> = BTreeMap::new();
        for (channel, token) in self.prices.watches().into_iter().chain(self.orders.watches()) {
            all.entry(channel).or_default().insert(token);
        }
        self.world.exchange.set_watched(all);
    }

    fn hear(&mut self, now: Micros, since: Duration) {
        if std::mem::take(&mut self.prices.alive) {
            self.freshness.connection_heard(since);
        }
        let spots = server::venue::underlyings::followed(self.world.watched.as_deref().unwrap_or_default());
        let refused = self.prices.refused.iter().filter_map(|(channel, name)| feed_of(channel, name, &spots));
        self.freshness.refused(refused.collect());
        for input in self.prices.inputs.drain(..).chain(self.orders.inputs.drain(..)) {
            if let Input::Market { events } = &input {
                for (symbol, feed, at) in events.iter().filter_map(polled_feed) {
                    let age = Duration::from_micros((now.0 - at.0).unsigned_abs());
                    self.freshness.heard(since, &symbol, feed, at, age);
                }
            }
            self.inbox.push(input);
        }
    }

    /// What is silent is polled.
    fn look(&mut self, since: Duration) {
        let watched = self.world.watched.clone().unwrap_or_default();
        self.freshness.watch(since, &watched);
        for effect in self.freshness.step(since) {
            if let Watch::Poll(symbol) = effect {
                self.polls += 1;
                let there = Micros(self.world.now.0 + 30_000 + self.chance.up_to(40_000));
                self.polled.push((there, symbol));
            }
        }
    }

    fn answers(&mut self, now: Micros) {
        let there: Vec<Symbol> =
            self.polled.extract_if(.., |(at, _)| *at <= now).map(|(_, symbol)| symbol).collect();
        for symbol in there {
            self.freshness.polled(self.since(), &symbol, Duration::ZERO);
            let Some(product) = self.world.exchange.product(symbol.as_str()) else { continue };
            let row = self.world.exchange.ticker(now.0, &product);
            let source = MarketSource::RestFallback;
            let level = |level: Option<_>| level.map(world::level);
            let (bid, ask, band) = (level(row.bid), level(row.ask), Some(row.band));
            let underlying = Underlying::new(product.underlying.symbol());
            let mut events = vec![
                MarketEvent::Quote(Quote { symbol: symbol.clone(), bid, ask, source, at: now }),
                MarketEvent::Mark(Mark {
                    symbol,
                    price: row.mark,
                    band,
                    delta: None,
                    volatility: None,
                    source,
                    at: now,
                }),
                MarketEvent::Spot(Spot { underlying, price: row.spot, source, at: now }),
            ];
            events.retain(|event| {
                polled_feed(event).is_none_or(|(symbol, feed, at)| self.freshness.is_news(&symbol, feed, at))
            });
            self.inbox.push(Input::Market { events });
        }
    }

    /// Whatever the client believes of a book is the venue's, to the last lot.
    fn compare_books(&mut self) {
        for symbol in self.world.watched.clone().unwrap_or_default() {
            let Some(book) = self.prices.talk.book(&symbol).filter(|_| self.prices.is_open()) else {
                continue;
            };
            let product = self.world.exchange.product(symbol.as_str()).expect("a product");
            let shown = self.world.exchange.book(self.world.now.0, &product);
            let side = |levels: Vec<_>| levels.into_iter().map(world::level).collect::<Vec<_>>();
            assert_eq!(book.levels(), (side(shown.bids), side(shown.asks)), "the book of {symbol}");
            self.compared += 1;
        }
    }

    /// Orders, fills and positions of every session against the exchange's own lists.
    fn compare_account(&mut self) {
        let now = self.world.now.0;
        let mut theirs = self.world.exchange.order_history(now);
        theirs.extend(self.world.exchange.open_orders(now));
        let mut ids: Vec<&str> = theirs.iter().filter_map(|order| order.client_order_id.as_deref()).collect();
        let orders = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), orders, "no order twice");
        let submitted = |record: &&model::DecisionRecord| {
            matches!(record.decision, Decision::Order(OrderDecision::Submitted(_)))
        };
        assert_eq!(self.world.records.iter().filter(submitted).count(), orders, "and none forgotten");
        let state = self.world.engine.state();
        for session in state.sessions.values() {
            for order in session.orders.iter() {
                let id = order.request.client_order_id.as_str();
                let there = theirs.iter().find(|there| there.client_order_id.as_deref() == Some(id));
                let there = there.unwrap_or_else(|| panic!("{id} is not at the venue"));
                let alive = there.state == OrderState::Open;
                let believed = matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
                assert_eq!((order.filled_lots, believed), (there.filled(), alive), "{id}: {order:?}");
            }
        }
        let ours: BTreeMap<String, i64> = state
            .active()
            .flat_map(|session| session.positions())
            .filter(|(_, lots)| *lots != 0)
            .map(|(symbol, lots)| (symbol.0, lots))
            .collect();
        let held = self.world.exchange.positions(now).into_iter().filter(|position| position.size != 0);
        let held: BTreeMap<String, i64> = held.map(|position| (position.symbol, position.size)).collect();
        assert_eq!(ours, held, "positions");
    }

    /// Cuts the public socket, the private one, or both; not one that is away already.
    fn cut(&mut self, which: i64) -> bool {
        let how = if self.chance.up_to(5) == 0 { Cut::HalfOpen } else { Cut::Reset };
        let (now, exchange) = (self.world.now, &mut self.world.exchange);
        let mut lines = match which {
            0 => vec![&mut self.prices],
            1 => vec![&mut self.orders],
            _both => vec![&mut self.prices, &mut self.orders],
        };
        let there = lines.iter().all(|line| line.is_open());
        for line in lines.iter_mut().filter(|_| there) {
            line.cut(how, now, exchange, &mut self.chance);
        }
        there
    }

    /// One session after the other, whatever the day has cost.
    fn trade(&mut self) {
        let state = self.world.engine.state();
        if state.active().next().is_none() && state.link_up(Link::Prices) && state.link_up(Link::Orders) {
            let mut preset = model::preset::preset("quick-strangle").expect("the default preset");
            preset.configuration.day_loss_limit = None;
            self.world.start(&preset.configuration);
        }
    }

    /// For whom it fails.
    fn look_at(&self) -> String {
        let lines = self.world.records.iter().rev().take(12);
        let lines: Vec<String> = lines.map(|record| telemetry::Event::message(&record.decision)).collect();
        let up = (self.prices.talk.is_up(), self.orders.talk.is_up(), self.has_position());
        format!("{up:?} {:?}\n{}", self.world.session().lifecycle, lines.join("\n"))
    }

    fn has_position(&self) -> bool {
        let mut active = self.world.engine.state().active();
        active.any(|session| session.positions().values().any(|lots| *lots != 0))
    }

    /// Nothing is under way, and everything is subscribed.
    fn is_quiet(&self) -> bool {
        let watched = self.world.watched.as_deref().unwrap_or_default();
        let live =
            self.world.engine.state().active().any(|session| session.orders.working().next().is_some());
        let books = watched.iter().all(|symbol| self.prices.talk.book(symbol).is_some());
        self.prices.talk.is_up() && self.orders.talk.is_up() && books && !live && self.has_position()
    }
}

fn cut_for(run: &mut Run, minutes: i64, cuts: usize) {
    let begin = run.world.now.0;
    let mut times: Vec<i64> =
        (0..cuts).map(|_| begin + 2_000_000 + run.chance.up_to(minutes * 60_000_000 - 4_000_000)).collect();
    times.sort_unstable();
    let mut times = times.into_iter().peekable();
    let mut which = run.chance.up_to(3);
    while run.world.now.0 < begin + minutes * 60_000_000 || times.peek().is_some() {
        run.step();
        run.trade();
        // A connection that is not there cannot be cut: the next one is.
        let due = times.peek().is_some_and(|at| *at <= run.world.now.0);
        if due && run.cut(which) {
            times.next();
            which = run.chance.up_to(3);
        }
    }
    assert_eq!(times.next(), None);
}

#[test]
fn whenever_sockets_are_cut_the_client_has_what_the_exchange_has() {
    let full = std::env::var_os("DELTASCOPE_FULL").is_some();
    let (minutes, cuts) = if full { (60, 200) } else { (6, 40) };
    let mut run = Run::new(11);
    cut_for(&mut run, minutes, cuts);
    let until = run.world.now.0 + 900_000_000;
    // Books are told ten times a second: they are compared when they have just been.
    while !(run.is_quiet() && run.world.now.0 % 1_000_000 == 0) {
        run.step();
        run.trade();
        assert!(run.world.now.0 < until, "it never comes to rest: {}", run.look_at());
    }
    run.compare_books();
    run.compare_account();

    let told = run.prices.told_gaps();
    let measured: BTreeMap<_, i64> =
        run.prices.measured.iter().map(|(key, gaps)| (key.clone(), gaps.iter().sum())).collect();
    assert_eq!(told, measured, "gaps, milliseconds by symbol and feed");
    let count =
        |line: &Line, what: fn(&StreamHappening) -> bool| line.told.iter().filter(|told| what(told)).count();
    let lost = |what: &StreamHappening| matches!(what, StreamHappening::Disconnected { .. });
    let sessions = run.world.engine.state().sessions.len();
    println!(
        "{cuts} cuts in {minutes} simulated minutes: {} and {} connections ended, {} and {} made; {} gaps of {} feeds, {} ms \
         in all; {} polls; {} books compared; {} orders, {sessions} sessions kept",
        count(&run.prices, lost),
        count(&run.orders, lost),
        run.prices.connections,
        run.orders.connections,
        run.prices.measured.values().map(Vec::len).sum::<usize>(),
        measured.len(),
        measured.values().sum::<i64>(),
        run.polls,
        run.compared,
        run.world.exchange.order_history(run.world.now.0).len(),
    );
    assert!(run.prices.connections > cuts as u64 / 4 && run.orders.connections > cuts as u64 / 4);
    assert!(run.compared > minutes as u64 * 10, "{} books were compared", run.compared);
}
