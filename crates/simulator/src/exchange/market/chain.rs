//! What is listed: the expiry calendar, and the strikes around spot.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::pricing::Right;
use super::product::highest_strike;
pub use super::product::{Contract, Product};
use super::underlying::Underlying;
use crate::exchange::time::{self, DAY_S, Date};

const SETTLED_KEPT: usize = 3;
/// Strikes are listed so far from spot, percent.
const REACH_PERCENT: i64 = 15;

/// An expiry that was settled: at which mean of the index, and what had been listed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settled {
    pub mean: Decimal,
    strikes: BTreeSet<u32>,
}

/// The listed options of one underlying, by expiry. Strikes are only added while an expiry lives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chain {
    #[serde(default)]
    underlying: Underlying,
    listed: BTreeMap<i64, BTreeSet<u32>>,
    settled: BTreeMap<i64, Settled>,
    around: i64,
    next_expiry_s: i64,
    /// When an expiry was listed, but for those of the beginning.
    #[serde(default)]
    launched: BTreeMap<i64, i64>,
}

impl Chain {
    /// Nothing listed yet.
    pub fn new(underlying: Underlying) -> Chain {
        Chain { underlying, ..Chain::default() }
    }

    /// Lists what calendar and spot (in price units) ask for; cheap when neither moved. True if
    /// anything was added.
    pub fn refresh(&mut self, now_s: i64, index: i64) -> bool {
        let dates = calendar(now_s);
        let first = dates.first().copied().unwrap_or_default();
        let (unit, units) = (self.underlying.strike_unit(), self.underlying.units());
        if first == self.next_expiry_s && (index - self.around).abs() < unit * units {
            return false;
        }
        let begins = self.next_expiry_s == 0;
        (self.next_expiry_s, self.around) = (first, index);
        let mut added = false;
        for expiry_s in dates {
            if !begins && !self.listed.contains_key(&expiry_s) {
                self.launched.insert(expiry_s, now_s);
            }
            let step = unit * strike_units(expiry_s - now_s);
            let low = index * (100 - REACH_PERCENT) / (100 * units);
            let high = (index * (100 + REACH_PERCENT) / (100 * units)).min(highest_strike(self.underlying));
            let strikes = self.listed.entry(expiry_s).or_default();
            for strike in (low / step + 1)..=(high / step) {
                added |= u32::try_from(strike * step).is_ok_and(|strike| strikes.insert(strike));
            }
        }
        added
    }

    /// Expiries that are trading, soonest first, in Unix seconds.
    pub fn expiries(&self) -> impl Iterator<Item = i64> + '_ {
        self.listed.keys().copied()
    }

    /// Strikes trading in an expiry, in USD.
    pub fn strikes(&self, expiry_s: i64) -> impl Iterator<Item = u32> + '_ {
        self.listed.get(&expiry_s).into_iter().flatten().copied()
    }

    /// Every trading product: the perpetual, then options by expiry, strike, call before put.
    pub fn products(&self) -> Vec<Product> {
        let options = self.listed.iter().flat_map(|(expiry_s, strikes)| self.both_rights(*expiry_s, strikes));
        std::iter::once(Product::of(self.underlying, Contract::Perpetual)).chain(options).collect()
    }

    /// When an expiry was listed, Unix seconds; none for those of the beginning.
    pub fn launched_s(&self, expiry_s: i64) -> Option<i64> {
        self.launched.get(&expiry_s).copied()
    }

    /// The mean of the index at which an expiry was settled, while it is remembered.
    pub fn settled_at(&self, expiry_s: i64) -> Option<Decimal> {
        self.settled.get(&expiry_s).map(|settled| settled.mean)
    }

    /// Products of the last settled expiries with their settlement prices.
    pub fn settled_products(&self) -> Vec<(Product, Decimal)> {
        let of = |(expiry_s, settled): (&i64, &Settled)| {
            let price = |product: Product| {
                let pays = payoff(product.contract, settled.mean);
                (product, pays)
            };
            self.both_rights(*expiry_s, &settled.strikes).map(price).collect::<Vec<_>>()
        };
        self.settled.iter().flat_map(of).collect()
    }

    /// True while the product, one of this underlying, trades.
    pub fn lists(&self, product: &Product) -> bool {
        match product.contract {
            Contract::Perpetual => true,
            Contract::Option { strike, expiry_s, .. } => {
                self.listed.get(&expiry_s).is_some_and(|strikes| strikes.contains(&strike))
            }
        }
    }

    /// Ends an expiry at this mean of the index.
    pub fn settle(&mut self, expiry_s: i64, mean: Decimal) {
        self.launched.remove(&expiry_s);
        if let Some(strikes) = self.listed.remove(&expiry_s) {
            self.settled.insert(expiry_s, Settled { mean, strikes });
        }
        while self.settled.len() > SETTLED_KEPT {
            self.settled.pop_first();
        }
    }

    fn both_rights(&self, expiry_s: i64, strikes: &BTreeSet<u32>) -> impl Iterator<Item = Product> {
        let underlying = self.underlying;
        let both = move |strike: u32| {
            [Right::Call, Right::Put]
                .map(|right| Product::of(underlying, Contract::Option { right, strike, expiry_s }))
        };
        strikes.iter().copied().flat_map(both)
    }
}

