//! A world for the engine: a small venue in virtual time with scripted faults, the journal, and a process that
//! can be killed. The venue shares no code with the engine's judges.
#![allow(dead_code)]

pub mod book;
pub mod venue;
pub mod world;

use model::instrument::{Instrument, OptionKind};
use model::{Configuration, Decimal, Micros, ProductId, Symbol, Underlying};

pub const SECOND: i64 = 1_000_000;

/// 2022-01-05 00:00:00 UTC.
pub const START: Micros = Micros(1_641_340_800_000_000);

pub fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

pub fn call() -> Symbol {
    Symbol::new("C-BTC-47000-070122")
}

pub fn put() -> Symbol {
    Symbol::new("P-BTC-45000-070122")
}

pub fn eth_call() -> Symbol {
    Symbol::new("C-ETH-2940-070122")
}

pub fn eth_put() -> Symbol {
    Symbol::new("P-ETH-2820-070122")
}

pub fn option(symbol: &Symbol, kind: OptionKind, strike: i64, product: u64) -> Instrument {
    let underlying = if symbol.as_str().contains("-ETH-") { "ETH" } else { "BTC" };
    Instrument {
        product_id: ProductId(product),
        symbol: symbol.clone(),
        underlying: Underlying::new(underlying),
        kind,
        strike: Decimal::from(strike),
        expiry: Micros(START.0 + 60 * 3_600 * SECOND),
        tick: if underlying == "ETH" { dec("0.05") } else { dec("0.1") },
        contract_value: if underlying == "ETH" { dec("0.01") } else { dec("0.001") },
        commission_rate: dec("0.0001"),
        commission_cap: dec("0.035"),
        fee_tax: model::instrument::FEE_TAX,
        maintenance_margin: dec("0.005"),
        initial_margin: dec("0.01"),
    }
}

/// The two options that `quick-strangle` sells with spot at 46,000, and the two of its sister on ETH at 2,880.
pub fn listed() -> Vec<Instrument> {
    vec![
        option(&call(), OptionKind::Call, 47_000, 1),
        option(&put(), OptionKind::Put, 45_000, 2),
        option(&eth_call(), OptionKind::Call, 2_940, 3),
        option(&eth_put(), OptionKind::Put, 2_820, 4),
    ]
}

pub fn preset(id: &str) -> Configuration {
    model::preset::preset(id).expect("a preset").configuration
}

pub fn quick_strangle() -> Configuration {
    preset("quick-strangle")
}

pub fn quick_strangle_eth() -> Configuration {
    preset("quick-strangle-eth")
}
