//! The public files: scripts get names by their content and call each other by them, the rest stays as it is.

use std::path::{Path, PathBuf};

use crate::folder::Folder;
use crate::{Failure, files_under, node, read};

/// Ready-made by others: nothing is taken out of it.
const VENDOR: &str = "/vendor/";

struct Script {
    plain: String,
    text: String,
}

pub fn place_public(root: &Path, folder: &mut Folder) -> Result<(), Failure> {
    let public = root.join("public");
    let (scripts, others): (Vec<PathBuf>, Vec<PathBuf>) =
        files_under(&public)?.into_iter().partition(|file| file.extension().is_some_and(|kind| kind == "js"));
    for file in others {
        folder.place_plain(&address(&public, &file), &read(&file)?)?;
    }
    let scripts = scripts.iter().map(|file| script(root, &public, file)).collect::<Result<Vec<_>, _>>()?;
    place_scripts(scripts, folder)
}

fn script(root: &Path, public: &Path, file: &Path) -> Result<Script, Failure> {
    let plain = address(public, file);
    let bytes = if plain.starts_with(VENDOR) { read(file)? } else { node::shorten(root, file)? };
    let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", file.display()))?;
    Ok(Script { plain, text })
}

/// A script's name depends on the names that it mentions, so those come first.
fn place_scripts(mut waiting: Vec<Script>, folder: &mut Folder) -> Result<(), Failure> {
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|script| script.plain.clone()).collect();
        let is_free = |script: &Script| !names.iter().any(|name| mentions(&script.text, name));
        let (free, rest): (Vec<Script>, Vec<Script>) = waiting.into_iter().partition(is_free);
        if free.is_empty() {
            return Err(format!("the scripts {} call each other in a circle", names.join(", ")));
        }
        for script in free {
            let text =
                folder.addresses().fold(script.text, |text, (plain, named)| renamed(text, plain, named));
            folder.place_hashed(&script.plain, text.as_bytes())?;
        }
        waiting = rest;
    }
    Ok(())
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

fn mentions(text: &str, address: &str) -> bool {
    QUOTES.iter().any(|quote| text.contains(&format!("{quote}{address}{quote}")))
}

fn renamed(text: String, plain: &str, named: &str) -> String {
    QUOTES.iter().fold(text, |text, quote| {
        text.replace(&format!("{quote}{plain}{quote}"), &format!("{quote}{named}{quote}"))
    })
}

fn address(public: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(public).unwrap_or(file);
    format!("/{}", inside.to_string_lossy().replace('\\', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Effort;

    fn script(plain: &str, text: &str) -> Script {
        Script { plain: plain.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn scripts_call_each_other_by_the_names_of_their_content() {
        let site = tempfile::tempdir().expect("a folder");
        let mut folder = Folder::new(site.path().to_owned(), Effort::Quick);
        let calls = script("/chart.js", "await import('/vendor/lib.js')");
        place_scripts(vec![calls, script("/vendor/lib.js", "1")], &mut folder).expect("a line of two");
        let address = |plain: &str| {
            let found = folder.addresses().find(|(there, _)| *there == plain);
            found.map(|(_, named)| named.to_owned()).expect("placed")
        };
        let (chart, lib) = (address("/chart.js"), address("/vendor/lib.js"));
        let text = std::fs::read_to_string(site.path().join(&chart[1..])).expect("the file");
        assert_eq!(text, format!("await import('{lib}')"));
    }

    #[test]
    fn a_circle_of_scripts_is_refused() {
        let site = tempfile::tempdir().expect("a folder");
        let mut folder = Folder::new(site.path().to_owned(), Effort::Quick);
        let circle = vec![script("/a.js", "import(\"/b.js\")"), script("/b.js", "import(\"/a.js\")")];
        let told = place_scripts(circle, &mut folder).expect_err("no order");
        assert!(told.contains("/a.js, /b.js"), "{told}");
    }
}
