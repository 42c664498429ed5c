//! Whose journal a data directory holds: one that was traded on a simulator is never continued on a real account, nor
//! on another one. A directory without the mark and with a journal is a simulator's.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::data_dir::write_durably;

const FILE: &str = "venue-account.json";
/// What only a server that has traded makes.
const JOURNAL: &str = "trading.db";

/// On what account something was traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mark {
    Simulated,
    Live { venue: String, account: String },
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => f.write_str("a simulated venue"),
            Self::Live { venue, account } => write!(f, "account {account} of {venue}"),
        }
    }
}

impl Mark {
    /// What the directory holds; `None` when nothing was ever traded from it.
    pub fn of(dir: &Path) -> Result<Option<Self>, Refusal> {
        let path = dir.join(FILE);
        let unusable = |why: String| Refusal::MarkUnusable { path: path.display().to_string(), why };
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| unusable(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(dir.join(JOURNAL).exists().then_some(Self::Simulated))
            }
            Err(error) => Err(unusable(error.to_string())),
        }
    }

    /// Whether what is in the directory may be continued on this account: `true` if it was begun on it.
    pub fn claims(&self, dir: &Path) -> Result<bool, Refusal> {
        match Self::of(dir)? {
            None => Ok(false),
            Some(held) if held == *self => Ok(true),
            Some(held) => Err(Refusal::OtherDirectory {
                dir: dir.display().to_string(),
                held: held.to_string(),
                wanted: self.to_string(),
            }),
        }
    }

    /// Puts it there before anything is traded, whole or not at all.
    pub(super) fn keep(&self, dir: &Path) -> Result<(), Refusal> {
        let path = dir.join(FILE);
        let written = write_durably(&path, serde_json::json!(self).to_string().as_bytes());
        written.map_err(|error| Refusal::MarkUnusable {
            path: path.display().to_string(),
            why: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_continued_on_the_account_that_it_was_begun_on() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let live =
            |venue: &str, account: &str| Mark::Live { venue: venue.to_owned(), account: account.to_owned() };
        let india = live("delta-india", "1");
        assert_eq!(Mark::Simulated.claims(dir), Ok(false), "nothing there");
        assert_eq!(india.claims(dir), Ok(false));
        std::fs::write(dir.join(JOURNAL), "").unwrap();
        assert_eq!(Mark::Simulated.claims(dir), Ok(true), "of before there was a mark");
        let refused = india.claims(dir).unwrap_err().to_string();
        assert!(
            refused.contains("a simulated venue") && refused.contains("DELTASCOPE__DATA__DIR"),
            "{refused}"
        );
        india.keep(dir).unwrap();
        assert_eq!(india.claims(dir), Ok(true));
        for other in [Mark::Simulated, live("delta-india", "2"), live("delta-global", "1")] {
            assert!(matches!(other.claims(dir), Err(Refusal::OtherDirectory { .. })), "{other}");
        }
        for broken in ["", "{", r#"{"mode":"live"}"#, r#"{"mode":"other"}"#] {
            std::fs::write(dir.join(FILE), broken).unwrap();
            for mark in [&india, &Mark::Simulated] {
                assert!(matches!(mark.claims(dir), Err(Refusal::MarkUnusable { .. })), "{broken}");
            }
        }
    }
}
