//! What leaves the engine towards the venue. A command is made only from a decision (`Decision::command`).

use serde::{Deserialize, Serialize};
use telemetry::Micros;

use crate::ids::{ClientOrderId, OrderId, ProductId, Symbol, Underlying};
use crate::order::OrderRequest;
use crate::witness::WitnessRequest;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    Place(OrderRequest),
    /// An order of ours has a client order id; one of somebody else perhaps only the venue's.
    Cancel {
        client_order_id: Option<ClientOrderId>,
        order_id: Option<OrderId>,
        product_id: ProductId,
    },
    /// Ask the venue what became of an order.
    Lookup {
        client_order_id: ClientOrderId,
    },
    ReadTruth(TruthRequest),
    /// Apart from other reads: however long its list is, nothing waits for it.
    ReadWitness(WitnessRequest),
    ReadInstruments {
        underlying: Underlying,
    },
    /// Keep these instruments' books and marks coming. Replaces the earlier set.
    Watch {
        symbols: Vec<Symbol>,
    },
}

/// Which truth to read. Positions are asked for product by product: an empty list is no proof of zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthRequest {
    pub request: u64,
    pub products: Vec<(ProductId, Symbol)>,
    /// Also read fills since then.
    pub fills_since: Option<Micros>,
    /// Also read the account's own list of positions.
    pub account: bool,
    /// Also read the wallet; what closes a position does without it.
    pub wallet: bool,
}

impl Command {
    /// Whether this can open risk: only then does a failing journal hold it back.
    pub fn opens_risk(&self) -> bool {
        match self {
            Command::Place(request) => !request.reduce_only,
            Command::Cancel { .. }
            | Command::Lookup { .. }
            | Command::ReadTruth(_)
            | Command::ReadWitness(_)
            | Command::ReadInstruments { .. }
            | Command::Watch { .. } => false,
        }
    }
}
