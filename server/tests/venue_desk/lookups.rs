//! An order whose answer was lost is found, open or ended, wherever the venue still has it. One that is filled must never
//! be taken for one that was not sent.

use std::sync::Arc;

use model::command::Command;
use model::decision::OrderDecision;
use model::ids::ClientOrderId;
use model::input::{ExecutionReport, Input};
use model::order::{OrderRequest, OrderStatus, Side};
use model::{Decision, DecisionRecord, Micros};
use server::health::Health;
use server::store::trading::Permit;
use server::tasks::Tasks;
use server::telling::Teller;
use server::trading::{Executor, Handed, Inbox, Item, Sought};
use server::venue::Rest;
use telemetry::{CorrelationId, Level};

use crate::desk::Desk;

/// An executor at work.
pub struct Gateway {
    executor: Executor,
    inbox: Inbox,
    _tasks: Tasks,
}

impl Gateway {
    pub fn start(rest: &Rest) -> Self {
        let (inbox, teller) = (Inbox::default(), Teller::new(Level::Fatal, 16));
        let (watch, _) = tokio::sync::watch::channel(Vec::new());
        let (executor, mut worker) = Executor::new(rest.clone(), inbox.clone(), teller.clone(), watch);
        let tasks = Tasks::new(teller, Health::default());
        let stop = tasks.stop_signal();
        tokio::spawn(async move { worker.run(stop).await });
        Self { executor, inbox, _tasks: tasks }
    }

    fn hand(&self, decision: OrderDecision, command: Command, sought: Option<Sought>) {
        let record = Arc::new(DecisionRecord {
            boot_id: "b".to_owned(),
            seq: 1,
            input_seq: 1,
            at: Micros(1),
            correlation_id: CorrelationId::from_bits(1),
            session_id: None,
            strategy_id: None,
            configuration: None,
            execution_mode: None,
            decision: Decision::Order(decision),
        });
        self.executor.hand(Handed { command, record, permit: Permit::All, sought });
    }

    pub async fn place(&self, order: &OrderRequest) -> ExecutionReport {
        self.hand(OrderDecision::Submitted(order.clone()), Command::Place(order.clone()), None);
        self.report().await
    }

    pub async fn look_up(&self, order: &OrderRequest, sent_at: Micros) -> ExecutionReport {
        let client_order_id = order.client_order_id.clone();
        let decision = OrderDecision::LookupRequested {
            client_order_id: client_order_id.clone(),
            symbol: order.symbol.clone(),
            lookup: 1,
        };
        let sought = Sought { product_id: order.product_id, sent_at };
        self.hand(decision, Command::Lookup { client_order_id }, Some(sought));
        self.report().await
    }

    async fn report(&self) -> ExecutionReport {
        loop {
            for item in self.inbox.take().await {
                if let Item::Input(Input::Execution(report)) = item {
                    return report;
                }
            }
        }
    }
}

pub fn now() -> Micros {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Micros(i64::try_from(since.as_micros()).unwrap())
}

/// `[quirks]` of venues that forget our id with the end of an order, and of those that do not.
pub const MEMORIES: [&str; 2] = ["", "client_ids_of_open_orders_only = true\n"];

#[tokio::test]
async fn a_filled_entry_whose_answer_was_lost_is_found() {
    for memory in MEMORIES {
        let faults = format!(
            "[quirks]\n{memory}[[rule]]\nfault = \"reply_lost\"\nroute = \"POST /v2/orders\"\ntimes = 2\n"
        );
        let desk = Desk::with(7, &faults).await;
        let (gateway, sent_at) = (Gateway::start(&desk.rest), now());
        for (order, status) in [
            (desk.order("k-1", Side::Sell, None), OrderStatus::Filled),
            (desk.order("k-2", Side::Buy, Some(desk.far())), OrderStatus::New),
        ] {
            let lost = gateway.place(&order).await;
            assert!(matches!(lost, ExecutionReport::Ambiguous { .. }), "{lost:?}");
            let found = gateway.look_up(&order, sent_at).await;
            let ExecutionReport::Order(snapshot) = &found else { panic!("{memory}: {found:?}") };
            assert_eq!((snapshot.status, &snapshot.client_order_id), (status, &order.client_order_id));
        }
        assert_eq!(desk.held().await, -2);
    }
}

#[tokio::test]
async fn an_order_that_never_arrived_is_not_found_and_a_list_that_fails_proves_nothing() {
    for memory in MEMORIES {
        let faults = format!(
            "[quirks]\n{memory}[[rule]]\nfault = \"rest_status\"\nstatus = 504\nroute = \"GET /v2/orders/history*\"\ntimes = 3\n"
        );
        let desk = Desk::with(7, &faults).await;
        let gateway = Gateway::start(&desk.rest);
        let order = desk.order("n-1", Side::Sell, None);
        let unread = gateway.look_up(&order, now()).await;
        assert!(matches!(unread, ExecutionReport::LookupFailed { .. }), "{memory}: {unread:?}");
        let absent = gateway.look_up(&order, now()).await;
        let expected = ExecutionReport::NotFound { client_order_id: ClientOrderId::from("n-1") };
        assert_eq!(absent, expected, "{memory}");
    }
}
