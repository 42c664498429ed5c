//! Searching for a text: lines are looked at newest first, at the speed of memory, for a limited time. The answer says
//! how far back was looked, and where to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use telemetry::{LogRecord, Micros};

use super::{Cursor, Filter, Page, TelemetryStore};
use crate::store::StoreError;
use crate::store::log::{Head, Log, Ordinal, Reader, Segment, offset, whole};

/// What a search may take; the page that it gives then says how far it came.
const LONGEST: Duration = Duration::from_secs(3);
/// Threads of one search.
const THREADS: usize = 4;
const MESSAGE: &[u8] = b",\"message\":\"";

/// A text in lower case, and how it is found in a line.
#[derive(Clone, Debug)]
pub struct Needle {
    lower: String,
    /// Where nothing but these bytes need to be compared: the rarest one in either case, and its place.
    rare: Option<(u8, u8, usize)>,
    /// As it stands within a line.
    escaped: Vec<u8>,
}

impl Needle {
    #[must_use]
    pub fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let quoted = serde_json::to_string(&lower).unwrap_or_default();
        let escaped = quoted.as_bytes().get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_vec();
        let rare = escaped
            .iter()
            .enumerate()
            .filter(|(_, b)| b.is_ascii())
            .min_by_key(|(_, b)| commonness(**b))
            .map(|(at, b)| (*b, b.to_ascii_uppercase(), at));
        Self { lower, rare: if escaped.is_ascii() { rare } else { None }, escaped }
    }

    /// Whether event or message of a line hold it.
    #[must_use]
    pub fn is_in(&self, head: &Head<'_>, line: &[u8]) -> bool {
        if self.lower.is_empty() || holds(&head.event, &self.lower) {
            return true;
        }
        let Some(from) = Finder::new(MESSAGE).find(line).map(|at| at + MESSAGE.len()) else {
            return self.is_in_any_order(line);
        };
        let Some(end) = closing_quote(&line[from..]) else { return false };
        let raw = &line[from..from + end];
        match std::str::from_utf8(raw) {
            Ok(text) if !raw.contains(&b'\\') => holds(text, &self.lower),
            Ok(_) | Err(_) => {
                let quoted = [b"\"", raw, b"\""].concat();
                serde_json::from_slice::<String>(&quoted).is_ok_and(|text| holds(&text, &self.lower))
            }
        }
    }

    fn is_in_any_order(&self, line: &[u8]) -> bool {
        serde_json::from_slice::<LogRecord>(line).is_ok_and(|record| holds(&record.message, &self.lower))
    }

    /// Calls `look` with the place of each line, last first, that may hold it, until that says `false`.
    fn candidates(&self, bytes: &[u8], mut look: impl FnMut(usize, usize) -> bool) {
        let mut until = bytes.len();
        while until > 0 {
            let Some(at) = self.last_before(&bytes[..until]) else { return };
            let begins = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
            let ends = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
            if !look(begins, ends) {
                return;
            }
            until = begins;
        }
    }

    /// The last place in these bytes where it may stand.
    fn last_before(&self, bytes: &[u8]) -> Option<usize> {
        let Some((low, high, place)) = self.rare else {
            // Other scripts: every line is compared.
            return bytes.len().checked_sub(2);
        };
        let mut until = bytes.len();
        loop {
            let found = memchr::memrchr2(low, high, &bytes[..until])?;
            let begins = found.checked_sub(place);
            if let Some(same) = begins.and_then(|from| bytes.get(from..from + self.escaped.len()))
                && same.eq_ignore_ascii_case(&self.escaped)
            {
                return Some(found);
            }
            until = found;
        }
    }
}

/// Letters and digits of lines, the common ones last.
fn commonness(b: u8) -> usize {
    const COMMON: &[u8] = b"etaonirsdlc_u\":,.0123456789mpfgh-vybwk xjzq";
    let at = COMMON.iter().position(|common| *common == b.to_ascii_lowercase());
    at.map_or(0, |at| COMMON.len() - at)
}

fn holds(text: &str, lower: &str) -> bool {
    if text.is_ascii() && lower.is_ascii() {
        let (text, lower) = (text.as_bytes(), lower.as_bytes());
        return text.len() >= lower.len()
            && text.windows(lower.len()).any(|part| part.eq_ignore_ascii_case(lower));
    }
    text.to_lowercase().contains(lower)
}

fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', &bytes[from..])?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        from = at + 2;
        if from > bytes.len() {
            return None;
        }
    }
}

/// A search that somebody waits for; when nobody does any more it ends.
pub(super) struct Waited(pub Arc<AtomicBool>);

impl Drop for Waited {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One search at work.
struct Search {
    log: Log,
    filter: Filter,
    needle: Needle,
    limit: usize,
    over: Arc<AtomicBool>,
    until: Instant,
}

impl TelemetryStore {
    /// A page of lines that hold the text, the last to come first.
    pub(super) async fn search(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.search_within(filter, after, limit, LONGEST).await
    }

