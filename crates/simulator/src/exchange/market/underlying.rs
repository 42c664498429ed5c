//! What contracts are written on, and everything that differs between the two: names, sizes, price steps,
//! and how strongly the second follows the first.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An underlying of the venue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Underlying {
    /// On the tape or the seeded walk. The default, because state files of before there were two name none.
    #[default]
    Btc,
    /// Beside it.
    Eth,
}

impl Underlying {
    /// Every one, in the order of lists.
    pub const ALL: [Underlying; 2] = [Underlying::Btc, Underlying::Eth];

    /// Its symbol, such as `BTC`.
    pub fn symbol(self) -> &'static str {
        match self {
            Underlying::Btc => "BTC",
            Underlying::Eth => "ETH",
        }
    }

    /// The underlying of a symbol.
    pub fn of_symbol(symbol: &str) -> Option<Underlying> {
        Underlying::ALL.into_iter().find(|underlying| underlying.symbol() == symbol)
    }

    /// Symbol of its index: `.DE<UNDERLYING><QUOTE>`, but for Bitcoin.
    pub fn index_symbol(self) -> &'static str {
        match self {
            Underlying::Btc => ".DEXBTUSD",
            Underlying::Eth => ".DEETHUSD",
        }
    }

    /// Symbol of its perpetual future.
    pub fn perpetual_symbol(self) -> &'static str {
        match self {
            Underlying::Btc => "BTCUSD",
            Underlying::Eth => "ETHUSD",
        }
    }

    /// Product id of its perpetual future on the venue.
    pub fn perpetual_id(self) -> i64 {
        match self {
            Underlying::Btc => 27,
            Underlying::Eth => 3_136,
        }
    }

    /// Its id among the venue's assets.
    pub fn asset_id(self) -> i64 {
        match self {
            Underlying::Btc => 2,
            Underlying::Eth => 3,
        }
    }

    /// How much of it one lot is.
    pub fn contract_value(self) -> Decimal {
        match self {
            Underlying::Btc => Decimal::new(1, 3),
            Underlying::Eth => Decimal::new(1, 2),
        }
    }

    /// Prices of its contracts and its index are kept as whole units: USD with so many decimals.
    pub fn decimals(self) -> u32 {
        match self {
            Underlying::Btc => 1,
            Underlying::Eth => 2,
        }
    }

    /// Price units in a USD.
    pub fn units(self) -> i64 {
        10_i64.pow(self.decimals())
    }

    /// Price units as USD.
    pub fn price(self, units: i64) -> Decimal {
        Decimal::new(units, self.decimals())
    }

    /// Price units as USD, for pricing.
    pub fn usd(self, units: i64) -> f64 {
        units as f64 / self.units() as f64
    }

    /// Smallest price step of its options, in price units.
    pub fn option_tick(self) -> i64 {
        match self {
            Underlying::Btc => 1,
            Underlying::Eth => 5,
        }
    }

    /// Smallest price step of its perpetual, in price units.
    pub fn perpetual_tick(self) -> i64 {
        match self {
            Underlying::Btc | Underlying::Eth => 5,
        }
    }

    /// USD between neighbouring strikes, of options with so many units of it: every second unit under three
    /// days, every fifth under ten, else every tenth. Ether's is a sixteenth of Bitcoin's in whole USD, so
    /// that both chains have the same percentages between strikes.
    pub fn strike_unit(self) -> i64 {
        match self {
            Underlying::Btc => 100,
            Underlying::Eth => 6,
        }
    }

    /// Its volatility, as a multiple of Bitcoin's.
    pub fn volatility_factor(self) -> f64 {
        match self {
            Underlying::Btc => 1.0,
            Underlying::Eth => 1.2,
        }
    }
}
