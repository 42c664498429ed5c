//! What a line is, read from its first bytes. The order of the fields is that of `LogRecord`; a line in any other order
//! is read in full.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use telemetry::{Level, LogRecord, Micros, Source};

/// The line as text, if all of it is JSON: a disk may give back something else than was written, and one line must not
/// spoil what it is put into.
#[must_use]
pub fn whole(line: &[u8]) -> Option<&str> {
    serde_json::from_slice::<IgnoredAny>(line).ok()?;
    std::str::from_utf8(line).ok()
}

/// The beginning of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    pub at: Micros,
    pub level: Level,
    pub source: Source,
    pub event: Cow<'a, str>,
    pub event_id: Cow<'a, str>,
    pub correlation_id: Option<Cow<'a, str>>,
    pub session_id: Option<Cow<'a, str>>,
    pub decision_seq: Option<u64>,
    pub batch_size: Option<u64>,
}

/// Source and level of a record, from fewer bytes still. `None`: the line is no record.
#[must_use]
pub fn kind(line: &[u8]) -> Option<(Source, Level)> {
    let quick = || {
        let rest = line.strip_prefix(b"{\"timestamp\":\"")?.get(27..)?;
        let (level, rest) = text(rest.strip_prefix(b"\",\"level\":\"")?)?;
        let (source, _) = text(rest.strip_prefix(b",\"source\":\"")?)?;
        Some((Source::parse(source)?, level_of(level)?))
    };
    quick().or_else(|| Head::of(line).map(|head| (head.source, head.level)))
}

impl<'a> Head<'a> {
    /// `None`: the line is no record.
    #[must_use]
    pub fn of(line: &'a [u8]) -> Option<Self> {
        if line.first() != Some(&b'{') {
            return None;
        }
        quick(line).or_else(|| slow(line))
    }

    /// The browser batch that the line belongs to: its id, and how many lines it has.
    #[must_use]
    pub fn batch(&self) -> Option<(&str, u64)> {
        let size = self.batch_size.filter(|_| self.source == Source::Frontend)?;
        Some((self.event_id.rsplit_once('-')?.0, size))
    }

    /// Errors, what is worse, and the audit trail: kept and sent first.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.level >= Level::Error || self.source == Source::Audit
    }
}

fn slow(line: &[u8]) -> Option<Head<'static>> {
    let record: LogRecord = serde_json::from_slice(line).ok()?;
    Some(Head {
        at: record.timestamp,
        level: record.level,
        source: record.source,
        event: Cow::Owned(record.event.into_owned()),
        event_id: Cow::Owned(record.event_id),
        correlation_id: record.correlation_id.map(Cow::Owned),
        session_id: record.session_id.map(Cow::Owned),
        decision_seq: record.decision_seq,
        batch_size: record.batch_size,
    })
}

/// `None`: not in the order of our lines, or with escapes in it.
fn quick(line: &[u8]) -> Option<Head<'_>> {
    let rest = line.strip_prefix(b"{\"timestamp\":\"")?;
    let (at, rest) = (time(rest.get(..27)?)?, rest.get(27..)?);
    let (level, rest) = text(rest.strip_prefix(b"\",\"level\":\"")?)?;
    let (source, rest) = text(rest.strip_prefix(b",\"source\":\"")?)?;
    let (event, rest) = text(rest.strip_prefix(b",\"event\":\"")?)?;
    let (event_id, rest) = text(rest.strip_prefix(b",\"event_id\":\"")?)?;
    let rest = rest.strip_prefix(b",\"correlation_id\":")?;
    let (correlation_id, rest) = match rest.strip_prefix(b"\"") {
        Some(rest) => text(rest).map(|(id, rest)| (Some(id), rest))?,
        None => (None, rest.strip_prefix(b"null")?),
    };
    let (session_id, rest) = match rest.strip_prefix(b",\"session_id\":\"") {
        Some(rest) => text(rest).map(|(id, rest)| (Some(id), rest))?,
        None => (None, rest),
    };
    let (decision_seq, rest) = number(rest, b",\"decision_seq\":")?;
    let (batch_size, rest) = number(rest, b",\"batch_size\":")?;
    rest.starts_with(b",\"message\":\"").then_some(Head {
        at,
        level: level_of(level)?,
        source: Source::parse(source)?,
        event: Cow::Borrowed(event),
        event_id: Cow::Borrowed(event_id),
        correlation_id: correlation_id.map(Cow::Borrowed),
        session_id: session_id.map(Cow::Borrowed),
        decision_seq,
        batch_size,
    })
}

