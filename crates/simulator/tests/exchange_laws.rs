//! Laws of matching and of money, whatever a client does: also with edits, stops, brackets and a perpetual.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use simulator::account::Role;
use simulator::book::Side;
use simulator::chain::{Contract, Product};
use simulator::exchange::Edit;
use simulator::order::{BracketRequest, Leg, LegAt, OrderState, StopKind, TimeInForce, TriggerMethod};
use simulator::{Exchange, OrderKey, OrderRequest, Setup, Source, Tape, TapeEnd};

const SECOND: i64 = 1_000_000;
const START: i64 = 1_789_992_001 * SECOND;
const NAMES: [&str; 3] = ["C-BTC-46200-230926", "P-ETH-2820-230926", "BTCUSD"];

#[derive(Clone, Debug)]
enum Step {
    /// Product, buys, lots, price steps from the mark, how.
    Place(usize, bool, i64, i64, How),
    /// The nth open order: lots, price steps from the mark.
    Edit(usize, i64, i64),
    CloseAll,
    Wait(i64),
}

#[derive(Clone, Copy, Debug)]
enum How {
    Rest,
    Immediate,
    Market,
    Reduce,
    Stop,
    Trail,
    Bracketed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let how = prop_oneof![
        Just(How::Rest),
        Just(How::Immediate),
        Just(How::Market),
        Just(How::Reduce),
        Just(How::Stop),
        Just(How::Trail),
        Just(How::Bracketed)
    ];
    let place = (0..3_usize, any::<bool>(), 1..6_000_i64, -80..80_i64, how)
        .prop_map(|(which, buy, lots, away, how)| Step::Place(which, buy, lots, away, how));
    let edit =
        (0..6_usize, 1..6_000_i64, -80..80_i64).prop_map(|(nth, lots, away)| Step::Edit(nth, lots, away));
    let step = prop_oneof![6 => place, 3 => edit, 1 => Just(Step::CloseAll), 3 => (1..9_000_i64).prop_map(Step::Wait)];
    prop::collection::vec(step, 1..30)
}

struct World {
    exchange: Exchange,
    products: Vec<Product>,
    now_us: i64,
}

impl World {
    fn new(seed: u64) -> World {
        let source = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
        let mut exchange = Exchange::new(Setup { speed: 60, ..Setup::new(seed, source, START) });
        exchange.advance(START);
        let products = NAMES.map(|name| exchange.product(name).unwrap_or_else(|| panic!("{name}")));
        World { exchange, products: products.to_vec(), now_us: START }
    }

    fn near(&mut self, product: &Product, away: i64) -> Decimal {
        let tick = product.tick_size();
        let mark = self.exchange.ticker(self.now_us, product).mark;
        ((mark / tick).round() * tick + Decimal::from(away) * tick).max(tick)
    }

    fn request(&mut self, product: &Product, buy: bool, lots: i64, away: i64, how: How) -> OrderRequest {
        let side = if buy { Side::Buy } else { Side::Sell };
        let price = self.near(product, away);
        let limit = OrderRequest::limit(product.id, side, lots, price);
        let market = OrderRequest::market(product.id, side, lots);
        let leg = |price: Decimal| Leg { at: LegAt::Price(price), limit: None };
        let step = product.tick_size() * Decimal::from(200);
        match how {
            How::Rest => limit,
            How::Immediate => OrderRequest { time_in_force: TimeInForce::Ioc, ..limit },
            How::Market => market,
            How::Reduce => OrderRequest { reduce_only: true, ..limit },
            How::Stop => {
                OrderRequest { stop: Some((price, StopKind::StopLoss)), reduce_only: true, ..market }
            }
            How::Trail => {
                let by = product.tick_size() * Decimal::from(50 * side.sign());
                OrderRequest { trail: Some(by), reduce_only: true, trigger: TriggerMethod::Last, ..market }
            }
            How::Bracketed => {
                let bracket = BracketRequest {
                    stop_loss: Some(leg(price + step * Decimal::from(-side.sign()))),
                    take_profit: Some(leg(
                        (price + step * Decimal::from(side.sign())).max(product.tick_size())
                    )),
                    method: TriggerMethod::Mark,
                };
                OrderRequest { bracket: Some(bracket), ..market }
            }
        }
    }

