//! The pure exchange: state, its clockless clock, and what can be read from it. Every method takes wall
//! time in microseconds and first lets the market run up to it; nothing here sleeps, reads a clock or
//! does I/O.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::book::{Book, Depth, Side};
use crate::chain::{Chain, Product};
use crate::event::{Channel, Telling, VenueEvent};
use crate::market::{Market, Source, TICK_US, Volatility};
use crate::publication::Published;
use crate::quirks::Quirks;
use crate::quote::{self, Quote, rounded};
use crate::random::Random;
use crate::settlement::{Decay, Twap};
use crate::time::{self, Micros, SECOND_US};

const COARSE_BEHIND_US: Micros = 3_600 * SECOND_US;
const SETTLEMENT_WINDOW_S: i64 = 1_800;

/// How an exchange is made.
#[derive(Clone, Debug)]
pub struct Setup {
    pub seed: u64,
    pub source: Source,
    /// Market seconds in a wall second, 1 to 600.
    pub speed: u32,
    /// Wall time at which the market begins.
    pub start_us: Micros,
    pub volatility: Volatility,
    pub quirks: Quirks,
    /// Start capital, USD.
    pub balance: Decimal,
    /// Tax on fees, as a fraction.
    pub tax: Decimal,
}

impl Setup {
    /// Defaults: speed 1, volatility 0.60, 100,000 USD, tax 18 %, no quirk.
    pub fn new(seed: u64, source: Source, start_us: Micros) -> Setup {
        Setup {
            seed,
            source,
            speed: 1,
            start_us,
            volatility: Volatility::default(),
            quirks: Quirks::default(),
            balance: Decimal::from(100_000),
            tax: Decimal::new(18, 2),
        }
    }
}

/// What must survive a restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub seed: u64,
    pub tape: Option<String>,
    pub market: Market,
    pub chain: Chain,
    /// Stored apart, only those on which something hangs.
    #[serde(skip)]
    pub books: BTreeMap<i64, Book>,
    pub account: Account,
    pub decay: BTreeMap<i64, Decay>,
    pub twap: Twap,
    /// Sizes, pieces, trades.
    pub flow: Random,
    /// Ids.
    pub names: Random,
    /// Delays.
    pub delays: Random,
}

/// A side of some books that is to stay empty for a while (a fault).
#[derive(Clone, Debug)]
pub(crate) struct Blank {
    pub pattern: String,
    pub side: Side,
    pub until_us: Micros,
}

/// The simulated venue.
pub struct Exchange {
    pub(crate) state: State,
    pub(crate) source: Source,
    pub(crate) volatility: Volatility,
    pub(crate) quirks: Quirks,
    pub(crate) tax: Decimal,
    pub(crate) now_us: Micros,
    pub(crate) watched: BTreeMap<Channel, BTreeSet<String>>,
    pub(crate) published: Published,
    pub(crate) outbox: BTreeMap<(Micros, u64), VenueEvent>,
    pub(crate) outbox_seq: u64,
    pub(crate) private_due_us: Micros,
    pub(crate) blanks: Vec<Blank>,
    /// The account changed since [`Exchange::committed`].
    pub(crate) uncommitted: bool,
}

impl Exchange {
    /// A fresh exchange.
    pub fn new(setup: Setup) -> Exchange {
        let market = Market::new(&setup.source, setup.speed, setup.start_us, setup.seed);
        let mut chain = Chain::default();
        chain.refresh(time::seconds(market.tick_us), market.index);
        let state = State {
            seed: setup.seed,
            tape: setup.source.tape_name().map(str::to_owned),
            market,
            chain,
            books: BTreeMap::new(),
            account: Account::new(setup.balance),
            decay: BTreeMap::new(),
            twap: Twap::default(),
            flow: Random::new(setup.seed, 2),
            names: Random::new(setup.seed, 3),
            delays: Random::new(setup.seed, 4),
        };
        Exchange::with_state(state, &setup)
    }

    pub(crate) fn with_state(state: State, setup: &Setup) -> Exchange {
        Exchange {
            now_us: state.market.tick_us,
            private_due_us: state.market.tick_us,
            state,
            source: setup.source.clone(),
            volatility: setup.volatility,
            quirks: setup.quirks,
            tax: setup.tax,
            watched: BTreeMap::new(),
            published: Published::default(),
            outbox: BTreeMap::new(),
            outbox_seq: 0,
            blanks: Vec::new(),
            uncommitted: true,
        }
    }

    /// A new market under the account of an old exchange; ids go on, so that none comes twice.
    pub(crate) fn reopened(old: State, setup: Setup) -> Exchange {
        let mut exchange = Exchange::new(setup);
        exchange.state.account = old.account;
        exchange.state.account.forget_expired(time::seconds(exchange.now_us));
        exchange.state.names = old.names;
        exchange
    }

    /// Runs the market to `now_us` and takes out what is due by then, in order.
    pub fn advance(&mut self, now_us: Micros) -> Vec<VenueEvent> {
        self.run_to(now_us);
        let later = self.outbox.split_off(&(self.now_us + 1, 0));
        std::mem::replace(&mut self.outbox, later).into_values().collect()
    }

    /// When [`Exchange::advance`] next has something to do.
    pub fn next_due_us(&self) -> Micros {
        let tick = self.state.market.tick_us + TICK_US;
        self.outbox.keys().next().map_or(tick, |(due, _)| tick.min(*due))
    }

