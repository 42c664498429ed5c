//! A whole site, made with stand-ins for the tools from npm that hand on what they get: what lies in the folder, under
//! which names, and that it is not made twice.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sitebuilder::{Effort, MANIFEST, Outcome, Plan, build};

/// The smallest module: nothing is in it.
const MODULE: &[u8] = b"\0asm\x01\0\0\0";
/// Says how often it was called, and prints the file that comes first.
const ESBUILD: &str = "#!/bin/sh\necho called >> node_modules/calls\ncat \"$1\"\n";
/// Copies the file before `-o` to the one after it.
const WASM_OPT: &str =
    "#!/bin/sh\nfor word; do two=$one; one=$last; last=$word; done\ncp \"$two\" \"$last\"\n";

struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().expect("a folder"));
        let long = "p { color: red }\n".repeat(40);
        for (file, text) in [
            ("style/main.css", long.as_str()),
            ("style/pages.css", "i { color: red }\n"),
            ("public/chart.js", "await import(\"/vendor/lib.js\");\n"),
            ("public/guard.js", "start();\n"),
            ("public/favicon.svg", "<svg/>"),
            ("public/vendor/lib.js", "lib();\n"),
            ("package-lock.json", "{}"),
        ] {
            repository.write(file, text.as_bytes());
        }
        repository.write("module.wasm", MODULE);
        for (tool, text) in [("esbuild", ESBUILD), ("wasm-opt", WASM_OPT)] {
            let file = repository.write(&format!("node_modules/.bin/{tool}"), text.as_bytes());
            fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        repository
    }

    fn write(&self, file: &str, bytes: &[u8]) -> PathBuf {
        let file = self.0.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder around it")).expect("the folder");
        fs::write(&file, bytes).expect("the file");
        file
    }

    fn site(&self) -> PathBuf {
        self.0.path().join("out/site")
    }

    fn build(&self, effort: Effort) -> Outcome {
        let root = self.0.path().to_owned();
        let plan = Plan { module: root.join("module.wasm"), site: self.site(), root, effort };
        build(&plan).expect("a site")
    }

    fn calls(&self) -> usize {
        fs::read_to_string(self.0.path().join("node_modules/calls")).unwrap_or_default().lines().count()
    }

    /// Plain address to address.
    fn manifest(&self) -> BTreeMap<String, String> {
        let text = fs::read(self.site().join(MANIFEST)).expect("the manifest");
        let value: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        serde_json::from_value(value["files"].clone()).expect("names")
    }
}

/// Addresses of all files.
fn listed(folder: &Path, site: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<String> = entries
        .flat_map(|path| {
            if path.is_dir() {
                listed(&path, site)
            } else {
                vec![format!("/{}", path.strip_prefix(site).expect("inside").display())]
            }
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_folder_holds_what_pages_ask_for_and_nothing_else() {
    for effort in [Effort::Quick, Effort::Small] {
        let repository = Repository::new();
        assert_eq!(repository.build(effort), Outcome::Built);
        let names = repository.manifest();
        let plain: Vec<&str> = names.keys().map(String::as_str).collect();
        let expected = [
            "/chart.js",
            "/favicon.svg",
            "/guard.js",
            "/pkg/deltascope.css",
            "/pkg/deltascope.js",
            "/pkg/deltascope.wasm",
            "/pkg/pages.css",
            "/vendor/lib.js",
        ];
        assert_eq!(plain, expected);
        let there = listed(&repository.site(), &repository.site());
        for file in &there {
            let asked = file.trim_end_matches(".br").trim_end_matches(".gz");
            let known = asked == format!("/{MANIFEST}") || names.values().any(|address| address == asked);
            assert!(known, "{file} is asked for by nobody ({effort:?})");
        }
        assert!(names.values().all(|address| there.contains(address)), "{there:?}");
        let style = &names["/pkg/deltascope.css"];
        for (copy, expected) in [("gz", true), ("br", effort == Effort::Small)] {
            assert_eq!(
                there.contains(&format!("{style}.{copy}")),
                expected,
                "{copy} of the style ({effort:?})"
            );
        }
    }
}

#[test]
fn scripts_style_and_module_are_named_by_their_content() {
    let repository = Repository::new();
    repository.build(Effort::Quick);
    let before = repository.manifest();
    for (plain, address) in &before {
        let hashed =
            address.starts_with("/pkg/") && address.split('.').nth(1).is_some_and(|part| part.len() == 20);
        assert_eq!(hashed, plain != "/favicon.svg", "{plain} is at {address}");
    }
    repository.write("public/vendor/lib.js", b"other();\n");
    assert_eq!(repository.build(Effort::Quick), Outcome::Built);
    let after = repository.manifest();
    let changed: Vec<&str> =
        before.keys().map(String::as_str).filter(|plain| before[*plain] != after[*plain]).collect();
    assert_eq!(changed, ["/chart.js", "/vendor/lib.js"], "the chart calls the library by its name");
    assert!(!repository.site().join(&before["/vendor/lib.js"][1..]).exists(), "the old file is gone");
}

#[test]
fn a_second_build_of_the_same_does_nothing() {
    let repository = Repository::new();
    assert_eq!(repository.build(Effort::Quick), Outcome::Built);
    let calls = repository.calls();
    assert!(calls > 0);
    assert_eq!(repository.build(Effort::Quick), Outcome::Current);
    assert_eq!(repository.calls(), calls, "a tool was called again");

    let names = repository.manifest();
    fs::remove_file(repository.site().join(&names["/guard.js"][1..])).expect("it was there");
    assert_eq!(repository.build(Effort::Quick), Outcome::Built, "a file is missing");
    assert_eq!(repository.build(Effort::Small), Outcome::Built, "more effort is wanted");
    repository.write("style/main.css", b"p { color: blue }\n");
    assert_eq!(repository.build(Effort::Small), Outcome::Built, "the style has changed");
    assert_eq!(repository.build(Effort::Small), Outcome::Current);
}

#[test]
fn nothing_is_left_beside_the_site() {
    let repository = Repository::new();
    repository.build(Effort::Small);
    let out = repository.site().parent().expect("a folder around it").to_owned();
    let beside: Vec<_> =
        fs::read_dir(out).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert_eq!(beside, ["site"]);
}

#[test]
fn names_of_functions_are_kept_by_build_and_not_shipped() {
    let repository = Repository::new();
    // One function that does nothing, exported as `f` and named so.
    let function = b"\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01f\0\0\x0a\x04\x01\x02\0\x0b";
    let names = b"\0\x0b\x04name\x01\x04\x01\0\x01f";
    repository.write("module.wasm", &[MODULE, function, names].concat());
    for effort in [Effort::Quick, Effort::Small] {
        repository.build(effort);
        let address = repository.manifest()["/pkg/deltascope.wasm"].clone();
        let shipped = fs::read(repository.site().join(&address[1..])).expect("the module");
        assert!(!shipped.windows(4).any(|bytes| bytes == b"name"), "{effort:?}");
        let build = address.split('.').nth(1).expect("its hash");
        let kept = fs::read_to_string(repository.site().join(format!("symbols/{build}.txt")));
        assert_eq!(kept.expect("the names"), "0 f\n", "{effort:?}");
        let text = fs::read_to_string(repository.site().join(MANIFEST)).expect("the manifest");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["build"], build);
    }
}
