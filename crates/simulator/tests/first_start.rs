//! The first thing a new user sees, in virtual time: the quick strangle on the tape of 2022-01-05 at speed
//! 120 must earn its time value, arm its floor and end by it; started before the fall, it must lose.

use rust_decimal::Decimal;
use simulator::book::Side;
use simulator::chain::{Contract, Product};
use simulator::pricing::Right;
use simulator::{Exchange, OrderRequest, Setup, Source, Tape, TapeEnd, Underlying};

const START_US: i64 = 1_790_000_000_000_000; // 2026-09-21T14:13:20Z
const LOTS: i64 = 200;

struct Strangle {
    exchange: Exchange,
    legs: Vec<Product>,
    now_us: i64,
}

#[derive(Debug, PartialEq)]
enum Ended {
    Floor,
    MaxLoss,
    MaxProfit,
    Time,
}

impl Strangle {
    /// Sold `after_s` wall seconds into the tape: strikes 2 % from spot, first expiry a day or more away.
    fn enter(seed: u64, start_us: i64, after_s: i64) -> Strangle {
        let tape = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
        let mut exchange = Exchange::new(Setup { speed: 120, ..Setup::new(seed, tape, start_us) });
        let now_us = start_us + after_s * 1_000_000;
        let spot: f64 = exchange.spot(now_us, Underlying::Btc).try_into().unwrap();
        let products = exchange.products(now_us);
        let expiry_s =
            products.iter().filter_map(Product::expiry_s).find(|e| e * 1_000_000 - now_us >= 86_400_000_000);
        let nearest = |right: Right, wanted: f64| {
            let distance = |product: &&Product| match product.contract {
                Contract::Option { right: r, strike, .. } if r == right && product.expiry_s() == expiry_s => {
                    (f64::from(strike) - wanted).abs()
                }
                _ => f64::INFINITY,
            };
            products.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap().clone()
        };
        let legs = vec![nearest(Right::Call, spot * 1.02), nearest(Right::Put, spot * 0.98)];
        for leg in &legs {
            let order = exchange.place(now_us, &OrderRequest::market(leg.id, Side::Sell, LOTS)).unwrap();
            assert_eq!(order.unfilled, 0);
        }
        Strangle { exchange, legs, now_us }
    }

    /// What closing now would leave, fees and exit fees paid, USD.
    fn executable(&mut self) -> f64 {
        let mut total = self.exchange.wallet(self.now_us).balance - Decimal::from(100_000);
        for leg in &self.legs {
            let index = self.exchange.spot(self.now_us, Underlying::Btc);
            let mut left = LOTS;
            for (price, lots) in self.exchange.book(self.now_us, leg).asks {
                let taken = left.min(lots);
                left -= taken;
                total -= price * Decimal::from(taken) * leg.contract_value();
                total -= simulator::account::fee(leg, index, price, taken, Decimal::new(18, 2));
            }
            assert_eq!(left, 0, "the depth holds 200 lots");
        }
        total.try_into().unwrap()
    }

    /// Runs the preset's rules to their end; returns minutes to arming and to the end.
    fn run(mut self) -> (Ended, f64, f64, f64) {
        let start_us = self.now_us;
        let minutes = |us: i64| us as f64 / 60e6;
        let (mut peak, mut floor, mut armed) = (f64::MIN, 4.0_f64, f64::NAN);
        loop {
            self.now_us += 200_000;
            self.exchange.advance(self.now_us);
            let profit = self.executable();
            let at = minutes(self.now_us - start_us);
            if profit >= 12.0 && armed.is_nan() {
                armed = at;
            }
            if !armed.is_nan() {
                if profit <= floor && peak > f64::MIN {
                    return (Ended::Floor, armed, at, profit);
                }
                peak = peak.max(profit);
                floor = floor.max(3.0 * ((peak - 6.0) / 3.0).floor());
            }
            let ended = if profit <= -60.0 {
                Some(Ended::MaxLoss)
            } else if profit >= 40.0 {
                Some(Ended::MaxProfit)
            } else if at >= 10.0 {
                Some(Ended::Time)
            } else {
                None
            };
            if let Some(ended) = ended {
                return (ended, armed, at, profit);
            }
        }
    }
}

#[test]
fn started_early_it_arms_and_ends_by_its_floor() {
    for hour in [0, 12, 20] {
        for after_s in [0, 60, 180] {
            let (ended, armed, at, profit) =
                Strangle::enter(2, START_US + hour * 3_600_000_000, after_s).run();
            assert_eq!(ended, Ended::Floor, "hour {hour}, after {after_s} s");
            assert!(armed > 1.0 && armed < 6.0 && at < 8.0, "armed {armed}, ended {at} minutes");
            assert!(profit > 0.0, "{profit}");
        }
    }
}

#[test]
fn started_before_the_fall_it_loses_honestly() {
    for seed in 1..4 {
        let (ended, _, _, loss) = Strangle::enter(seed, START_US, 480).run();
        assert_eq!(ended, Ended::MaxLoss);
        assert!(loss < -60.0 && loss > -200.0, "{loss}");
    }
}
