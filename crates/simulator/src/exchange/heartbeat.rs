//! The dead-man switch: a client that promised to be heard and is not has its orders cancelled. Positions stay.

use serde::{Deserialize, Serialize};

use super::market::chain::Product;
use super::order::{CancelReason, Order};
use super::state::Exchange;
use super::time::Micros;

/// A promise to be heard, and which orders are cancelled when it is broken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Empty lists mean every one.
    pub contract_types: Vec<String>,
    pub underlyings: Vec<String>,
    pub symbols: Vec<String>,
    /// It cancels orders; without, being late has no effect.
    pub cancels: bool,
    /// How often in a row it must be missed before orders are cancelled, at least once.
    pub unhealthy_count: i64,
    ttl_us: Micros,
    /// When it is missed next; none while it is off.
    due_us: Option<Micros>,
    missed: i64,
}

impl Heartbeat {
    fn covers(&self, order: &Order) -> bool {
        let Some(product) = Product::from_id(order.product_id) else { return false };
        let among = |list: &[String], name: &str| list.is_empty() || list.iter().any(|each| each == name);
        among(&self.contract_types, product.contract_type())
            && among(&self.underlyings, product.underlying.symbol())
            && among(&self.symbols, &product.symbol)
    }

    /// When it is missed next.
    pub fn due_us(&self) -> Option<Micros> {
        self.due_us
    }
}

impl Exchange {
    /// Keeps a promise under its id, off until it is first acknowledged.
    pub fn create_heartbeat(&mut self, now_us: Micros, id: &str, heartbeat: Heartbeat) {
        self.run_to(now_us);
        self.state.account.heartbeats.insert(id.to_owned(), heartbeat);
        self.uncommitted = true;
    }

    /// Hears a promise again: it is missed after `ttl_us`, or off with 0. None when there is none of that id.
    pub fn hear(&mut self, now_us: Micros, id: &str, ttl_us: Micros) -> Option<&Heartbeat> {
        self.run_to(now_us);
        let at_us = self.now_us;
        let heartbeat = self.state.account.heartbeats.get_mut(id)?;
        heartbeat.missed = 0;
        heartbeat.ttl_us = ttl_us;
        heartbeat.due_us = (ttl_us > 0).then_some(at_us + ttl_us);
        self.uncommitted = true;
        Some(heartbeat)
    }

    /// Every promise by its id.
    pub fn heartbeats(&self) -> impl Iterator<Item = (&String, &Heartbeat)> {
        self.state.account.heartbeats.iter()
    }

    /// Cancels what broken promises cover.
    pub(crate) fn miss_heartbeats(&mut self, at_us: Micros) {
        let mut broken = Vec::new();
        for heartbeat in self.state.account.heartbeats.values_mut() {
            if heartbeat.due_us.is_none_or(|due_us| due_us > at_us) {
                continue;
            }
            heartbeat.missed += 1;
            let over = heartbeat.missed >= heartbeat.unhealthy_count.max(1);
            heartbeat.due_us = (!over).then_some(at_us + heartbeat.ttl_us);
            if over && heartbeat.cancels {
                broken.push(heartbeat.clone());
            }
        }
        if broken.is_empty() {
            return;
        }
        self.uncommitted = true;
        let covered = |order: &&Order| broken.iter().any(|heartbeat| heartbeat.covers(order));
        let ids: Vec<i64> = self.state.account.live.values().filter(covered).map(|order| order.id).collect();
        for id in ids {
            self.end_order(id, CancelReason::Heartbeat);
        }
    }
}
