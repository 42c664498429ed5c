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

mod version1;

const VERSION: u32 = 2;

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

/// What every version of the file says first.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

#[derive(Deserialize)]
struct Loaded {
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

/// Where the state is written.
pub(crate) trait Disk: Send {
    /// Cuts the history off after `keep` bytes and appends `lines` to it.
    fn append(&mut self, keep: u64, lines: &[u8]) -> io::Result<()>;
    /// Puts a new state in the place of the old, whole or not at all.
    fn replace(&mut self, state: &[u8]) -> io::Result<()>;
}

/// The two files.
struct Files {
    path: PathBuf,
    history: File,
}

impl Disk for Files {
    fn append(&mut self, keep: u64, lines: &[u8]) -> io::Result<()> {
        self.history.set_len(keep)?;
        self.history.write_all(lines).inspect_err(|_full| {
            // A part of the lines would only take room; the next attempt cuts it off in any case.
            let _cut = self.history.set_len(keep);
        })
    }

    fn replace(&mut self, state: &[u8]) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let written = fs::write(&fresh, state).and_then(|()| fs::rename(&fresh, &self.path));
        written.inspect_err(|_full| {
            // What was written of it would only take room.
            let _removed = fs::remove_file(&fresh);
        })
    }
}

/// An open state file.
pub(crate) struct Store {
    disk: Box<dyn Disk>,
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
        let (profile, tax) = (options.profile, options.profile.tax());
        Ok(Setup { speed: options.speed, quirks, profile, tax, ..Setup::new(options.seed, source, now_us) })
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
    let disk = Box::new(Files { path: path.clone(), history });
    let store = Store { disk, history_bytes, saved_fills, saved_orders, tape, tape_end };
    Ok(Opened { exchange, store: Some(store), resumed: held })
}

fn load(path: &Path) -> Result<Option<Loaded>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let wrong = |error: serde_json::Error| error.to_string();
    let head: Head = serde_json::from_slice(&text).map_err(wrong)?;
    let mut loaded: Loaded = match head.version {
        VERSION => serde_json::from_slice(&text).map_err(wrong)?,
        version1::VERSION => version1::upgraded(&text).map_err(wrong)?,
        other => return Err(format!("its version is {other}, this program reads 1 and {VERSION}")),
    };
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
    /// A store of a fresh exchange on another disk.
    #[cfg(test)]
    pub fn on(disk: Box<dyn Disk>) -> Store {
        let (tape, tape_end) = (TapeSource::Embedded, TapeEnd::Mirror);
        Store { disk, history_bytes: 0, saved_fills: 0, saved_orders: 0, tape, tape_end }
    }

    /// Commits the exchange as it is.
    pub fn save(&mut self, exchange: &Exchange) -> io::Result<()> {
        let account = &exchange.state.account;
        let mut lines = Vec::new();
        for fill in latest(&account.fills, account.fills_total - self.saved_fills) {
            write_line(&mut lines, &Line::Fill((**fill).clone()))?;
        }
        for order in latest(&account.finished, account.finished_total - self.saved_orders) {
            write_line(&mut lines, &Line::Order((**order).clone()))?;
        }
        if !lines.is_empty() {
            self.disk.append(self.history_bytes, &lines)?;
        }
        let history_bytes = self.history_bytes + lines.len() as u64;
        let state = self.state(exchange, history_bytes)?;
        self.disk.replace(&state)?;
        self.history_bytes = history_bytes;
        (self.saved_fills, self.saved_orders) = (account.fills_total, account.finished_total);
        Ok(())
    }

    fn state(&self, exchange: &Exchange, history_bytes: u64) -> io::Result<Vec<u8>> {
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
        Ok(serde_json::to_vec(&saved)?)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::market::Underlying;
    use crate::exchange::order::OrderKey;
    use crate::exchange::time::SECOND_US;

    /// The moment at which the file in `tests/data` was written.
    const THEN_US: Micros = 1_789_992_008 * SECOND_US;

    fn old_files() -> (tempfile::TempDir, Options) {
        let directory = tempfile::tempdir().unwrap();
        for name in ["state-v1.json", "state-v1.history.ndjson"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
            fs::copy(from, directory.path().join(name)).unwrap();
        }
        let state_file = Some(directory.path().join("state-v1.json"));
        (directory, Options { state_file, ..Options::new(99) })
    }

    fn d(text: &str) -> rust_decimal::Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_state_file_without_ether_is_continued() {
        let (_directory, options) = old_files();
        let Opened { mut exchange, store, resumed } = open(&options, THEN_US).unwrap();
        assert!(resumed);
        let held = exchange.positions(THEN_US);
        let held: Vec<_> = held.iter().map(|position| (position.symbol.as_str(), position.size)).collect();
        assert_eq!(held, [("BTCUSD", 10), ("P-BTC-45400-230926", -100), ("C-BTC-46200-230926", -70)]);
        let order = |name: &str| OrderKey::ClientOrderId(name.to_owned());
        let target = exchange.order(THEN_US, &order("target")).unwrap();
        assert_eq!((target.limit_price(), target.unfilled), (d("569.9"), 40));
        assert_eq!(exchange.order(THEN_US, &order("stop")).unwrap().stop_price(), Some(d("927.0")));
        let entry = exchange.order(THEN_US, &order("entry-0")).unwrap();
        assert_eq!((entry.filled(), entry.average_fill_price()), (100, Some(d("635.6"))));
        assert_eq!(exchange.fills(THEN_US).len(), 11);
        assert_eq!(exchange.wallet(THEN_US).balance, d("100106.866900"));
        assert_eq!(exchange.spot(THEN_US, Underlying::Btc), d("45776.0"));
        assert_eq!(exchange.spot(THEN_US, Underlying::Eth), d("2861.00"), "a sixteenth");
        assert!(exchange.products(THEN_US).iter().any(|product| product.underlying == Underlying::Eth));

        // What is written now is read again, both courses with it.
        let later_us = THEN_US + 10 * SECOND_US;
        exchange.advance(later_us);
        store.unwrap().save(&exchange).unwrap();
        let mut again = open(&options, later_us).unwrap().exchange;
        for underlying in Underlying::ALL {
            assert_eq!(again.spot(later_us, underlying), exchange.spot(later_us, underlying));
        }
        let later_us = later_us + 10 * SECOND_US;
        for underlying in Underlying::ALL {
            assert_eq!(again.spot(later_us, underlying), exchange.spot(later_us, underlying));
        }
        assert_eq!(again.fills(later_us), exchange.fills(later_us));
    }

    #[test]
    fn a_file_of_a_version_to_come_is_refused_by_number() {
        let (directory, options) = old_files();
        fs::write(directory.path().join("state-v1.json"), "{\"version\":3}").unwrap();
        let refused = open(&options, THEN_US).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("version is 3") && refused.contains("reads 1 and 2"), "{refused}");
    }
}
