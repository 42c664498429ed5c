//! What others traded: prints, candles and the figures of a day. Nobody trades beside the account here, so they are a
//! function of the seed, the product and the past of the index, the same whenever they are asked for; the account's own
//! fills stand among them.

use rust_decimal::Decimal;

use super::account::{FillKind, Role};
use super::market::book::Side;
use super::market::chain::{Contract, Product};
use super::market::pricing;
use super::market::quote::{Quote, rounded};
use super::market::{FINE_S, IndexBar, MINUTE_S};
use super::state::Exchange;
use super::time::{self, DAY_S, Micros, SECOND_US};

/// Prints that are looked back for, in slots of five seconds.
const SLOTS: i64 = 120;
/// One slot in so many has a print.
const PRINT_EVERY: u64 = 3;
/// The figures of a day are made from so many parts of it.
const PARTS: i64 = 6;

/// One trade of others, or of the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Print {
    /// USD.
    pub price: Decimal,
    pub lots: i64,
    /// Who took.
    pub taker: Side,
    pub at_us: Micros,
}

/// Prices over some seconds, USD.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub start_s: i64,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    /// Lots; none where nothing is traded, as at an index.
    pub lots: Option<i64>,
}

/// What bars are of.
#[derive(Clone, Debug, PartialEq)]
pub enum Series {
    Trades(Product),
    Mark(Product),
    Index(super::market::Underlying),
}

/// The last 24 hours of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    /// Lots traded; 0 when there was no trade, and then the prices mean nothing.
    pub lots: i64,
    /// The mark a day ago.
    pub mark_then: Decimal,
    /// Open contracts of everybody.
    pub open_interest: i64,
}

