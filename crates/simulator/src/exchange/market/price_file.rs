//! Price files as they are found: what can be played as one-minute bars in order is read, everything else is
//! refused in one sentence that names line, column and reason.

use super::bar::{BAR_US, Bar, Gaps};
use super::chain;
use super::underlying::Underlying;
use crate::brief::brief;
use crate::exchange::time::{self, SECOND_US};

/// The last close is held over so many missing minutes, not over more.
const LONGEST_GAP: i64 = 1_440;

const TIME: &str = "time";
const PRICES: [&str; 4] = ["open", "high", "low", "close"];
/// Columns that may say of what the prices are.
const SYMBOLS: [&str; 4] = ["symbol", "pair", "ticker", "instrument"];
/// How files begin that are packed.
const PACKED: [(&[u8], &str); 5] = [
    (&[0x1f, 0x8b], "gzip"),
    (b"PK\x03\x04", "zip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (b"BZh", "bzip2"),
    (&[0xfd, b'7', b'z', b'X', b'Z'], "xz"),
];
/// From one minute to the next a price moves by no more, in percent.
const MOST_JUMP_PERCENT: i64 = 50;
const TIMES: [&str; 8] =
    ["time", "timestamp", "open_time", "open time", "opentime", "unix", "date", "datetime"];

/// The bars of a file, one for each minute, and what was missing of them.
pub(super) struct PriceFile {
    pub bars: Vec<Bar>,
    pub gaps: Option<Gaps>,
}

struct Row {
    line: u64,
    time_us: i64,
    bar: Bar,
}

/// Where the columns stand.
struct Columns {
    time: usize,
    prices: [usize; 4],
    symbol: Option<usize>,
}

/// Reads a whole file.
///
/// # Errors
/// One sentence, beginning with the line where there is one.
pub(super) fn read(bytes: &[u8]) -> Result<PriceFile, String> {
    let text = text_of(bytes)?;
    check_separator(text)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut record, mut rows) = (csv::StringRecord::new(), Vec::new());
    let mut heading: Option<(csv::StringRecord, Columns)> = None;
    while reader.read_record(&mut record).map_err(|error| error.to_string())? {
        // The reader stands behind the record; blank lines in front of it are not part of it.
        let line = reader.position().line().saturating_sub(u64::from(ends_line(text, &reader)));
        let at = |why: String| format!("line {line}{why}");
        match &heading {
            None => {
                let columns = columns(&record).map_err(at)?;
                if is_number(&record) {
                    rows.push(row(&record, &columns, line).map_err(at)?);
                }
                heading = Some((record.clone(), columns));
            }
            Some((header, _)) if *header == record && !is_number(&record) => {
                return Err(at(": the header stands here a second time".to_owned()));
            }
            Some((_, columns)) => rows.push(row(&record, columns, line).map_err(at)?),
        }
    }
    if rows.is_empty() {
        return Err("there is no row of time, open, high, low and close".to_owned());
    }
    in_order(&rows)
}

/// True if the reader stands behind a line break, and so on the line after its record.
fn ends_line(text: &str, reader: &csv::Reader<&[u8]>) -> bool {
    let read = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(text.len());
    text.as_bytes()[..read].ends_with(b"\n")
}

fn text_of(bytes: &[u8]) -> Result<&str, String> {
    let packed = PACKED.iter().find(|(head, _)| bytes.starts_with(head));
    if let Some((_, how)) = packed {
        return Err(format!("the file is compressed ({how}), must be text"));
    }
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || is_wide(bytes);
    if wide {
        return Err("the file is UTF-16 text, must be UTF-8".to_owned());
    }
    if bytes.iter().take(64).any(|byte| *byte == 0) {
        return Err("the file is no text".to_owned());
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: is no UTF-8 text")
    })
}

/// UTF-16 without a mark: of plain letters and digits every other byte is zero.
fn is_wide(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64)];
    let zeros = |odd: usize| head.iter().skip(odd).step_by(2).all(|byte| *byte == 0);
    let others = |odd: usize| head.iter().skip(odd).step_by(2).all(|byte| (1..0x80).contains(byte));
    head.len() >= 4 && (zeros(1) && others(0) || zeros(0) && others(1))
}

/// A cell as a sentence shows it: a quote that is never closed makes one of half a file.
fn shown(cell: &str) -> String {
    const MOST: usize = 60;
    if cell.chars().count() <= MOST {
        return format!("{cell:?}");
    }
    let head: String = cell.chars().take(MOST).collect();
    let quote =
        if cell.contains('\n') { ", and goes on over other lines: a quote is not closed" } else { "" };
    format!("{:?}{quote}", head + "…")
}