    /// What the makers show, without the account's own orders.
    fn makers(&mut self, product: &Product) -> BTreeMap<(bool, Decimal), i64> {
        let book = self.exchange.book(self.now_us, product);
        let side = |buy: bool, rows: Vec<(Decimal, i64)>| {
            rows.into_iter().map(move |(price, lots)| ((buy, price), lots))
        };
        let mut shown: BTreeMap<_, _> = side(true, book.bids).chain(side(false, book.asks)).collect();
        for order in self.exchange.open_orders(self.now_us) {
            if order.product_id == product.id && order.state == OrderState::Open {
                *shown.entry((order.side == Side::Buy, order.limit_price())).or_default() -= order.unfilled;
            }
        }
        shown
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Wait(ms) => {
                self.now_us += ms * 1_000;
                self.exchange.advance(self.now_us);
            }
            Step::CloseAll => self.exchange.close_all(self.now_us),
            Step::Edit(nth, lots, away) => {
                let Some(order) = self.exchange.open_orders(self.now_us).get(*nth).cloned() else { return };
                let product = Product::from_id(order.product_id).unwrap();
                let price = self.near(&product, *away);
                let edit = Edit { size: Some(*lots), limit_price: Some(price), ..Edit::default() };
                // A refusal leaves it as it was, which the laws would show.
                let _refused = self.exchange.edit(self.now_us, &OrderKey::Id(order.id), product.id, &edit);
            }
            Step::Place(which, buy, lots, away, how) => {
                let product = self.products[*which].clone();
                let request = self.request(&product, *buy, *lots, *away, *how);
                let _refused = self.exchange.place(self.now_us, &request);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Dies when an arriving order takes more of a level than its makers show, or at a price it may not have.
    #[test]
    fn no_order_takes_more_than_is_shown_nor_at_a_price_that_does_not_cross(seed in 0..1_000_u64, steps in steps()) {
        let mut world = World::new(seed);
        for step in &steps {
            let shown: Vec<_> = world.products.clone().iter().map(|product| world.makers(product)).collect();
            let before = world.exchange.fills(world.now_us).len();
            world.take(step);
            let fills = world.exchange.fills(world.now_us);
            let fresh = &fills[..fills.len() - before];
            let mut taken: BTreeMap<(i64, bool, Decimal), i64> = BTreeMap::new();
            for fill in fresh {
                let order = world.exchange.order(world.now_us, &OrderKey::Id(fill.order_id.parse().unwrap())).unwrap();
                let then = fill.order.as_ref().unwrap();
                let crosses = if fill.side == Side::Buy { fill.price <= then.price } else { fill.price >= then.price };
                prop_assert!(crosses, "{:?} of {:?}", fill, order);
                match fill.role {
                    Role::Maker => prop_assert_eq!(fill.price, then.price, "at its own price"),
                    Role::Taker => *taken.entry((fill.product_id, fill.side != Side::Buy, fill.price)).or_default() += fill.size,
                }
            }
            // While time stands still, what is taken was there.
            if !matches!(step, Step::Wait(_)) {
                for ((id, bids, price), lots) in taken {
                    let at = world.products.iter().position(|product| product.id == id).unwrap();
                    let there = shown[at].get(&(bids, price)).copied().unwrap_or(0);
                    prop_assert!(lots <= there, "{} of {} at {}", lots, there, price);
                }
            }
        }
    }

    /// Dies when a fee, a premium or a price result is booked wrong, or equity forgets a position.
    #[test]
    fn money_is_conserved(seed in 0..1_000_u64, steps in steps()) {
        let mut world = World::new(seed);
        for step in &steps {
            world.take(step);
            let wallet = world.exchange.wallet(world.now_us);
            let mut equity = Decimal::from(100_000);
            let fills = world.exchange.fills(world.now_us);
            let funding: Decimal = world.exchange.ledger(world.now_us).iter()
                .filter(|row| row.movement == simulator::exchange::Movement::Funding).map(|row| row.amount).sum();
            for fill in &fills {
                let product = Product::from_id(fill.product_id).unwrap();
                let mark = world.exchange.mark_by_id(product.id).unwrap();
                // Worth now, less what was paid: the same for options and for what only settles differences.
                let lots = Decimal::from(fill.side.sign() * fill.size) * product.contract_value();
                equity += (mark - fill.price) * lots - fill.fee;
            }
            let off = (wallet.equity - equity - funding).abs();
            prop_assert!(off < Decimal::new(1, 6), "{} of {}", off, wallet.equity);
            let rows = world.exchange.ledger(world.now_us);
            prop_assert_eq!(rows.last().map(|row| row.balance), Some(wallet.balance));
            prop_assert_eq!(rows[0].amount, Decimal::from(100_000));
        }
    }

    /// Dies when an edit, a stop or a leg of a bracket may open what it was to reduce.
    #[test]
    fn what_only_reduces_never_opens(seed in 0..1_000_u64, steps in steps()) {
        let mut world = World::new(seed);
        for step in &steps {
            world.take(step);
        }
        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        for fill in world.exchange.fills(world.now_us).iter().rev() {
            let before = held.insert(fill.product_id, fill.position_after).unwrap_or(0);
            let order = world.exchange.order(world.now_us, &OrderKey::Id(fill.order_id.parse().unwrap())).unwrap();
            if order.reduce_only {
                prop_assert_eq!(fill.position_after.abs(), before.abs() - fill.size, "{:?}", order);
            }
        }
        for order in world.exchange.open_orders(world.now_us).iter().filter(|order| order.reduce_only) {
            let size = held.get(&order.product_id).copied().unwrap_or(0);
            prop_assert!(order.unfilled <= -size * order.side.sign(), "{:?}", order);
        }
        prop_assert!(matches!(world.products[2].contract, Contract::Perpetual));
    }
}
