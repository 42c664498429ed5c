//! The executor: sends commands to the venue, each in a task of its own, and puts what came of them into the inbox.
//! Every command is answered exactly once, whatever happens to it: absence of an answer is an answer too.

use std::collections::HashMap;
use std::sync::Arc;

use model::command::Command;
use model::ids::{ClientOrderId, Code, OrderId};
use model::input::{ExecutionReport, Input, InstrumentsOutcome, InstrumentsRead, Truth, TruthOutcome};
use model::order::{OrderRequest, OrderSnapshot};
use model::{DecisionRecord, Symbol};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::events::TradingEvent;
use super::inbox::Inbox;
use super::lookup::Sought;
use super::{lookup, truth, witness};
use crate::store::trading::Permit;
use crate::tasks::Stop;
use crate::telling::Teller;
use crate::venue::{Call, Cause, Reason, Rest, Sent, code_of, translate, wire};
use crate::{clock, correlation};

/// Commands that may wait; each is taken at once, so that a full queue means a stuck executor.
const QUEUE: usize = 256;

/// A command with the decision that made it and what the journal allows.
#[derive(Clone, Debug)]
pub struct Handed {
    pub command: Command,
    pub record: Arc<DecisionRecord>,
    pub permit: Permit,
    /// What is known of the order that a look-up is about.
    pub sought: Option<Sought>,
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
            return self.hold(&handed, "journal_down");
        }
        if let Err(refused) = self.queue.try_send(handed) {
            let handed = refused.into_inner();
            self.hold(&handed, "executor_busy");
        }
    }

    fn hold(&self, handed: &Handed, code: &'static str) {
        let event = TradingEvent::CommandHeld { command: word(&handed.command), code };
        self.teller.tell(&event, &handed.record.context());
        if let Some(input) = unanswered(handed, code, false) {
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
        // Whatever goes wrong in it is told with what it was for.
        let context = job.record.context();
        let work = correlation::scope_of(context, async move { execute(&rest, &job).await });
        let id = running.spawn(work).id();
        known.insert(id, handed);
    }

    /// A task that panicked is told by the panic hook; its command is answered here.
    fn end(&self, ended: Result<(Id, Option<Input>), JoinError>, known: &mut HashMap<Id, Handed>) {
        let (id, input) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                let id = error.id();
                (id, known.get(&id).and_then(|handed| unanswered(handed, Cause::BrokeOff.code(), true)))
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
            let call = Call::cancel(client_order_id.as_ref(), order_id.as_ref(), *product_id).behalf(record);
            let answer =
                rest.send_as(&call, |order: wire::Order| snapshot_of(&order, client_order_id.as_ref())).await;
            canceled(answer, client_order_id.as_ref(), order_id.as_ref()).map(Input::Execution)
        }
        Command::Lookup { client_order_id } => Some(Input::Execution(
            lookup::look_up(rest, client_order_id, handed.sought.as_ref(), record).await,
        )),
        Command::ReadTruth(request) => {
            let requested_at = clock::now();
            Some(Input::Truth(truth::read_truth(rest, request, record, requested_at).await))
        }
        Command::ReadWitness(request) => {
            Some(Input::Witness(witness::read_witness(rest, *request, record, clock::now()).await))
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
    let understand = |answer: wire::Order| translate::order_snapshot(&answer, &client_order_id);
    match rest.send_as(&Call::place(order).behalf(record), understand).await {
        Sent::Acked(snapshot) => ExecutionReport::Order(snapshot),
        // An order of that id may be there: it is looked up.
        Sent::Rejected(refusal) if Reason::of(&refusal) == Reason::IdTaken => {
            ExecutionReport::Ambiguous { client_order_id, code: code_of(&refusal.code) }
        }
        Sent::Rejected(refusal) => {
            let code = code_of(&refusal.code);
            ExecutionReport::Rejected { client_order_id, code, detail: refusal.detail }
        }
        Sent::Ambiguous(cause) => ExecutionReport::Ambiguous { client_order_id, code: cause.into() },
        Sent::NotSent(cause) => ExecutionReport::NotSent { client_order_id, code: cause.into() },
    }
}

/// An order of ours is told as it is now; of somebody else's only whether the cancel failed.
fn canceled(
    sent: Sent<Option<OrderSnapshot>>,
    ours: Option<&ClientOrderId>,
    order_id: Option<&OrderId>,
) -> Option<ExecutionReport> {
    let failed = |code| {
        let (client_order_id, order_id) = (ours.cloned(), order_id.cloned());
        Some(ExecutionReport::CancelFailed { client_order_id, order_id, code })
    };
    match sent {
        // What became of somebody else's is seen by the next read of open orders.
        Sent::Acked(snapshot) => snapshot.map(ExecutionReport::Order),
        Sent::Rejected(refusal) => failed(code_of(&refusal.code)),
        Sent::Ambiguous(cause) | Sent::NotSent(cause) => failed(cause.into()),
    }
}

/// The state of an order of ours; nothing of somebody else's.
fn snapshot_of(order: &wire::Order, ours: Option<&ClientOrderId>) -> Result<Option<OrderSnapshot>, String> {
    ours.map(|id| translate::order_snapshot(order, id)).transpose()
}

/// The answer to a command that has none: `maybe_sent` when it may have had its effect.
fn unanswered(handed: &Handed, code: &'static str, maybe_sent: bool) -> Option<Input> {
    let code = Code::from(code);
    let report = match &handed.command {
        Command::Place(order) if maybe_sent => {
            ExecutionReport::Ambiguous { client_order_id: order.client_order_id.clone(), code }
        }
        Command::Place(order) => {
            ExecutionReport::NotSent { client_order_id: order.client_order_id.clone(), code }
        }
        Command::Cancel { client_order_id, order_id, .. } => ExecutionReport::CancelFailed {
            client_order_id: client_order_id.clone(),
            order_id: order_id.clone(),
            code,
        },
        Command::Lookup { client_order_id } => {
            ExecutionReport::LookupFailed { client_order_id: client_order_id.clone(), code }
        }
        Command::ReadTruth(request) => {
            let (request, requested_at) = (request.request, handed.record.at);
            return Some(Input::Truth(Truth {
                request,
                requested_at,
                outcome: TruthOutcome::Unknown { code },
            }));
        }
        Command::ReadWitness(request) => {
            return Some(Input::Witness(witness::unread(*request, handed.record.at, code)));
        }
        Command::ReadInstruments { underlying } => {
            let outcome = InstrumentsOutcome::Unknown { code };
            return Some(Input::Instruments(InstrumentsRead { underlying: underlying.clone(), outcome }));
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
        Command::ReadWitness(_) => "read_witness",
        Command::ReadInstruments { .. } => "read_instruments",
        Command::Watch { .. } => "watch",
    }
}