    /// Lets the market run. Time never goes back: an earlier `now_us` counts as the latest seen.
    pub(crate) fn run_to(&mut self, now_us: Micros) {
        let target_us = self.now_us.max(now_us);
        loop {
            let tick_us = self.state.market.tick_us;
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
        self.state.market.step(&self.source, at_us);
        if self.tape_turns() != turns {
            self.note_tape_end(at_us);
        }
        let now_s = time::seconds(at_us);
        if at_us.rem_euclid(SECOND_US) == 0 {
            self.settle_due(now_s, at_us);
            self.pay_funding(now_s, at_us);
            self.sample_settlement(now_s);
            if self.state.chain.refresh(now_s, self.state.market.index) {
                self.published.forget_products();
            }
        }
        self.release_decay(at_us);
        self.match_resting(at_us);
        self.publish(at_us);
    }

    fn tape_turns(&self) -> i64 {
        match &self.source {
            Source::Tape(tape, _) => tape.turns(self.state.market.market_us(self.state.market.tick_us)),
            Source::Walk => 0,
        }
    }

    fn note_tape_end(&mut self, at_us: Micros) {
        let name = self.source.tape_name().unwrap_or_default().to_owned();
        let telling = Telling {
            name: "simulator.tape_turned",
            level: crate::event::Level::Warn,
            message: format!("the tape {name} came to its end; the market goes on from there"),
            payload: serde_json::json!({ "tape": name, "turns": self.tape_turns() }),
        };
        self.emit(at_us, VenueEvent::Note(telling));
    }

    /// Puts an event out at `due_us`.
    pub(crate) fn emit(&mut self, due_us: Micros, event: VenueEvent) {
        self.outbox_seq += 1;
        self.outbox.insert((due_us, self.outbox_seq), event);
    }

    /// Puts a private event out after the venue's delay, never before an earlier one.
    pub(crate) fn emit_private(&mut self, now_us: Micros, event: VenueEvent) {
        let delay_us = 1_000 + self.state.delays.exponential(2_000.0) as i64;
        self.private_due_us = self.private_due_us.max(now_us + delay_us);
        self.emit(self.private_due_us, event);
    }

    /// One way's delay of a request or its reply: 1.5 ms + Exp(1 ms), one in a hundred 50 ms more.
    pub fn draw_latency_us(&mut self) -> Micros {
        let usual = 1_500 + self.state.delays.exponential(1_000.0) as i64;
        if self.state.delays.chance(0.01) { usual + 50_000 } else { usual }
    }

    /// Watches a channel for a symbol, or for a chain token such as `BTC-070122`.
    pub fn watch(&mut self, channel: Channel, token: &str) {
        self.watched.entry(channel).or_default().insert(token.to_owned());
        self.published.forget_products();
    }

    /// Replaces everything that is watched.
    pub fn set_watched(&mut self, watched: BTreeMap<Channel, BTreeSet<String>>) {
        if self.watched != watched {
            self.watched = watched;
            self.published.forget_products();
        }
    }

    /// Keeps one side of the books whose symbol matches `pattern` (with `*`) empty until `until_us`.
    pub fn blank_side(&mut self, pattern: &str, side: Side, until_us: Micros) {
        self.blanks.push(Blank { pattern: pattern.to_owned(), side, until_us });
    }

    pub(crate) fn index(&self) -> Decimal {
        Decimal::new(self.state.market.index, 1)
    }

    /// What the makers think now.
    pub(crate) fn quote(&self, product: &Product) -> Quote {
        let market = &self.state.market;
        let Some(expiry_s) = product.expiry_s() else {
            return quote::quote(market, self.volatility, product.contract, market.index_usd(), 0.0);
        };
        let left_s = (expiry_s * SECOND_US - market.tick_us) as f64 / SECOND_US as f64;
        let held_us = self.state.decay.get(&expiry_s).map_or(0, |decay| market.tick_us - decay.first_fill_us);
        let years = quote::pricing_years(left_s, market.speed, held_us.max(0) as f64 / SECOND_US as f64);
        let window = SETTLEMENT_WINDOW_S as f64;
        let share = ((window - left_s) / window).clamp(0.0, 1.0);
        let forward = match self.state.twap.mean_usd() {
            Some(mean) if share > 0.0 => share * mean + (1.0 - share) * market.index_usd(),
            Some(_) | None => market.index_usd(),
        };
        quote::quote(market, self.volatility, product.contract, forward, years)
    }

    /// The makers' displayed depth now, after what was taken and any blanked side.
    pub(crate) fn depth(&mut self, product: &Product, quote: &Quote) -> Depth {
        let state = &mut self.state;
        let at_us = self.now_us;
        let book = state.books.entry(product.id).or_insert_with(|| Book::new(at_us, &mut state.flow));
        book.advance(at_us, &mut state.flow);
        let mut depth = book.depth(quote, product.tick());
        self.blanks.retain(|blank| blank.until_us > at_us);
        for blank in self.blanks.iter().filter(|blank| matches(&blank.pattern, &product.symbol)) {
            match blank.side {
                Side::Buy => depth.bids.clear(),
                Side::Sell => depth.asks.clear(),
            }
        }
        depth
    }

    /// Lowest and highest order price in whole price steps, tenths of a USD.
    pub(crate) fn band(&self, product: &Product, quote: &Quote) -> (i64, i64) {
        let (low, high) = quote.band();
        let tick = product.tick();
        let steps = |usd: f64| usd * 10.0 / tick as f64;
        ((steps(low) - 1e-9).ceil() as i64 * tick, (steps(high) + 1e-9).floor() as i64 * tick)
    }

    /// The band as published.
    pub(crate) fn band_decimal(quote: &Quote) -> (Decimal, Decimal) {
        let (low, high) = quote.band();
        (rounded(low, 8), rounded(high, 8))
    }
}

/// Shell-like match: `*` stands for any run of characters.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}
