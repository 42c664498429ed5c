//! What makes two errors of browsers the same: where they happened, or, when nobody knows, what they say without its
//! numbers.

use crate::{Level, LogRecord, Source, correlation::hex};

/// Frames that count: those nearest to the fault.
const FRAMES: usize = 5;

/// 16 hex digits for errors and worse of browsers. `None` for everything else: what the server tells is grouped by its
/// event and sentence.
#[must_use]
pub fn fingerprint(record: &LogRecord) -> Option<String> {
    if record.level < Level::Error || record.source != Source::Frontend {
        return None;
    }
    let error = record.error.as_ref();
    let kind = error.and_then(|error| error.kind.as_deref()).unwrap_or_default();
    let stack = error.and_then(|error| error.stack_trace.as_deref()).unwrap_or_default();
    let places: Vec<String> = stack.lines().filter_map(place).take(FRAMES).collect();
    let what = if places.is_empty() {
        plain(error.and_then(|error| error.message.as_deref()).unwrap_or(&record.message))
    } else {
        places.join("\n")
    };
    let text = [record.event.as_ref(), kind, &what].join("\u{0}");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    Some(hex(u128::from(hash), 16))
}

/// The function of a frame, without what changes from build to build. `None` when only offsets are known.
fn place(line: &str) -> Option<String> {
    let named = line.split("wasm-function[").next().unwrap_or_default().trim();
    (!named.is_empty() && !named.starts_with("0x")).then(|| plain(named))
}

/// Every word with a digit in it becomes `#`.
fn plain(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..end];
        words.push_str(if word.bytes().any(|b| b.is_ascii_digit()) { "#" } else { word });
        let after = rest[end..].chars().next();
        words.extend(after);
        rest = &rest[end + after.map_or(0, char::len_utf8)..];
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorDetail;

    fn error(message: &str, stack: Option<&str>) -> LogRecord {
        let detail = ErrorDetail {
            kind: Some("panic".to_owned()),
            message: Some(message.to_owned()),
            stack_trace: stack.map(ToOwned::to_owned),
        };
        LogRecord {
            level: Level::Error,
            source: Source::Frontend,
            event: "ui.panicked".into(),
            error: Some(detail),
            ..LogRecord::default()
        }
    }

    #[test]
    fn numbers_do_not_make_another_error() {
        let of = |message| fingerprint(&error(message, None));
        assert_eq!(
            of("order 17 of 0xbeef1 failed after 12.5 ms"),
            of("order 18 of 0xcafe2 failed after 7.25 ms")
        );
        assert_ne!(of("order 17 failed"), of("order 17 refused"));
        assert!(of("é 1").is_some_and(|hash| hash.len() == 16));
    }

    #[test]
    fn a_named_place_counts_and_its_offset_does_not() {
        let of = |message, stack| fingerprint(&error(message, Some(stack)));
        let stack = "app::chart::draw wasm-function[812]:0x9f1c2\napp::main wasm-function[3]:0x10";
        let later = "app::chart::draw wasm-function[799]:0x1111\napp::main wasm-function[4]:0x99";
        assert_eq!(of("index 3", stack), of("another text", later));
        assert_ne!(of("index 3", stack), of("index 3", "app::chart::axis wasm-function[812]:0x9f1c2"));
        assert_eq!(
            of("index 3", "wasm-function[1]:0x1"),
            of("index 4", "wasm-function[2]:0x2"),
            "by its text"
        );
    }

    #[test]
    fn only_errors_of_browsers_have_one() {
        let warning = LogRecord { level: Level::Warn, ..error("x", None) };
        let own = LogRecord { source: Source::Backend, ..error("x", None) };
        assert_eq!((fingerprint(&warning), fingerprint(&own)), (None, None));
    }
}
