//! What the streams say, as the engine's inputs. Pure: the same frame at the same time gives the same inputs; a
//! frame that does not parse is an error value, never a panic.

mod rest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::ids::{ClientOrderId, FillId, OrderId};
use model::input::{ExecutionReport, Input};
use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::order::{Fill, OrderSnapshot, OrderStatus, Side};
use model::{Decimal, Micros, Symbol, Underlying};
use serde::Deserialize;
use serde_json::Value;

use super::wire;
pub use rest::{fill, instrument, open_order, ticker};

/// What one frame meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Inputs(Vec<Input>),
    KeyAuth {
        success: bool,
        /// Refused for the time of its signature.
        expired: bool,
        status: String,
    },
    /// All current subscriptions, and those that were refused with the venue's words.
    Subscriptions {
        channels: Vec<String>,
        refused: Vec<(String, String)>,
    },
    Heartbeat,
    Pong,
    /// Understood, and of no use to the engine.
    Ignored,
}

/// What a ticker says that a mark alone does not.
#[derive(Clone, Debug, Default)]
struct Extras {
    band: Option<(Decimal, Decimal)>,
    delta: Option<Decimal>,
    volatility: Option<Decimal>,
}

/// Translates the frames of one connection. Remembers the latest ticker per symbol, because marks come more often
/// and say less.
#[derive(Clone, Debug, Default)]
pub struct Translator {
    extras: BTreeMap<String, Extras>,
    made_at: Option<Micros>,
}

impl Translator {
    /// Reads one frame that was received `at`. The error says why it could not be decoded.
    pub fn frame(&mut self, text: &str, at: Micros) -> Result<Heard, String> {
        let frame: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        self.made_at = frame.get("ts").and_then(Value::as_i64).map(Micros);
        let kind = frame.get("type").and_then(Value::as_str).ok_or("it has no type")?.to_owned();
        match kind.as_str() {
            "spot_price" => spot(read(frame)?, at),
            "ticker" => self.ticker(read(frame)?, at),
            "mark_price" => self.mark(read(frame)?, at),
            "ob_l1" => top(read(frame)?, at),
            "ob_l2" => depth(read(frame)?, at),
            "orders" => orders(frame),
            "v2/user_trades" => trade(read(frame)?),
            "key-auth" => Ok(key_auth(&frame)),
            "subscriptions" => Ok(subscriptions(&frame)),
            "heartbeat" => Ok(Heard::Heartbeat),
            "pong" => Ok(Heard::Pong),
            // Channels that nobody here needs, and whatever the venue adds one day.
            _unused => Ok(Heard::Ignored),
        }
    }

    /// When the venue made the latest frame, by its clock, if the frame said so.
    #[must_use]
    pub fn venue_time(&self) -> Option<Micros> {
        self.made_at
    }

    fn ticker(&mut self, frame: TickerFrame, at: Micros) -> Result<Heard, String> {
        let mut inputs = Vec::new();
        for row in frame.d {
            let number =
                |list: &Option<Vec<Value>>, index: usize| match list.as_ref().and_then(|l| l.get(index)) {
                    Some(value) => wire::decimal_of(value),
                    None => Ok(None),
                };
            let extras = Extras {
                band: number(&row.pb, 0)?.zip(number(&row.pb, 1)?),
                delta: number(&row.g, 0)?,
                volatility: number(&row.qiv, 2)?,
            };
            if let Some(price) = wire::decimal_of(&row.m)? {
                inputs.push(mark(&row.s, price, &extras, at));
            }
            self.extras.insert(row.s, extras);
        }
        Ok(Heard::Inputs(inputs))
    }

    fn mark(&self, frame: PriceFrame, at: Micros) -> Result<Heard, String> {
        let symbol = frame.sy.strip_prefix("MARK:").unwrap_or(&frame.sy);
        let Some(price) = wire::decimal_of(&frame.p)? else { return Ok(Heard::Ignored) };
        let none = Extras::default();
        Ok(Heard::Inputs(vec![mark(symbol, price, self.extras.get(symbol).unwrap_or(&none), at)]))
    }
}

#[derive(Deserialize)]
struct TickerFrame {
    d: Vec<TickerRow>,
}

