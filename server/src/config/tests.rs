//! Configuration: layers, origins, and the sentence of every kind of mistake.

use super::*;

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn defaults_are_complete_and_valid() {
    let config = load(None, &env(&[])).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.elasticsearch.url, None);
    assert_eq!(config.venue.kind, VenueKind::Simulator);
}

#[test]
fn environment_wins_over_file_and_shortcut() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mine.toml");
    std::fs::write(&file, "[log]\nlevel = \"warn\"\n[simulator]\nspeed = 2\n").unwrap();
    let layers =
        layers(Some(&file), &env(&[("LOG_LEVEL", "error"), ("DELTASCOPE__LOG__LEVEL", "debug")])).unwrap();
    assert_eq!(
        layers.get("log.level").unwrap().origin,
        Origin::Variable("DELTASCOPE__LOG__LEVEL".to_owned())
    );
    assert_eq!(layers.get("simulator.speed").unwrap().origin, Origin::File(file));
    let config = Config::from_layers(&layers).unwrap();
    assert_eq!(config.log.level, telemetry::Level::Debug);
    assert_eq!(config.simulator.speed.to_string(), "2");
}

#[test]
fn secrets_never_show_themselves() {
    let config = load(None, &env(&[("DELTASCOPE__AUTH__BOOTSTRAP_PASSWORD", "hunter2")])).unwrap();
    assert_eq!(config.auth.bootstrap_password.expose(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
}

/// Variables, then words that the sentence must contain: origin, key, value, what is allowed.
const MISTAKES: [(&str, &str, &[&str]); 13] = [
    (
        "DELTASCOPE__HTTP__LISTEN",
        "nowhere",
        &["DELTASCOPE__HTTP__LISTEN", "http.listen", "nowhere", "127.0.0.1:3000"],
    ),
    (
        "DELTASCOPE__HTTP__LISTEN",
        "0.0.0.0:3000",
        &["http.listen", "0.0.0.0:3000", "loopback", "allow_insecure"],
    ),
    ("DELTASCOPE__HTTP__PORT", "1", &["DELTASCOPE__HTTP__PORT", "unknown key", "http.port", "http.listen"]),
    ("DELTASCOPE__HTPP__LISTEN", "1", &["unknown key", "htpp.listen", "sections", "elasticsearch"]),
    ("DELTASCOPE__LOG__LEVEL", "loud", &["log.level", "loud", "trace, debug, info"]),
    ("LOG_LEVEL", "loud", &["LOG_LEVEL", "log.level", "loud", "trace, debug, info"]),
    ("DELTASCOPE__LOG__STDOUT", "maybe", &["log.stdout", "maybe", "true or false"]),
    ("DELTASCOPE__SIMULATOR__SEED", "x1", &["simulator.seed", "x1", "whole number"]),
    ("DELTASCOPE__SIMULATOR__SPEED", "0", &["simulator.speed", "0", "1 to 600"]),
    ("DELTASCOPE__VENUE__KIND", "binance", &["venue.kind", "binance", "simulator, delta-india"]),
    (
        "DELTASCOPE__HTTP__TRUSTED_PROXIES",
        "proxy.example.org",
        &["http.trusted_proxies", "proxy.example.org", "10.0.0.0/8"],
    ),
    ("DELTASCOPE__LOG__KEEP_DAYS", "0", &["log.keep_days", "0", "1 to 36500"]),
    ("DELTASCOPE__LOG__KEEP_MB", "1", &["log.keep_mb", "1", "16 to 1000000"]),
];

/// The forwarder is done without, so its mistakes do not stop the start.
#[test]
fn mistakes_of_the_forwarder_are_its_own() {
    for (name, value, words) in [
        ("ELASTICSEARCH_URL", "localhost:9200", ["elasticsearch.url", "localhost:9200", "http://"]),
        ("DELTASCOPE__ELASTICSEARCH__NAMESPACE", "A b", ["elasticsearch.namespace", "A b", "a-z"]),
        ("DELTASCOPE__ELASTICSEARCH__TIMEOUT_MS", "1", ["elasticsearch.timeout_ms", "1", "100 to 600000"]),
    ] {
        let problem = load(None, &env(&[(name, value)])).unwrap().elasticsearch.problem.unwrap();
        for word in words {
            assert!(problem.contains(word), "{name}={value}: `{problem}` lacks `{word}`");
        }
    }
    let config = load(None, &env(&[("ELASTICSEARCH_URL", "elastic:hunter2@localhost")])).unwrap();
    assert!(!config.elasticsearch.problem.unwrap().contains("hunter2"));
}

#[test]
fn mistakes_name_origin_key_value_and_what_is_allowed() {
    for (name, value, words) in MISTAKES {
        let sentence = load(None, &env(&[(name, value)])).unwrap_err().to_string();
        for word in words {
            assert!(sentence.contains(word), "{name}={value}: `{sentence}` lacks `{word}`");
        }
    }
}

#[test]
fn a_mistake_in_a_file_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mine.toml");
    for (text, words) in [
        ("[http]\nlisten = 3000\n", ["mine.toml", "http.listen", "3000", "text in quotes"]),
        ("[http]\nlitsen = 3000\n", ["mine.toml", "http.litsen", "unknown key", "http.listen"]),
        ("[http\n", ["mine.toml", "cannot read", "1", "http"]),
    ] {
        std::fs::write(&file, text).unwrap();
        let sentence = load(Some(&file), &env(&[])).unwrap_err().to_string();
        for word in words {
            assert!(sentence.contains(word), "`{sentence}` lacks `{word}`");
        }
    }
    let sentence = load(None, &env(&[("DELTASCOPE_PROFILE", "absent")])).unwrap_err().to_string();
    assert!(sentence.contains("absent.toml"), "{sentence}");
}

#[test]
fn a_mistyped_secret_is_not_printed() {
    let sentence =
        load(None, &env(&[("DELTASCOPE__AUTH__BOOTSTRAP_PASWORD", "hunter2")])).unwrap_err().to_string();
    assert!(!sentence.contains("hunter2"), "{sentence}");
}
