//! What the streams say, as the engine's inputs. Pure: the same frames at the same times give the same inputs; a frame
//! that does not parse is an error value, never a panic and never a default.

mod account;
mod field;
mod market;
mod rest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::input::{ExecutionReport, Input};
use model::market::MarketEvent;
use model::{Micros, Underlying};
use serde_json::Value;

use super::book::BookFrame;
use super::offset::Estimate;
use super::sequence::Numbered;
use super::underlyings;
use super::wire::whole_of;
use crate::brief::short;
pub use account::{PositionSeen, lots, order_snapshot};
use market::{Extras, MarketFrame, TickerRow};
pub use rest::{account_position, fill, instrument, is_tradable, listed_status, open_order, option, ticker};

/// A frame that took longer than this to reach us is as old as it is, not as young as its arrival.
const LATE_US: i64 = 1_000_000;
/// A frame that is older than the one before it by less than this came out of order. By more: the venue's clock was set.
const DISORDER_US: i64 = 10_000_000;

/// What one frame meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Inputs(Vec<Input>),
    /// A book, or what changed in it.
    Book(Box<BookFrame>),
    /// Positions of the account.
    Positions(Vec<PositionSeen>),
    KeyAuth {
        success: bool,
        /// Refused for the time of its signature.
        expired: bool,
        status: String,
    },
    /// A product trades otherwise from now on, or the venue itself does.
    Status(StatusFrame),
    /// All current subscriptions, and those that were refused.
    Subscriptions(Vec<Subscribed>),
    Heartbeat,
    Pong,
    /// Understood, and of no use to the engine.
    Ignored,
}

/// How the venue says that something trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFrame {
    /// `None`: the venue as a whole.
    pub symbol: Option<String>,
    /// The venue's word, such as `disrupted_post_only` or `maintenance`; `None` when it trades as usual.
    pub status: Option<String>,
}

/// A frame that could not be decoded, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecodable {
    /// Where it fails.
    pub why: String,
    /// What it says all the same: rows beside the one that fails, and doubt about an order that it names.
    pub inputs: Vec<Input>,
}

impl From<String> for Undecodable {
    fn from(why: String) -> Self {
        Self { why, inputs: Vec::new() }
    }
}

impl From<&str> for Undecodable {
    fn from(why: &str) -> Self {
        why.to_owned().into()
    }
}

impl Undecodable {
    fn unless(inputs: Vec<Input>, failure: Option<String>) -> Result<Heard, Self> {
        match failure {
            Some(why) => Err(Self { why, inputs }),
            None => Ok(Heard::Inputs(inputs)),
        }
    }
}

/// What the venue says of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    pub channel: String,
    pub symbols: Vec<String>,
    /// Why it is refused, in the venue's words; `None` when it is granted.
    pub refused: Option<String>,
}

/// Translates the frames of one connection. Remembers the latest ticker per symbol, because marks come more often
/// and say less, and the time of the latest frame of each kind and symbol.
#[derive(Clone, Debug)]
pub struct Translator {
    extras: BTreeMap<String, Extras>,
    /// Of the latest frame.
    kind: &'static str,
    made_at: Option<Micros>,
    book_at: Option<Micros>,
    numbered: Option<Numbered>,
    latest: BTreeMap<&'static str, BTreeMap<String, i64>>,
    indices: BTreeMap<String, Underlying>,
    clock: Estimate,
}

impl Default for Translator {
    fn default() -> Self {
        let mut translator = Self {
            extras: BTreeMap::new(),
            kind: "",
            made_at: None,
            book_at: None,
            numbered: None,
            latest: BTreeMap::new(),
            indices: BTreeMap::new(),
            clock: Estimate::default(),
        };
        translator.follow(underlyings::followed(&[]));
        translator
    }
}

impl Translator {
    /// Spot prices of these are of use.
    pub fn follow(&mut self, followed: impl IntoIterator<Item = Underlying>) {
        self.indices
            .extend(followed.into_iter().map(|underlying| (underlyings::index(&underlying), underlying)));
    }

    /// How the venue's clock is known to differ from ours.
    pub fn know_clock(&mut self, clock: Estimate) {
        self.clock = clock;
    }

