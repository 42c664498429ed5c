//! The executor: sends commands to the venue, each in a task of its own, and puts what came of them into the inbox.
//! Every command is answered exactly once, whatever happens to it: absence of an answer is an answer too.

use std::collections::HashMap;
use std::sync::Arc;

use model::command::Command;
use model::ids::ClientOrderId;
use model::input::{ExecutionReport, Input, InstrumentsRead, Truth, TruthOutcome};
use model::order::OrderRequest;
use model::{DecisionRecord, Symbol};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::events::TradingEvent;
use super::inbox::Inbox;
use super::truth;
use crate::clock;
use crate::store::trading::Permit;
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::venue::{Call, Rest, RestError, Sent, translate, wire};

/// Commands that may wait; each is taken at once, so that a full queue means a stuck executor.
const QUEUE: usize = 256;
/// Codes with which the venue says that an order of that id is there, or has ended.
const EXISTS: [&str; 2] = ["duplicate_client_order_id", "client_order_id_already_exists"];

/// A command with the decision that made it and what the journal allows.
#[derive(Clone, Debug)]
pub struct Handed {
    pub command: Command,
    pub record: Arc<DecisionRecord>,
    pub permit: Permit,
}

/// Handle to the executor; cheap to clone.
#[derive(Clone)]
pub struct Executor {
    queue: mpsc::Sender<Handed>,
    inbox: Inbox,
    teller: Teller,
}

/// The executor itself: run by one task.
pub struct Worker {
    queue: mpsc::Receiver<Handed>,
    rest: Rest,
    inbox: Inbox,
    watched: watch::Sender<Vec<Symbol>>,
}

impl Executor {
    /// The handle and the worker behind it. `watched` is set by watch commands.
    #[must_use]
    pub fn new(
        rest: Rest,
        inbox: Inbox,
        teller: Teller,
        watched: watch::Sender<Vec<Symbol>>,
    ) -> (Self, Worker) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let worker = Worker { queue: receiver, rest, inbox: inbox.clone(), watched };
        (Self { queue: sender, inbox, teller }, worker)
    }

    /// Hands a command over; never waits. One that may not or cannot leave is answered at once.
    pub fn hand(&self, handed: Handed) {
        if handed.permit == Permit::ExitsOnly && handed.command.opens_risk() {
            return self.hold(&handed, "the journal cannot be written, so nothing may open risk");
        }
        if let Err(refused) = self.queue.try_send(handed) {
            let handed = refused.into_inner();
            self.hold(&handed, "the executor's queue is full or gone");
        }
    }

    fn hold(&self, handed: &Handed, reason: &str) {
        let event = TradingEvent::CommandHeld { command: word(&handed.command), reason: reason.to_owned() };
        self.teller.tell(&event, &handed.record.context());
        if let Some(input) = unanswered(handed, reason, false) {
            self.inbox.push(input);
        }
    }
}

impl Worker {
    /// Works until the server stops; commands that were sent are not awaited any longer then.
    pub async fn run(&mut self, mut stop: Stop) {
        let mut running = JoinSet::new();
        let mut known: HashMap<Id, Handed> = HashMap::new();
        loop {
            tokio::select! {
                handed = self.queue.recv() => match handed {
                    Some(handed) => self.begin(handed, &mut running, &mut known),
                    None => return,
                },
                Some(ended) = running.join_next_with_id() => self.end(ended, &mut known),
                () = stop.stopped() => return,
            }
        }
    }

    fn begin(&self, handed: Handed, running: &mut JoinSet<Option<Input>>, known: &mut HashMap<Id, Handed>) {
        if let Command::Watch { symbols } = &handed.command {
            self.watched.send_replace(symbols.clone());
            return;
        }
        let (rest, job) = (self.rest.clone(), handed.clone());
        let id = running.spawn(async move { execute(&rest, &job).await }).id();
        known.insert(id, handed);
    }

    /// A task that panicked is told by the panic hook; its command is answered here.
    fn end(&self, ended: Result<(Id, Option<Input>), JoinError>, known: &mut HashMap<Id, Handed>) {
        let (id, input) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let id = error.id();
                (id, known.get(&id).and_then(|handed| unanswered(handed, "the request broke off", true)))
            }
        };
        known.remove(&id);
        if let Some(input) = input {
            self.inbox.push(input);
        }
    }
}