fn level_of(word: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|known| known.as_str() == word)
}

/// Up to the closing quote; `None` with an escape before it.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = memchr::memchr2(b'"', b'\\', bytes)?;
    if bytes[end] == b'\\' {
        return None;
    }
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 1..]))
}

fn number<'a>(bytes: &'a [u8], key: &[u8]) -> Option<(Option<u64>, &'a [u8])> {
    let Some(rest) = bytes.strip_prefix(key) else { return Some((None, bytes)) };
    let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = std::str::from_utf8(&rest[..length]).ok()?.parse().ok()?;
    Some((Some(number), &rest[length..]))
}

/// Our own form only: `2026-11-24T08:35:33.123456Z`.
fn time(bytes: &[u8]) -> Option<Micros> {
    let text = std::str::from_utf8(bytes).ok()?;
    (bytes[26] == b'Z').then(|| Micros::parse_rfc3339(text)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> LogRecord {
        LogRecord {
            timestamp: Micros::parse_rfc3339("2026-11-24T08:35:33.123456Z").unwrap(),
            level: Level::Warn,
            event: "order.filled".into(),
            event_id: "boot-7".to_owned(),
            message: "Filled".to_owned(),
            ..LogRecord::default()
        }
    }

    #[test]
    fn our_own_lines_are_read_by_their_first_bytes() {
        let full = LogRecord {
            source: Source::Frontend,
            event_id: "bid-1-0".to_owned(),
            correlation_id: Some("intent-0001".to_owned()),
            session_id: Some("s-1".to_owned()),
            decision_seq: Some(12),
            batch_size: Some(3),
            ..record()
        };
        for record in [record(), full.clone()] {
            let line = record.to_line();
            assert!(quick(line.as_bytes()).is_some(), "{line}");
            assert_eq!(quick(line.as_bytes()), slow(line.as_bytes()), "{line}");
        }
        let line = full.to_line();
        assert_eq!(Head::of(line.as_bytes()).unwrap().batch(), Some(("bid-1", 3)));
        assert_eq!(Head::of(b"{\"not\":\"ours\"}"), None);
        assert_eq!(Head::of(b""), None);
    }

    proptest! {
        /// Catches: a field whose text or place makes the short way see something else than the long one.
        #[test]
        fn the_short_way_sees_what_the_long_one_sees(
            at in 0_i64..4_000_000_000_000_000, level in 0_usize..6, event in "\\PC{0,8}", id in "[a-z\"\\\\-]{0,8}",
            correlation in prop::option::of("[a-z0-9]{8}"), session in prop::option::of("\\PC{0,6}"),
            seq in prop::option::of(0_u64..1 << 53), size in prop::option::of(0_u64..100),
        ) {
            let record = LogRecord {
                timestamp: Micros(at), level: Level::ALL[level], event: event.into(), event_id: id,
                correlation_id: correlation, session_id: session, decision_seq: seq, batch_size: size, ..record()
            };
            let line = record.to_line();
            let head = Head::of(line.as_bytes());
            prop_assert_eq!(kind(line.as_bytes()), head.as_ref().map(|head| (head.source, head.level)));
            prop_assert_eq!(head, slow(line.as_bytes()));
        }
    }
}