    /// Reads one frame that was received at `now`.
    pub fn frame(&mut self, text: &str, now: Micros) -> Result<Heard, Undecodable> {
        (self.kind, self.made_at, self.book_at, self.numbered) = ("", None, None, None);
        // Nearly every frame is one of these; what is none is read once more as what it may be.
        match serde_json::from_str::<MarketFrame<'_>>(text) {
            Ok(frame) => match frame.kind() {
                Some(kind) => Ok(self.market(kind, &frame, now)?),
                None => self.other(text, None, now),
            },
            Err(error) => self.other(text, Some(error), now),
        }
    }

    fn other(
        &mut self,
        text: &str,
        no_market: Option<serde_json::Error>,
        now: Micros,
    ) -> Result<Heard, Undecodable> {
        let frame: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let kind = frame.get("type").and_then(Value::as_str).ok_or("it has no type")?;
        match kind {
            "ticker" => {
                self.kind = "ticker";
                self.made_at = frame.get("ts").map(whole_of).transpose()?.flatten().map(Micros);
                let symbol = frame.get("sy").and_then(Value::as_str).unwrap_or_default();
                match self.dated("ticker", symbol, now) {
                    Some(at) => self.ticker(frame, at),
                    None => Ok(Heard::Ignored),
                }
            }
            "orders" => {
                self.numbered = account::numbered("orders", &frame);
                account::orders(frame)
            }
            "positions" => Ok(self.positions(frame, now)?),
            "v2/user_trades" => {
                self.numbered = account::numbered("v2/user_trades", &frame);
                let fill = read::<account::TradeFrame>(frame)?.fill()?;
                Ok(Heard::Inputs(vec![Input::Execution(ExecutionReport::Fill(fill))]))
            }
            "key-auth" => Ok(key_auth(&frame)),
            "subscriptions" => Ok(subscriptions(&frame)?),
            "product_updates" => Ok(product_status(&frame)),
            "system_status" => Ok(system_status(&frame)?),
            "heartbeat" => Ok(Heard::Heartbeat),
            "pong" => Ok(Heard::Pong),
            hot if market::HOT.contains(&hot) => Err(no_market
                .map_or_else(|| "no frame of the market".to_owned(), |error| error.to_string())
                .into()),
            // Channels that nobody here needs, and whatever the venue adds one day.
            _unused => Ok(Heard::Ignored),
        }
    }

    /// What the latest frame said it was; empty where that is of no interest.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// When the venue made the latest frame, by its clock, if the frame said so.
    #[must_use]
    pub fn venue_time(&self) -> Option<Micros> {
        self.made_at
    }

    /// When the book of the latest frame was as it says, by the venue's clock.
    #[must_use]
    pub fn book_time(&self) -> Option<Micros> {
        self.book_at
    }

    /// The place of the latest frame in its row, where frames are numbered.
    #[must_use]
    pub fn numbered(&self) -> Option<&Numbered> {
        self.numbered.as_ref()
    }

    /// The time of a market frame's data by our clock; `None` for one that came after a younger one.
    fn dated(&mut self, kind: &'static str, symbol: &str, now: Micros) -> Option<Micros> {
        let Some(made_at) = self.made_at else { return Some(now) };
        let latest = self.latest.entry(kind).or_default();
        match latest.get_mut(symbol) {
            Some(latest) if (1..DISORDER_US).contains(&latest.saturating_sub(made_at.0)) => return None,
            Some(latest) => *latest = made_at.0,
            None => {
                latest.insert(symbol.to_owned(), made_at.0);
            }
        }
        Some(self.ours(made_at, now))
    }

    /// The time of something by our clock: now, unless it took long to reach us.
    fn ours(&self, made_at: Micros, now: Micros) -> Micros {
        let ours = self.clock.our_time(made_at, now);
        if now.0 - ours.0 > LATE_US { ours } else { now }
    }

    fn market(&mut self, kind: &'static str, frame: &MarketFrame<'_>, now: Micros) -> Result<Heard, String> {
        self.kind = kind;
        self.made_at = frame.ts.whole()?.map(Micros);
        if kind == "ob_updates" {
            // Their numbers say in which order they are.
            let at = self.made_at.map_or(now, |made_at| self.ours(made_at, now));
            return Ok(Heard::Book(Box::new(frame.book(at)?)));
        }
        let Some(at) = self.dated(kind, frame.name()?, now) else { return Ok(Heard::Ignored) };
        let event = match kind {
            "ob_l1" => Some(frame.quote(at)?),
            "ob_l2" => {
                self.book_at = frame.book_at()?;
                Some(frame.depth(at)?)
            }
            "mark_price" => self.mark(frame, at)?,
            _spot => {
                let underlying = self.indices.get(frame.name()?);
                underlying.map(|underlying| frame.spot(underlying, at)).transpose()?.flatten()
            }
        };
        let Some(event) = event else { return Ok(Heard::Ignored) };
        Ok(Heard::Inputs(vec![Input::Market { events: vec![event] }]))
    }

    /// Rows for themselves: one that cannot be read does not take its neighbours with it.
    fn ticker(&mut self, mut frame: Value, at: Micros) -> Result<Heard, Undecodable> {
        let Some(Value::Array(rows)) = frame.get_mut("d").map(Value::take) else {
            return Err("a ticker without rows".into());
        };
        let mut events = Vec::new();
        let mut failure = None;
        for row in rows {
            match self.ticker_row(row, at) {
                Ok(event) => events.extend(event),
                Err(why) => failure = Some(why),
            }
        }
        let inputs = if events.is_empty() { Vec::new() } else { vec![Input::Market { events }] };
        Undecodable::unless(inputs, failure)
    }

    fn ticker_row(&mut self, row: Value, at: Micros) -> Result<Option<MarketEvent>, String> {
        let row: TickerRow = read(row)?;
        let extras = row.extras()?;
        let mark = row.mark(&extras, at)?;
        self.extras.insert(row.s, extras);
        Ok(mark)
    }

    fn mark(&self, frame: &MarketFrame<'_>, at: Micros) -> Result<Option<MarketEvent>, String> {
        let name = frame.name()?;
        let symbol = name.strip_prefix("MARK:").unwrap_or(name);
        let none = Extras::default();
        frame.mark(symbol, self.extras.get(symbol).unwrap_or(&none), at)
    }

    fn positions(&self, frame: Value, now: Micros) -> Result<Heard, String> {
        let seen = account::positions(frame)?.into_iter().map(|(symbol, lots, made_at)| {
            let at = made_at.map_or(now, |made_at| self.clock.our_time(made_at, now));
            PositionSeen { symbol, lots, at }
        });
        Ok(Heard::Positions(seen.collect()))
    }
}