fn check_separator(text: &str) -> Result<(), String> {
    let Some((number, first)) = text.lines().enumerate().find(|(_, line)| !line.trim().is_empty()) else {
        return Ok(());
    };
    for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")] {
        if first.matches(separator).count() >= PRICES.len() {
            return Err(format!("line {}: columns are separated by {name}, must be by commas", number + 1));
        }
    }
    Ok(())
}

/// True if a record begins with a number: then it is a row, also as the first of a file.
fn is_number(record: &csv::StringRecord) -> bool {
    record.get(0).is_some_and(|cell| {
        cell.trim_start_matches(['-', '+']).starts_with(|first: char| first.is_ascii_digit())
    })
}

/// Columns by the names of a header, or by position in a file without one.
fn columns(first: &csv::StringRecord) -> Result<Columns, String> {
    if is_number(first) {
        return Ok(Columns { time: 0, prices: [1, 2, 3, 4], symbol: None });
    }
    if is_comment(first) {
        return Err(": is a comment, must be a header or a row".to_owned());
    }
    let find = |names: &[&str]| {
        let found = first.iter().position(|cell| names.contains(&cell.to_lowercase().as_str()));
        found.ok_or_else(|| {
            let wanted = "the first line must be a row, or name time, open, high, low and close";
            format!(", column {}: is missing; {wanted}", names[0])
        })
    };
    let time = find(&TIMES)?;
    let mut prices = [0; 4];
    for (column, name) in prices.iter_mut().zip(PRICES) {
        *column = find(&[name])?;
        if first.iter().filter(|cell| cell.to_lowercase() == name).count() > 1 {
            return Err(format!(", column {name}: stands twice in the header"));
        }
    }
    let symbol = first.iter().position(|cell| SYMBOLS.contains(&cell.to_lowercase().as_str()));
    Ok(Columns { time, prices, symbol })
}

fn is_comment(record: &csv::StringRecord) -> bool {
    record.get(0).is_some_and(|cell| cell.starts_with('#') || cell.starts_with("//"))
}

fn row(record: &csv::StringRecord, columns: &Columns, line: u64) -> Result<Row, String> {
    if is_comment(record) {
        return Err(": is a comment, must be a row of prices".to_owned());
    }
    let cell =
        |column: usize, name: &str| record.get(column).ok_or_else(|| format!(", column {name}: is missing"));
    if let Some(symbol) = columns.symbol.and_then(|column| record.get(column)) {
        let of_bitcoin = ["BTC", "XBT"].iter().any(|name| symbol.to_uppercase().contains(name));
        if !symbol.is_empty() && !of_bitcoin {
            return Err(format!(", column symbol: is {}, must be Bitcoin's", shown(symbol)));
        }
    }
    let time_us = time(cell(columns.time, TIME)?).map_err(|why| format!(", column {TIME}: {why}"))?;
    let mut prices = [0; 4];
    for ((price, column), name) in prices.iter_mut().zip(columns.prices).zip(PRICES) {
        *price = tenths(cell(column, name)?).map_err(|why| format!(", column {name}: {why}"))?;
    }
    let [open, high, low, close] = prices;
    let usd = |units: i64| Underlying::Btc.price(units);
    for (name, other) in [("open", open), ("close", close)] {
        if low > other {
            return Err(format!(", column low: is {}, above the {name} of {}", usd(low), usd(other)));
        }
        if high < other {
            return Err(format!(", column high: is {}, below the {name} of {}", usd(high), usd(other)));
        }
    }
    if high > 2 * low {
        return Err(format!(", column high: is {}, more than twice the low of {}", usd(high), usd(low)));
    }
    Ok(Row { line, time_us, bar: Bar { open, high, low, close } })
}

/// A UTC stamp, or Unix seconds, milliseconds or microseconds, told apart by their size (years 1973 to 5138).
fn time(cell: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "is {}, must be Unix seconds, milliseconds or microseconds, or like 2022-01-05T00:00:00Z",
            shown(cell)
        )
    };
    if let Some(second) = time::from_iso(cell) {
        return Ok(second * SECOND_US);
    }
    let whole = cell.strip_suffix(".0").unwrap_or(cell);
    let number: i64 = whole.parse().map_err(|_| wrong())?;
    match number {
        100_000_000..100_000_000_000 => Ok(number * SECOND_US),
        100_000_000_000..100_000_000_000_000 => Ok(number * 1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Ok(number),
        _other => Err(wrong()),
    }
}

