//! What comes from outside, as a sentence shows it: its beginning.

use std::fmt::Display;

/// A value, or its beginning.
pub(crate) fn brief(what: impl Display) -> String {
    cut(what.to_string(), 60)
}

/// A sentence of another reader, which may quote a whole line.
pub(crate) fn reason(what: impl Display) -> String {
    cut(what.to_string(), 600)
}

fn cut(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
