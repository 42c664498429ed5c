//! Every crate that anything here is built from comes under a licence that `deny.toml` allows; nobody needs `cargo deny`
//! to hear of one that does not.

use std::process::Command;

use crate::files;

#[test]
fn every_crate_is_under_a_licence_that_is_allowed() {
    let files = files::all();
    let deny = files.iter().find(|file| file.path == "deny.toml").expect("deny.toml");
    let allowed = allowed(&deny.text);
    assert!(allowed.contains(&"MIT".to_owned()), "{allowed:?}");
    let crates = crates();
    assert!(crates.len() > 100, "{}", crates.len());
    let refused: Vec<&String> = crates.iter().filter(|line| !is_allowed(line, &allowed)).collect();
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}

/// `licence|crate` of every crate, on every target, for building and testing too.
fn crates() -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--workspace", "--locked", "--target", "all", "--edges", "normal,build,dev"])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{l}|{p}"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Our own are published nowhere.
    let foreign = text.lines().filter(|line| !line.is_empty() && !line.contains("(/"));
    let mut crates: Vec<String> = foreign.map(str::to_owned).collect();
    crates.sort_unstable();
    crates.dedup();
    crates
}

/// The words of `allow` below `[licenses]`.
fn allowed(deny: &str) -> Vec<String> {
    let list = deny.split_once("[licenses]").and_then(|(_, rest)| rest.split_once("allow = ["));
    let list = list.and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn is_allowed(line: &str, allowed: &[String]) -> bool {
    let licence = line.split('|').next().unwrap_or_default().replace('/', " OR ");
    let spaced = licence.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let fits = either(&words, &mut at, allowed);
    fits && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut fits = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        fits |= all(words, at, allowed);
    }
    fits
}

fn all(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut fits = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        fits &= one(words, at, allowed);
    }
    fits
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let fits = either(words, at, allowed);
        // The closing one.
        *at += 1;
        return fits;
    }
    if words.get(*at) == Some(&"WITH") {
        // An exception has a name of its own, which is not on the list.
        *at += 2;
        return false;
    }
    allowed.iter().any(|licence| licence == word)
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT", "ISC", "Unicode-3.0"].map(str::to_owned);
    for (licence, fits) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("Apache-2.0 WITH LLVM-exception", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(&format!("{licence}|a-crate v1.0.0"), &allowed), fits, "{licence}");
    }
}
