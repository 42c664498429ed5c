//! Recordings of a venue's public feed: one JSON line a frame, with the time at which it was received. What is read
//! here is the course of Bitcoin's index, and the best quotes of every contract.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::chain;
use super::underlying::Underlying;
use crate::brief::brief;
use crate::exchange::time::{Micros, SECOND_US};

/// First line of a recording names this.
const KIND: &str = "deltascope tape";
const VERSION: i64 = 1;
/// Silence of the index that is told.
const GAP_US: i64 = 60 * SECOND_US;
/// A longer one makes it two recordings.
const LONGEST_GAP_US: i64 = 86_400 * SECOND_US;

/// The first line of a recording.
pub fn head(venue: &str, at_us: Micros) -> String {
    json!({ "tape": KIND, "version": VERSION, "venue": venue, "started_us": at_us }).to_string()
}

/// A line of a frame; text that is no JSON is kept as text.
pub fn line(received_us: Micros, frame: &str) -> String {
    match serde_json::from_str::<Value>(frame) {
        Ok(frame) => json!({ "received_us": received_us, "frame": frame }).to_string(),
        Err(_) => json!({ "received_us": received_us, "text": frame }).to_string(),
    }
}

/// A line of what happened to the connection: `connected`, `lost`.
pub fn event(received_us: Micros, event: &str, why: &str) -> String {
    json!({ "received_us": received_us, "event": event, "why": why }).to_string()
}

/// How many bytes of a recording are whole lines: what a killed recorder had begun to write is behind them.
pub fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// True if a file is meant as a recording and not as a price file.
pub fn is_recording(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Best bid and offer of a contract at some time; none where nothing was quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    pub at_us: Micros,
    pub bid: Option<Decimal>,
    pub ask: Option<Decimal>,
}

/// What a recording holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Bitcoin's index in tenths of a USD at the times at which the venue stamped it, in order.
    pub index: Vec<(Micros, i64)>,
    /// By symbol, in order of the venue's times.
    pub quotes: BTreeMap<String, Vec<Quoted>>,
    /// Stretches without an index longer than a minute: how many, and when the first began.
    pub silences: Option<(u32, Micros)>,
    /// A last line that was not written to its end.
    pub torn: bool,
}

impl Recording {
    /// Reads a whole recording.
    ///
    /// # Errors
    /// One sentence, beginning with the line where there is one.
    pub fn parse(bytes: &[u8]) -> Result<Recording, String> {
        let whole = whole_lines(bytes);
        let mut recording = Recording { torn: whole < bytes.len(), ..Recording::default() };
        let text = std::str::from_utf8(&bytes[..whole]).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            format!("line {line}: is no UTF-8 text")
        })?;
        let mut begun = false;
        for (number, text) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if text.trim().is_empty() {
                continue;
            }
            let at = |why: String| format!("line {}: {why}", number + 1);
            let row: Value =
                serde_json::from_str(text).map_err(|error| at(format!("is no JSON: {error}")))?;
            if begun {
                recording.take(&row).map_err(at)?;
            } else {
                check_head(&row).map_err(at)?;
                begun = true;
            }
        }
        recording.check()?;
        Ok(recording)
    }

    fn take(&mut self, row: &Value) -> Result<(), String> {
        // A recorder that goes on with a file begins with its own head.
        if row.get("tape").is_some() {
            return check_head(row);
        }
        if row["received_us"].as_i64().is_none() {
            return Err("received_us is missing, must be microseconds".to_owned());
        }
        let frame = &row["frame"];
        match frame["type"].as_str() {
            Some("spot_price") if frame["sy"] == Underlying::Btc.index_symbol() => self.take_index(frame),
            Some("ob_l1") => self.take_quote(frame),
            Some(_) | None => Ok(()),
        }
    }

    fn take_index(&mut self, frame: &Value) -> Result<(), String> {
        let at_us = stamp(frame)?;
        let price =
            decimal(&frame["p"]).ok_or_else(|| format!("p is {}, must be a price", brief(&frame["p"])))?;
        let (least, most) = chain::playable_usd();
        if price < Decimal::from(least) || price > Decimal::from(most) {
            let why = format!(
                "no option chain can be built for a price of {price}, must be from {least} to {most}"
            );
            return Err(format!("p: {why}"));
        }
        let tenths = (price * Decimal::from(Underlying::Btc.units())).round();
        let units = i64::try_from(tenths).map_err(|_| format!("p is {price}, must be a price"))?;
        // Repeated after a new connection, or overtaken: the venue's stamp says which is newer.
        let Some(&(last_us, _)) = self.index.last() else {
            self.index.push((at_us, units));
            return Ok(());
        };
        let apart_us = at_us - last_us;
        if apart_us > LONGEST_GAP_US {
            return Err(format!(
                "ts is {} s after the index before it, at most a day can be held",
                apart_us / SECOND_US
            ));
        }
        if apart_us > GAP_US {
            let (places, first_us) = self.silences.unwrap_or((0, last_us));
            self.silences = Some((places + 1, first_us));
        }
        if apart_us > 0 {
            self.index.push((at_us, units));
        }
        Ok(())
    }

    fn take_quote(&mut self, frame: &Value) -> Result<(), String> {
        let at_us = stamp(frame)?;
        let symbol = frame["sy"].as_str().ok_or("sy is missing, must be a symbol")?;
        let price = |price: &str, size: &str| {
            decimal(&frame[price])
                .filter(|price| *price > Decimal::ZERO)
                .filter(|_| decimal(&frame[size]).is_some_and(|size| size > Decimal::ZERO))
        };
        let quoted = Quoted { at_us, bid: price("bp", "bs"), ask: price("ap", "as") };
        let quotes = self.quotes.entry(symbol.to_owned()).or_default();
        if quotes.last().is_none_or(|last| last.at_us < at_us) {
            quotes.push(quoted);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        match (self.index.first(), self.index.last()) {
            (Some((first, _)), Some((last, _))) if last > first => Ok(()),
            _too_few => {
                let symbol = Underlying::Btc.index_symbol();
                Err(format!("there are no two spot_price frames of {symbol}, which a tape is played from"))
            }
        }
    }

    /// The quote of a contract that stood at some time.
    pub fn quote_at(&self, symbol: &str, at_us: Micros) -> Option<Quoted> {
        let quotes = self.quotes.get(symbol)?;
        let behind = quotes.partition_point(|quote| quote.at_us <= at_us);
        quotes[..behind].last().copied()
    }
}

fn check_head(row: &Value) -> Result<(), String> {
    if row["tape"] != KIND {
        return Err(format!("is no head of a recording, must have \"tape\":\"{KIND}\""));
    }
    if row["version"] != VERSION {
        return Err(format!("its version is {}, this program reads {VERSION}", brief(&row["version"])));
    }
    Ok(())
}

/// The venue's stamp of a frame.
fn stamp(frame: &Value) -> Result<Micros, String> {
    let at_us = frame["ts"].as_i64().filter(|us| (100_000_000_000_000..100_000_000_000_000_000).contains(us));
    at_us.ok_or_else(|| format!("ts is {}, must be microseconds", brief(&frame["ts"])))
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
