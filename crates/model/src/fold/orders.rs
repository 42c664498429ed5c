//! How orders and fills fold. No order is moved back from its end.

use crate::decision::OrderDecision;
use crate::ids::ClientOrderId;
use crate::order::{Fill, Order, OrderSnapshot, OrderStatus};
use crate::record::DecisionRecord;
use crate::state::TradingState;

impl TradingState {
    pub(super) fn fold_order(&mut self, decision: &OrderDecision, record: &DecisionRecord) {
        match decision {
            OrderDecision::Submitted(request) => {
                let order = Order::submitted(request.clone(), record.correlation_id.clone(), record.at);
                let Some(session) = self.session.as_mut() else { return };
                session.orders.insert(request.client_order_id.clone(), order);
                self.count_attempt(request, record);
            }
            OrderDecision::Acknowledged(news)
            | OrderDecision::PartiallyFilled(news)
            | OrderDecision::Filled(news)
            | OrderDecision::Canceled(news) => self.fold_snapshot(&news.snapshot, record),
            OrderDecision::Rejected { client_order_id, code, .. } => {
                self.end(client_order_id, OrderStatus::Rejected, Some(code.clone()), record);
            }
            OrderDecision::Denied { client_order_id, reason, .. } => {
                self.end(client_order_id, OrderStatus::Expired, Some(reason.clone()), record);
            }
            OrderDecision::NeverSent { client_order_id, .. } => {
                self.end(client_order_id, OrderStatus::Expired, Some("never_sent".to_owned()), record);
            }
            OrderDecision::Ambiguous { client_order_id, reason, .. } => self.with(client_order_id, |order| {
                order.status = OrderStatus::Unknown;
                order.lookup_requested_at = None;
                order.reason = Some(reason.clone());
                order.updated_at = record.at;
            }),
            OrderDecision::CancelRequested { client_order_id, order_id, .. } => {
                if let Some(known) = self.truth.known.as_mut() {
                    known.orphans.retain(|orphan| Some(&orphan.order_id) != order_id.as_ref());
                }
                self.with(client_order_id, |order| order.cancel_requested_at = Some(record.at));
            }
            OrderDecision::LookupRequested { client_order_id, lookup, .. } => {
                self.with(client_order_id, |order| {
                    order.lookup_requested_at = Some(record.at);
                    order.lookups = *lookup;
                })
            }
            OrderDecision::LookupFailed { .. } | OrderDecision::FillIgnored { .. } => {}
            OrderDecision::FillBooked(fill) => self.fold_fill(fill),
        }
    }

    fn with(&mut self, id: &ClientOrderId, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.session.as_mut().and_then(|session| session.orders.get_mut(id)) {
            change(order);
        }
    }

    fn end(
        &mut self,
        id: &ClientOrderId,
        status: OrderStatus,
        reason: Option<String>,
        record: &DecisionRecord,
    ) {
        self.with(id, |order| {
            order.status = status;
            order.reason = reason;
            order.updated_at = record.at;
        });
    }

    fn fold_snapshot(&mut self, snapshot: &OrderSnapshot, record: &DecisionRecord) {
        self.with(&snapshot.client_order_id, |order| {
            order.order_id = Some(snapshot.order_id.clone());
            order.filled_lots = order.filled_lots.max(snapshot.filled_lots);
            order.average_price = snapshot.average_price.or(order.average_price);
            order.acknowledged_at = order.acknowledged_at.or(Some(record.at));
            order.updated_at = record.at;
            if !order.status.is_terminal() {
                order.status = snapshot.status;
            }
            order.reason = snapshot.reason.clone().or(order.reason.take());
        });
    }

    /// Counted once by its id, whatever doors it comes through.
    fn fold_fill(&mut self, fill: &Fill) {
        let Some(session) = self.session.as_mut() else { return };
        if !session.fill_ids.insert(fill.id.clone()) {
            return;
        }
        session.fills.push(fill.clone());
        if let Some(order) = fill.client_order_id.as_ref().and_then(|id| session.orders.get_mut(id)) {
            order.booked_lots += fill.lots;
        }
    }
}