/// What an option on one whole unit pays at expiry, USD; 0 for a perpetual, which never expires.
pub fn payoff(contract: Contract, mean: Decimal) -> Decimal {
    match contract {
        Contract::Option { right: Right::Call, strike, .. } => {
            (mean - Decimal::from(strike)).max(Decimal::ZERO)
        }
        Contract::Option { right: Right::Put, strike, .. } => {
            (Decimal::from(strike) - mean).max(Decimal::ZERO)
        }
        Contract::Perpetual => Decimal::ZERO,
    }
}

/// The prices of Bitcoin for which a chain can be built, whole USD: low enough for at least two strikes of the
/// next expiries around it, and for strikes that have product ids.
pub(super) fn playable_usd() -> (i64, i64) {
    let btc = Underlying::Btc;
    let two_steps = 2 * btc.strike_unit() * strike_units(0);
    let least = (two_steps * 100).div_euclid(2 * REACH_PERCENT) + 1;
    (least, highest_strike(btc) * 100 / (100 + REACH_PERCENT))
}

/// Strike units between neighbouring strikes of an expiry.
fn strike_units(seconds_left: i64) -> i64 {
    if seconds_left < 3 * DAY_S {
        2
    } else if seconds_left < 10 * DAY_S {
        5
    } else {
        10
    }
}

/// The eight expiries to list at `now_s`: three dailies, the three Fridays after them, and the last
/// Fridays of the next two months after those (the venue's weeklies and monthlies), 12:00 UTC.
fn calendar(now_s: i64) -> Vec<i64> {
    let today = time::day_of(now_s);
    let first = if time::expiry_of_day(today) > now_s { today } else { today + 1 };
    let mut days: Vec<i64> = (first..first + 3).collect();
    let fridays = (first + 3..).filter(|day| time::is_friday(*day));
    days.extend(fridays.take(3));
    let after = days.last().copied().unwrap_or(first) + 1;
    let ends_month =
        |day: &i64| time::is_friday(*day) && Date::from_day(*day).month != Date::from_day(*day + 7).month;
    days.extend((after..).filter(ends_month).take(2));
    days.into_iter().map(time::expiry_of_day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_matches_the_expiries_seen_on_2026_09_01() {
        let now_s = Date { year: 2026, month: 9, day: 1 }.to_day() * DAY_S + 46_000;
        let codes: Vec<_> = calendar(now_s).iter().map(|s| Date::from_day(time::day_of(*s)).code()).collect();
        assert_eq!(codes, ["020926", "030926", "040926", "110926", "180926", "250926", "301026", "271126"]);
    }

    #[test]
    fn symbols_and_ids_name_the_same_product() {
        for (underlying, index, symbol) in [
            (Underlying::Btc, 776_519, "C-BTC-78200-040926"),
            (Underlying::Eth, 485_324, "P-ETH-4860-040926"),
        ] {
            let mut chain = Chain::new(underlying);
            assert!(chain.refresh(1_788_431_318, index));
            assert!(!chain.refresh(1_788_431_319, index + 81));
            let products = chain.products();
            assert!(products.iter().any(|product| product.symbol == symbol));
            for product in products {
                assert_eq!(Product::parse(&product.symbol).as_ref(), Some(&product));
                assert_eq!(Product::from_id(product.id).as_ref(), Some(&product));
                assert!(chain.lists(&product));
            }
        }
        for wrong in ["C-BTC-78200", "X-BTC-1-040926", "C-SOL-200-040926", "C-BTC-078200-040926", "ETH"] {
            assert_eq!(Product::parse(wrong), None, "{wrong}");
        }
    }

    /// The same percentages of spot for both: 200, 500 and 1,000 USD of 45,000; 12, 30 and 60 of 2,812.5.
    #[test]
    fn strikes_are_scaled_to_the_same_percentages() {
        let now_s = 1_788_431_318;
        let listed = |underlying: Underlying, index: i64| {
            let mut chain = Chain::new(underlying);
            chain.refresh(now_s, index);
            let of = |expiry_s: i64| {
                let strikes: Vec<u32> = chain.strikes(expiry_s).collect();
                (strikes[1] - strikes[0], strikes[0], strikes[strikes.len() - 1], strikes.len())
            };
            chain.expiries().map(of).collect::<Vec<_>>()
        };
        let btc = listed(Underlying::Btc, 450_000);
        let eth = listed(Underlying::Eth, 281_250);
        let dailies = [(200, 38_400, 51_600, 67), (12, 2_400, 3_228, 70)];
        assert_eq!((btc[0], eth[0]), (dailies[0], dailies[1]));
        let weekly = [(500, 38_500, 51_500, 27), (30, 2_400, 3_210, 28)];
        assert_eq!((btc[3], eth[3]), (weekly[0], weekly[1]));
        let monthly = [(1_000, 39_000, 51_000, 13), (60, 2_400, 3_180, 14)];
        assert_eq!((btc[7], eth[7]), (monthly[0], monthly[1]));
        for (btc, eth) in btc.iter().zip(&eth) {
            let (of_btc, of_eth) = (f64::from(btc.0) / 45_000.0, f64::from(eth.0) / 2_812.5);
            assert!((of_eth / of_btc - 1.0).abs() < 0.05, "{btc:?} {eth:?}");
        }
    }

    /// No index, however high, lists two products under one id.
    #[test]
    fn ids_stay_apart_at_every_price() {
        for (underlying, index) in [(Underlying::Btc, 9_000_000), (Underlying::Eth, 90_000_000)] {
            let mut chain = Chain::new(underlying);
            chain.refresh(1_788_431_318, index);
            for product in chain.products() {
                assert_eq!(Product::from_id(product.id), Some(product));
            }
        }
    }
}
