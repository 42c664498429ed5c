//! How a served venue is started, and the sentences with which starting can fail.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exchange::market::Source;
use crate::exchange::profile::Profile;
use crate::exchange::quirks::Quirks;
use crate::exchange::tape::{Tape, TapeEnd};
use crate::faults::Faults;

/// Where the index comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapeSource {
    /// The compiled-in day 2022-01-05.
    Embedded,
    File(PathBuf),
    /// No tape: the seeded market.
    Walk,
}

/// As the venue documents it.
const SOCKET_IDLE: Duration = Duration::from_secs(60);

/// How to start a venue.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    pub seed: u64,
    pub tape: TapeSource,
    pub tape_end: TapeEnd,
    /// Market seconds in a wall second, 1 to 600.
    pub speed: u32,
    pub faults: Option<Faults>,
    /// Keeps the exchange's state over restarts in this file and one beside it; without, it is fresh each
    /// time. While anything is held or resting, the stored seed, tape and speed go before those here.
    pub state_file: Option<PathBuf>,
    pub api_key: String,
    pub api_secret: String,
    /// A socket of which nothing was heard for so long after it was opened is closed.
    pub socket_idle: Duration,
    /// Overridden by the fault file's, if that has any.
    pub quirks: Quirks,
    /// Which environment of the venue is played.
    pub profile: Profile,
}

impl Options {
    /// A fresh venue in memory on a free loopback port: seeded market, speed 1, the documented keys.
    pub fn new(seed: u64) -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed,
            tape: TapeSource::Walk,
            tape_end: TapeEnd::Mirror,
            speed: 1,
            faults: None,
            state_file: None,
            api_key: "simulator-key".to_owned(),
            api_secret: "simulator-secret".to_owned(),
            socket_idle: SOCKET_IDLE,
            quirks: Quirks::default(),
            profile: Profile::default(),
        }
    }

    pub(crate) fn check_speed(&self) -> Result<(), StartError> {
        if (1..=600).contains(&self.speed) { Ok(()) } else { Err(StartError::Speed(self.speed)) }
    }
}

impl TapeSource {
    /// Reads the tape.
    ///
    /// # Errors
    /// A file that cannot be read or is no tape.
    pub fn open(&self, end: TapeEnd) -> Result<Source, StartError> {
        let tape = match self {
            TapeSource::Walk => return Ok(Source::Walk),
            TapeSource::Embedded => Tape::embedded(),
            TapeSource::File(path) => {
                let name =
                    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
                Tape::parse(&name, &read(path)?)
            }
        };
        tape.map(|tape| Source::Tape(tape, end)).map_err(StartError::Tape)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    std::fs::read(path).map_err(|source| StartError::TapeFile { path: path.to_owned(), source })
}

/// Why a venue did not start. Each is one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the simulator cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the tape file {path} cannot be read: {source}")]
    TapeFile { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Tape(String),
    #[error("speed is {0}, must be a whole number from 1 to 600")]
    Speed(u32),
    #[error("the simulator's state file {path} cannot be used: {why}; moving it away starts a fresh venue")]
    State { path: PathBuf, why: String },
}