    async fn search_within(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
        longest: Duration,
    ) -> Result<Page, StoreError> {
        let Some(needle) = filter.needle() else { return Ok(Page::default()) };
        let turn = self.index.turn().await?;
        self.log.look();
        let over = Arc::new(AtomicBool::new(false));
        let _waited = Waited(Arc::clone(&over));
        let search = Search {
            log: self.log.clone(),
            filter: filter.clone(),
            needle,
            limit,
            over,
            until: Instant::now() + longest,
        };
        let before = after.map_or(self.log.end() + 1, |cursor| cursor.id);
        let work = tokio::task::spawn_blocking(move || {
            let page = search.run(before);
            drop(turn);
            page
        });
        work.await.map_err(|error| StoreError::Log { what: "search", source: std::io::Error::other(error) })
    }
}

type Found = Vec<(i64, Micros, String)>;

impl Search {
    fn run(&self, before: i64) -> Page {
        let mut found: Found = Vec::new();
        let mut next = None;
        let mut looked_to = None;
        let segments = self.log.segments();
        'segments: for segment in segments.iter().rev() {
            if segment.ordinal.start() >= before || self.is_too_old(segment) {
                continue;
            }
            let Ok(reader) = self.log.open(segment) else { continue };
            let end = if Ordinal::of(before) == segment.ordinal { offset(before) } else { u64::MAX };
            let pieces: Vec<(u64, u64)> = reader
                .pieces()
                .into_iter()
                .filter(|(from, _)| *from < end)
                .map(|(from, to)| (from, to.min(end)))
                .collect();
            for group in pieces.rchunks(THREADS) {
                let (more, oldest) = self.look_at(&reader, segment.ordinal, group);
                found.extend(more);
                looked_to = oldest.or(looked_to);
                let begun = group.first().map_or(0, |(from, _)| *from);
                if found.len() > self.limit {
                    found.truncate(self.limit);
                    next = found.last().map(|(position, ..)| *position);
                    looked_to = None;
                    break 'segments;
                }
                if self.over.load(Ordering::Relaxed) || Instant::now() >= self.until {
                    next = Some(segment.ordinal.at(begun));
                    break 'segments;
                }
            }
        }
        if next.is_none() {
            looked_to = None;
        }
        // Within a page by time: browsers tell late.
        found.sort_by_key(|(position, at, _)| std::cmp::Reverse((*at, *position)));
        Page {
            lines: found.into_iter().map(|(_, _, line)| line).collect(),
            next: next.map(Cursor::of_search),
            looked_to,
        }
    }

    /// Lines are written after they happened, so that nothing in it can be as young.
    fn is_too_old(&self, segment: &Segment) -> bool {
        const LATE_US: i64 = 3_600_000_000;
        let day = segment.ordinal.day();
        let ends = telemetry::Micros(day.begins().0 + 86_400_000_000 + LATE_US);
        self.filter.from.is_some_and(|from| ends < from)
    }

    /// Several pieces at once; what they hold, last first, and when the first line of them happened.
    fn look_at(&self, reader: &Reader, ordinal: Ordinal, group: &[(u64, u64)]) -> (Found, Option<Micros>) {
        let look = |(from, to): (u64, u64)| self.look_at_one(reader, ordinal, from, to);
        let mut results: Vec<(Found, Option<Micros>)> = Vec::with_capacity(group.len());
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                group.iter().skip(1).map(|piece| scope.spawn(move || look(*piece))).collect();
            results.extend(group.first().map(|piece| look(*piece)));
            results.extend(threads.into_iter().filter_map(|thread| thread.join().ok()));
        });
        let oldest = results.first().and_then(|(_, at)| *at);
        (results.into_iter().rev().flat_map(|(found, _)| found).collect(), oldest)
    }

    fn look_at_one(&self, reader: &Reader, ordinal: Ordinal, from: u64, to: u64) -> (Found, Option<Micros>) {
        let mut found = Vec::new();
        if self.over.load(Ordering::Relaxed) {
            return (found, None);
        }
        // A piece that cannot be read holds nothing.
        let Ok(lines) = reader.lines(from, to) else { return (found, None) };
        let first = memchr::memchr(b'\n', &lines.bytes)
            .and_then(|end| Head::of(&lines.bytes[..end]))
            .map(|head| head.at);
        self.needle.candidates(&lines.bytes, |begins, ends| {
            let line = &lines.bytes[begins..ends];
            if let Some(head) = Head::of(line)
                && self.filter.takes(&head)
                && self.needle.is_in(&head, line)
                && let Some(text) = whole(line)
            {
                let position = ordinal.at(lines.start + begins as u64);
                found.push((position, head.at, text.to_owned()));
            }
            found.len() <= self.limit
        });
        (found, first)
    }
}

#[cfg(test)]
mod tests;
