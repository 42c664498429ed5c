//! Decisions: everything that happens in the engine, as data. A decision folds into the state, is written to
//! the journal, is told as a log record, and, where it reaches outside, is the only maker of a command.
//! Each family stands in one file with its words; its fold stands in `fold` under the same name.

pub mod account;
pub mod closing;
pub mod entry;
pub mod market;
pub mod orders;
pub mod rules;
pub mod session;
pub mod truth;

use serde::{Deserialize, Serialize};
use telemetry::{Event, Level, Map, Source, Value};

use crate::command::{Command, TruthRequest};
use crate::witness::WitnessRequest;
pub use account::AccountDecision;
pub use closing::ClosingDecision;
pub use entry::EntryDecision;
pub use market::MarketDecision;
pub use orders::OrderDecision;
pub use rules::RulesDecision;
pub use session::SessionDecision;
pub use truth::TruthDecision;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Account(AccountDecision),
    Market(MarketDecision),
    Session(SessionDecision),
    Entry(EntryDecision),
    Order(OrderDecision),
    Truth(TruthDecision),
    Rules(RulesDecision),
    Closing(ClosingDecision),
}

impl Decision {
    /// What this decision asks of the world outside, if it does.
    pub fn command(&self) -> Option<Command> {
        match self {
            Decision::Order(OrderDecision::Submitted(request)) => Some(Command::Place(request.clone())),
            Decision::Order(OrderDecision::CancelRequested {
                client_order_id, order_id, product_id, ..
            }) => Some(Command::Cancel {
                client_order_id: client_order_id.clone(),
                order_id: order_id.clone(),
                product_id: *product_id,
            }),
            Decision::Order(OrderDecision::LookupRequested { client_order_id, .. }) => {
                Some(Command::Lookup { client_order_id: client_order_id.clone() })
            }
            Decision::Truth(TruthDecision::Requested {
                request,
                purpose,
                products,
                fills_since,
                account,
            }) => Some(Command::ReadTruth(TruthRequest {
                request: *request,
                products: products.clone(),
                fills_since: *fills_since,
                account: *account,
                wallet: purpose.reads_wallet(),
            })),
            Decision::Truth(TruthDecision::WitnessRequested { request, since }) => {
                Some(Command::ReadWitness(WitnessRequest { request: *request, since: *since }))
            }
            Decision::Entry(EntryDecision::InstrumentsRequested { underlying }) => {
                Some(Command::ReadInstruments { underlying: underlying.clone() })
            }
            Decision::Account(AccountDecision::Watching { symbols }) => {
                Some(Command::Watch { symbols: symbols.iter().cloned().collect() })
            }
            Decision::Account(_)
            | Decision::Order(_)
            | Decision::Truth(_)
            | Decision::Entry(_)
            | Decision::Session(_)
            | Decision::Market(_)
            | Decision::Rules(_)
            | Decision::Closing(_) => None,
        }
    }

    fn event(&self) -> &dyn Event {
        match self {
            Decision::Account(decision) => decision,
            Decision::Market(decision) => decision,
            Decision::Session(decision) => decision,
            Decision::Entry(decision) => decision,
            Decision::Order(decision) => decision,
            Decision::Truth(decision) => decision,
            Decision::Rules(decision) => decision,
            Decision::Closing(decision) => decision,
        }
    }
}

impl Event for Decision {
    fn name(&self) -> &'static str {
        self.event().name()
    }
    fn level(&self) -> Level {
        self.event().level()
    }
    fn source(&self) -> Source {
        self.event().source()
    }
    fn message(&self) -> String {
        self.event().message()
    }
    fn payload(&self) -> Map<String, Value> {
        self.event().payload()
    }
}