#[derive(Deserialize)]
struct TickerRow {
    s: String,
    #[serde(default)]
    m: Value,
    /// Lower, upper.
    #[serde(default)]
    pb: Option<Vec<Value>>,
    /// Of ask, bid, mark.
    #[serde(default)]
    qiv: Option<Vec<Value>>,
    /// Delta first.
    #[serde(default)]
    g: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct PriceFrame {
    sy: String,
    #[serde(default)]
    p: Value,
}

#[derive(Deserialize)]
struct TopFrame {
    sy: String,
    #[serde(default)]
    ap: Value,
    #[serde(default, rename = "as")]
    a_s: Value,
    #[serde(default)]
    bp: Value,
    #[serde(default)]
    bs: Value,
}

#[derive(Deserialize)]
struct DepthFrame {
    sy: String,
    #[serde(default)]
    a: Vec<(Value, Value)>,
    #[serde(default)]
    b: Vec<(Value, Value)>,
}

#[derive(Deserialize)]
struct TradeFrame {
    sy: String,
    f: Value,
    #[serde(default, rename = "R")]
    kind: Option<String>,
    o: Value,
    #[serde(rename = "S")]
    side: String,
    s: Value,
    p: Value,
    #[serde(default)]
    c: Option<String>,
    t: i64,
}

fn read<T: serde::de::DeserializeOwned>(frame: Value) -> Result<T, String> {
    serde_json::from_value(frame).map_err(|error| error.to_string())
}

fn market(event: MarketEvent) -> Result<Heard, String> {
    Ok(Heard::Inputs(vec![Input::Market(event)]))
}

fn mark(symbol: &str, price: Decimal, extras: &Extras, at: Micros) -> Input {
    Input::Market(MarketEvent::Mark(Mark {
        symbol: Symbol::from(symbol),
        price,
        band: extras.band,
        delta: extras.delta,
        volatility: extras.volatility,
        source: MarketSource::Stream,
        at,
    }))
}

/// `.DEXBTUSD` is BTC, `.DEETHUSD` is ETH; other indices are nobody's underlying here.
pub(super) fn underlying_of_index(index: &str) -> Option<Underlying> {
    match index {
        ".DEXBTUSD" => Some(Underlying::from("BTC")),
        ".DEETHUSD" => Some(Underlying::from("ETH")),
        _other => None,
    }
}

fn spot(frame: PriceFrame, at: Micros) -> Result<Heard, String> {
    let price = wire::decimal_of(&frame.p)?.filter(|price| *price > Decimal::ZERO);
    match underlying_of_index(&frame.sy).zip(price) {
        Some((underlying, price)) => {
            market(MarketEvent::Spot(Spot { underlying, price, source: MarketSource::Stream, at }))
        }
        None => Ok(Heard::Ignored),
    }
}

/// Whole lots; a fraction of a contract cannot be.
pub fn lots(number: Decimal) -> Result<i64, String> {
    let whole = number.fract().is_zero().then(|| i64::try_from(number).ok()).flatten();
    whole.ok_or_else(|| format!("{number} is no whole number of lots"))
}

/// One level; a price or a size of none or zero is no quote.
fn level(price: &Value, size: &Value) -> Result<Option<Level>, String> {
    let some = |value| wire::decimal_of(value).map(|number| number.filter(|number| *number > Decimal::ZERO));
    let Some((price, size)) = some(price)?.zip(some(size)?) else { return Ok(None) };
    Ok(Some(Level { price, lots: lots(size)? }))
}

fn top(frame: TopFrame, at: Micros) -> Result<Heard, String> {
    market(MarketEvent::Quote(Quote {
        symbol: Symbol::from(frame.sy.as_str()),
        bid: level(&frame.bp, &frame.bs)?,
        ask: level(&frame.ap, &frame.a_s)?,
        source: MarketSource::Stream,
        at,
    }))
}

fn depth(frame: DepthFrame, at: Micros) -> Result<Heard, String> {
    let side = |rows: &[(Value, Value)]| -> Result<Vec<Level>, String> {
        rows.iter().filter_map(|(price, size)| level(price, size).transpose()).collect()
    };
    market(MarketEvent::Depth(Depth {
        symbol: Symbol::from(frame.sy.as_str()),
        bids: side(&frame.b)?,
        asks: side(&frame.a)?,
        source: MarketSource::Stream,
        at,
    }))
}

fn orders(mut frame: Value) -> Result<Heard, String> {
    let rows = match frame.get_mut("result").map(Value::take) {
        Some(Value::Array(rows)) => rows,
        Some(_) | None => vec![frame],
    };
    let mut inputs = Vec::new();
    for row in rows {
        let order: wire::Order = read(row)?;
        // Without our id it is somebody else's.
        if let Some(id) = order.client_order_id.clone() {
            let snapshot = order_snapshot(&order, &ClientOrderId(id))?;
            inputs.push(Input::Execution(ExecutionReport::Order(snapshot)));
        }
    }
    Ok(Heard::Inputs(inputs))
}

/// The venue's order in our words. Closed with lots left over is canceled: the venue ends an immediate-or-cancel
/// order either way.
pub fn order_snapshot(order: &wire::Order, ours: &ClientOrderId) -> Result<OrderSnapshot, String> {
    let order_id = order.id.as_ref().or(order.order_id.as_ref()).ok_or("the order has no id")?;
    let size = lots(order.size.unwrap_or_default())?;
    let unfilled = lots(order.unfilled_size.unwrap_or_default())?;
    let filled_lots = (size - unfilled).max(0);
    let status = match order.state.as_str() {
        "open" if filled_lots > 0 => OrderStatus::PartiallyFilled,
        "open" | "pending" => OrderStatus::New,
        "closed" if unfilled == 0 => OrderStatus::Filled,
        "closed" | "cancelled" => OrderStatus::Canceled,
        other => return Err(format!("{other} is no state of an order")),
    };
    Ok(OrderSnapshot {
        client_order_id: ours.clone(),
        order_id: OrderId(order_id.clone()),
        status,
        filled_lots,
        average_price: order.average_fill_price.filter(|price| *price > Decimal::ZERO),
        reason: order.cancellation_reason.clone(),
    })
}

pub(super) fn side(word: &str) -> Result<Side, String> {
    match word {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        other => Err(format!("{other} is no side")),
    }
}

/// An id that comes as text or as a number.
fn id(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err("an id was expected".to_owned())
        }
    }
}

