//! The two builds: the one that `run` starts, and the one that is shipped.

use std::path::PathBuf;

use crate::pins::{BINARY, MODULE, WASM_TARGET};
use crate::shell;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Compiles fast, runs well: for a console on this machine.
    Quick,
    /// As small and fast as it gets.
    Release,
}

impl Kind {
    /// Cargo's profile for what runs on this machine; also the folder under `target` in which all ends up.
    pub fn profile(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }

    /// Cargo's profile for the browser module.
    pub fn module_profile(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Release => "wasm-release",
        }
    }

    /// How much time the site builder may take.
    pub fn effort(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Release => "small",
        }
    }

    /// The program, from the repository's root.
    pub fn binary(self) -> String {
        format!("target/{}/{BINARY}", self.profile())
    }

    /// The site lies beside the program, which finds it there.
    pub fn site(self) -> String {
        format!("target/{}/site", self.profile())
    }

    /// Where cargo leaves the browser module.
    pub fn module(self) -> String {
        format!("target/{WASM_TARGET}/{}/{MODULE}", self.module_profile())
    }

    /// Says what the build was made of.
    pub fn stamp(self) -> PathBuf {
        shell::root().join("target/xtask").join(format!("{}.stamp", self.profile()))
    }
}
