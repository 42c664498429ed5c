//! Why a request has no answer that can be believed: a closed list. The journal takes the code, people get the
//! sentence, and what the operating system said stays in the log record of the request.

use std::fmt;

use model::ids::Code;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing came within this time.
    NoAnswer { after_ms: u64 },
    /// Our own count of the quota, or the venue's wish, holds requests of this kind back.
    BudgetEmpty { wait_ms: u64 },
    /// No connection was made: nothing has left.
    NoConnection,
    /// The request could not be put together: nothing has left.
    NotBuilt,
    /// The connection ended before the whole answer was there.
    BrokeOff,
    /// An answer of success whose content is not what was asked for.
    Unreadable,
    /// An answer longer than any that makes sense.
    TooLong,
    /// A status that says nothing about what was done.
    Http { status: u16 },
    /// The venue says that it is not there, as in a maintenance.
    Unavailable,
    /// The venue's quota is used up.
    RateLimited,
    /// A page of a list that came before, instead of the next one.
    PageRepeated,
    /// A list with fewer rows than the venue says it has.
    RowsMissing,
    /// A list without end.
    TooManyPages,
}

impl Cause {
    /// The word for records and counts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Cause::NoAnswer { .. } => "no_answer",
            Cause::BudgetEmpty { .. } => "budget_empty",
            Cause::NoConnection => "no_connection",
            Cause::NotBuilt => "not_built",
            Cause::BrokeOff => "broke_off",
            Cause::Unreadable => "unreadable",
            Cause::TooLong => "too_long",
            Cause::Http { .. } => "http_status",
            Cause::Unavailable => "unavailable",
            Cause::RateLimited => "rate_limited",
            Cause::PageRepeated => "page_repeated",
            Cause::RowsMissing => "rows_missing",
            Cause::TooManyPages => "too_many_pages",
        }
    }
}

/// Longest word that is taken from the venue.
const CODE_MAX: usize = 48;

/// The venue's word for a reason as one snake-case word, whatever it sends.
#[must_use]
pub fn code_of(words: &str) -> Code {
    let mut code = String::new();
    for letter in words.trim().chars().take(CODE_MAX) {
        code.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
    }
    Code(if code.is_empty() { "unnamed".to_owned() } else { code })
}

impl From<Cause> for Code {
    fn from(cause: Cause) -> Self {
        Self::from(cause.code())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::NoAnswer { after_ms } => write!(f, "no answer within {after_ms} ms"),
            Cause::BudgetEmpty { wait_ms } => write!(f, "the request budget is empty for {wait_ms} ms"),
            Cause::NoConnection => f.write_str("no connection could be made"),
            Cause::NotBuilt => f.write_str("the request could not be put together"),
            Cause::BrokeOff => f.write_str("the answer broke off"),
            Cause::Unreadable => f.write_str("the answer could not be read"),
            Cause::TooLong => f.write_str("the answer was too long to be read"),
            Cause::Http { status } => write!(f, "the venue answered with status {status}"),
            Cause::Unavailable => f.write_str("the venue says that it is unavailable"),
            Cause::RateLimited => f.write_str("the venue's request quota is used up"),
            Cause::PageRepeated => f.write_str("a page of the list came twice"),
            Cause::RowsMissing => f.write_str("the list has fewer rows than the venue says"),
            Cause::TooManyPages => f.write_str("the list does not end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Cause; 13] = [
        Cause::NoAnswer { after_ms: 500 },
        Cause::BudgetEmpty { wait_ms: 701 },
        Cause::NoConnection,
        Cause::NotBuilt,
        Cause::BrokeOff,
        Cause::Unreadable,
        Cause::TooLong,
        Cause::Http { status: 503 },
        Cause::Unavailable,
        Cause::RateLimited,
        Cause::PageRepeated,
        Cause::RowsMissing,
        Cause::TooManyPages,
    ];

    #[test]
    fn codes_are_snake_case_and_different() {
        let codes: std::collections::BTreeSet<&str> = ALL.iter().map(|cause| cause.code()).collect();
        assert_eq!(codes.len(), ALL.len());
        let snake = |code: &&str| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(codes.iter().all(snake), "{codes:?}");
    }

    #[test]
    fn what_the_venue_says_becomes_one_word_of_bounded_length() {
        for (words, code) in [
            ("insufficient_margin", "insufficient_margin"),
            (" Self trade! ", "self_trade_"),
            ("", "unnamed"),
            ("größe", "gr__e"),
        ] {
            assert_eq!(code_of(words).as_str(), code);
        }
        assert_eq!(code_of(&"x".repeat(500)).as_str().len(), CODE_MAX);
    }

    #[test]
    fn a_sentence_has_its_numbers() {
        assert_eq!(ALL[0].to_string(), "no answer within 500 ms");
        assert_eq!(ALL[1].to_string(), "the request budget is empty for 701 ms");
        assert_eq!(ALL[7].to_string(), "the venue answered with status 503");
    }
}
