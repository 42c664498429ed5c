//! Frames of the market: marks, tops of books, depths, changes of books and spot prices. A side that is not there is
//! none; a price without a size, or a negative one, is an error.

use model::market::{Depth, Level, Mark, MarketEvent, MarketSource, Quote, Spot};
use model::{Decimal, Micros, Symbol, Underlying};
use serde::Deserialize;
use serde_json::Value;

use super::super::book::{BookAction, BookFrame, BookRow};
use super::super::wire::decimal_of;
use super::account::size;
use super::field::Field;

/// Frames that are read by [`MarketFrame`], by what they say they are.
pub(super) const HOT: [&str; 5] = ["ob_l1", "ob_updates", "ob_l2", "mark_price", "spot_price"];

/// What a ticker says that a mark alone does not.
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    band: Option<(Decimal, Decimal)>,
    delta: Option<Decimal>,
    volatility: Option<Decimal>,
}

#[derive(Deserialize)]
pub(super) struct TickerRow {
    pub s: String,
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

/// Prices and sizes.
type Rows<'a> = [(Field<'a>, Field<'a>)];

/// All that the frames of single instruments have, of which each kind has some: so one reading tells what it is and
/// what it says.
#[derive(Deserialize)]
pub(super) struct MarketFrame<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Field<'a>,
    #[serde(borrow, default)]
    sy: Field<'a>,
    #[serde(borrow, default)]
    pub ts: Field<'a>,
    #[serde(borrow, default)]
    lts: Field<'a>,
    #[serde(borrow, default)]
    p: Field<'a>,
    #[serde(borrow, default)]
    ap: Field<'a>,
    #[serde(borrow, default, rename = "as")]
    a_s: Field<'a>,
    #[serde(borrow, default)]
    bp: Field<'a>,
    #[serde(borrow, default)]
    bs: Field<'a>,
    #[serde(borrow, default)]
    a: Option<Vec<(Field<'a>, Field<'a>)>>,
    #[serde(borrow, default)]
    b: Option<Vec<(Field<'a>, Field<'a>)>>,
    #[serde(borrow, default)]
    action: Field<'a>,
    #[serde(borrow, default)]
    seq: Field<'a>,
    #[serde(borrow, default)]
    cs: Field<'a>,
}

impl TickerRow {
    pub(super) fn extras(&self) -> Result<Extras, String> {
        let number = |list: &Option<Vec<Value>>, index: usize| match list.as_ref().and_then(|l| l.get(index))
        {
            Some(value) => decimal_of(value),
            None => Ok(None),
        };
        Ok(Extras {
            band: band(number(&self.pb, 0)?, number(&self.pb, 1)?)?,
            delta: number(&self.g, 0)?,
            volatility: number(&self.qiv, 2)?,
        })
    }

    /// The mark, if the row has one.
    pub(super) fn mark(&self, extras: &Extras, at: Micros) -> Result<Option<MarketEvent>, String> {
        mark(&self.s, decimal_of(&self.m)?, extras, at)
    }
}

impl MarketFrame<'_> {
    /// What it is, if it is one of these.
    pub fn kind(&self) -> Option<&'static str> {
        let word = self.kind.word()?;
        HOT.into_iter().find(|kind| *kind == word)
    }

    /// The name that the frame gives what it is about.
    pub fn name(&self) -> Result<&str, String> {
        self.sy.word().ok_or_else(|| "a frame about nothing".to_owned())
    }

    /// When the book was as it says, where that is told beside the time of sending.
    pub fn book_at(&self) -> Result<Option<Micros>, String> {
        Ok(self.lts.whole()?.or(self.ts.whole()?).map(Micros))
    }

    pub fn mark(&self, symbol: &str, extras: &Extras, at: Micros) -> Result<Option<MarketEvent>, String> {
        mark(symbol, self.p.there("p")?.decimal()?, extras, at)
    }

    pub fn spot(&self, underlying: &Underlying, at: Micros) -> Result<Option<MarketEvent>, String> {
        let price = positive(self.p.there("p")?.decimal()?)?;
        let underlying = underlying.clone();
        Ok(price.map(|price| MarketEvent::Spot(Spot { underlying, price, source: MarketSource::Stream, at })))
    }

    pub fn quote(&self, at: Micros) -> Result<MarketEvent, String> {
        let side = |price: &Field<'_>, lots: &Field<'_>, names: [&str; 2]| {
            level(price.there(names[0])?.decimal()?, lots.there(names[1])?.decimal()?)
        };
        Ok(MarketEvent::Quote(Quote {
            symbol: Symbol::from(self.name()?),
            bid: side(&self.bp, &self.bs, ["bp", "bs"])?,
            ask: side(&self.ap, &self.a_s, ["ap", "as"])?,
            source: MarketSource::Stream,
            at,
        }))
    }

    pub fn depth(&self, at: Micros) -> Result<MarketEvent, String> {
        let (asks, bids) = self.sides()?;
        Ok(MarketEvent::Depth(Depth {
            symbol: Symbol::from(self.name()?),
            bids: levels(bids)?,
            asks: levels(asks)?,
            source: MarketSource::Stream,
            at,
        }))
    }

    /// A book or what changed in it.
    pub fn book(&self, at: Micros) -> Result<BookFrame, String> {
        let action = match self.action.word() {
            Some("snapshot") => BookAction::Snapshot,
            Some("update") => BookAction::Update,
            Some("error") => BookAction::Error,
            _other => return Err("a book that is neither whole nor a change".to_owned()),
        };
        let symbol = Symbol::from(self.name()?);
        let made_at = self.book_at()?.unwrap_or(at);
        if action == BookAction::Error {
            return Ok(BookFrame {
                symbol,
                action,
                asks: Vec::new(),
                bids: Vec::new(),
                seq: 0,
                checksum: None,
                made_at,
                at,
            });
        }
        let number = |field: &Field<'_>, what: &str| {
            field.whole()?.map(u64::try_from).transpose().map_err(|_| format!("a negative {what}"))
        };
        let seq = number(&self.seq, "number")?.ok_or("a book without a number")?;
        let checksum = number(&self.cs, "checksum")?;
        let checksum =
            checksum.map(u32::try_from).transpose().map_err(|_| "a checksum of more than 32 bits")?;
        let (asks, bids) = self.sides()?;
        Ok(BookFrame { symbol, action, asks: rows(asks)?, bids: rows(bids)?, seq, checksum, made_at, at })
    }

    /// Asks and bids. A list that is not there is no empty one.
    fn sides(&self) -> Result<(&Rows<'_>, &Rows<'_>), String> {
        let asks = self.a.as_deref().ok_or("a book without a list of asks")?;
        let bids = self.b.as_deref().ok_or("a book without a list of bids")?;
        Ok((asks, bids))
    }
}

