//! What of the market is published as changes: books with a sequence and a checksum, trades, and funding.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::event::{BookUpdate, Channel, PriceLevel, VenueEvent};
use super::market::chain::Product;
use super::published::BothSides;
use super::state::Exchange;
use super::time::{self, Micros, SECOND_US};

/// Levels of each side that the checksum covers.
const CHECKED: usize = 10;
const FUNDING_S: i64 = 8 * 3_600;

type Sides = BothSides<Vec<PriceLevel>>;

/// A book as it was last told, with its number.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    seq: u64,
    sides: Sides,
}

impl Exchange {
    /// The whole book with the number from which its updates go on.
    pub fn book_snapshot(&mut self, now_us: Micros, product: &Product) -> BookUpdate {
        self.run_to(now_us);
        let followed = self.watched_products(Channel::Updates).contains(product);
        if !followed || !self.published.updates.contains_key(&product.id) {
            let quote = self.quote(product);
            let sides = self.displayed(product, &quote);
            let seq = self.published.updates.get(&product.id).map_or(0, |told| told.seq) + 1;
            self.published.updates.insert(product.id, Told { seq, sides });
        }
        let told = &self.published.updates[&product.id];
        let (bids, asks) = told.sides.clone();
        let checksum = checksum(&told.sides);
        let (symbol, seq) = (product.symbol.clone(), told.seq);
        BookUpdate { symbol, whole: true, bids, asks, seq, checksum, at_us: self.now_us }
    }

    /// Books that changed, ten times a second.
    pub(crate) fn publish_updates(&mut self, at_us: Micros) {
        for product in self.watched_products(Channel::Updates) {
            let quote = self.quote(&product);
            let sides = self.displayed(&product, &quote);
            let Some(told) = self.published.updates.get_mut(&product.id) else { continue };
            if told.sides == sides {
                continue;
            }
            let (bids, asks) = (changed(&told.sides.0, &sides.0), changed(&told.sides.1, &sides.1));
            let (seq, checksum) = (told.seq + 1, checksum(&sides));
            *told = Told { seq, sides };
            let update =
                BookUpdate { symbol: product.symbol, whole: false, bids, asks, seq, checksum, at_us };
            self.emit(at_us, VenueEvent::Updates(Box::new(update)));
        }
    }

    /// Trades since the last second.
    pub(crate) fn publish_trades(&mut self, at_us: Micros) {
        for product in self.watched_products(Channel::Trades) {
            let since_us = self.published.trades.insert(product.id, at_us).unwrap_or(at_us);
            let mut prints = self.prints(&product);
            prints.retain(|print| (since_us..at_us).contains(&print.at_us));
            prints.reverse();
            for print in prints {
                self.emit(at_us, VenueEvent::Trade { symbol: product.symbol.clone(), print, at_us });
            }
        }
    }

    /// The funding of each perpetual that is watched.
    pub(crate) fn publish_funding(&mut self, at_us: Micros) {
        for product in self.watched_products(Channel::Funding) {
            if let Some(rate) = self.funding_rate(&product) {
                let next_us = next_funding_us(at_us);
                self.emit(at_us, VenueEvent::Funding { symbol: product.symbol, rate, next_us, at_us });
            }
        }
    }
}

/// When funding is paid after `now_us`.
pub(crate) fn next_funding_us(now_us: Micros) -> Micros {
    (time::seconds(now_us).div_euclid(FUNDING_S) + 1) * FUNDING_S * SECOND_US
}

/// Levels that are new or another size, and with 0 lots those that are gone.
fn changed(before: &[PriceLevel], after: &[PriceLevel]) -> Vec<PriceLevel> {
    let old: BTreeMap<Decimal, i64> = before.iter().copied().collect();
    let new: BTreeMap<Decimal, i64> = after.iter().copied().collect();
    let gone = before.iter().filter(|(price, _)| !new.contains_key(price)).map(|(price, _)| (*price, 0));
    let fresh = after.iter().filter(|(price, lots)| old.get(price) != Some(lots)).copied();
    gone.chain(fresh).collect()
}

/// CRC32 of the ten best asks and the ten best bids, `price:lots` with commas, a bar between the sides.
fn checksum(sides: &Sides) -> u32 {
    let side = |levels: &[PriceLevel]| {
        let rows = levels.iter().take(CHECKED).map(|(price, lots)| format!("{price}:{lots}"));
        rows.collect::<Vec<_>>().join(",")
    };
    crc32(format!("{}|{}", side(&sides.1), side(&sides.0)).as_bytes())
}

/// The checksum of ZIP and Ethernet (polynomial 0xEDB88320, reflected).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _bit in 0..8 {
            let out = crc & 1;
            crc >>= 1;
            crc ^= 0xEDB8_8320 * out;
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(rows: &[(&str, i64)]) -> Vec<PriceLevel> {
        rows.iter().map(|(price, lots)| (price.parse().unwrap(), *lots)).collect()
    }

    /// Both frames that the documents print.
    #[test]
    fn documented_checksums_are_reproduced() {
        let asks = levels(&[("16919.0", 1087), ("16919.5", 1193), ("16920.0", 510)]);
        let bids = levels(&[("16918.0", 602), ("16917.5", 1792), ("16917.0", 2039)]);
        let first = (bids, asks);
        assert_eq!(checksum(&first), 2_178_756_498);
        let asks = levels(&[("16919.5", 710), ("16920.0", 510)]);
        let bids = levels(&[("16918.5", 304), ("16918.0", 602), ("16917.5", 1792), ("16917.0", 2039)]);
        let second = (bids, asks);
        assert_eq!(checksum(&second), 3_409_694_612);
        assert_eq!(changed(&first.1, &second.1), levels(&[("16919.0", 0), ("16919.5", 710)]));
        assert_eq!(changed(&first.0, &second.0), levels(&[("16918.5", 304)]));
    }

    #[test]
    fn funding_is_paid_three_times_a_day() {
        let hour = 3_600 * SECOND_US;
        assert_eq!(next_funding_us(7 * hour), 8 * hour);
        assert_eq!(next_funding_us(8 * hour), 16 * hour);
        assert_eq!(next_funding_us(23 * hour), 24 * hour);
    }
}
