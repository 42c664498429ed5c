//! What the wall calendar brings: the settlement mean and settlement at 12:00:00 UTC, funding of the
//! perpetual, and the clock of time value while something is held.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::account::{self, Fill, FillKind, Role};
use crate::book::Side;
use crate::chain::{self, Contract, PERPETUAL_ID, Product};
use crate::event::{Level, Telling, VenueEvent};
use crate::exchange::Exchange;
use crate::matching::next;
use crate::order::CancelReason;
use crate::quote::rounded;
use crate::time::{self, DAY_S, EXPIRY_SECOND_OF_DAY, Micros, SECOND_US};

const WINDOW_S: i64 = 1_800;
const FUNDING_EVERY_S: i64 = 8 * 3_600;
const FLAT_FOR_US: Micros = 5 * SECOND_US;

/// When time value of an expiry began to decay faster, and since when nobody holds anything in it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Decay {
    pub first_fill_us: Micros,
    flat_since_us: Option<Micros>,
}

/// One-second samples of the index in the half hour before 12:00 UTC.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Twap {
    sum: i64,
    count: i64,
}

impl Twap {
    /// Mean so far, USD.
    pub fn mean_usd(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / 10.0)
    }
}

impl Exchange {
    pub(crate) fn sample_settlement(&mut self, now_s: i64) {
        let left = EXPIRY_SECOND_OF_DAY - now_s.rem_euclid(DAY_S);
        if left > 0 && left <= WINDOW_S {
            if left == WINDOW_S {
                self.state.twap = Twap::default();
            }
            self.state.twap.sum += self.state.market.index;
            self.state.twap.count += 1;
        }
    }

    /// Settles every expiry whose time has come.
    pub(crate) fn settle_due(&mut self, now_s: i64, at_us: Micros) {
        let due: Vec<i64> = self.state.chain.expiries().filter(|expiry_s| *expiry_s <= now_s).collect();
        for expiry_s in due {
            let mean = self.state.twap.mean_usd().map_or_else(|| self.index(), |mean| rounded(mean, 4));
            self.settle(expiry_s, mean, at_us);
        }
        if now_s.rem_euclid(DAY_S) == EXPIRY_SECOND_OF_DAY {
            self.state.twap = Twap::default();
        }
    }

    fn settle(&mut self, expiry_s: i64, mean: Decimal, at_us: Micros) {
        let expires =
            |id: i64| Product::from_id(id).is_some_and(|product| product.expiry_s() == Some(expiry_s));
        let live = self.state.account.live.values();
        let orders: Vec<i64> = live.filter(|order| expires(order.product_id)).map(|order| order.id).collect();
        for id in orders {
            self.end_order(id, CancelReason::Settlement);
        }
        let held = self.state.account.positions.values();
        let held: Vec<(i64, i64)> = held
            .filter(|position| position.size != 0 && expires(position.product_id))
            .map(|position| (position.product_id, position.size))
            .collect();
        for (product_id, size) in &held {
            self.settle_position(*product_id, *size, mean, at_us);
        }
        self.state.account.forget_expired(expiry_s);
        self.state.chain.settle(expiry_s, mean);
        self.state.books.retain(|id, _| !expires(*id));
        self.state.decay.remove(&expiry_s);
        self.published.forget_products();
        self.uncommitted = true;
        self.emit(at_us, VenueEvent::Settled { expiry_s, mean, at_us });
        let expiry = time::iso_seconds(expiry_s);
        let telling = Telling {
            name: "simulator.expiry_settled",
            level: Level::Info,
            message: format!("the expiry {expiry} was settled at {mean}, {} positions closed", held.len()),
            payload: serde_json::json!({ "expiry": expiry, "mean": mean.to_string(), "positions": held.len() }),
        };
        self.emit(at_us, VenueEvent::Note(telling));
    }

    fn settle_position(&mut self, product_id: i64, size: i64, mean: Decimal, at_us: Micros) {
        let Some(product) = Product::from_id(product_id) else { return };
        let price = chain::payoff(product.contract, mean);
        let side = if size > 0 { Side::Sell } else { Side::Buy };
        let fee = if self.quirks.settlement_fee {
            account::fee(&product, mean, price, size.abs(), self.tax)
        } else {
            Decimal::ZERO
        };
        let position_after = self.state.account.book(&product, side, size.abs(), price, fee, at_us);
        let fill = Fill {
            id: self.state.names.hex32(),
            order_id: self.state.names.uuid(),
            client_order_id: None,
            product_id,
            symbol: product.symbol.clone(),
            side,
            size: size.abs(),
            price,
            role: Role::Taker,
            kind: FillKind::Settlement,
            fee,
            position_after,
            seq: next(&mut self.state.account.fill_seq, &product.symbol),
            created_us: at_us,
        };
        self.state.account.remember(fill.clone());
        self.emit_private(at_us, VenueEvent::Fill(Box::new(fill)));
        self.tell_position(product_id);
    }

    /// Funding of the perpetual at 00, 08 and 16 UTC: the holder of a long position pays `mark × b`.
    pub(crate) fn pay_funding(&mut self, now_s: i64, at_us: Micros) {
        let size = self.state.account.size(PERPETUAL_ID);
        if size == 0 || now_s.rem_euclid(FUNDING_EVERY_S) != 0 {
            return;
        }
        let perpetual = Product::of(Contract::Perpetual);
        let mark = self.quote(&perpetual).mark_decimal();
        let rate = rounded(self.state.market.basis, 8);
        let paid = (mark * rate * Decimal::from(size) * perpetual.contract_value()).round_dp(6);
        self.state.account.balance -= paid;
        self.uncommitted = true;
        let telling = Telling {
            name: "simulator.funding_paid",
            level: Level::Info,
            message: format!("funding of {paid} USD was charged on {size} lots of the perpetual"),
            payload: serde_json::json!({ "paid": paid.to_string(), "rate": rate.to_string(), "size": size }),
        };
        self.emit(at_us, VenueEvent::Note(telling));
    }

    /// Starts the faster decay at the first fill in an expiry.
    pub(crate) fn begin_decay(&mut self, product: &Product, now_us: Micros) {
        if let Some(expiry_s) = product.expiry_s() {
            let fresh = Decay { first_fill_us: now_us, flat_since_us: None };
            self.state.decay.entry(expiry_s).or_insert(fresh);
        }
    }

    /// Ends it once nothing was held or resting in the expiry for five seconds.
    pub(crate) fn release_decay(&mut self, at_us: Micros) {
        if self.state.decay.is_empty() {
            return;
        }
        let account = &self.state.account;
        let before = self.state.decay.len();
        self.state.decay.retain(|expiry_s, decay| {
            let in_expiry =
                |id| Product::from_id(id).is_some_and(|product| product.expiry_s() == Some(*expiry_s));
            if account.holds(in_expiry) {
                decay.flat_since_us = None;
                return true;
            }
            at_us - *decay.flat_since_us.get_or_insert(at_us) < FLAT_FOR_US
        });
        self.uncommitted |= self.state.decay.len() != before;
    }
}