async fn execute(rest: &Rest, handed: &Handed) -> Option<Input> {
    let record = &handed.record;
    match &handed.command {
        Command::Place(order) => Some(Input::Execution(place(rest, order, record).await)),
        Command::Cancel { client_order_id, order_id, product_id } => {
            let call = Call::cancel(client_order_id, order_id.as_ref(), *product_id).behalf(record);
            Some(Input::Execution(cancel(rest, client_order_id, &call).await))
        }
        Command::Lookup { client_order_id } => {
            let call = Call::lookup(client_order_id).behalf(record);
            Some(Input::Execution(look_up(rest, client_order_id, &call).await))
        }
        Command::ReadTruth(request) => {
            let requested_at = clock::now();
            Some(Input::Truth(truth::read_truth(rest, request, record, requested_at).await))
        }
        Command::ReadInstruments { underlying } => {
            let call = Call::options().behalf(record);
            Some(Input::Instruments(truth::read_instruments(rest, underlying, call).await))
        }
        Command::Watch { .. } => None,
    }
}

async fn place(rest: &Rest, order: &OrderRequest, record: &DecisionRecord) -> ExecutionReport {
    let client_order_id = order.client_order_id.clone();
    match rest.send::<wire::Order>(&Call::place(order).behalf(record)).await {
        Sent::Acked(answer) => match translate::order_snapshot(&answer, &client_order_id) {
            Ok(snapshot) => ExecutionReport::Order(snapshot),
            Err(reason) => ExecutionReport::Ambiguous { client_order_id, reason },
        },
        Sent::Rejected(refusal) if EXISTS.contains(&refusal.code.as_str()) => {
            ExecutionReport::Ambiguous { client_order_id, reason: refusal.code }
        }
        Sent::Rejected(refusal) => {
            ExecutionReport::Rejected { client_order_id, code: refusal.code, detail: refusal.detail }
        }
        Sent::Ambiguous(cause) => ExecutionReport::Ambiguous { client_order_id, reason: cause.to_string() },
        Sent::NotSent(cause) => ExecutionReport::NotSent { client_order_id, reason: cause.to_string() },
    }
}

async fn cancel(rest: &Rest, id: &ClientOrderId, call: &Call) -> ExecutionReport {
    let failed = |reason| ExecutionReport::CancelFailed { client_order_id: id.clone(), reason };
    match rest.send::<wire::Order>(call).await {
        Sent::Acked(answer) => match translate::order_snapshot(&answer, id) {
            Ok(snapshot) => ExecutionReport::Order(snapshot),
            Err(reason) => failed(reason),
        },
        Sent::Rejected(refusal) => failed(refusal.code),
        Sent::Ambiguous(cause) | Sent::NotSent(cause) => failed(cause.to_string()),
    }
}

async fn look_up(rest: &Rest, id: &ClientOrderId, call: &Call) -> ExecutionReport {
    let client_order_id = id.clone();
    match rest.read::<wire::Order>(call).await {
        Ok((answer, _)) => match translate::order_snapshot(&answer, id) {
            Ok(snapshot) => ExecutionReport::Order(snapshot),
            Err(reason) => ExecutionReport::LookupFailed { client_order_id, reason },
        },
        // Only the venue's own word for it counts; a 404 of something in between does not.
        Err(RestError::Refused { code, .. }) if NOT_FOUND.contains(&code.as_str()) => {
            ExecutionReport::NotFound { client_order_id }
        }
        Err(error) => ExecutionReport::LookupFailed { client_order_id, reason: error.to_string() },
    }
}

/// The venue's words for an order that it does not know.
const NOT_FOUND: [&str; 2] = ["order_not_found", "open_order_not_found"];

/// The answer to a command that has none: `maybe_sent` when it may have had its effect.
fn unanswered(handed: &Handed, reason: &str, maybe_sent: bool) -> Option<Input> {
    let reason = reason.to_owned();
    let report = match &handed.command {
        Command::Place(order) if maybe_sent => {
            ExecutionReport::Ambiguous { client_order_id: order.client_order_id.clone(), reason }
        }
        Command::Place(order) => {
            ExecutionReport::NotSent { client_order_id: order.client_order_id.clone(), reason }
        }
        Command::Cancel { client_order_id, .. } => {
            ExecutionReport::CancelFailed { client_order_id: client_order_id.clone(), reason }
        }
        Command::Lookup { client_order_id } => {
            ExecutionReport::LookupFailed { client_order_id: client_order_id.clone(), reason }
        }
        Command::ReadTruth(request) => {
            let outcome = TruthOutcome::Unknown { reason };
            return Some(Input::Truth(Truth {
                request: request.request,
                requested_at: handed.record.at,
                outcome,
            }));
        }
        Command::ReadInstruments { .. } => {
            return Some(Input::Instruments(InstrumentsRead::Unknown { reason }));
        }
        Command::Watch { .. } => return None,
    };
    Some(Input::Execution(report))
}

fn word(command: &Command) -> &'static str {
    match command {
        Command::Place(_) => "place",
        Command::Cancel { .. } => "cancel",
        Command::Lookup { .. } => "lookup",
        Command::ReadTruth(_) => "read_truth",
        Command::ReadInstruments { .. } => "read_instruments",
        Command::Watch { .. } => "watch",
    }
}
