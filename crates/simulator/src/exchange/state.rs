//! The exchange as a value: how it is made, what of it must survive a restart, and its outbox.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::event::{Channel, VenueEvent};
use super::market::book::{Book, Side};
use super::market::chain::Product;
use super::market::{Clock, History, Segments, Source, Underlying, Volatility};
use super::profile::Profile;
use super::published::Published;
use super::quirks::Quirks;
use super::random::Random;
use super::status::{Disruption, Maintenance};
use super::time::{self, Micros};

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
    /// Whose names are spoken.
    pub profile: Profile,
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
            tax: Profile::India.tax(),
            profile: Profile::India,
        }
    }
}

/// What must survive a restart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub seed: u64,
    pub tape: Option<String>,
    pub clock: Clock,
    pub segments: Segments,
    /// Stored apart, only those on which something hangs.
    #[serde(skip)]
    pub books: BTreeMap<i64, Book>,
    pub account: Account,
    /// Ids.
    pub names: Random,
    /// Delays.
    pub delays: Random,
}

impl State {
    /// Positions of before margins were isolated name no notional: theirs is of now, and the wallet goes on backing them.
    fn complete_positions(&mut self) {
        for position in self.account.positions.values_mut().filter(|position| position.size != 0) {
            let lots = Decimal::from(position.size.abs());
            if position.cost.is_zero() {
                position.cost = position.entry_price * lots;
            }
            if let Some(product) = Product::from_id(position.product_id).filter(|_| position.basis.is_zero())
            {
                let index = self.segments[product.underlying].course.index;
                position.basis = product.underlying.price(index) * lots;
                position.auto_topup = true;
            }
        }
    }
}

/// A side of some books that is to stay empty for a while (a fault).
#[derive(Clone, Debug)]
pub(crate) struct Blank {
    pub pattern: String,
    pub side: Side,
    pub until_us: Micros,
}

/// Books that show only a part of their lots for a while (a fault).
#[derive(Clone, Debug)]
pub(crate) struct Thin {
    pub pattern: String,
    pub share: f64,
    pub until_us: Micros,
}

/// The simulated venue.
#[derive(Clone)]
pub struct Exchange {
    pub(crate) state: State,
    pub(crate) source: Source,
    pub(crate) volatility: Volatility,
    pub(crate) quirks: Quirks,
    pub(crate) tax: Decimal,
    pub(crate) profile: Profile,
    pub(crate) now_us: Micros,
    pub(crate) watched: BTreeMap<Channel, BTreeSet<String>>,
    pub(crate) published: Published,
    pub(crate) outbox: BTreeMap<(Micros, u64), VenueEvent>,
    pub(crate) outbox_seq: u64,
    pub(crate) private_due_us: Micros,
    pub(crate) blanks: Vec<Blank>,
    pub(crate) thins: Vec<Thin>,
    /// By how much the venue's clock is wrong, and until when.
    pub(crate) clock_error: (Micros, Micros),
    /// The account changed since it was last saved.
    pub(crate) uncommitted: bool,
    /// Only what reduces a position is taken or filled.
    pub(crate) only_reducing: bool,
    pub(crate) history: BTreeMap<Underlying, History>,
    pub(crate) disruptions: Vec<Disruption>,
    pub(crate) maintenance: Option<Maintenance>,
}

impl Exchange {
    /// A fresh exchange.
    pub fn new(setup: Setup) -> Exchange {
        let clock = Clock::new(setup.speed, setup.start_us);
        let state = State {
            seed: setup.seed,
            tape: setup.source.tape_name().map(str::to_owned),
            clock,
            segments: Segments::new(&setup.source, setup.seed, time::seconds(clock.tick_us)),
            books: BTreeMap::new(),
            account: Account::new(setup.balance),
            names: Random::new(setup.seed, 3),
            delays: Random::new(setup.seed, 4),
        };
        Exchange::with_state(state, &setup)
    }

    pub(crate) fn with_state(mut state: State, setup: &Setup) -> Exchange {
        state.complete_positions();
        let now_s = time::seconds(state.clock.tick_us);
        let past = |underlying: Underlying| {
            let index = state.segments[underlying].course.index;
            (underlying, History::before(underlying, state.seed, now_s, index))
        };
        Exchange {
            history: Underlying::ALL.into_iter().map(past).collect(),
            disruptions: Vec::new(),
            maintenance: None,
            now_us: state.clock.tick_us,
            private_due_us: state.clock.tick_us,
            state,
            source: setup.source.clone(),
            volatility: setup.volatility,
            quirks: setup.quirks,
            tax: setup.tax,
            profile: setup.profile,
            watched: BTreeMap::new(),
            published: Published::default(),
            outbox: BTreeMap::new(),
            outbox_seq: 0,
            blanks: Vec::new(),
            thins: Vec::new(),
            clock_error: (0, 0),
            uncommitted: true,
            only_reducing: false,
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

    /// A trading product by symbol.
    pub fn product(&self, symbol: &str) -> Option<Product> {
        Product::parse(symbol).filter(|product| self.lists(product))
    }

    /// A trading product by id.
    pub fn product_by_id(&self, id: i64) -> Option<Product> {
        Product::from_id(id).filter(|product| self.lists(product))
    }

    fn lists(&self, product: &Product) -> bool {
        self.state.segments[product.underlying].chain.lists(product)
    }

    /// Everything that trades, by underlying.
    pub(crate) fn listed(&self) -> Vec<Product> {
        let of = |underlying: Underlying| self.state.segments[underlying].chain.products();
        Underlying::ALL.into_iter().flat_map(of).collect()
    }

    /// What was settled last, with settlement prices.
    pub(crate) fn settled(&self) -> Vec<(Product, Decimal)> {
        let of = |underlying: Underlying| self.state.segments[underlying].chain.settled_products();
        Underlying::ALL.into_iter().flat_map(of).collect()
    }

    /// Index of an underlying, USD.
    pub(crate) fn index(&self, underlying: Underlying) -> Decimal {
        underlying.price(self.state.segments[underlying].course.index)
    }
}
