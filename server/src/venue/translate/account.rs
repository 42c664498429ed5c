//! What the private stream says of our account: orders, fills and positions. Nothing in it has a default: an order
//! without its sizes or a position without its size is an error.

use model::fill::Fill;
use model::ids::{ClientOrderId, Code, FillId, OrderId};
use model::input::{ExecutionReport, Input};
use model::order::{OrderSnapshot, OrderStatus, Side};
use model::{Decimal, Lots, Micros, Symbol};
use serde::Deserialize;
use serde_json::Value;

use super::super::Cause;
use super::super::sequence::Numbered;
use super::super::wire::{self, OrderState, decimal_of, id_of, whole_of};
use super::{Heard, Undecodable};

/// A position as the private stream tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionSeen {
    pub symbol: Symbol,
    /// Signed.
    pub lots: Lots,
    /// By our clock.
    pub at: Micros,
}

/// Whole lots; a fraction of a contract cannot be.
pub fn lots(number: Decimal) -> Result<Lots, String> {
    let whole = number.fract().is_zero().then(|| i64::try_from(number).ok()).flatten();
    whole.ok_or_else(|| format!("{number} is no whole number of lots"))
}

/// Whole lots without a sign.
pub(super) fn size(number: Decimal) -> Result<Lots, String> {
    lots(number).and_then(|lots| (lots >= 0).then_some(lots).ok_or_else(|| format!("a size of {lots} lots")))
}

pub(super) fn side(word: &str) -> Result<Side, String> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        other => Err(format!("{other} is no side")),
    }
}

/// The one spelling of a fill's id. Stream and REST do not promise the same one: digits come as a number or as text,
/// hexadecimal digits in either case and with or without hyphens. So: no surrounding space, lower case, no hyphens.
pub(super) fn fill_id(id: &str) -> Result<FillId, String> {
    let spelled: String = id.trim().chars().filter(|letter| *letter != '-').collect();
    if spelled.is_empty() {
        return Err("a fill has no id".to_owned());
    }
    Ok(FillId(spelled.to_ascii_lowercase()))
}

/// What kind of fill the venue says it is; whether that is a settlement. Another word is an error, because what it does
/// to a position is not known.
pub(super) fn is_settlement(kind: Option<&str>) -> Result<bool, String> {
    match kind {
        Some("settlement") => Ok(true),
        Some("normal" | "adl" | "liquidation" | "otc") => Ok(false),
        Some(other) => Err(format!("{other} is no kind of fill")),
        None => Err("a fill does not say of which kind it is".to_owned()),
    }
}

/// Lots and price of a fill. Only what settles worthless has a price of zero.
pub(super) fn executed(
    lots: Option<Decimal>,
    price: Option<Decimal>,
    settlement: bool,
) -> Result<(Lots, Decimal), String> {
    let lots = size(lots.ok_or("a fill has no size")?)?;
    let price = price.ok_or("a fill has no price")?;
    let possible = price > Decimal::ZERO || (settlement && price.is_zero());
    if lots == 0 || !possible {
        return Err(format!("a fill of {lots} lots at {price}"));
    }
    Ok((lots, price))
}

/// Microseconds that can be the time of something at this venue: other units, and nonsense, are errors.
pub(super) fn micros(number: i64) -> Result<Micros, String> {
    /// 2014 to 2099.
    const POSSIBLE: std::ops::Range<i64> = 1_388_534_400_000_000..4_070_908_800_000_000;
    let possible = POSSIBLE.contains(&number).then_some(Micros(number));
    possible.ok_or_else(|| format!("{number} is no time in microseconds"))
}

/// The rows of a frame: a snapshot has a list of them, an update is one itself.
fn rows(mut frame: Value) -> Result<Vec<Value>, String> {
    match frame.get_mut("result").map(Value::take) {
        Some(Value::Array(rows)) => Ok(rows),
        Some(_) => Err("a snapshot without a list".to_owned()),
        None if frame.get("action").and_then(Value::as_str) == Some("snapshot") => {
            Err("a snapshot without a list".to_owned())
        }
        None => Ok(vec![frame]),
    }
}

/// The place of a frame in the row of its channel and symbol; a frame without one has none.
pub(super) fn numbered(channel: &'static str, frame: &Value) -> Option<Numbered> {
    let number = |value: Option<&Value>| u64::try_from(whole_of(value?).ok()??).ok();
    let word = |key: &str| frame.get(key).and_then(Value::as_str);
    let of_snapshot = number(frame.pointer("/meta/seq_no"));
    let seq = of_snapshot.or_else(|| number(frame.get("seq_no"))).or_else(|| number(frame.get("se")))?;
    let symbol = Symbol::from(word("symbol").or_else(|| word("sy"))?);
    Some(Numbered { channel, symbol, seq, begins: word("action") == Some("snapshot") })
}

