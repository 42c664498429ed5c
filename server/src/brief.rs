//! Texts that come from outside, as errors and records quote them: cut at a character.

/// The beginning of a frame, a body, or of a sentence that may quote one.
#[must_use]
pub fn truncated(text: &str) -> String {
    cut(text, 400)
}

/// The beginning of a word, such as a status.
#[must_use]
pub fn short(word: &str) -> String {
    cut(word, 64)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_is_cut_at_a_character() {
        assert_eq!((truncated("é"), short("é")), ("é".to_owned(), "é".to_owned()));
        assert_eq!(truncated(&"é".repeat(1_000_000)), format!("{}…", "é".repeat(400)));
        assert_eq!(short(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
    }
}
