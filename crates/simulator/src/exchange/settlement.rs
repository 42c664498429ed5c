//! What the wall calendar brings: the settlement mean and settlement at 12:00:00 UTC, funding of the
//! perpetual, and the clock of time value while something is held.

use rust_decimal::Decimal;

use super::account::{self, Deal, Fill, FillKind, Role};
use super::event::{Level, Telling, VenueEvent};
use super::market::book::Side;
use super::market::chain::{self, Contract, Product};
use super::market::quote::rounded;
use super::market::{Decay, Twap, Underlying};
use super::order::CancelReason;
use super::state::{Exchange, State};
use super::time::{self, DAY_S, EXPIRY_SECOND_OF_DAY, Micros};

const FUNDING_EVERY_S: i64 = 8 * 3_600;

impl Exchange {
    /// Settles every expiry whose time has come.
    pub(crate) fn settle_due(&mut self, now_s: i64, at_us: Micros) {
        let mut settled = false;
        for underlying in Underlying::ALL {
            let segment = &self.state.segments[underlying];
            let due: Vec<i64> = segment.chain.expiries().filter(|expiry_s| *expiry_s <= now_s).collect();
            for expiry_s in due {
                let mean = self.state.segments[underlying].twap.mean(underlying);
                let mean = mean.unwrap_or_else(|| self.index(underlying));
                self.settle(underlying, expiry_s, mean, at_us);
                settled = true;
            }
            if now_s.rem_euclid(DAY_S) == EXPIRY_SECOND_OF_DAY {
                self.state.segments[underlying].twap = Twap::default();
            }
        }
        if settled {
            self.state.account.forget_expired(now_s);
        }
    }

    fn settle(&mut self, underlying: Underlying, expiry_s: i64, mean: Decimal, at_us: Micros) {
        let expires =
            |id: i64| Product::from_id(id).is_some_and(|product| product.expires_in(underlying, expiry_s));
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
        let segment = &mut self.state.segments[underlying];
        segment.chain.settle(expiry_s, mean);
        segment.decay.remove(&expiry_s);
        self.state.books.retain(|id, _| !expires(*id));
        self.published.days.retain(|id, _| !expires(*id));
        self.published.updates.retain(|id, _| !expires(*id));
        self.published.trades.retain(|id, _| !expires(*id));
        self.published.forget_products();
        self.uncommitted = true;
        self.emit(at_us, VenueEvent::Settled { underlying, expiry_s, mean, at_us });
        let (symbol, expiry) = (underlying.symbol(), time::iso_seconds(expiry_s));
        let telling = Telling {
            name: "simulator.expiry_settled",
            level: Level::Info,
            message: format!(
                "the expiry {expiry} of {symbol} was settled at {mean}, {} positions closed",
                held.len()
            ),
            payload: serde_json::json!({
                "underlying": symbol, "expiry": expiry, "mean": mean.to_string(), "positions": held.len(),
            }),
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
        let deal = Deal { side, lots: size.abs(), price, index: mean, fee };
        let (position_after, cash) = self.state.account.book(&product, deal, at_us);
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
            order: None,
            cash,
            charge: Decimal::ZERO,
        };
        self.state.account.remember(fill.clone());
        self.emit_private(at_us, VenueEvent::Fill(Box::new(fill)));
        self.tell_position(product_id, false);
    }

    /// Funding of each perpetual at 00, 08 and 16 UTC: the holder of a long position pays `mark × b`.
    pub(crate) fn pay_funding(&mut self, now_s: i64, at_us: Micros) {
        if now_s.rem_euclid(FUNDING_EVERY_S) != 0 {
            return;
        }
        for underlying in Underlying::ALL {
            let size = self.state.account.size(underlying.perpetual_id());
            if size != 0 {
                self.pay_funding_of(underlying, size, at_us);
            }
        }
    }

    fn pay_funding_of(&mut self, underlying: Underlying, size: i64, at_us: Micros) {
        let perpetual = Product::of(underlying, Contract::Perpetual);
        let mark = self.quote(&perpetual).mark_decimal();
        let rate = rounded(self.state.segments[underlying].course.basis, 8);
        let paid = (mark * rate * Decimal::from(size) * perpetual.contract_value()).round_dp(8);
        self.state.account.balance -= paid;
        self.state.account.remember_funding(perpetual.id, paid, at_us);
        self.uncommitted = true;
        let symbol = &perpetual.symbol;
        let telling = Telling {
            name: "simulator.funding_paid",
            level: Level::Info,
            message: format!("funding of {paid} USD was charged on {size} lots of {symbol}"),
            payload: serde_json::json!({
                "symbol": symbol, "paid": paid.to_string(), "rate": rate.to_string(), "size": size,
            }),
        };
        self.emit(at_us, VenueEvent::Note(telling));
    }

    /// Starts the faster decay at the first fill in an expiry.
    pub(crate) fn begin_decay(&mut self, product: &Product, now_us: Micros) {
        if let Some(expiry_s) = product.expiry_s() {
            let decay = &mut self.state.segments[product.underlying].decay;
            decay.entry(expiry_s).or_insert(Decay::new(now_us));
        }
    }

    /// Ends it once nothing was held or resting in the expiry for five seconds.
    pub(crate) fn release_decay(&mut self, at_us: Micros) {
        let State { segments, account, .. } = &mut self.state;
        for underlying in Underlying::ALL {
            let decay = &mut segments[underlying].decay;
            let before = decay.len();
            decay.retain(|expiry_s, decay| {
                let in_expiry = |id| {
                    Product::from_id(id).is_some_and(|product| product.expires_in(underlying, *expiry_s))
                };
                decay.goes_on(account.holds(in_expiry), at_us)
            });
            self.uncommitted |= decay.len() != before;
        }
    }
}
