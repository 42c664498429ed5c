//! `[venue]`: which venue, with which keys, and for a real one the second setting that names the account.

use std::path::PathBuf;

use super::typed::Reader;
use super::{ConfigError, Secret};
use crate::venue::profile::{DELTA_GLOBAL, DELTA_INDIA, DELTA_INDIA_TESTNET, Profile};

/// Which venue to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueKind {
    Simulator,
    DeltaIndia,
    DeltaIndiaTestnet,
    DeltaGlobal,
}

impl VenueKind {
    /// The word of the setting.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.profile() {
            Some(profile) => profile.name,
            None => "simulator",
        }
    }

    /// Of a real venue.
    #[must_use]
    pub const fn profile(self) -> Option<&'static Profile> {
        match self {
            Self::Simulator => None,
            Self::DeltaIndia => Some(&DELTA_INDIA),
            Self::DeltaIndiaTestnet => Some(&DELTA_INDIA_TESTNET),
            Self::DeltaGlobal => Some(&DELTA_GLOBAL),
        }
    }
}

/// `[venue]`.
#[derive(Clone, Debug)]
pub struct VenueConfig {
    pub kind: VenueKind,
    /// Without `/v2`. Set together with `ws_url` or not at all.
    pub rest_url: Option<String>,
    pub ws_url: Option<String>,
    pub api_key: Secret,
    pub api_secret: Secret,
    /// Files that hold them instead; read when they are needed.
    pub api_key_file: Option<PathBuf>,
    pub api_secret_file: Option<PathBuf>,
    /// The account that the keys of a real venue must belong to.
    pub live_account: Option<String>,
}

const VENUES: [(&str, VenueKind); 4] = [
    ("simulator", VenueKind::Simulator),
    ("delta-india", VenueKind::DeltaIndia),
    ("delta-india-testnet", VenueKind::DeltaIndiaTestnet),
    ("delta-global", VenueKind::DeltaGlobal),
];

pub(super) fn venue(read: Reader<'_>) -> Result<VenueConfig, ConfigError> {
    let words = VENUES.map(|(word, _)| word).join(", ");
    let config = VenueConfig {
        kind: read.parsed("venue.kind", &words, |t| {
            VENUES.iter().find(|(word, _)| *word == t).map(|(_, kind)| *kind)
        })?,
        rest_url: read.url("venue.rest_url")?,
        ws_url: read.url("venue.ws_url")?,
        api_key: read.secret("venue.api_key"),
        api_secret: read.secret("venue.api_secret"),
        api_key_file: read.optional("venue.api_key_file").map(PathBuf::from),
        api_secret_file: read.optional("venue.api_secret_file").map(PathBuf::from),
        live_account: read.optional("venue.live_account").map(|name| name.trim().to_owned()),
    };
    if config.rest_url.is_some() != config.ws_url.is_some() {
        return Err(read.refuse("venue.ws_url", "set together with venue.rest_url, or neither"));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word() {
        assert!(VENUES.iter().all(|(word, kind)| kind.word() == *word));
    }
}
