//! What is said of orders wherever they are listed.

use model::order::OrderStatus;
use model::view::SessionView;

use crate::format;

/// How an order's state looks.
pub fn order_tone(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Filled => "gain",
        OrderStatus::New | OrderStatus::PendingNew | OrderStatus::PartiallyFilled => "act",
        OrderStatus::Unknown => "doubt",
        OrderStatus::Rejected => "loss",
        OrderStatus::Canceled | OrderStatus::Expired => "",
    }
}

/// `3 orders · 2 fills · 1 open`.
pub fn orders_in_short(session: &SessionView) -> String {
    let open = session.orders.iter().filter(|order| !order.status.is_terminal()).count();
    format!(
        "{} · {} · {open} open",
        format::counted(session.orders.len(), "order"),
        format::counted(session.fills.len(), "fill")
    )
}
