//! The exchange's state on disk: one file that is written anew and renamed into place at each commit, and
//! beside it the history of fills and finished orders, only appended to. Safe against a killed process;
//! nothing is forced to the platter.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::options::{Options, StartError, TapeSource};
use crate::exchange::account::{Account, Fill};
use crate::exchange::book::Book;
use crate::exchange::order::Order;
use crate::exchange::tape::TapeEnd;
use crate::exchange::time::Micros;
use crate::exchange::{Exchange, Setup, State};

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Saved<'a> {
    version: u32,
    tape: &'a TapeSource,
    tape_end: TapeEnd,
    /// How much of the history file belongs to this state.
    history_bytes: u64,
    /// Only books on which something hangs; the others are made anew when asked for.
    books: BTreeMap<i64, &'a Book>,
    state: &'a State,
}

#[derive(Deserialize)]
struct Loaded {
    version: u32,
    tape: TapeSource,
    tape_end: TapeEnd,
    history_bytes: u64,
    books: BTreeMap<i64, Book>,
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Fill(Fill),
    Order(Order),
}

/// An open state file.
pub(crate) struct Store {
    path: PathBuf,
    history: File,
    history_bytes: u64,
    saved_fills: u64,
    saved_orders: u64,
    tape: TapeSource,
    tape_end: TapeEnd,
}

/// An exchange made or continued, and where it is kept.
pub(crate) struct Opened {
    pub exchange: Exchange,
    pub store: Option<Store>,
    /// The market was continued because something is held or resting.
    pub resumed: bool,
}

/// Makes the exchange that the options ask for, or continues the stored one while anything is held or
/// resting in it. A stored account that is flat keeps its money and history under a new market.
pub(crate) fn open(options: &Options, now_us: Micros) -> Result<Opened, StartError> {
    let quirks = options.faults.as_ref().and_then(|faults| faults.quirks).unwrap_or(options.quirks);
    let setup = |tape: &TapeSource, end: TapeEnd| {
        let source = tape.open(end)?;
        Ok(Setup { speed: options.speed, quirks, ..Setup::new(options.seed, source, now_us) })
    };
    let Some(path) = &options.state_file else {
        let exchange = Exchange::new(setup(&options.tape, options.tape_end)?);
        return Ok(Opened { exchange, store: None, resumed: false });
    };
    let failed = |why: String| StartError::State { path: path.clone(), why };
    let loaded = load(path).map_err(failed)?;
    let history = OpenOptions::new().create(true).append(true).open(history_path(path));
    let history = history.map_err(|error| failed(error.to_string()))?;
    let history_bytes = loaded.as_ref().map_or(0, |loaded| loaded.history_bytes);
    // What was appended for a state that never got into place does not count.
    history.set_len(history_bytes).map_err(|error| failed(error.to_string()))?;
    let held = loaded.as_ref().is_some_and(|loaded| !loaded.state.account.is_flat());
    let (tape, tape_end) = match &loaded {
        Some(loaded) if held => (loaded.tape.clone(), loaded.tape_end),
        Some(_) | None => (options.tape.clone(), options.tape_end),
    };
    let setup = setup(&tape, tape_end)?;
    let exchange = match loaded {
        None => Exchange::new(setup),
        Some(loaded) if held => Exchange::with_state(loaded.state, &setup),
        Some(loaded) => Exchange::reopened(loaded.state, setup),
    };
    let account = &exchange.state.account;
    let (saved_fills, saved_orders) = (account.fills_total, account.finished_total);
    let store =
        Store { path: path.clone(), history, history_bytes, saved_fills, saved_orders, tape, tape_end };
    Ok(Opened { exchange, store: Some(store), resumed: held })
}

fn load(path: &Path) -> Result<Option<Loaded>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut loaded: Loaded = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    if loaded.version != VERSION {
        return Err(format!("its version is {}, this program reads {VERSION}", loaded.version));
    }
    loaded.state.books = std::mem::take(&mut loaded.books);
    read_history(path, loaded.history_bytes, &mut loaded.state.account)?;
    Ok(Some(loaded))
}

fn read_history(path: &Path, bytes: u64, account: &mut Account) -> Result<(), String> {
    if bytes == 0 {
        return Ok(());
    }
    let mut text = String::new();
    let history = history_path(path);
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", history.display());
    let file = File::open(&history).map_err(|error| named(&error))?;
    file.take(bytes).read_to_string(&mut text).map_err(|error| named(&error))?;
    if text.len() as u64 != bytes {
        return Err(named(&format!("{} bytes are missing", bytes - text.len() as u64)));
    }
    let (fills, orders) = (account.fills_total, account.finished_total);
    for line in text.lines() {
        match serde_json::from_str(line).map_err(|error| named(&error))? {
            Line::Fill(fill) => account.remember(fill),
            Line::Order(order) => account.remember_order(order),
        }
    }
    (account.fills_total, account.finished_total) = (fills, orders);
    Ok(())
}

fn history_path(path: &Path) -> PathBuf {
    path.with_extension("history.ndjson")
}

impl Store {
    /// Commits the exchange as it is.
    pub fn save(&mut self, exchange: &Exchange) -> io::Result<()> {
        let account = &exchange.state.account;
        let mut lines = Vec::new();
        for fill in latest(&account.fills, account.fills_total - self.saved_fills) {
            write_line(&mut lines, &Line::Fill(fill.clone()))?;
        }
        for order in latest(&account.finished, account.finished_total - self.saved_orders) {
            write_line(&mut lines, &Line::Order(order.clone()))?;
        }
        // A failed commit may have left a part of its lines.
        self.history.set_len(self.history_bytes)?;
        self.history.write_all(&lines)?;
        let history_bytes = self.history_bytes + lines.len() as u64;
        self.replace(exchange, history_bytes)?;
        self.history_bytes = history_bytes;
        (self.saved_fills, self.saved_orders) = (account.fills_total, account.finished_total);
        Ok(())
    }

    fn replace(&self, exchange: &Exchange, history_bytes: u64) -> io::Result<()> {
        let state = &exchange.state;
        let books = state.books.iter().filter(|(id, _)| state.account.holds(|held| held == **id));
        let saved = Saved {
            version: VERSION,
            tape: &self.tape,
            tape_end: self.tape_end,
            history_bytes,
            books: books.map(|(id, book)| (*id, book)).collect(),
            state,
        };
        let fresh = self.path.with_extension("new");
        fs::write(&fresh, serde_json::to_vec(&saved)?)?;
        fs::rename(&fresh, &self.path)
    }
}

fn write_line(lines: &mut Vec<u8>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, line)?;
    lines.push(b'\n');
    Ok(())
}

/// The last `count` entries, oldest first.
fn latest<T>(entries: &std::collections::VecDeque<T>, count: u64) -> impl Iterator<Item = &T> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    entries.iter().skip(entries.len().saturating_sub(count))
}
