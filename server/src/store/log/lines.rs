//! Lines in a piece of a segment, and what of a segment counts after a kill: whole lines, and whole browser batches.

use super::head::Head;

/// Whole lines, one behind the other, and where in the segment they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    pub start: u64,
    pub bytes: Vec<u8>,
}

impl Lines {
    /// Each line without its end, with the byte of the segment at which it begins.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &[u8])> {
        let ends = memchr::memchr_iter(b'\n', &self.bytes);
        let begins = std::iter::once(0).chain(ends.clone().map(|end| end + 1)).collect::<Vec<_>>();
        let ends: Vec<usize> = ends.collect();
        (0..ends.len()).map(move |n| (self.start + begins[n] as u64, &self.bytes[begins[n]..ends[n]]))
    }

    /// Calls `look` with each line in turn, until it says that it has seen enough (`false`).
    pub fn each<'a>(&'a self, mut look: impl FnMut(u64, &'a [u8]) -> bool) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', &self.bytes) {
            if !look(self.start + from as u64, &self.bytes[from..end]) {
                return;
            }
            from = end + 1;
        }
    }

    /// Where the next line begins.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// How much of the end of a segment counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// So many bytes; what follows was never acknowledged.
    Whole(usize),
    /// The beginning of the last batch is not in these bytes: look at more.
    Unknown,
}

/// Looks at the last bytes of a segment. `first`: they are all of it. A line counts with its end, the lines of a browser
/// batch when all of them are there.
#[must_use]
pub fn tail(bytes: &[u8], first: bool) -> Tail {
    let Some(end) = memchr::memrchr(b'\n', bytes).map(|at| at + 1) else {
        return if first { Tail::Whole(0) } else { Tail::Unknown };
    };
    let last = line_before(bytes, end);
    if last == 0 && !first {
        return Tail::Unknown;
    }
    let Some((bid, size)) = bytes.get(last..end - 1).and_then(batch_of) else { return Tail::Whole(end) };
    let (mut begins, mut found) = (last, 1);
    while begins > 0 {
        let before = line_before(bytes, begins);
        if before == 0 && !first {
            // It may be cut at its beginning.
            return if found >= size { Tail::Whole(end) } else { Tail::Unknown };
        }
        match bytes.get(before..begins - 1).and_then(batch_of) {
            Some((same, _)) if same == bid => found += 1,
            Some(_) | None => break,
        }
        begins = before;
    }
    Tail::Whole(if found >= size { end } else { begins })
}

/// Where the line begins that ends before `end`.
fn line_before(bytes: &[u8], end: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..end - 1]).map_or(0, |at| at + 1)
}

fn batch_of(line: &[u8]) -> Option<(String, u64)> {
    Head::of(line)?.batch().map(|(bid, size)| (bid.to_owned(), size))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use telemetry::{LogRecord, Source};

    use super::*;

    /// A group: a line of the server, or a batch of so many.
    fn group(number: usize, batch: Option<usize>) -> Vec<u8> {
        let line = |record: LogRecord| record.to_line() + "\n";
        let Some(size) = batch else {
            let own = LogRecord {
                event_id: format!("boot-{number}"),
                message: "é\n".repeat(number % 5),
                ..LogRecord::default()
            };
            return line(own).into_bytes();
        };
        let of_batch = |n: usize| LogRecord {
            source: Source::Frontend,
            event_id: format!("bid-{number}-{n}"),
            batch_size: Some(size as u64),
            ..LogRecord::default()
        };
        (0..size).map(|n| line(of_batch(n))).collect::<String>().into_bytes()
    }

    fn settled(bytes: &[u8], window: usize) -> usize {
        let mut window = window;
        loop {
            let from = bytes.len().saturating_sub(window);
            match tail(&bytes[from..], from == 0) {
                Tail::Whole(kept) => return from + kept,
                Tail::Unknown => window *= 2,
            }
        }
    }

    proptest! {
        /// Whatever the byte at which a write was cut: what is kept is whole groups, all that were written whole.
        /// Catches: half a line, half a batch, a whole one lost, a look that is too short.
        #[test]
        fn after_a_cut_at_any_byte_whole_groups_are_kept(
            groups in prop::collection::vec(prop::option::of(1_usize..5), 1..6), window in 1_usize..600,
        ) {
            let groups: Vec<Vec<u8>> = groups.iter().enumerate().map(|(n, batch)| group(n, *batch)).collect();
            let bytes = groups.concat();
            let mut ends = vec![0];
            for group in &groups {
                ends.push(ends.last().unwrap() + group.len());
            }
            for cut in 0..=bytes.len() {
                let expected = *ends.iter().rev().find(|end| **end <= cut).unwrap();
                prop_assert_eq!(settled(&bytes[..cut], window), expected, "cut at {}", cut);
            }
        }
    }

    #[test]
    fn lines_know_where_they_begin() {
        let lines = Lines { start: 100, bytes: b"one\n\nthree\n".to_vec() };
        let expected: Vec<(u64, &[u8])> = vec![(100, b"one"), (104, b""), (105, b"three")];
        assert_eq!(lines.iter().collect::<Vec<_>>(), expected);
        let mut seen = Vec::new();
        lines.each(|at, line| {
            seen.push((at, line));
            seen.len() < 2
        });
        assert_eq!(seen, expected[..2]);
        assert_eq!(lines.end(), 111);
    }
}
