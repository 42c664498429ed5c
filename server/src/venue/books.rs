//! The books of one connection: each begins with its snapshot, goes on change by change, and is asked for again alone
//! when it is not believed any more. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::market::Depth;
use model::{Micros, Symbol};

use super::book::{Book, BookAction, BookFault, BookFrame};

/// A snapshot that was asked for has come by then.
const SNAPSHOT_WITHIN: i64 = 5_000_000;
/// A book that fails again and again is asked for at most this often.
const AGAIN_MOST: i64 = 30_000_000;
const AGAIN_FIRST: i64 = 1_000_000;
/// The other channel shows another book for so long, and this one said nothing.
const STALLED_AFTER: i64 = 2_000_000;

/// What came of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookNews {
    /// The book is this now.
    Depth(Depth),
    /// It is believed again.
    Restored { lost_ms: i64, depth: Depth },
    /// It is not believed any more.
    Lost(BookFault),
}

#[derive(Clone, Debug, Default)]
pub struct Books(BTreeMap<Symbol, Row>);

#[derive(Clone, Debug)]
struct Row {
    book: Option<Book>,
    /// Nothing came after its snapshot.
    young: bool,
    /// Since when it is not believed; `None` before it was for the first time, and while it is.
    lost_at: Option<Micros>,
    /// Failures since it was last believed for longer than a moment.
    failures: u32,
    /// When it is asked for, again or for the first time, if it does not come by itself.
    ask_at: Micros,
}

impl Row {
    fn new(now: Micros) -> Self {
        Self { book: None, young: false, lost_at: None, failures: 0, ask_at: Micros(now.0 + SNAPSHOT_WITHIN) }
    }

    /// At once for the first time, then after ever longer pauses.
    fn lose(&mut self, now: Micros) {
        let pause = AGAIN_FIRST << self.failures.saturating_sub(1).min(5);
        self.ask_at = if self.failures == 0 { now } else { Micros(now.0 + pause.min(AGAIN_MOST)) };
        self.failures += 1;
        self.book = None;
        self.lost_at.get_or_insert(now);
    }
}

impl Books {
    /// These are subscribed from now on, and no others.
    pub fn follow(&mut self, now: Micros, symbols: &[Symbol]) {
        self.0.retain(|symbol, _| symbols.contains(symbol));
        for symbol in symbols {
            self.0.entry(symbol.clone()).or_insert_with(|| Row::new(now));
        }
    }

    /// A frame came.
    pub fn heard(&mut self, now: Micros, frame: BookFrame) -> Option<BookNews> {
        let symbol = frame.symbol.clone();
        let row = self.0.get_mut(&symbol)?;
        let outcome = match (frame.action, row.book.as_mut()) {
            (BookAction::Error, _) => Err(BookFault::Error),
            (BookAction::Snapshot, _) => {
                row.young = true;
                Book::begin(frame).map(|book| row.book = Some(book))
            }
            // Its snapshot is under way.
            (BookAction::Update, None) => return None,
            // It was under way when the snapshot was made.
            (BookAction::Update, Some(book)) if row.young && frame.seq <= book.seq() => return None,
            (BookAction::Update, Some(book)) => {
                row.young = false;
                book.change(frame)
            }
        };
        match outcome {
            Ok(()) => {
                let depth = row.book.as_ref()?.depth(&symbol);
                let Some(lost_at) = row.lost_at.take() else {
                    if !row.young {
                        row.failures = 0;
                    }
                    return Some(BookNews::Depth(depth));
                };
                Some(BookNews::Restored { lost_ms: (now.0 - lost_at.0) / 1_000, depth })
            }
            Err(fault) => {
                let told = row.lost_at.is_none();
                row.lose(now);
                told.then_some(BookNews::Lost(fault))
            }
        }
    }

    /// The other channel shows a book: what of it is handed on. While ours is believed it is ours, dated by what the
    /// venue confirms; a view that is younger than ours goes before it; and where ours has said nothing while the market
    /// moved, it is lost.
    pub fn shown(&mut self, now: Micros, view: Depth, view_at: Micros) -> (Option<Depth>, Option<BookFault>) {
        let Some(row) = self.0.get_mut(&view.symbol) else { return (Some(view), None) };
        let Some(book) = &row.book else { return (Some(view), None) };
        let newer_by = view_at.0 - book.made_at().0;
        if book.agrees(&view) {
            let ours = book.depth(&view.symbol);
            return (Some(Depth { at: view.at.max(ours.at), ..ours }), None);
        }
        match newer_by {
            // It was made before the change that we have.
            ..=0 => (None, None),
            1..STALLED_AFTER => (Some(view), None),
            _stalled => {
                row.lose(now);
                (Some(view), Some(BookFault::Stalled))
            }
        }
    }

    /// Books to be asked for now, and those of them that were expected and never came.
    pub fn due(&mut self, now: Micros) -> (Vec<Symbol>, Vec<Symbol>) {
        let (mut ask, mut missing) = (Vec::new(), Vec::new());
        for (symbol, row) in &mut self.0 {
            if row.book.is_some() || row.ask_at > now {
                continue;
            }
            if row.lost_at.is_none() {
                row.lost_at = Some(now);
                missing.push(symbol.clone());
            }
            row.failures += 1;
            row.ask_at =
                Micros(now.0 + SNAPSHOT_WITHIN.max(AGAIN_FIRST << row.failures.min(5)).min(AGAIN_MOST));
            ask.push(symbol.clone());
        }
        (ask, missing)
    }

    /// When one is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Micros> {
        self.0.values().filter(|row| row.book.is_none()).map(|row| row.ask_at).min()
    }

    /// The book of an instrument, while it is believed.
    #[must_use]
    pub fn book(&self, symbol: &Symbol) -> Option<&Book> {
        self.0.get(symbol)?.book.as_ref()
    }
}
