//! The orders of one owner, with what must be known of them at every tick kept beside them: which are alive,
//! which miss fills, and when anything last moved in an instrument. Nothing walks through all of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::amount::Lots;
use crate::ids::{ClientOrderId, OrderId, Symbol};
use crate::order::{Order, Purpose};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    all: BTreeMap<ClientOrderId, Order>,
    live: BTreeSet<ClientOrderId>,
    /// The venue reports more filled than is booked.
    missing: BTreeSet<ClientOrderId>,
    /// Our id by the venue's.
    numbers: BTreeMap<OrderId, ClientOrderId>,
    /// Signed lots that orders report as filled and that no fill has brought yet.
    unbooked: BTreeMap<Symbol, Lots>,
    /// When an order in an instrument last changed, or a fill was booked.
    moved: BTreeMap<Symbol, Micros>,
}

impl Orders {
    pub fn get(&self, id: &ClientOrderId) -> Option<&Order> {
        self.all.get(id)
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All of them. For views and laws; nothing on the way of a tick walks through them.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.all.values()
    }

    /// The order that the venue knows under this number.
    pub fn numbered(&self, id: &OrderId) -> Option<&Order> {
        self.numbers.get(id).and_then(|id| self.all.get(id))
    }

    /// Orders that may still do something.
    pub fn live(&self) -> impl Iterator<Item = &Order> {
        self.live.iter().filter_map(|id| self.all.get(id))
    }

    /// Live orders that work towards or out of a position. A resting protective order is foreseen: it blocks
    /// neither a close nor its verification.
    pub fn working(&self) -> impl Iterator<Item = &Order> {
        self.live().filter(|order| order.request.purpose != Purpose::Protect)
    }

    pub fn live_in<'a>(&'a self, symbol: &'a Symbol) -> impl Iterator<Item = &'a Order> {
        self.live().filter(move |order| &order.request.symbol == symbol)
    }

    /// Orders of which the venue reports more filled than we have booked.
    pub fn missing_fills(&self) -> impl Iterator<Item = &Order> {
        self.missing.iter().filter_map(|id| self.all.get(id))
    }

    /// Signed lots that the venue reports as filled and that are not booked.
    pub fn unbooked(&self, symbol: &Symbol) -> Lots {
        self.unbooked.get(symbol).copied().unwrap_or_default()
    }

    /// When anything of ours last moved in an instrument.
    pub fn moved_in(&self, symbol: &Symbol) -> Option<Micros> {
        self.moved.get(symbol).copied()
    }

    /// When anything of ours last moved.
    pub fn moved_at(&self) -> Option<Micros> {
        self.moved.values().max().copied()
    }

    pub(crate) fn insert(&mut self, order: Order) {
        let id = order.request.client_order_id.clone();
        self.moved.insert(order.request.symbol.clone(), order.submitted_at);
        self.all.insert(id.clone(), order);
        self.index(&id);
    }

    /// Changes one order and what is known beside it; nothing when there is none of that id.
    pub(crate) fn change(&mut self, id: &ClientOrderId, at: Micros, change: impl FnOnce(&mut Order)) {
        let Some(order) = self.all.get_mut(id) else { return };
        let before = (order.unbooked_lots(), order.progress());
        change(order);
        let moved = order.progress() != before.1;
        let symbol = order.request.symbol.clone();
        let unbooked = order.unbooked_lots() - before.0;
        if moved {
            self.moved.insert(symbol.clone(), at);
        }
        if unbooked != 0 {
            let sum = self.unbooked.entry(symbol.clone()).or_default();
            *sum += unbooked;
            if *sum == 0 {
                self.unbooked.remove(&symbol);
            }
        }
        self.index(id);
    }

    fn index(&mut self, id: &ClientOrderId) {
        let Some(order) = self.all.get(id) else { return };
        if let Some(number) = &order.order_id {
            self.numbers.insert(number.clone(), id.clone());
        }
        set(&mut self.live, id, !order.status.is_terminal());
        set(&mut self.missing, id, order.misses_fills());
    }
}

fn set(ids: &mut BTreeSet<ClientOrderId>, id: &ClientOrderId, on: bool) {
    if on {
        ids.insert(id.clone());
    } else {
        ids.remove(id);
    }
}