fn trade(frame: TradeFrame) -> Result<Heard, String> {
    let some = |value, what: &str| wire::decimal_of(value)?.ok_or_else(|| format!("the fill has no {what}"));
    let fill = Fill {
        id: FillId(id(&frame.f)?),
        order_id: OrderId(id(&frame.o)?),
        client_order_id: frame.c.filter(|text| !text.is_empty()).map(ClientOrderId),
        symbol: Symbol(frame.sy),
        side: side(&frame.side)?,
        lots: lots(some(&frame.s, "size")?)?,
        price: some(&frame.p, "price")?,
        fee: None,
        settlement: frame.kind.as_deref() == Some("settlement"),
        at: Micros(frame.t),
    };
    Ok(Heard::Inputs(vec![Input::Execution(ExecutionReport::Fill(fill))]))
}

fn key_auth(frame: &Value) -> Heard {
    let word = |key: &str| frame.get(key).and_then(Value::as_str).map(str::to_owned);
    let expired = frame.get("status_code").and_then(Value::as_i64) == Some(408)
        || word("status").is_some_and(|status| status.contains("expired"));
    Heard::KeyAuth {
        // Only a plain yes is one.
        success: frame.get("success") == Some(&Value::Bool(true)),
        expired,
        status: word("message").or_else(|| word("status")).unwrap_or_else(|| "no status".to_owned()),
    }
}

fn subscriptions(frame: &Value) -> Heard {
    let rows = frame.get("channels").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut channels = Vec::new();
    let mut refused = Vec::new();
    for row in rows {
        let name = row.get("name").and_then(Value::as_str).unwrap_or("unnamed").to_owned();
        match row.get("error").and_then(Value::as_str) {
            Some(error) => refused.push((name, error.to_owned())),
            None => channels.push(name),
        }
    }
    Heard::Subscriptions { channels, refused }
}
