//! How orders and fills fold: a session's, and those of the account's sweep. No order is moved back from its end,
//! unless the venue itself shows that one which was given up is there.

use crate::causes::FillFault;
use crate::closing::{Attempt, Closing};
use crate::decision::OrderDecision;
use crate::fill::Fill;
use crate::ids::{ClientOrderId, Code};
use crate::order::{Cancel, Order, OrderRequest, OrderSnapshot, OrderStatus, Purpose};
use crate::orders::Orders;
use crate::record::DecisionRecord;
use crate::state::TradingState;

impl TradingState {
    pub(super) fn fold_order(&mut self, decision: &OrderDecision, record: &DecisionRecord) {
        match decision {
            OrderDecision::Submitted(request) => self.fold_submitted(request, record),
            OrderDecision::Acknowledged(news)
            | OrderDecision::PartiallyFilled(news)
            | OrderDecision::Filled(news)
            | OrderDecision::Canceled(news) => self.fold_snapshot(&news.snapshot, record),
            OrderDecision::Rejected { client_order_id, code, .. } => {
                self.end(client_order_id, OrderStatus::Rejected, code, record);
            }
            OrderDecision::Denied { client_order_id, code, .. } => {
                self.end(client_order_id, OrderStatus::Expired, code, record);
            }
            OrderDecision::NeverSent { client_order_id, .. } => {
                self.end(client_order_id, OrderStatus::Expired, &Code::from("never_sent"), record);
            }
            OrderDecision::Ambiguous { client_order_id, .. } => self.with(client_order_id, record, |order| {
                order.status = OrderStatus::Unknown;
                order.lookup_requested_at = None;
            }),
            OrderDecision::Missed { client_order_id, .. } => {
                self.with(client_order_id, record, |order| order.missed_at = Some(record.at));
            }
            OrderDecision::CancelRequested { client_order_id, order_id, request, .. } => {
                let cancel = Cancel { requested_at: record.at, requests: *request, failed: false };
                if let Some(id) = order_id {
                    self.account.truth.cancels.insert(id.clone(), cancel);
                }
                let orders = self.orders_of(record);
                if let Some((id, orders)) = client_order_id.as_ref().zip(orders) {
                    orders.change(id, record.at, |order| {
                        order.cancel = Some(cancel);
                        // One that has ended is as old as its end.
                        if !order.status.is_terminal() {
                            order.updated_at = record.at;
                        }
                    });
                }
            }
            OrderDecision::CancelFailed { client_order_id: Some(id), .. } => {
                self.with(id, record, |order| {
                    if let Some(cancel) = order.cancel.as_mut() {
                        cancel.failed = true;
                    }
                });
            }
            // One that is not ours to wait for: it is asked again when a read still shows it.
            OrderDecision::CancelFailed { client_order_id: None, .. } => {}
            OrderDecision::LookupRequested { client_order_id, lookup, .. } => {
                self.with(client_order_id, record, |order| {
                    order.lookup_requested_at = Some(record.at);
                    order.lookups = *lookup;
                });
            }
            OrderDecision::LookupFailed { .. } => {}
            OrderDecision::FillBooked(fill) => self.fold_fill(fill, record),
            OrderDecision::FillCharged { fill_id, symbol, fee, .. } => {
                if let Some(session) = self.session_of(record)
                    && let Some(more) = session.fills.charge(fill_id, *fee)
                {
                    session.ledger.charge(symbol, more);
                }
            }
            OrderDecision::FillRefused { fill, fault } => self.fold_refused(fill, *fault, record),
        }
    }

    fn orders_of(&mut self, record: &DecisionRecord) -> Option<&mut Orders> {
        match &record.session_id {
            None => Some(&mut self.account.orders),
            Some(id) => self.sessions.get_mut(id).map(|session| &mut session.orders),
        }
    }

    fn with(&mut self, id: &ClientOrderId, record: &DecisionRecord, change: impl FnOnce(&mut Order)) {
        let Some(orders) = self.orders_of(record) else { return };
        orders.change(id, record.at, |order| {
            change(order);
            order.updated_at = record.at;
        });
    }

    fn fold_submitted(&mut self, request: &OrderRequest, record: &DecisionRecord) {
        let order = Order::submitted(request.clone(), record.correlation_id.clone(), record.at);
        if let Some(orders) = self.orders_of(record) {
            orders.insert(order);
        }
        match request.purpose {
            Purpose::Entry => {
                let round = self.session_of(record).and_then(|session| session.rounds.last_mut());
                if let Some(round) = round {
                    round.entry.attempts.insert(request.leg, request.attempt);
                }
            }
            Purpose::Close => {
                if let Some(closing) = self.closing_of(request, record) {
                    closing.attempts = request.attempt;
                    closing.last = Some(Attempt {
                        sent_at: record.at,
                        limit: request.limit,
                        resting: request.can_rest(),
                        ended_at: None,
                        code: None,
                    });
                }
            }
            Purpose::Protect => {}
        }
    }

