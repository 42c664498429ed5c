//! What a run is about to do, on disk before it does it: by this file whoever comes after a killed run finds what it may
//! have left. It is removed once two reads of the venue have shown that nothing is left.

use std::path::Path;

use model::ids::{ProductId, Symbol};
use serde::{Deserialize, Serialize};

use crate::data_dir::write_durably;

const FILE: &str = "venue-check.json";

/// What a run may touch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    pub venue: String,
    /// The venue's number of the account: nothing is cleaned on another one.
    pub account: String,
    /// What the ids of its orders begin with.
    pub prefix: String,
    /// The one option in which it trades. The account had no position in it before.
    pub product: ProductId,
    pub symbol: Symbol,
    /// Lots that it may hold at most, whatever goes wrong.
    pub lots_most: i64,
}

impl Ledger {
    /// What a run before has left to be looked after.
    pub fn read(dir: &Path) -> Result<Option<Self>, String> {
        let path = dir.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
                format!(
                    "{} cannot be read ({error}): look at the account by hand, then remove it",
                    path.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
        }
    }

    /// Whole or not at all, and durable.
    pub fn write(&self, dir: &Path) -> Result<(), String> {
        let path = dir.join(FILE);
        let text = serde_json::json!(self).to_string();
        write_durably(&path, text.as_bytes())
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }

    /// Nothing is left.
    pub fn remove(dir: &Path) -> Result<(), String> {
        let path = dir.join(FILE);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(format!("{} cannot be removed: {error}", path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_known_to_whoever_comes_after() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Ledger::read(dir.path()), Ok(None));
        let ledger = Ledger {
            venue: "delta-india-testnet".to_owned(),
            account: "7".to_owned(),
            prefix: "vcabc-".to_owned(),
            product: ProductId(5),
            symbol: Symbol::from("C-BTC-1-1"),
            lots_most: 2,
        };
        ledger.write(dir.path()).unwrap();
        assert_eq!(Ledger::read(dir.path()), Ok(Some(ledger)));
        Ledger::remove(dir.path()).unwrap();
        Ledger::remove(dir.path()).unwrap();
        assert_eq!(Ledger::read(dir.path()), Ok(None));
        std::fs::write(dir.path().join(FILE), "{").unwrap();
        assert!(Ledger::read(dir.path()).unwrap_err().contains("by hand"));
    }
}
