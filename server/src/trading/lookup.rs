//! What became of an order whose outcome is not known. The venue may know by our id only what is open: an order is not
//! there only when the list of those that ended does not have it either. One that was taken for never sent would be a
//! position that nobody watches.

use model::command::Command;
use model::ids::{ClientOrderId, ProductId};
use model::input::ExecutionReport;
use model::order::{Order, OrderSnapshot};
use model::{Code, DecisionRecord, Micros, TradingState};

use crate::venue::wire::Refusal;
use crate::venue::{Call, Reason, Rest, RestError, code_of, translate, wire};

/// Where an order would stand in the venue's lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    pub product_id: ProductId,
    pub sent_at: Micros,
}

impl Sought {
    /// Of the order that a look-up is about.
    #[must_use]
    pub fn of(state: &TradingState, command: &Command) -> Option<Self> {
        let Command::Lookup { client_order_id } = command else { return None };
        let order = order_of(state, client_order_id)?;
        Some(Self { product_id: order.request.product_id, sent_at: order.submitted_at })
    }
}

fn order_of<'a>(state: &'a TradingState, id: &ClientOrderId) -> Option<&'a Order> {
    let in_session = state.sessions.values().find_map(|session| session.orders.get(id));
    in_session.or_else(|| state.account.orders.get(id))
}

/// Looks for the order by our id, and then among those that ended.
pub(super) async fn look_up(
    rest: &Rest,
    id: &ClientOrderId,
    sought: Option<&Sought>,
    record: &DecisionRecord,
) -> ExecutionReport {
    let by_id = Call::lookup(id).behalf(record);
    let error = match rest.read_as(&by_id, |answer: wire::Order| translate::order_snapshot(&answer, id)).await
    {
        Ok(snapshot) => return ExecutionReport::Order(snapshot),
        Err(error) => error,
    };
    let found = match (is_unknown(&error), sought) {
        (false, _) => Err(code(error)),
        (true, Some(sought)) => among_ended(rest, id, sought, record).await,
        // Without its product and its time no list can prove that it is not there.
        (true, None) => Err(Code::from("not_proven")),
    };
    let client_order_id = id.clone();
    match found {
        Ok(Some(snapshot)) => ExecutionReport::Order(snapshot),
        Ok(None) => ExecutionReport::NotFound { client_order_id },
        Err(code) => ExecutionReport::LookupFailed { client_order_id, code },
    }
}

async fn among_ended(
    rest: &Rest,
    id: &ClientOrderId,
    sought: &Sought,
    record: &DecisionRecord,
) -> Result<Option<OrderSnapshot>, Code> {
    let call = Call::ended(id, sought.sent_at, sought.product_id).behalf(record);
    let understand = |row: wire::Order| {
        let is_it = row.client_order_id.as_deref() == Some(id.as_str());
        is_it.then(|| translate::order_snapshot(&row, id)).transpose()
    };
    let found = rest.read_all_as(&call, understand).await.map_err(code)?;
    Ok(found.into_iter().next())
}

/// Only the venue's own word for it counts; a 404 of something in between does not.
fn is_unknown(error: &RestError) -> bool {
    match error {
        RestError::Refused { code, .. } => {
            Reason::of(&Refusal { code: code.clone(), detail: None }) == Reason::OrderUnknown
        }
        RestError::Failed(_) => false,
    }
}

fn code(error: RestError) -> Code {
    match error {
        RestError::Refused { code, .. } => code_of(&code),
        RestError::Failed(cause) => cause.into(),
    }
}
