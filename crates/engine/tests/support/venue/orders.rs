//! What becomes of a cancel and of a look-up.

use model::input::ExecutionReport;
use model::order::{OrderSnapshot, OrderStatus};
use model::{ClientOrderId, Code, Micros, OrderId};

use super::{Fault, Venue};

impl Venue {
    pub fn cancel(&mut self, client: Option<&ClientOrderId>, order_id: Option<&OrderId>) -> ExecutionReport {
        self.spent += 5;
        let failed = |code: &str| ExecutionReport::CancelFailed {
            client_order_id: client.cloned(),
            order_id: order_id.cloned(),
            code: Code::from(code),
        };
        let by_number = self.orders.iter().find(|(_, order)| Some(&order.id) == order_id).map(|(id, _)| id);
        let id = by_number.or(client).cloned();
        if self.cancels_fail {
            return failed("no_answer");
        }
        let fault = self.cancel_faults.pop_front();
        match fault {
            Some(Fault::LostRequest | Fault::Late(_)) => return failed("no_answer"),
            Some(Fault::NotSent) => return failed("budget_empty"),
            Some(Fault::Rejected(code)) => return failed(code),
            Some(Fault::LostReply | Fault::Passes) | None => {}
        }
        let order = id.as_ref().and_then(|id| self.orders.get_mut(id));
        let Some(order) = order.filter(|order| !order.status.is_terminal()) else {
            return failed("open_order_not_found");
        };
        if self.cancels_lie {
            let snapshot = id.and_then(|id| self.snapshot(&id));
            let lie = |snapshot| OrderSnapshot { status: OrderStatus::Canceled, ..snapshot };
            return snapshot.map_or_else(|| failed("gone"), |snapshot| ExecutionReport::Order(lie(snapshot)));
        }
        order.status = OrderStatus::Canceled;
        if fault == Some(Fault::LostReply) {
            return failed("broke_off");
        }
        id.and_then(|id| self.snapshot(&id)).map_or_else(|| failed("gone"), ExecutionReport::Order)
    }

    pub fn lookup(&self, id: &ClientOrderId, now: Micros) -> ExecutionReport {
        if now < self.lookups_fail_until {
            let code = Code::from("http_504");
            return ExecutionReport::LookupFailed { client_order_id: id.clone(), code };
        }
        let snapshot = self.snapshot(id).map(ExecutionReport::Order);
        snapshot.unwrap_or(ExecutionReport::NotFound { client_order_id: id.clone() })
    }
}
