//! Whose an order is: found by its name or by the venue's number, among the sessions' and the account's own.

use model::decision::OrderDecision;
use model::order::Order;
use model::orders::Orders;
use model::{ClientOrderId, OrderId, Session, TradingState};

use crate::said::{Said, say};

/// An order, and whose it is; without a session it is the account's.
pub(crate) struct Named<'a> {
    pub order: &'a Order,
    pub session: Option<&'a Session>,
}

impl<'a> Named<'a> {
    pub fn find(state: &'a TradingState, id: &ClientOrderId) -> Option<Self> {
        Self::of(state, |orders| orders.get(id))
    }

    pub fn numbered(state: &'a TradingState, id: &OrderId) -> Option<Self> {
        Self::of(state, |orders| orders.numbered(id))
    }

    fn of(state: &'a TradingState, find: impl Fn(&'a Orders) -> Option<&'a Order>) -> Option<Self> {
        let in_sessions =
            state.sessions.values().find_map(|session| Some((find(&session.orders)?, Some(session))));
        let (order, session) = in_sessions.or_else(|| Some((find(&state.account.orders)?, None)))?;
        Some(Self { order, session })
    }

    pub fn say(&self, decision: OrderDecision) -> Said {
        let said = say(&self.order.correlation_id, decision);
        match self.session {
            Some(session) => said.of(&session.id),
            None => said,
        }
    }
}
