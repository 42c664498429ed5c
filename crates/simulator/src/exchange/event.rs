//! What the venue publishes, as typed values: market data to whoever watches, private updates to the
//! account, and notes on its own happenings. Prices in USD, sizes in lots, times in wall microseconds.

use rust_decimal::Decimal;

use super::account::{Fill, Position, Risk, Wallet};
use super::market::Underlying;
use super::market::chain::Product;
use super::market::pricing::Greeks;
use super::order::Order;
use super::prints::{Day, Print};
use super::status::TradingStatus;
use super::time::Micros;

/// Public market data that can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Ticker,
    TopOfBook,
    Depth,
    Mark,
    Spot,
    /// Changes of the depth, with a sequence and a checksum.
    Updates,
    /// What others trade.
    Trades,
    Funding,
}

/// A price and the lots at it.
pub type PriceLevel = (Decimal, i64);

/// Everything a ticker row says.
#[derive(Clone, Debug, PartialEq)]
pub struct TickerRow {
    pub product: Product,
    pub mark: Decimal,
    pub spot: Decimal,
    pub bid: Option<PriceLevel>,
    pub ask: Option<PriceLevel>,
    /// Per year, as fractions; options only.
    pub bid_iv: Option<f64>,
    pub ask_iv: Option<f64>,
    pub mark_iv: Option<f64>,
    pub greeks: Option<Greeks>,
    /// Lowest and highest price an order may have.
    pub band: (Decimal, Decimal),
    /// Its last 24 hours.
    pub day: Day,
    /// Percent in eight hours; perpetuals only.
    pub funding_rate: Option<Decimal>,
    pub status: TradingStatus,
    /// Of the product.
    pub leverage: Decimal,
    pub at_us: Micros,
}

/// Best bid and offer.
#[derive(Clone, Debug, PartialEq)]
pub struct TopOfBook {
    pub symbol: String,
    pub bid: Option<PriceLevel>,
    pub ask: Option<PriceLevel>,
    pub at_us: Micros,
}

/// Displayed depth, best first, the account's own resting orders included.
#[derive(Clone, Debug, PartialEq)]
pub struct BookView {
    pub symbol: String,
    pub bids: Vec<PriceLevel>,
    pub asks: Vec<PriceLevel>,
    pub at_us: Micros,
}

/// A book as it is, or what changed in it since the number before; a level of 0 lots is gone.
#[derive(Clone, Debug, PartialEq)]
pub struct BookUpdate {
    pub symbol: String,
    pub whole: bool,
    pub bids: Vec<PriceLevel>,
    pub asks: Vec<PriceLevel>,
    /// Counts per product from 1.
    pub seq: u64,
    /// Of the book as it became.
    pub checksum: u32,
    pub at_us: Micros,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAction {
    Create,
    Update,
    Delete,
}

/// Why it happened, where the venue gives a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderReason {
    None,
    Fill,
    StopTrigger,
    StopCancel,
    /// A trailing stop followed, or a bracket was changed.
    StopUpdate,
    Liquidation,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderUpdate {
    pub order: Order,
    pub action: OrderAction,
    pub reason: OrderReason,
    /// Counts per symbol from 1.
    pub seq: u64,
    pub at_us: Micros,
}

/// A position as it became, with the margin it blocks, USD.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionUpdate {
    pub position: Position,
    pub margin: Decimal,
    pub risk: Risk,
    /// It was flat before.
    pub opened: bool,
    pub reason: PositionReason,
}

/// Why a position changed, where the venue gives a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionReason {
    None,
    /// Margin was taken from the wallet, so that it is not liquidated.
    AutoTopup,
}

/// How loud a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// One happening of the simulator itself, as data; the caller decides where it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Telling {
    /// Dotted, past tense: `simulator.expiry_settled`.
    pub name: &'static str,
    pub level: Level,
    /// A sentence that stands alone.
    pub message: String,
    pub payload: serde_json::Value,
}

/// One publication.
#[derive(Clone, Debug, PartialEq)]
pub enum VenueEvent {
    Ticker(Box<TickerRow>),
    TopOfBook(TopOfBook),
    Depth(BookView),
    Mark {
        symbol: String,
        price: Decimal,
        at_us: Micros,
    },
    Spot {
        underlying: Underlying,
        price: Decimal,
        at_us: Micros,
    },
    Updates(Box<BookUpdate>),
    Trade {
        symbol: String,
        print: Print,
        at_us: Micros,
    },
    /// Percent in eight hours, and when it is paid next.
    Funding {
        symbol: String,
        rate: Decimal,
        next_us: Micros,
        at_us: Micros,
    },
    Order(Box<OrderUpdate>),
    Fill(Box<Fill>),
    Position(Box<PositionUpdate>),
    Wallet(Wallet),
    /// An expiry stopped trading and was settled at this mean of the index.
    Settled {
        underlying: Underlying,
        expiry_s: i64,
        mean: Decimal,
        at_us: Micros,
    },
    /// The trading status of a product changed.
    Status {
        product: Product,
        event: &'static str,
        status: &'static str,
        at_us: Micros,
    },
    /// Maintenance began or is over.
    System {
        event: &'static str,
        status: &'static str,
        at_us: Micros,
    },
    Note(Telling),
}
