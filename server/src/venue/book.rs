//! One instrument's order book, kept from a snapshot and the changes after it. Each change has the next number and a
//! checksum of the ten best levels of each side as the venue spells them; a book that fails either is not believed any
//! more. Pure.

#[cfg(test)]
mod tests;

use model::market::{Depth, Level, MarketSource};
use model::{Decimal, Lots, Micros, Symbol};

/// Levels of each side that the checksum covers.
const CHECKED: usize = 10;
/// Levels of each side that are handed on: more than any size of this product walks.
const HANDED_ON: usize = 40;

/// What a frame of `ob_updates` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookFrame {
    pub symbol: Symbol,
    pub action: BookAction,
    pub asks: Vec<BookRow>,
    pub bids: Vec<BookRow>,
    pub seq: u64,
    pub checksum: Option<u32>,
    /// When it was so, by the venue's clock.
    pub made_at: Micros,
    /// The same by ours.
    pub at: Micros,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookAction {
    Snapshot,
    Update,
    /// The venue cannot go on with it.
    Error,
}

/// One level as it is from now on; without lots it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookRow {
    pub price: Decimal,
    pub lots: Lots,
    /// `price:size` as the venue spells both.
    pub spelled: String,
}

/// Why a book is not believed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookFault {
    /// A change is missing.
    Gap {
        expected: u64,
        came: u64,
    },
    Checksum {
        expected: u32,
        ours: u32,
    },
    /// The venue said so.
    Error,
    /// It was asked for and did not come.
    Missing,
    /// The other channel shows another one, and this has said nothing since.
    Stalled,
}

/// The book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Best first, both.
    bids: Vec<BookRow>,
    asks: Vec<BookRow>,
    seq: u64,
    made_at: Micros,
    at: Micros,
}

impl Book {
    /// Begins with a snapshot.
    pub fn begin(frame: BookFrame) -> Result<Self, BookFault> {
        let mut book = Self { seq: frame.seq, ..Self::default() };
        book.take(frame)?;
        Ok(book)
    }

    /// Takes the next change in.
    pub fn change(&mut self, frame: BookFrame) -> Result<(), BookFault> {
        let expected = self.seq + 1;
        if frame.seq != expected {
            return Err(BookFault::Gap { expected, came: frame.seq });
        }
        self.take(frame)
    }

    fn take(&mut self, frame: BookFrame) -> Result<(), BookFault> {
        for row in frame.asks {
            put(&mut self.asks, row, |known, row| known.cmp(row));
        }
        for row in frame.bids {
            put(&mut self.bids, row, |known, row| row.cmp(known));
        }
        (self.seq, self.made_at, self.at) = (frame.seq, frame.made_at, frame.at);
        let ours = self.checksum();
        match frame.checksum {
            Some(expected) if expected != ours => Err(BookFault::Checksum { expected, ours }),
            Some(_) | None => Ok(()),
        }
    }

    /// CRC32 of the ten best asks and the ten best bids, `price:size` with commas, a bar between the sides.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let mut text = String::with_capacity(512);
        for (index, row) in self.asks.iter().take(CHECKED).enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&row.spelled);
        }
        text.push('|');
        for (index, row) in self.bids.iter().take(CHECKED).enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&row.spelled);
        }
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        crc.sum()
    }

    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When it was last so, by the venue's clock.
    #[must_use]
    pub fn made_at(&self) -> Micros {
        self.made_at
    }

    /// Every level, best first.
    #[must_use]
    pub fn levels(&self) -> (Vec<Level>, Vec<Level>) {
        let side = |rows: &[BookRow]| rows.iter().map(level).collect();
        (side(&self.bids), side(&self.asks))
    }

    /// The best levels as the engine takes them.
    #[must_use]
    pub fn depth(&self, symbol: &Symbol) -> Depth {
        let side = |rows: &[BookRow]| rows.iter().take(HANDED_ON).map(level).collect();
        let (bids, asks) = (side(&self.bids), side(&self.asks));
        Depth { symbol: symbol.clone(), bids, asks, source: MarketSource::Stream, at: self.at }
    }

    /// Whether the best levels are those of another view of the same book, as far as both go.
    #[must_use]
    pub fn agrees(&self, other: &Depth) -> bool {
        let same = |ours: &[BookRow], theirs: &[Level]| {
            ours.is_empty() == theirs.is_empty()
                && ours.iter().zip(theirs).take(CHECKED).all(|(ours, theirs)| level(ours) == *theirs)
        };
        same(&self.bids, &other.bids) && same(&self.asks, &other.asks)
    }
}

impl BookFault {
    /// Its word, and what was expected and came, where that is a number.
    #[must_use]
    pub fn told(self) -> (&'static str, Option<(u64, u64)>) {
        match self {
            BookFault::Gap { expected, came } => ("gap", Some((expected, came))),
            BookFault::Checksum { expected, ours } => ("checksum", Some((expected.into(), ours.into()))),
            BookFault::Error => ("error", None),
            BookFault::Missing => ("no_snapshot", None),
            BookFault::Stalled => ("stalled", None),
        }
    }
}

fn level(row: &BookRow) -> Level {
    Level { price: row.price, lots: row.lots }
}

/// Puts a level at its place, or takes it away.
fn put(side: &mut Vec<BookRow>, row: BookRow, order: impl Fn(&Decimal, &Decimal) -> std::cmp::Ordering) {
    match side.binary_search_by(|known| order(&known.price, &row.price)) {
        Ok(at) if row.lots == 0 => {
            side.remove(at);
        }
        Ok(at) => side[at] = row,
        Err(_) if row.lots == 0 => {}
        Err(at) => side.insert(at, row),
    }
}
