//! The folder while it is made, apart from the one that is served; then it takes that one's place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::manifest::{Manifest, symbols};
use crate::{Effort, Failure, compress};

/// Digits of the hash in a name; the server takes a name with this many for one that never changes.
pub const HASH_DIGITS: usize = 20;

pub struct Folder {
    path: PathBuf,
    effort: Effort,
    /// Plain address to the address where the file is.
    files: BTreeMap<String, String>,
    build: Option<String>,
}

impl Folder {
    pub fn new(path: PathBuf, effort: Effort) -> Self {
        Self { path, effort, files: BTreeMap::new(), build: None }
    }

    /// Puts a file under `/pkg`, with the hash of its content in its name.
    pub fn place_hashed(&mut self, plain: &str, bytes: &[u8]) -> Result<(), Failure> {
        let address = hashed(plain, bytes);
        self.place(plain, address, bytes)
    }

    /// Puts the module, and the names of its functions where nobody is served them. Its hash is the build's id.
    pub fn place_module(&mut self, plain: &str, bytes: &[u8], names: &str) -> Result<(), Failure> {
        let build = digits(bytes);
        let file = self.path.join(symbols(&build));
        if !names.is_empty() {
            std::fs::create_dir_all(file.parent().unwrap_or(&self.path))
                .and_then(|()| std::fs::write(&file, names))
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
        self.build = Some(build);
        self.place_hashed(plain, bytes)
    }

    /// Puts a file where its address says.
    pub fn place_plain(&mut self, plain: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.place(plain, plain.to_owned(), bytes)
    }

    /// Plain addresses and where their files are.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(plain, named)| (plain.as_str(), named.as_str()))
    }

    fn place(&mut self, plain: &str, address: String, bytes: &[u8]) -> Result<(), Failure> {
        let file = self.path.join(address.trim_start_matches('/'));
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let copies = compress::copies(bytes, self.effort);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&file, bytes))
            .and_then(|()| {
                copies.iter().try_for_each(|(ending, copy)| {
                    std::fs::write(format!("{}.{ending}", file.display()), copy)
                })
            })
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        self.files.insert(plain.to_owned(), address);
        Ok(())
    }

    /// Writes the manifest; the folder is whole then.
    pub fn finish(self, made_of: String) -> Result<Whole, Failure> {
        Manifest { made_of, files: self.files, build: self.build }.write(&self.path)?;
        Ok(Whole(self.path))
    }
}

/// A folder to which nothing is added any more.
pub struct Whole(PathBuf);

impl Whole {
    pub fn put_in_place(self, site: &Path) -> Result<(), Failure> {
        let cleared = if site.exists() { std::fs::remove_dir_all(site) } else { Ok(()) };
        cleared
            .and_then(|()| std::fs::rename(&self.0, site))
            .map_err(|error| format!("cannot put the site into {}: {error}", site.display()))
    }
}

/// `/vendor/a.js` becomes `/pkg/a.HASH.js`.
fn hashed(plain: &str, bytes: &[u8]) -> String {
    let name = plain.rsplit('/').next().unwrap_or(plain);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("/pkg/{stem}.{}.{ending}", digits(bytes))
}

fn digits(bytes: &[u8]) -> String {
    let mut digits = hex::encode(Sha256::digest(bytes));
    digits.truncate(HASH_DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_the_hash_of_the_content_and_nothing_else_changes_it() {
        let name = hashed("/vendor/a.js", b"one");
        let digits =
            name.strip_prefix("/pkg/a.").and_then(|rest| rest.strip_suffix(".js")).expect("its parts");
        assert!(
            digits.len() == HASH_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "{name}"
        );
        assert_eq!(hashed("/a.js", b"one"), name);
        assert_ne!(hashed("/vendor/a.js", b"two"), name);
    }
}