/// Orders of ours. One of them that cannot be read is doubted: it is looked up, and its neighbours are read.
pub(super) fn orders(frame: Value) -> Result<Heard, Undecodable> {
    let mut inputs = Vec::new();
    let mut failure = None;
    for row in rows(frame)? {
        // Without our id it is somebody else's.
        let id = row.get("client_order_id").and_then(|id| id_of(id).ok()).flatten().map(ClientOrderId);
        let order = serde_json::from_value::<wire::Order>(row).map_err(|error| error.to_string());
        let report = match (&id, order) {
            (None, Ok(_)) => continue,
            (Some(id), Ok(order)) => order_snapshot(&order, id).map(ExecutionReport::Order),
            (Some(_) | None, Err(why)) => Err(why),
        };
        match (report, id) {
            (Ok(report), _) => inputs.push(Input::Execution(report)),
            (Err(why), id) => {
                failure = Some(why);
                let code = Code::from(Cause::Unreadable.code());
                inputs.extend(id.map(|client_order_id| {
                    Input::Execution(ExecutionReport::Ambiguous { client_order_id, code })
                }));
            }
        }
    }
    Undecodable::unless(inputs, failure)
}

/// The venue's order in our words; `ours` is the id under which it was sent or asked for. Closed with lots left over is
/// canceled: the venue ends an immediate-or-cancel order either way. What contradicts itself is an error.
pub fn order_snapshot(order: &wire::Order, ours: &ClientOrderId) -> Result<OrderSnapshot, String> {
    let order_id = order.id.as_ref().or(order.order_id.as_ref()).ok_or("the order has no id")?;
    if order.client_order_id.as_ref().is_some_and(|theirs| theirs != ours.as_str()) {
        return Err(format!("another order came than {ours}"));
    }
    let (whole, unfilled) = (size(order.size)?, size(order.unfilled_size)?);
    let filled_lots = whole - unfilled;
    if filled_lots < 0 {
        return Err(format!("{unfilled} lots of an order of {whole} are not filled"));
    }
    let status = match order.state {
        // The venue shrinks a canceled order to what was filled of it, down to nothing.
        OrderState::Cancelled => OrderStatus::Canceled,
        OrderState::Open | OrderState::Pending | OrderState::Closed if whole == 0 => {
            return Err("an order of no lots".to_owned());
        }
        OrderState::Pending if filled_lots > 0 => return Err("filled before it was triggered".to_owned()),
        OrderState::Open if filled_lots > 0 => OrderStatus::PartiallyFilled,
        OrderState::Open | OrderState::Pending => OrderStatus::New,
        OrderState::Closed if unfilled == 0 => OrderStatus::Filled,
        OrderState::Closed => OrderStatus::Canceled,
    };
    let average_price = match order.average_fill_price {
        Some(price) if price < Decimal::ZERO => return Err(format!("filled at {price}")),
        other => other.filter(|price| *price > Decimal::ZERO),
    };
    Ok(OrderSnapshot {
        client_order_id: ours.clone(),
        order_id: OrderId(order_id.clone()),
        status,
        filled_lots,
        average_price,
        reason: order
            .cancellation_reason
            .as_deref()
            .filter(|_| status == OrderStatus::Canceled)
            .map(super::super::cause::code_of),
    })
}

#[derive(Deserialize)]
pub(super) struct TradeFrame {
    sy: String,
    f: Value,
    #[serde(rename = "R")]
    kind: String,
    o: Value,
    #[serde(rename = "S")]
    side: String,
    s: Value,
    p: Value,
    #[serde(default)]
    c: Option<Value>,
    t: Value,
}

impl TradeFrame {
    /// The fill; this door does not tell the fee.
    pub(super) fn fill(self) -> Result<Fill, String> {
        let settlement = is_settlement(Some(&self.kind))?;
        let (lots, price) = executed(decimal_of(&self.s)?, decimal_of(&self.p)?, settlement)?;
        let client_order_id = self.c.as_ref().map(id_of).transpose()?.flatten();
        Ok(Fill {
            id: fill_id(&id_of(&self.f)?.unwrap_or_default())?,
            order_id: OrderId(id_of(&self.o)?.ok_or("a fill has no order")?),
            client_order_id: client_order_id.map(ClientOrderId),
            symbol: Symbol(self.sy),
            side: side(&self.side)?,
            lots,
            price,
            fee: None,
            fee_estimated: false,
            settlement,
            at: micros(whole_of(&self.t)?.ok_or("a fill has no time")?)?,
        })
    }
}

#[derive(Deserialize)]
struct PositionRow {
    #[serde(alias = "product_symbol")]
    symbol: String,
    size: Value,
    #[serde(default)]
    timestamp: Value,
}

/// Positions with the venue's time of each, where it tells it.
pub(super) fn positions(frame: Value) -> Result<Vec<(Symbol, Lots, Option<Micros>)>, String> {
    let of_frame = frame.get("timestamp").cloned().unwrap_or_default();
    let read = |row: Value| {
        let row: PositionRow = serde_json::from_value(row).map_err(|error| error.to_string())?;
        let size = decimal_of(&row.size)?.ok_or_else(|| format!("{} came without a size", row.symbol))?;
        let at = whole_of(&row.timestamp)?.or(whole_of(&of_frame)?).map(micros).transpose()?;
        Ok((Symbol(row.symbol), lots(size)?, at))
    };
    rows(frame)?.into_iter().map(read).collect()
}
