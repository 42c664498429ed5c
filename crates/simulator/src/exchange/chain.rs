//! What is listed: the expiry calendar, the strikes around spot, and the products they make. Ids are a
//! function of what the product is, so nothing about a product needs to be stored to know it again.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::pricing::Right;
use super::time::{self, DAY_S, Date};

/// Underlying of every contract here.
pub const UNDERLYING: &str = "BTC";
/// Symbol of the index.
pub const INDEX_SYMBOL: &str = ".DEXBTUSD";
/// The perpetual future.
pub const PERPETUAL_SYMBOL: &str = "BTCUSD";
/// Its product id on the venue.
pub const PERPETUAL_ID: i64 = 27;

const FIRST_DAY: i64 = 18_262; // 2020-01-01
const STRIKE_UNIT: i64 = 100;
const STRIKES_A_DAY: i64 = 4_096;
const SETTLED_KEPT: usize = 3;

/// The terms of one contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Contract {
    /// European, cash-settled, on 0.001 BTC. Strike in USD, expiry in Unix seconds.
    Option { right: Right, strike: u32, expiry_s: i64 },
    /// Linear perpetual future on 0.001 BTC.
    Perpetual,
}

/// A contract with its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: i64,
    pub symbol: String,
    pub contract: Contract,
}

impl Product {
    /// The product of these terms.
    pub fn of(contract: Contract) -> Product {
        match contract {
            Contract::Perpetual => {
                Product { id: PERPETUAL_ID, symbol: PERPETUAL_SYMBOL.to_owned(), contract }
            }
            Contract::Option { right, strike, expiry_s } => {
                let day = time::day_of(expiry_s);
                let letter = if right == Right::Call { 'C' } else { 'P' };
                let symbol = format!("{letter}-{UNDERLYING}-{strike}-{}", Date::from_day(day).code());
                let number = (day - FIRST_DAY) * STRIKES_A_DAY + i64::from(strike) / STRIKE_UNIT;
                Product { id: number * 2 + i64::from(right == Right::Put), symbol, contract }
            }
        }
    }

    /// Reads a symbol such as `C-BTC-90000-310125`; whether it is listed is another question.
    pub fn parse(symbol: &str) -> Option<Product> {
        if symbol == PERPETUAL_SYMBOL {
            return Some(Product::of(Contract::Perpetual));
        }
        let mut parts = symbol.split('-');
        let right = match parts.next()? {
            "C" => Right::Call,
            "P" => Right::Put,
            _other => return None,
        };
        if parts.next()? != UNDERLYING {
            return None;
        }
        let strike = parts.next()?.parse().ok()?;
        let expiry_s = time::expiry_of_day(Date::from_code(parts.next()?)?.to_day());
        let product = Product::of(Contract::Option { right, strike, expiry_s });
        (parts.next().is_none() && product.symbol == symbol).then_some(product)
    }

    /// The product of an id; the inverse of [`Product::of`].
    pub fn from_id(id: i64) -> Option<Product> {
        if id == PERPETUAL_ID {
            return Some(Product::of(Contract::Perpetual));
        }
        let right = if id % 2 == 0 { Right::Call } else { Right::Put };
        let number = id / 2;
        let strike = u32::try_from(number % STRIKES_A_DAY * STRIKE_UNIT).ok().filter(|strike| *strike > 0)?;
        let expiry_s = time::expiry_of_day(number / STRIKES_A_DAY + FIRST_DAY);
        (id > 0).then(|| Product::of(Contract::Option { right, strike, expiry_s }))
    }

    /// Expiry in Unix seconds; none for the perpetual.
    pub fn expiry_s(&self) -> Option<i64> {
        match self.contract {
            Contract::Option { expiry_s, .. } => Some(expiry_s),
            Contract::Perpetual => None,
        }
    }

    /// Smallest price step, in tenths of a USD.
    pub fn tick(&self) -> i64 {
        match self.contract {
            Contract::Option { .. } => 1,
            Contract::Perpetual => 5,
        }
    }

    /// BTC in one lot: 0.001.
    pub fn contract_value(&self) -> Decimal {
        Decimal::new(1, 3)
    }

    /// Fee rate on the notional at the index, before tax.
    pub fn fee_rate(&self) -> Decimal {
        match self.contract {
            Contract::Option { .. } => Decimal::new(1, 4),
            Contract::Perpetual => Decimal::new(5, 4),
        }
    }