fn mark(
    symbol: &str,
    price: Option<Decimal>,
    extras: &Extras,
    at: Micros,
) -> Result<Option<MarketEvent>, String> {
    let Some(price) = mark_price(price)? else { return Ok(None) };
    Ok(Some(MarketEvent::Mark(Mark {
        symbol: Symbol::from(symbol),
        price,
        band: extras.band,
        delta: extras.delta,
        volatility: extras.volatility,
        source: MarketSource::Stream,
        at,
    })))
}

/// A mark of zero is one: an option may be worth nothing.
pub(super) fn mark_price(price: Option<Decimal>) -> Result<Option<Decimal>, String> {
    match price {
        Some(price) if price < Decimal::ZERO => Err(format!("a mark of {price}")),
        other => Ok(other),
    }
}

/// A price that is none when it is zero.
pub(super) fn positive(price: Option<Decimal>) -> Result<Option<Decimal>, String> {
    match price {
        Some(price) if price < Decimal::ZERO => Err(format!("a price of {price}")),
        other => Ok(other.filter(|price| *price > Decimal::ZERO)),
    }
}

/// The band in which orders are taken; none unless both ends are there.
pub(super) fn band(
    lower: Option<Decimal>,
    upper: Option<Decimal>,
) -> Result<Option<(Decimal, Decimal)>, String> {
    let Some((lower, upper)) = lower.zip(upper).filter(|(_, upper)| !upper.is_zero()) else {
        return Ok(None);
    };
    if lower < Decimal::ZERO || lower > upper {
        return Err(format!("a price band from {lower} to {upper}"));
    }
    Ok(Some((lower, upper)))
}

fn levels(rows: &Rows<'_>) -> Result<Vec<Level>, String> {
    let mut levels = Vec::with_capacity(rows.len());
    for (price, lots) in rows {
        levels.extend(level(price.decimal()?, lots.decimal()?)?);
    }
    Ok(levels)
}

/// Rows of a book with their spelling, which its checksum is made of. Without lots a level is gone.
fn rows(rows: &Rows<'_>) -> Result<Vec<BookRow>, String> {
    let read = |(price, lots): &(Field<'_>, Field<'_>)| {
        let positive = positive(price.decimal()?)?.ok_or("a level of a book without a price")?;
        let lots_now = size(lots.decimal()?.ok_or("a level of a book without a size")?)?;
        let text = |field: &Field<'_>| field.text().map(std::borrow::Cow::into_owned).unwrap_or_default();
        Ok(BookRow { price: positive, lots: lots_now, spelled: format!("{}:{}", text(price), text(lots)) })
    };
    rows.iter().map(read).collect()
}

/// One level. Without a price there is none, and without lots it is gone; a price that does not say of how many lots is
/// an error.
pub(super) fn level(price: Option<Decimal>, lots: Option<Decimal>) -> Result<Option<Level>, String> {
    let price = positive(price)?;
    let lots = lots.map(size).transpose()?;
    match (price, lots) {
        (Some(price), Some(lots)) => Ok((lots > 0).then_some(Level { price, lots })),
        (Some(price), None) => Err(format!("an offer at {price} without a size")),
        (None, _) => Ok(None),
    }
}
