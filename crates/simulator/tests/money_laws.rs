//! Laws of money, whatever happens: with thin wallets, so that positions are topped up and liquidated, and over an
//! expiry, so that they are settled. In virtual time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use simulator::account::{FillKind, Wallet};
use simulator::book::Side;
use simulator::chain::{Contract, Product};
use simulator::exchange::Movement;
use simulator::tape::Bar;
use simulator::{Exchange, OrderRequest, Quirks, Setup, Source, Tape, TapeEnd};

const SECOND: i64 = 1_000_000;
/// Twenty minutes before an expiry.
const START: i64 = 1_789_992_000 * SECOND - 1_200 * SECOND;
const NAMES: [&str; 4] = ["C-BTC-45000-210926", "P-BTC-45000-210926", "BTCUSD", "C-BTC-46000-220926"];

#[derive(Clone, Debug)]
enum Step {
    /// Product, buys, lots.
    Trade(usize, bool, i64),
    Leverage(usize, i64),
    Margin(usize, i64),
    TopUp(usize, bool),
    CloseAll,
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_usize, any::<bool>(), 1..900_i64).prop_map(|(which, buy, lots)| Step::Trade(which, buy, lots)),
        // So few that a dollar is more than their maintenance margin.
        3 => (0..4_usize, any::<bool>(), 1..4_i64).prop_map(|(which, buy, lots)| Step::Trade(which, buy, lots)),
        1 => (0..4_usize, 1..=100_i64).prop_map(|(which, leverage)| Step::Leverage(which, leverage)),
        1 => (0..4_usize, -50..50_i64).prop_map(|(which, delta)| Step::Margin(which, delta)),
        1 => (0..4_usize, any::<bool>()).prop_map(|(which, on)| Step::TopUp(which, on)),
        1 => Just(Step::CloseAll),
        4 => (1..400_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..25)
}

/// Minutes of up to 4 % each, so that something is liquidated.
fn market() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(-1_800..1_800_i64, 40)
}

struct World {
    exchange: Exchange,
    products: Vec<Product>,
    now_us: i64,
}

impl World {
    fn of(seed: u64, balance: i64, topped_up: bool, market: &[i64], steps: &[Step]) -> World {
        let mut close = 450_000;
        let bars = market.iter().map(|change| {
            let open = close;
            close = (close + change * 10).clamp(300_000, 700_000);
            Bar { open, high: open.max(close), low: open.min(close), close }
        });
        let tape = Tape::from_bars("made", bars.collect()).unwrap();
        let quirks = Quirks {
            positions_are_not_topped_up: !topped_up,
            settlement_fee: seed.is_multiple_of(2),
            ..Quirks::default()
        };
        let setup = Setup::new(seed, Source::Tape(tape, TapeEnd::Mirror), START);
        let mut exchange = Exchange::new(Setup { quirks, balance: Decimal::from(balance), ..setup });
        exchange.advance(START);
        let products = NAMES.map(|name| exchange.product(name).unwrap_or_else(|| panic!("{name}")));
        let mut world = World { exchange, products: products.to_vec(), now_us: START };
        steps.iter().for_each(|step| world.take(step));
        world
    }

    fn take(&mut self, step: &Step) {
        let (exchange, now_us) = (&mut self.exchange, self.now_us);
        let id = |which: &usize| self.products[*which].id;
        // What is refused changes nothing, which the laws would show.
        match step {
            Step::Trade(which, buy, lots) => {
                let side = if *buy { Side::Buy } else { Side::Sell };
                let _refused = exchange.place(now_us, &OrderRequest::market(id(which), side, *lots));
            }
            Step::Leverage(which, leverage) => {
                let _refused = exchange.set_leverage(now_us, id(which), Decimal::from(*leverage));
            }
            Step::Margin(which, delta) => {
                let _refused = exchange.change_margin(now_us, id(which), Decimal::from(*delta));
            }
            Step::TopUp(which, on) => {
                let _refused = exchange.set_auto_topup(now_us, id(which), *on);
            }
            Step::CloseAll => exchange.close_all(now_us),
            Step::Wait(seconds) => {
                self.now_us += seconds * SECOND;
                exchange.advance(self.now_us);
            }
        }
    }

