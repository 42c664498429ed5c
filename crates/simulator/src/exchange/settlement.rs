//! What the wall calendar brings: the settlement mean and settlement at 12:00:00 UTC, funding of the
//! perpetual, and the clock of time value while something is held.

use rust_decimal::Decimal;

use super::account::{self, Fill, FillKind, Role};
use super::book::Side;
use super::chain::{self, Contract, PERPETUAL_ID, Product};
use super::decay::Decay;
use super::event::{Level, Telling, VenueEvent};
use super::order::CancelReason;
use super::quote::rounded;
use super::state::Exchange;
use super::time::{self, DAY_S, EXPIRY_SECOND_OF_DAY, Micros};
use super::twap::Twap;

const FUNDING_EVERY_S: i64 = 8 * 3_600;

impl Exchange {
    pub(crate) fn sample_settlement(&mut self, now_s: i64) {
        self.state.twap.sample(now_s, self.state.market.index);
    }

    /// Settles every expiry whose time has come.
    pub(crate) fn settle_due(&mut self, now_s: i64, at_us: Micros) {
        let due: Vec<i64> = self.state.chain.expiries().filter(|expiry_s| *expiry_s <= now_s).collect();
        for expiry_s in due {
            let mean = self.state.twap.mean().unwrap_or_else(|| self.index());
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
            seq: self.state.account.next_fill_seq(&product.symbol),
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
            self.state.decay.entry(expiry_s).or_insert(Decay::new(now_us));
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
            decay.goes_on(account.holds(in_expiry), at_us)
        });
        self.uncommitted |= self.state.decay.len() != before;
    }
}