    /// Most that the fee may be, as a share of the premium, before tax.
    pub fn fee_cap(&self) -> Option<Decimal> {
        match self.contract {
            Contract::Option { .. } => Some(Decimal::new(35, 3)),
            Contract::Perpetual => None,
        }
    }

    /// The venue's `contract_type`.
    pub fn contract_type(&self) -> &'static str {
        match self.contract {
            Contract::Option { right: Right::Call, .. } => "call_options",
            Contract::Option { right: Right::Put, .. } => "put_options",
            Contract::Perpetual => "perpetual_futures",
        }
    }

    /// Chain token `BTC-DDMMYY` under which its whole expiry can be subscribed.
    pub fn chain_token(&self) -> Option<String> {
        self.expiry_s()
            .map(|expiry_s| format!("{UNDERLYING}-{}", Date::from_day(time::day_of(expiry_s)).code()))
    }
}

/// An expiry that was settled: at which mean of the index, and what had been listed in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settled {
    pub mean: Decimal,
    strikes: BTreeSet<u32>,
}

/// The listed options, by expiry. Strikes are only added while an expiry lives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chain {
    listed: BTreeMap<i64, BTreeSet<u32>>,
    settled: BTreeMap<i64, Settled>,
    around: i64,
    next_expiry_s: i64,
}

impl Chain {
    /// Lists what calendar and spot (tenths of a USD) ask for; cheap when neither moved. True if
    /// anything was added.
    pub fn refresh(&mut self, now_s: i64, index: i64) -> bool {
        let dates = calendar(now_s);
        let first = dates.first().copied().unwrap_or_default();
        if first == self.next_expiry_s && (index - self.around).abs() < STRIKE_UNIT * 10 {
            return false;
        }
        (self.next_expiry_s, self.around) = (first, index);
        let mut added = false;
        for expiry_s in dates {
            let step = strike_step(expiry_s - now_s);
            let (low, high) = (index * 85 / 1_000, index * 115 / 1_000);
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
        let options = self.listed.iter().flat_map(|(expiry_s, strikes)| both_rights(*expiry_s, strikes));
        std::iter::once(Product::of(Contract::Perpetual)).chain(options).collect()
    }

    /// The products of one trading expiry.
    pub fn of_expiry(&self, expiry_s: i64) -> Vec<Product> {
        self.listed.get(&expiry_s).into_iter().flat_map(|strikes| both_rights(expiry_s, strikes)).collect()
    }

    /// Products of the last settled expiries with their settlement prices.
    pub fn settled_products(&self) -> Vec<(Product, Decimal)> {
        let of = |(expiry_s, settled): (&i64, &Settled)| {
            let price = |product: Product| {
                let pays = payoff(product.contract, settled.mean);
                (product, pays)
            };
            both_rights(*expiry_s, &settled.strikes).map(price).collect::<Vec<_>>()
        };
        self.settled.iter().flat_map(of).collect()
    }

    /// True while the product trades.
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
        if let Some(strikes) = self.listed.remove(&expiry_s) {
            self.settled.insert(expiry_s, Settled { mean, strikes });
        }
        while self.settled.len() > SETTLED_KEPT {
            self.settled.pop_first();
        }
    }
}

/// What one BTC of the option pays at expiry, USD; 0 for the perpetual, which never expires.
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

fn both_rights(expiry_s: i64, strikes: &BTreeSet<u32>) -> impl Iterator<Item = Product> + use<'_> {
    strikes.iter().flat_map(move |strike| {
        [Right::Call, Right::Put]
            .map(|right| Product::of(Contract::Option { right, strike: *strike, expiry_s }))
    })
}

fn strike_step(seconds_left: i64) -> i64 {
    if seconds_left < 3 * DAY_S {
        200
    } else if seconds_left < 10 * DAY_S {
        500
    } else {
        1_000
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
        let mut chain = Chain::default();
        assert!(chain.refresh(1_788_431_318, 776_519));
        assert!(!chain.refresh(1_788_431_319, 776_600));
        let products = chain.products();
        assert!(products.iter().any(|product| product.symbol == "C-BTC-78200-040926"));
        for product in products {
            assert_eq!(Product::parse(&product.symbol).as_ref(), Some(&product));
            assert_eq!(Product::from_id(product.id).as_ref(), Some(&product));
            assert!(chain.lists(&product));
        }
        for wrong in ["C-BTC-78200", "X-BTC-1-040926", "C-ETH-4000-040926", "C-BTC-078200-040926"] {
            assert_eq!(Product::parse(wrong), None, "{wrong}");
        }
    }
}
