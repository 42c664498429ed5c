//! Frames of the private stream are numbered, one row for each channel and symbol. A number that is missing is something
//! that happened to our account and did not reach us. Pure.

use std::collections::BTreeMap;

use model::Symbol;

/// The place of a frame in its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    pub channel: &'static str,
    pub symbol: Symbol,
    pub seq: u64,
    /// The row begins here, or begins anew.
    pub begins: bool,
}

/// Frames that did not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    pub channel: &'static str,
    pub symbol: Symbol,
    pub expected: u64,
    pub came: u64,
}

/// The rows of one connection.
#[derive(Clone, Debug, Default)]
pub struct Sequences(BTreeMap<(&'static str, Symbol), u64>);

impl Sequences {
    /// Notes a frame; gives what is missing before it. A number that is not larger is a repetition, or the venue began
    /// anew: what came before it was heard.
    pub fn heard(&mut self, frame: &Numbered) -> Option<Missed> {
        let known = self.0.insert((frame.channel, frame.symbol.clone()), frame.seq);
        let expected = known.filter(|_| !frame.begins)? + 1;
        (frame.seq > expected).then(|| Missed {
            channel: frame.channel,
            symbol: frame.symbol.clone(),
            expected,
            came: frame.seq,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_seen_at_the_next_frame_of_its_row() {
        let mut rows = Sequences::default();
        let mut missed = |channel, symbol: &str, seq, begins| {
            let frame = Numbered { channel, symbol: Symbol::from(symbol), seq, begins };
            rows.heard(&frame).map(|missed| (missed.expected, missed.came))
        };
        assert_eq!(missed("orders", "A", 7, false), None, "the first that is heard");
        assert_eq!(missed("orders", "A", 8, false), None);
        assert_eq!(missed("orders", "A", 8, false), None, "a repetition");
        assert_eq!(missed("v2/user_trades", "A", 3, false), None, "another row");
        assert_eq!(missed("orders", "B", 90, false), None, "another row");
        assert_eq!(missed("orders", "A", 11, false), Some((9, 11)));
        assert_eq!(missed("orders", "A", 12, false), None, "told once");
        assert_eq!(missed("orders", "A", 1, false), None, "the venue began anew");
        assert_eq!(missed("orders", "A", 2, false), None);
        assert_eq!(missed("orders", "A", 40, true), None, "a snapshot");
        assert_eq!(missed("orders", "A", 42, false), Some((41, 42)));
    }
}