fn read<T: serde::de::DeserializeOwned>(frame: Value) -> Result<T, String> {
    serde_json::from_value(frame).map_err(|error| error.to_string())
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

/// The product's own word goes before the name of what happened.
fn product_status(frame: &Value) -> Heard {
    let word = |place: &str| frame.pointer(place).and_then(Value::as_str);
    let Some(symbol) = word("/product/symbol").or_else(|| word("/symbol")) else { return Heard::Ignored };
    let status = match (word("/product/trading_status"), word("/event")) {
        (Some("operational"), _) | (None, Some("finish_auction")) => None,
        (Some(status), _) => Some(status),
        (None, Some("market_disruption")) => Some("disrupted_cancel_only"),
        (None, Some("start_auction")) => Some("disrupted_post_only"),
        (None, Some(_) | None) => return Heard::Ignored,
    };
    Heard::Status(StatusFrame { symbol: Some(symbol.to_owned()), status: status.map(short) })
}

fn system_status(frame: &Value) -> Result<Heard, String> {
    let status = frame.get("status").and_then(Value::as_str).ok_or("a status of the venue without a word")?;
    let status = (status != "live").then(|| short(status));
    Ok(Heard::Status(StatusFrame { symbol: None, status }))
}

fn subscriptions(frame: &Value) -> Result<Heard, String> {
    let rows = frame.get("channels").and_then(Value::as_array).ok_or("subscriptions without channels")?;
    let read = |row: &Value| {
        let channel = row.get("name").and_then(Value::as_str).ok_or("a channel without a name")?.to_owned();
        let symbols = row.get("symbols").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let symbols = symbols.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let refused = match row.get("error") {
            None | Some(Value::Null) => None,
            Some(Value::String(words)) => Some(words.clone()),
            Some(other) => Some(other.to_string()),
        };
        Ok(Subscribed { channel, symbols, refused })
    };
    Ok(Heard::Subscriptions(rows.iter().map(read).collect::<Result<_, String>>()?))
}