/// A number that looks like chance and is the same each time (splitmix64).
fn draw(seed: u64, product_id: i64, number: i64) -> u64 {
    let mut z =
        seed ^ (product_id as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (number as u64).rotate_left(32);
    for factor in [0xBF58_476D_1CE4_E5B9_u64, 0x94D0_49BB_1331_11EB] {
        z = (z ^ (z >> 30)).wrapping_mul(factor);
    }
    z ^ (z >> 31)
}

/// How far from the money, in deviations until expiry; 0 for a perpetual.
fn distance(product: &Product, quote: &Quote) -> f64 {
    match product.contract {
        Contract::Perpetual => 0.0,
        Contract::Option { strike, .. } => {
            let width = (quote.sigma * quote.years.sqrt()).max(1e-6);
            ((f64::from(strike) / quote.forward).ln() / width).abs()
        }
    }
}

impl Exchange {
    /// The mark while the index was elsewhere, with the present volatility.
    fn mark_then(&self, product: &Product, quote: &Quote, index: i64, at_s: i64) -> f64 {
        let usd = product.underlying.usd(index);
        match product.contract {
            Contract::Perpetual => usd * (1.0 + self.state.segments[product.underlying].course.basis),
            Contract::Option { right, strike, .. } => {
                let earlier_s = (time::seconds(self.now_us) - at_s) as f64;
                let years = quote.years + earlier_s / pricing::YEAR_S;
                pricing::black_scholes(right, usd, f64::from(strike), years, quote.sigma).price
            }
        }
    }

    /// A mark as whole steps of the product, in price units, at least one step.
    fn stepped(product: &Product, usd: f64) -> i64 {
        let grid = product.grid();
        ((usd / grid.tick_usd()).round() as i64).max(1) * grid.tick
    }

    /// Latest trades of a product, newest first.
    pub fn prints(&self, product: &Product) -> Vec<Print> {
        let quote = self.quote(product);
        let now_slot = time::seconds(self.now_us).div_euclid(FINE_S);
        let mut prints: Vec<Print> =
            (now_slot - SLOTS..=now_slot).filter_map(|slot| self.print_of(product, &quote, slot)).collect();
        let own = self.state.account.fills.iter().rev().take(50);
        let own = own.filter(|fill| fill.product_id == product.id && fill.kind == FillKind::Normal);
        prints.extend(own.map(|fill| Print {
            price: fill.price,
            lots: fill.size,
            taker: if fill.role == Role::Taker { fill.side } else { fill.side.opposite() },
            at_us: fill.created_us,
        }));
        prints.sort_by_key(|print| std::cmp::Reverse(print.at_us));
        prints
    }

    fn print_of(&self, product: &Product, quote: &Quote, slot: i64) -> Option<Print> {
        let drawn = draw(self.state.seed, product.id, slot);
        if !drawn.is_multiple_of(PRINT_EVERY) {
            return None;
        }
        let at_us = slot * FINE_S * SECOND_US + (drawn >> 20) as i64 % (FINE_S * SECOND_US);
        if at_us > self.now_us {
            return None;
        }
        // What the index was when the slot began does not change while the slot goes on.
        let at_s = slot * FINE_S - 1;
        let mark = self.mark_then(product, quote, self.history[&product.underlying].at(at_s), at_s);
        let taker = if drawn & (1 << 8) == 0 { Side::Buy } else { Side::Sell };
        let beside = mark + quote.half * taker.sign() as f64;
        let price = product.underlying.price(Exchange::stepped(product, beside));
        Some(Print { price, lots: 1 + (drawn >> 40) as i64 % 60, taker, at_us })
    }

    /// Price of the last trade, in price units.
    pub(crate) fn last_trade_units(&self, product: &Product) -> i64 {
        use rust_decimal::prelude::ToPrimitive;
        let units = |print: &Print| (print.price * Decimal::from(product.grid().units)).to_i64();
        let mark = || Exchange::stepped(product, self.quote(product).mark);
        self.prints(product).first().and_then(units).unwrap_or_else(mark)
    }

    /// Bars of `seconds` that begin in a span, oldest first. Between and after what is known the last close stands;
    /// a span before all that is known is empty.
    pub fn bars(
        &mut self,
        now_us: Micros,
        series: &Series,
        seconds: i64,
        from_s: i64,
        to_s: i64,
    ) -> Vec<Bar> {
        self.run_to(now_us);
        let (underlying, product) = match series {
            Series::Trades(product) | Series::Mark(product) => (product.underlying, Some(product)),
            Series::Index(underlying) => (*underlying, None),
        };
        let quote = product.map(|product| self.quote(product));
        let first_s = from_s - from_s.rem_euclid(seconds);
        let mut bars: Vec<Bar> = Vec::new();
        for index in self.history[&underlying].bars(seconds < MINUTE_S, first_s, to_s) {
            let start_s = index.start_s - index.start_s.rem_euclid(seconds);
            let one = match (product, &quote) {
                (Some(product), Some(quote)) => self.bar_of(series, product, quote, index),
                (Some(_) | None, _) => index_bar(underlying, index),
            };
            join(&mut bars, one, start_s, seconds);
        }
        if let Some(last) = bars.last().cloned() {
            fill(&mut bars, last.start_s + seconds, to_s, seconds);
        }
        bars
    }

    /// One bar of the index as one of a product: its price goes with the index, or against it.
    fn bar_of(&self, series: &Series, product: &Product, quote: &Quote, index: &IndexBar) -> Bar {
        let price = |units: i64| {
            let mark = self.mark_then(product, quote, units, index.start_s);
            match series {
                Series::Trades(_) => product.underlying.price(Exchange::stepped(product, mark)),
                Series::Mark(_) | Series::Index(_) => rounded(mark, 8),
            }
        };
        let (at_high, at_low) = (price(index.high), price(index.low));
        let lots = match series {
            Series::Trades(_) => Some(self.lots_of(product, quote, index.start_s)),
            Series::Mark(_) | Series::Index(_) => None,
        };
        Bar {
            start_s: index.start_s,
            open: price(index.open),
            high: at_high.max(at_low),
            low: at_high.min(at_low),
            close: price(index.close),
            lots,
        }
    }

    /// Lots that others traded in a minute: fewer far from the money.
    fn lots_of(&self, product: &Product, quote: &Quote, start_s: i64) -> i64 {
        let drawn = (draw(self.state.seed, product.id, start_s) % 1_000) as f64 / 500.0;
        (40.0 * drawn * (-distance(product, quote)).exp()).floor() as i64
    }

    /// The last 24 hours of a product.
    pub(crate) fn day(&self, product: &Product, quote: &Quote) -> Day {
        let now_s = time::seconds(self.now_us);
        let history = &self.history[&product.underlying];
        let from_s = now_s - DAY_S;
        let mut high = f64::MIN;
        let mut low = f64::MAX;
        for part in 0..PARTS {
            let begin_s = from_s + part * DAY_S / PARTS;
            let end_s = begin_s + DAY_S / PARTS;
            let bars = history.bars(false, begin_s, end_s - 1);
            let reach = bars.fold(None, |reach: Option<(i64, i64)>, bar| {
                Some(reach.map_or((bar.high, bar.low), |(h, l)| (h.max(bar.high), l.min(bar.low))))
            });
            let Some((at_high, at_low)) = reach else { continue };
            for units in [at_high, at_low] {
                let mark = self.mark_then(product, quote, units, end_s.min(now_s));
                (high, low) = (high.max(mark), low.min(mark));
            }
        }
        let then = self.mark_then(product, quote, history.at(from_s), from_s);
        let usd = |mark: f64| product.underlying.price(Exchange::stepped(product, mark));
        let near = (-distance(product, quote)).exp();
        let drawn = (draw(self.state.seed, product.id, now_s.div_euclid(DAY_S)) % 1_000) as f64 / 500.0;
        Day {
            open: usd(then),
            high: usd(high.max(quote.mark).max(then)),
            low: usd(low.min(quote.mark).min(then)),
            close: usd(quote.mark),
            lots: (30_000.0 * drawn * near * near - 30.0).floor().max(0.0) as i64,
            mark_then: rounded(then, 8),
            open_interest: (9_000.0 * drawn * near).floor() as i64,
        }
    }
}

fn index_bar(underlying: super::market::Underlying, index: &IndexBar) -> Bar {
    let usd = |units: i64| underlying.price(units);
    Bar {
        start_s: index.start_s,
        open: usd(index.open),
        high: usd(index.high),
        low: usd(index.low),
        close: usd(index.close),
        lots: None,
    }
}

/// Takes a bar into the one that begins at `start_s`, or begins that, with the gap before it filled.
fn join(bars: &mut Vec<Bar>, one: Bar, start_s: i64, seconds: i64) {
    if let Some(last) = bars.last_mut().filter(|last| last.start_s == start_s) {
        (last.high, last.low) = (last.high.max(one.high), last.low.min(one.low));
        last.close = one.close;
        last.lots = last.lots.zip(one.lots).map(|(a, b)| a + b);
        return;
    }
    if let Some(last_s) = bars.last().map(|last| last.start_s) {
        fill(bars, last_s + seconds, start_s - 1, seconds);
    }
    bars.push(Bar { start_s, ..one });
}

/// Bars without a trade, at the last close.
fn fill(bars: &mut Vec<Bar>, from_s: i64, to_s: i64, seconds: i64) {
    const MOST: usize = 10_000;
    let Some(last) = bars.last().cloned() else { return };
    let (close, lots) = (last.close, last.lots.map(|_| 0));
    let mut start_s = from_s;
    while start_s <= to_s && bars.len() < MOST {
        bars.push(Bar { start_s, open: close, high: close, low: close, close, lots });
        start_s += seconds;
    }
}