    /// The close that an order is an attempt of.
    fn closing_of(&mut self, request: &OrderRequest, record: &DecisionRecord) -> Option<&mut Closing> {
        self.flatten_slot(record)?.as_mut()?.products.get_mut(&request.symbol)
    }

    fn end(&mut self, id: &ClientOrderId, status: OrderStatus, code: &Code, record: &DecisionRecord) {
        self.with(id, record, |order| {
            order.status = status;
            order.reason = Some(code.clone());
        });
        self.note_end(id, record);
    }

    fn fold_snapshot(&mut self, snapshot: &OrderSnapshot, record: &DecisionRecord) {
        let Some(orders) = self.orders_of(record) else { return };
        let was_over = orders.get(&snapshot.client_order_id).is_some_and(|order| order.status.is_terminal());
        self.with(&snapshot.client_order_id, record, |order| {
            order.order_id = Some(snapshot.order_id.clone());
            order.filled_lots = order.filled_lots.max(snapshot.filled_lots);
            order.average_price = snapshot.average_price.or(order.average_price);
            order.acknowledged_at = order.acknowledged_at.or(Some(record.at));
            order.missed_at = None;
            // What was given up and is there lives again; nothing else is moved back from its end.
            if !order.status.is_terminal() || order.status == OrderStatus::Expired {
                order.status = snapshot.status;
            }
            order.reason = snapshot.reason.clone().or(order.reason.take());
        });
        if snapshot.status.is_terminal() && !was_over {
            self.note_end(&snapshot.client_order_id, record);
        }
    }

    /// What the end of a close order tells about the next one.
    fn note_end(&mut self, id: &ClientOrderId, record: &DecisionRecord) {
        let Some(order) = self.orders_of(record).and_then(|orders| orders.get(id)) else { return };
        if order.request.purpose == Purpose::Entry && order.status == OrderStatus::Rejected {
            let refused =
                (order.request.symbol.clone(), order.reason.clone().unwrap_or(Code::from("unnamed")));
            let round = self.session_of(record).and_then(|session| session.rounds.last_mut());
            if let Some(round) = round {
                round.entry.refused = Some(refused);
            }
            return;
        }
        if order.request.purpose != Purpose::Close {
            return;
        }
        let (request, status) = (order.request.clone(), order.status);
        let (filled, code) = (order.filled_lots, order.reason.clone());
        let Some(closing) =
            self.closing_of(&request, record).filter(|closing| closing.attempts == request.attempt)
        else {
            return;
        };
        closing.note_end(status, filled, request.limit.is_none(), code, record.at);
    }

    /// Counted once by its id, whatever doors it comes through.
    fn fold_fill(&mut self, fill: &Fill, record: &DecisionRecord) {
        if let Some(session) = self.session_of(record) {
            if !session.fills.book(fill) {
                return;
            }
            let legs = session.rounds.iter().rev().flat_map(|round| &round.legs);
            let leg = legs.map(|leg| &leg.instrument).find(|instrument| instrument.symbol == fill.symbol);
            let contract_value = leg.map(|instrument| instrument.contract_value).unwrap_or_default();
            session.ledger.book(fill, contract_value);
            let id = fill.client_order_id.as_ref();
            session.adopted += u32::from(id.is_some_and(|id| session.orders.get(id).is_none()));
        }
        let Some(id) = &fill.client_order_id else { return };
        if let Some(orders) = self.orders_of(record) {
            orders.change(id, record.at, |order| order.booked_lots += fill.lots);
        }
    }

    fn fold_refused(&mut self, fill: &Fill, fault: FillFault, record: &DecisionRecord) {
        let Some(session) = self.session_of(record) else { return };
        if fault == FillFault::Contradicted {
            session.contradicted.insert(fill.id.clone());
            return;
        }
        let new = session.foreign.ids.insert(fill.id.clone());
        if new && matches!(fault, FillFault::Foreign | FillFault::Unclaimed) {
            *session.foreign.lots.entry(fill.symbol.clone()).or_default() += fill.signed_lots();
        }
        if new && fault == FillFault::Unclaimed {
            *session.foreign.unclaimed.entry(fill.symbol.clone()).or_default() += fill.signed_lots();
        }
    }
}
