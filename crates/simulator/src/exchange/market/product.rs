//! Contracts and their names. Ids are a function of what the product is, so nothing about a product needs
//! to be stored to know it again.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::pricing::Right;
use super::underlying::Underlying;
use crate::exchange::time::{self, Date};

const FIRST_DAY: i64 = 18_262; // 2020-01-01

/// The terms of one contract, but for what it is written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Contract {
    /// European, cash-settled. Strike in USD, expiry in Unix seconds.
    Option { right: Right, strike: u32, expiry_s: i64 },
    /// Linear perpetual future.
    Perpetual,
}

/// A contract with its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: i64,
    pub symbol: String,
    pub underlying: Underlying,
    pub contract: Contract,
}

/// The price steps of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Smallest step, in price units.
    pub tick: i64,
    /// Price units in a USD.
    pub units: i64,
}

impl Grid {
    /// Smallest step in USD.
    pub fn tick_usd(self) -> f64 {
        self.tick as f64 / self.units as f64
    }
}

/// How option ids are laid out: the first id, and how many strikes a day has room for.
fn numbering(underlying: Underlying) -> (i64, i64) {
    match underlying {
        Underlying::Btc => (0, 4_096),
        Underlying::Eth => (1_000_000_000, 16_384),
    }
}

/// Highest strike for which an underlying has a product id, USD.
pub fn highest_strike(underlying: Underlying) -> i64 {
    let (_, strikes_a_day) = numbering(underlying);
    (strikes_a_day - 1) * underlying.strike_unit()
}

impl Product {
    /// The product of these terms.
    pub fn of(underlying: Underlying, contract: Contract) -> Product {
        let (id, symbol) = match contract {
            Contract::Perpetual => (underlying.perpetual_id(), underlying.perpetual_symbol().to_owned()),
            Contract::Option { right, strike, expiry_s } => {
                let day = time::day_of(expiry_s);
                let (letter, put) = match right {
                    Right::Call => ('C', 0),
                    Right::Put => ('P', 1),
                };
                let code = Date::from_day(day).code();
                let symbol = format!("{letter}-{}-{strike}-{code}", underlying.symbol());
                let (first, strikes_a_day) = numbering(underlying);
                let number = (day - FIRST_DAY) * strikes_a_day + i64::from(strike) / underlying.strike_unit();
                (first + number * 2 + put, symbol)
            }
        };
        Product { id, symbol, underlying, contract }
    }

    /// Reads a symbol such as `C-BTC-90000-310125`; whether it is listed is another question.
    pub fn parse(symbol: &str) -> Option<Product> {
        let perpetual = |underlying: &Underlying| underlying.perpetual_symbol() == symbol;
        if let Some(underlying) = Underlying::ALL.into_iter().find(perpetual) {
            return Some(Product::of(underlying, Contract::Perpetual));
        }
        let mut parts = symbol.split('-');
        let right = match parts.next()? {
            "C" => Right::Call,
            "P" => Right::Put,
            _other => return None,
        };
        let underlying = Underlying::of_symbol(parts.next()?)?;
        let strike = parts.next()?.parse().ok()?;
        let expiry_s = time::expiry_of_day(Date::from_code(parts.next()?)?.to_day());
        let product = Product::of(underlying, Contract::Option { right, strike, expiry_s });
        (parts.next().is_none() && product.symbol == symbol).then_some(product)
    }

    /// The product of an id; the inverse of [`Product::of`].
    pub fn from_id(id: i64) -> Option<Product> {
        let perpetual = |underlying: &Underlying| underlying.perpetual_id() == id;
        if let Some(underlying) = Underlying::ALL.into_iter().find(perpetual) {
            return Some(Product::of(underlying, Contract::Perpetual));
        }
        let underlying = Underlying::ALL.into_iter().rfind(|underlying| id >= numbering(*underlying).0)?;
        let (first, strikes_a_day) = numbering(underlying);
        let right = if (id - first) % 2 == 0 { Right::Call } else { Right::Put };
        let number = (id - first) / 2;
        let strike = u32::try_from(number % strikes_a_day * underlying.strike_unit()).ok()?;
        let expiry_s = time::expiry_of_day(number / strikes_a_day + FIRST_DAY);
        (strike > 0).then(|| Product::of(underlying, Contract::Option { right, strike, expiry_s }))
    }

    /// Expiry in Unix seconds; none for a perpetual.
    pub fn expiry_s(&self) -> Option<i64> {
        match self.contract {
            Contract::Option { expiry_s, .. } => Some(expiry_s),
            Contract::Perpetual => None,
        }
    }

    /// True if it is an option on this underlying that expires then.
    pub fn expires_in(&self, underlying: Underlying, expiry_s: i64) -> bool {
        self.underlying == underlying && self.expiry_s() == Some(expiry_s)
    }

    /// Its price steps.
    pub fn grid(&self) -> Grid {
        let tick = match self.contract {
            Contract::Option { .. } => self.underlying.option_tick(),
            Contract::Perpetual => self.underlying.perpetual_tick(),
        };
        Grid { tick, units: self.underlying.units() }
    }

    /// Smallest price step in USD.
    pub fn tick_size(&self) -> Decimal {
        self.underlying.price(self.grid().tick)
    }

    /// How much of the underlying one lot is.
    pub fn contract_value(&self) -> Decimal {
        self.underlying.contract_value()
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

    /// Chain token such as `BTC-310125` under which its whole expiry can be subscribed.
    pub fn chain_token(&self) -> Option<String> {
        let token = |expiry_s: i64| {
            format!("{}-{}", self.underlying.symbol(), Date::from_day(time::day_of(expiry_s)).code())
        };
        self.expiry_s().map(token)
    }
}
