//! The keys of a real venue: from the environment, a settings file, or files of their own that nobody else may read.
//! Never from the command line, which everybody on the machine can see.

use std::path::Path;

use telemetry::Secret;

use super::Refusal;
use crate::config::VenueConfig;

/// Longest key or secret.
const LONGEST: usize = 512;

/// Key and secret; both show as `***`.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub key: Secret,
    pub secret: Secret,
}

/// The keys that are set.
pub(super) fn read(venue: &'static str, config: &VenueConfig) -> Result<Keys, Refusal> {
    let key = one("venue.api_key", &config.api_key, config.api_key_file.as_deref())?;
    let secret = one("venue.api_secret", &config.api_secret, config.api_secret_file.as_deref())?;
    match (key, secret) {
        (Some(key), Some(secret)) => Ok(Keys { key, secret }),
        (Some(_) | None, Some(_) | None) => Err(Refusal::NoKeys { venue }),
    }
}

fn one(setting: &'static str, given: &Secret, file: Option<&Path>) -> Result<Option<Secret>, Refusal> {
    match (given.is_empty(), file) {
        (true, None) => Ok(None),
        (false, None) => Ok(Some(given.clone())),
        (false, Some(_)) => Err(Refusal::KeyTwice { setting }),
        (true, Some(path)) => of_file(path).map(Some).map_err(|why| Refusal::KeyFile {
            setting: match setting {
                "venue.api_key" => "venue.api_key_file",
                _secret => "venue.api_secret_file",
            },
            path: path.display().to_string(),
            why,
        }),
    }
}

/// What went wrong is said without the content.
fn of_file(path: &Path) -> Result<Secret, String> {
    private(path)?;
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let text = text.trim();
    match text.len() {
        0 => Err("it is empty".to_owned()),
        1..=LONGEST if !text.contains(char::is_whitespace) => Ok(Secret::new(text)),
        _ => Err("it does not hold one word".to_owned()),
    }
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_err(|error| error.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("others may read it (mode {mode:o}); run chmod 600 on it"))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    fn config(pairs: &[(&str, &str)]) -> VenueConfig {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(None, &pairs).unwrap().venue
    }

    #[cfg(unix)]
    #[test]
    fn keys_come_from_the_environment_or_from_files_that_nobody_else_reads() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "the-secret\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let file = path.to_str().unwrap();
        let of_file = config(&[("DELTA_API_KEY", "the-key"), ("DELTASCOPE__VENUE__API_SECRET_FILE", file)]);
        mode(0o644);
        let open = read("delta-india", &of_file).unwrap_err().to_string();
        assert!(open.contains("chmod 600") && open.contains("api_secret_file"), "{open}");
        mode(0o600);
        let keys = read("delta-india", &of_file).unwrap();
        assert_eq!((keys.key.expose(), keys.secret.expose()), ("the-key", "the-secret"));
        assert!(!format!("{keys:?}{of_file:?}").contains("the-"), "they show as ***");
        for (content, why) in [("", "empty"), ("two words", "one word")] {
            std::fs::write(&path, content).unwrap();
            let refused = read("delta-india", &of_file).unwrap_err().to_string();
            assert!(refused.contains(why) && !refused.contains("two words"), "{refused}");
        }
        let twice = config(&[
            ("DELTA_API_KEY", "a"),
            ("DELTA_API_SECRET", "b"),
            ("DELTASCOPE__VENUE__API_KEY_FILE", file),
        ]);
        assert!(matches!(read("delta-india", &twice), Err(Refusal::KeyTwice { .. })));
        for missing in [&[][..], &[("DELTA_API_KEY", "a")], &[("DELTA_API_SECRET", "b")]] {
            let refused = read("delta-india", &config(missing)).unwrap_err().to_string();
            assert!(refused.contains("DELTA_API_KEY and DELTA_API_SECRET"), "{refused}");
        }
        let gone = config(&[("DELTA_API_KEY", "a"), ("DELTASCOPE__VENUE__API_SECRET_FILE", "/no/such/file")]);
        assert!(matches!(read("delta-india", &gone), Err(Refusal::KeyFile { .. })));
    }
}
