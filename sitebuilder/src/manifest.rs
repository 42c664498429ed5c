//! `site.json`: what the site was made of, and which file stands for which plain address. The server reads it; it is
//! never served.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;

pub const MANIFEST: &str = "site.json";

/// Where the names of a module's functions lie in the site. Never served.
pub fn symbols(build: &str) -> String {
    format!("symbols/{build}.txt")
}

/// Content of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Manifest {
    pub made_of: String,
    /// Plain address to address with the hash: `/pkg/deltascope.js` to `/pkg/deltascope.0a1b….js`.
    pub files: BTreeMap<String, String>,
    /// The hash of the module: names of its functions, if it had any, lie in `symbols/BUILD.txt`.
    pub build: Option<String>,
}

impl Manifest {
    pub fn read(site: &Path) -> Option<Self> {
        let value: Value = serde_json::from_slice(&std::fs::read(site.join(MANIFEST)).ok()?).ok()?;
        let pair = |(plain, named): (&String, &Value)| Some((plain.clone(), named.as_str()?.to_owned()));
        Some(Self {
            made_of: value["made_of"].as_str()?.to_owned(),
            files: value["files"].as_object()?.iter().map(pair).collect::<Option<_>>()?,
            build: value["build"].as_str().map(str::to_owned),
        })
    }

    /// Nobody took a file away since.
    pub fn is_whole(&self, site: &Path) -> bool {
        self.files.values().all(|address| site.join(address.trim_start_matches('/')).is_file())
    }

    pub fn write(&self, site: &Path) -> Result<(), Failure> {
        let value = json!({ "made_of": self.made_of, "files": self.files, "build": self.build });
        let text = format!("{value:#}\n");
        std::fs::write(site.join(MANIFEST), text).map_err(|error| format!("cannot write {MANIFEST}: {error}"))
    }
}
