//! Laws that hold whatever a client does: random orders, cancellations and waits, in virtual time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use simulator::book::Side;
use simulator::chain::Product;
use simulator::order::TimeInForce;
use simulator::{Exchange, OrderKey, OrderRequest, Setup, Source, Tape, TapeEnd, VenueEvent};

const SECOND: i64 = 1_000_000;
const START: i64 = 1_789_992_001 * SECOND;

#[derive(Clone, Debug)]
enum Step {
    /// Product (three options), buys, lots, ticks from the mid, reduce-only, immediate, market.
    Place {
        which: usize,
        buy: bool,
        lots: i64,
        ticks: i64,
        reduce_only: bool,
        ioc: bool,
        market: bool,
    },
    Cancel {
        nth: usize,
    },
    Wait {
        ms: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place =
        (0..3_usize, any::<bool>(), 1..400_i64, -60..60_i64, any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(which, buy, lots, ticks, reduce_only, ioc, market)| Step::Place {
                which,
                buy,
                lots,
                ticks,
                reduce_only,
                ioc,
                market,
            });
    let cancel = (0..8_usize).prop_map(|nth| Step::Cancel { nth });
    let wait = (1..8_000_i64).prop_map(|ms| Step::Wait { ms });
    prop::collection::vec(prop_oneof![5 => place, 1 => cancel, 3 => wait], 1..40)
}

struct Run {
    exchange: Exchange,
    products: Vec<Product>,
    now_us: i64,
    events: Vec<VenueEvent>,
}

impl Run {
    fn of(seed: u64, steps: &[Step]) -> Run {
        let source = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
        let mut exchange = Exchange::new(Setup { speed: 60, ..Setup::new(seed, source, START) });
        let products = ["C-BTC-46200-230926", "P-BTC-45400-230926", "C-ETH-2892-230926"]
            .map(|symbol| exchange.product(symbol).unwrap());
        let events = exchange.advance(START);
        let mut run = Run { exchange, products: products.to_vec(), now_us: START, events };
        for step in steps {
            run.take(step);
        }
        run
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Wait { ms } => self.now_us += ms * 1_000,
            Step::Cancel { nth } => {
                if let Some(order) = self.exchange.open_orders(self.now_us).get(*nth) {
                    self.exchange.cancel(self.now_us, &OrderKey::Id(order.id)).unwrap();
                }
            }
            Step::Place { which, buy, lots, ticks, reduce_only, ioc, market } => {
                let product = &self.products[*which];
                let (mark, tick) = (self.exchange.ticker(self.now_us, product).mark, product.tick_size());
                let mid = (mark / tick).round() * tick;
                let side = if *buy { Side::Buy } else { Side::Sell };
                let request =
                    OrderRequest::limit(product.id, side, *lots, mid + Decimal::from(*ticks) * tick);
                let request = OrderRequest { reduce_only: *reduce_only, ..request };
                let request = match (market, ioc) {
                    (true, _) => OrderRequest {
                        reduce_only: *reduce_only,
                        ..OrderRequest::market(product.id, side, *lots)
                    },
                    (false, true) => OrderRequest { time_in_force: TimeInForce::Ioc, ..request },
                    (false, false) => request,
                };
                // A refusal changes nothing, which the laws below would show.
                let _refused = self.exchange.place(self.now_us, &request);
            }
        }
        self.events.extend(self.exchange.advance(self.now_us));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Dies when reduce-only orders are not capped on arrival, and when they do not shrink with the position.
    #[test]
    fn reduce_only_orders_never_let_a_position_grow_or_flip(seed in 0..1_000_u64, steps in steps()) {
        let mut run = Run::of(seed, &steps);
        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        let mut fills = run.exchange.fills(run.now_us);
        fills.reverse();
        for fill in fills {
            let before = held.insert(fill.product_id, fill.position_after).unwrap_or(0);
            prop_assert_eq!(fill.position_after, before + fill.side.sign() * fill.size);
            let order = run.exchange.order(run.now_us, &OrderKey::Id(fill.order_id.parse().unwrap())).unwrap();
            if order.reduce_only {
                prop_assert_eq!(fill.position_after.abs(), before.abs() - fill.size);
            }
        }
        for order in run.exchange.open_orders(run.now_us).iter().filter(|order| order.reduce_only) {
            let size = held.get(&order.product_id).copied().unwrap_or(0);
            prop_assert!(order.unfilled <= -size * order.side.sign());
        }
    }

    /// Dies when a fee is not taken, a premium is booked with the wrong sign, or a fill is booked twice.
    #[test]
    fn cash_is_premiums_less_fees_and_positions_are_the_sum_of_fills(seed in 0..1_000_u64, steps in steps()) {
        let mut run = Run::of(seed, &steps);
        let fills = run.exchange.fills(run.now_us);
        let mut cash = Decimal::from(100_000);
        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        for fill in &fills {
            let signed = fill.side.sign() * fill.size;
            let value = Product::from_id(fill.product_id).unwrap().contract_value();
            cash -= fill.price * Decimal::from(signed) * value + fill.fee;
            *held.entry(fill.product_id).or_default() += signed;
        }
        prop_assert_eq!(run.exchange.wallet(run.now_us).balance, cash);
        held.retain(|_, size| *size != 0);
        let positions = run.exchange.positions(run.now_us);
        let positions: BTreeMap<i64, i64> = positions.iter().map(|p| (p.product_id, p.size)).collect();
        prop_assert_eq!(positions, held);
        let orders: Vec<_> = run.exchange.open_orders(run.now_us).into_iter()
            .chain(run.exchange.order_history(run.now_us)).collect();
        for order in orders {
            let lots: i64 = fills.iter().filter(|fill| fill.order_id == order.id.to_string()).map(|fill| fill.size).sum();
            prop_assert_eq!(order.filled(), lots);
        }
    }

    /// Dies when an event is dropped, doubled or put before an earlier one.
    #[test]
    fn private_events_tell_every_fill_once_and_in_order(seed in 0..1_000_u64, steps in steps()) {
        let mut run = Run::of(seed, &steps);
        run.now_us += SECOND;
        run.events.extend(run.exchange.advance(run.now_us));
        let mut told: Vec<_> = run.events.iter().filter_map(|event| match event {
            VenueEvent::Fill(fill) => Some((**fill).clone()),
            _other => None,
        }).collect();
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for event in &run.events {
            if let VenueEvent::Order(update) = event {
                let last = last.entry(update.order.symbol.clone()).or_default();
                *last += 1;
                prop_assert_eq!(update.seq, *last);
            }
        }
        told.reverse();
        // What was filled in the very last moments is still on its way.
        let (on_its_way, arrived) = {
            let mut fills = run.exchange.fills(run.now_us);
            let missing = fills.len().saturating_sub(told.len());
            let arrived = fills.split_off(missing);
            (fills, arrived)
        };
        prop_assert_eq!(told, arrived);
        prop_assert!(on_its_way.iter().all(|fill| fill.created_us > run.now_us - SECOND / 5));
    }
}
