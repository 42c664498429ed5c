//! Does a write-ahead log belong to the file beside it? SQLite does not ask: it reads any log whose checksums are
//! right, and a file that was put back from a backup beside the log of a killed process becomes a mixture.
//!
//! The first page of each file carries a mark (`user_version`) that starts at random and grows by one every few seconds
//! of writing, and each log holds later copies of that page. So the file's mark must be one of the log's, or the one
//! before its first. A format of https://www.sqlite.org/fileformat2.html#walformat is read here.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use sqlx::SqliteConnection;

const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const FILE_HEADER: usize = 100;
/// A first mark is random above these bits, and has none of them set.
const FIRST_BITS: u32 = 16;
const MAGIC: &[u8] = b"SQLite format 3\0";
/// The least significant bit says in which order the words of a checksum are read.
const LOG_MAGIC: u32 = 0x377F_0682;
/// Larger logs are left to SQLite: reading them would hold up the start.
const LOG_MOST: u64 = 256 * 1024 * 1024;

/// Why the log beside `file` cannot be its own; `None` when it can be, or when there is nothing in it.
pub(super) fn stranger(file: &Path, log: &Path) -> io::Result<Option<String>> {
    if std::fs::metadata(log).map_or(0, |meta| meta.len()) > LOG_MOST {
        return Ok(None);
    }
    let Some(log) = Log::read(log)? else { return Ok(None) };
    let mut header = [0; FILE_HEADER];
    let Some(length) = file_header(file, &mut header)? else {
        // SQLite would remove it without reading it.
        return Ok(Some("the file that it continues is gone or empty".to_owned()));
    };
    if !header.starts_with(MAGIC) {
        return Ok(None);
    }
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u32::from(bytes),
    };
    if page_bytes != log.page_bytes {
        return Ok(Some(format!("its pages have {} bytes, those of the file {page_bytes}", log.page_bytes)));
    }
    if let Some(page) = log.missing_page(length / u64::from(page_bytes)) {
        return Ok(Some(format!("page {page} is in neither of them")));
    }
    Ok(log.other_mark(mark_of(&header)))
}

/// Gives the file its next mark.
pub(super) async fn advance(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mark: i32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let next = match mark {
        0 => (i32::from_str_radix(&crate::random::hex(2), 16).unwrap_or_default() >> 1).max(1) << FIRST_BITS,
        i32::MAX => 1,
        mark => mark.wrapping_add(1),
    };
    let sql = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {next}"));
    sqlx::query(sql).persistent(false).execute(connection).await.map(|_| ())
}

/// Reads the header and gives the length; `None` when there is no file, or nothing in it.
fn file_header(path: &Path, header: &mut [u8]) -> io::Result<Option<u64>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    Ok(if filled(&mut file, header)? { Some(length) } else { None })
}

fn mark_of(page: &[u8]) -> i32 {
    i32::from_be_bytes([page[60], page[61], page[62], page[63]])
}

/// What is committed in a log.
#[derive(Debug, Default)]
struct Log {
    page_bytes: u32,
    /// Pages of the file after the last commit.
    pages: u32,
    held: HashSet<u32>,
    /// Marks on the copies of the first page, in order, without repeats.
    marks: Vec<i32>,
}

impl Log {
    /// Up to the last commit, as SQLite recovers it; `None` when there is none.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        let mut reader = match File::open(path) {
            Ok(file) => BufReader::with_capacity(256 * 1024, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut header = [0; LOG_HEADER];
        if !filled(&mut reader, &mut header)? {
            return Ok(None);
        }
        let word =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let big_endian = word(0) & 1 == 1;
        let mut sum = checksum((0, 0), &header[..24], big_endian);
        let page_bytes = word(8);
        if word(0) & !1 != LOG_MAGIC || sum != (word(24), word(28)) || !(512..=65_536).contains(&page_bytes) {
            return Ok(None);
        }
        let mut log = Self { page_bytes, ..Self::default() };
        let mut open = Self::default();
        let mut frame = vec![0; FRAME_HEADER + page_bytes as usize];
        while filled(&mut reader, &mut frame)? {
            let word =
                |at: usize| u32::from_be_bytes([frame[at], frame[at + 1], frame[at + 2], frame[at + 3]]);
            sum = checksum(checksum(sum, &frame[..8], big_endian), &frame[FRAME_HEADER..], big_endian);
            if frame[8..16] != header[16..24] || sum != (word(16), word(20)) {
                break;
            }
            open.add(word(0), &frame[FRAME_HEADER..]);
            if word(4) > 0 {
                log.commit(&mut open, word(4));
            }
        }
        Ok(Some(log).filter(|log| log.pages > 0))
    }

    fn add(&mut self, page: u32, bytes: &[u8]) {
        self.held.insert(page);
        if page == 1 {
            self.marks.push(mark_of(bytes));
        }
    }

    fn commit(&mut self, open: &mut Self, pages: u32) {
        self.pages = pages;
        self.held.extend(open.held.drain());
        self.marks.append(&mut open.marks);
        self.marks.dedup();
    }

    /// A page that the file has after the last commit, and that is neither in it nor in the log.
    fn missing_page(&self, in_file: u64) -> Option<u32> {
        let first = u32::try_from(in_file.saturating_add(1)).unwrap_or(u32::MAX);
        (first..=self.pages).find(|page| !self.held.contains(page))
    }

    /// A file of before there were marks has 0 there: then the log must begin with a first mark.
    fn other_mark(&self, of_file: i32) -> Option<String> {
        let mut marks = self.marks.iter().copied().filter(|mark| *mark != 0);
        let first = marks.next()?;
        let before = if first == 1 { i32::MAX } else { first - 1 };
        let begins = of_file == 0 && first.trailing_zeros() >= FIRST_BITS;
        let fits = begins || of_file == before || of_file == first || marks.any(|mark| mark == of_file);
        (!fits).then(|| format!("it continues the file of mark {first}, and this one has mark {of_file}"))
    }
}

/// `false` at the end of the file, also within the buffer.
fn filled(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn checksum((mut a, mut b): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let read = if big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
    for pair in bytes.as_chunks::<8>().0 {
        let (first, second) = ([pair[0], pair[1], pair[2], pair[3]], [pair[4], pair[5], pair[6], pair[7]]);
        a = a.wrapping_add(read(first)).wrapping_add(b);
        b = b.wrapping_add(read(second)).wrapping_add(a);
    }
    (a, b)
}

#[cfg(test)]
mod tests;