/// A price in tenths of a USD, the units of the first underlying.
fn tenths(cell: &str) -> Result<i64, String> {
    let value: f64 = match cell.parse() {
        Ok(value) => value,
        Err(_) if cell.replace(',', "").parse::<f64>().is_ok() => {
            return Err(format!("is {}, must be a number without commas in it", shown(cell)));
        }
        Err(_) => return Err(format!("is {}, must be a number", shown(cell))),
    };
    if !value.is_finite() {
        return Err(format!("is {}, must be a number", brief(cell)));
    }
    if value <= 0.0 {
        return Err(format!("is {}, must be above 0", brief(cell)));
    }
    let (least, most) = chain::playable_usd();
    if value < least as f64 || value > most as f64 {
        return Err(format!(
            "no option chain can be built for a price of {}, must be from {} to {}",
            brief(cell),
            grouped(least),
            grouped(most)
        ));
    }
    Ok((value * Underlying::Btc.units() as f64).round() as i64)
}

/// One bar for each minute: rows must follow each other by whole minutes, and the last close is held over
/// those that are missing.
fn in_order(rows: &[Row]) -> Result<PriceFile, String> {
    for pair in rows.windows(2) {
        let apart_us = pair[1].time_us - pair[0].time_us;
        if apart_us <= 0 {
            return Err(backward(rows, &pair[1], apart_us));
        }
    }
    let steps = || rows.windows(2).map(|pair| pair[1].time_us - pair[0].time_us);
    if let Some(step) = steps().min().filter(|step| *step != BAR_US) {
        return Err(format!("rows are {} s apart, 60 wanted", seconds(step)));
    }
    let mut bars: Vec<Bar> = rows.first().map(|row| row.bar).into_iter().collect();
    let mut gaps: Option<Gaps> = None;
    for pair in rows.windows(2) {
        let (before, row) = (&pair[0], &pair[1]);
        let apart_us = row.time_us - before.time_us;
        if apart_us % BAR_US != 0 {
            let apart = seconds(apart_us);
            return Err(format!(
                "line {}, column {TIME}: is {apart} s after the row before, must be whole minutes",
                row.line
            ));
        }
        let missing = apart_us / BAR_US - 1;
        let (close, open) = (before.bar.close, row.bar.open);
        if missing == 0 && (open - close).abs() * 100 > close * MOST_JUMP_PERCENT {
            let usd = |units: i64| Underlying::Btc.price(units);
            return Err(format!(
                "line {}, column open: is {} a minute after a close of {}, at most {MOST_JUMP_PERCENT} % can be played",
                row.line,
                usd(open),
                usd(close)
            ));
        }
        if missing > LONGEST_GAP {
            let (missing, most) = (grouped(missing), grouped(LONGEST_GAP));
            return Err(format!(
                "line {}, column {TIME}: {missing} minutes are missing before it, at most {most} can be held",
                row.line
            ));
        }
        if missing > 0 {
            let first_s = (before.time_us + BAR_US) / SECOND_US;
            let gaps = gaps.get_or_insert(Gaps { minutes: 0, places: 0, first_s });
            gaps.minutes += missing;
            gaps.places += 1;
        }
        let close = before.bar.close;
        let held = Bar { open: close, high: close, low: close, close };
        bars.extend((0..missing).map(|_| held));
        bars.push(row.bar);
    }
    Ok(PriceFile { bars, gaps })
}

/// Why a row that does not lie after the one before it cannot be played.
fn backward(rows: &[Row], row: &Row, apart_us: i64) -> String {
    let Row { line, time_us, .. } = row;
    match rows.iter().find(|other| other.line < *line && other.time_us == *time_us) {
        Some(first) => format!("line {line}, column {TIME}: stands already in line {}", first.line),
        None => format!(
            "line {line}, column {TIME}: is {} s before the row above, rows must be in order of time",
            seconds(-apart_us)
        ),
    }
}

/// Whole seconds, or with their fraction.
fn seconds(us: i64) -> String {
    let whole = grouped(us / SECOND_US);
    match us % SECOND_US {
        0 => whole,
        rest => format!("{whole}.{rest:06}").trim_end_matches('0').to_owned(),
    }
}

/// `1,234,567`.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