    /// What positions are worth at their marks beyond what was paid for them already.
    fn value(&mut self) -> Decimal {
        let positions = self.exchange.positions(self.now_us);
        let value = positions.iter().map(|position| {
            let product = Product::from_id(position.product_id).unwrap();
            let paid = match product.contract {
                Contract::Option { .. } => Decimal::ZERO,
                Contract::Perpetual => position.entry_price,
            };
            let mark = self.exchange.mark_by_id(position.product_id).unwrap();
            (mark - paid) * Decimal::from(position.size) * product.contract_value()
        });
        value.sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Dies when a fee, a charge, a settlement or a premium is lost or booked twice.
    #[test]
    fn cash_fees_and_the_value_of_positions_are_conserved(
        seed in 0..1_000_u64, balance in 20..2_000_i64, topped_up in any::<bool>(), market in market(), steps in steps(),
    ) {
        let mut world = World::of(seed, balance, topped_up, &market, &steps);
        let mut cash = Decimal::from(balance);
        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        for fill in world.exchange.fills(world.now_us).iter().rev() {
            cash += fill.cash - fill.fee - fill.charge;
            let lots = held.entry(fill.product_id).or_default();
            *lots += fill.side.sign() * fill.size;
            prop_assert_eq!(fill.position_after, *lots);
            prop_assert!(fill.fee >= Decimal::ZERO && fill.charge >= Decimal::ZERO);
            prop_assert!(fill.charge.is_zero() || fill.kind == FillKind::Liquidation);
            let option = Product::from_id(fill.product_id).unwrap().expiry_s().is_some();
            if option {
                let value = Product::from_id(fill.product_id).unwrap().contract_value();
                prop_assert_eq!(fill.cash, -fill.price * Decimal::from(fill.side.sign() * fill.size) * value);
            }
        }
        let Wallet { balance: now, equity, position_margin, order_margin, available } = world.exchange.wallet(world.now_us);
        prop_assert_eq!(now, cash, "start + what fills brought - fees - charges");
        prop_assert!((equity - now - world.value()).abs() < Decimal::new(1, 9));
        prop_assert!(available <= now - position_margin - order_margin);
        let rows = world.exchange.ledger(world.now_us);
        prop_assert_eq!(rows.last().map(|row| row.balance), Some(now));
        prop_assert_eq!(rows[0].amount, Decimal::from(balance), "nothing but the deposit came from nowhere");
        let fees: Decimal = rows.iter().filter(|row| row.movement == Movement::LiquidationFee).map(|row| row.amount).sum();
        let charges: Decimal = world.exchange.fills(world.now_us).iter().map(|fill| fill.charge).sum();
        prop_assert_eq!(fees, -charges);
    }

    /// Dies when a position is left under its maintenance margin, or one is taken that is over it.
    #[test]
    fn after_each_look_at_the_marks_no_position_is_under_its_maintenance_margin(
        seed in 0..1_000_u64, balance in 20..2_000_i64, topped_up in any::<bool>(), market in market(), steps in steps(),
    ) {
        let mut world = World::of(seed, balance, topped_up, &market, &steps);
        world.now_us += 2 * SECOND - world.now_us % (2 * SECOND);
        world.exchange.advance(world.now_us);
        for position in world.exchange.positions(world.now_us) {
            let (mark, risk) = (world.exchange.mark_by_id(position.product_id).unwrap(), world.exchange.risk_of(&position));
            if let Some(liquidation) = risk.liquidation {
                prop_assert!((mark - liquidation) * Decimal::from(position.size) > Decimal::ZERO, "{:?} {} {}", position, mark, liquidation);
            }
        }
        // By lots of one liquidation: no more than its margin is lost, fees aside.
        let fills = world.exchange.fills(world.now_us);
        for fill in fills.iter().filter(|fill| fill.kind == FillKind::Liquidation) {
            let then = fill.order.as_ref().unwrap();
            let within = if fill.side == Side::Buy { fill.price <= then.price } else { fill.price >= then.price };
            prop_assert!(within, "{:?}", fill);
        }
    }

    /// Everything that is held into an expiry is settled at the mean of its last half hour, to the last digit.
    #[test]
    fn an_expiry_settles_to_the_last_digit(seed in 0..1_000_u64, market in market(), lots in 1..900_i64, buys in any::<bool>()) {
        let mut world = World::of(seed, 1_000_000, true, &market, &[]);
        for which in 0..2 {
            world.take(&Step::Trade(which, buys, lots));
        }
        let before: BTreeMap<i64, i64> =
            world.exchange.positions(world.now_us).iter().map(|position| (position.product_id, position.size)).collect();
        let end_us = START + 1_200 * SECOND;
        let mut samples = 0;
        let mut sum = Decimal::ZERO;
        for second in 0..1_200 {
            let at_us = START + second * SECOND;
            let spot = world.exchange.spot(at_us, simulator::Underlying::Btc);
            if second > 0 {
                (samples, sum) = (samples + 1, sum + spot);
            }
        }
        world.now_us = end_us + SECOND;
        world.exchange.advance(world.now_us);
        let mean = (sum / Decimal::from(samples)).round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        let strike = Decimal::from(45_000);
        let fills = world.exchange.fills(world.now_us);
        let settled: Vec<_> = fills.iter().filter(|fill| fill.kind == FillKind::Settlement).collect();
        prop_assert_eq!(settled.len(), before.len());
        for fill in settled {
            let call = fill.symbol.starts_with("C-");
            let pays = if call { mean - strike } else { strike - mean }.max(Decimal::ZERO);
            prop_assert_eq!(fill.price, pays);
            prop_assert_eq!(fill.cash, pays * Decimal::from(before[&fill.product_id]) * Decimal::new(1, 3));
            prop_assert_eq!(fill.fee.is_zero() , seed % 2 == 1 || pays.is_zero());
        }
    }
}

/// A market that creeps through the liquidation price of a single lot: it is gone with the first mark that reaches it, not
/// when a dollar is lacking.
#[test]
fn a_single_lot_is_taken_with_the_first_mark_at_its_liquidation_price() {
    for (which, buys) in [(2, false), (2, true)] {
        let drift = if buys { -30 } else { 30 };
        let mut world = World::of(1, 1_000, false, &[drift; 40], &[Step::Trade(which, buys, 1)]);
        let mut taken = false;
        while world.now_us < START + 1_100 * SECOND {
            world.now_us += 2 * SECOND - world.now_us % (2 * SECOND);
            world.exchange.advance(world.now_us);
            let position = world.exchange.positions(world.now_us).into_iter().find(|held| held.size != 0);
            let Some(position) = position else {
                taken = true;
                break;
            };
            let mark = world.exchange.mark_by_id(position.product_id).unwrap();
            let liquidation = world.exchange.risk_of(&position).liquidation.unwrap();
            assert!(
                (mark - liquidation) * Decimal::from(position.size) > Decimal::ZERO,
                "{mark} {liquidation}"
            );
        }
        let fills = world.exchange.fills(world.now_us);
        assert!(taken && fills[0].kind == FillKind::Liquidation, "{fills:?}");
    }
}
