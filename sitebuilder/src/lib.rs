//! Makes the folder of the console's site: binds the compiled module, optimises it, bundles style and scripts, names
//! each file by its content, and lays compressed copies beside them. What is made of the same is not made again.

mod bind;
mod compress;
mod folder;
mod leb;
mod manifest;
mod names;
mod node;
mod scripts;
mod seam;
mod stamp;

use std::path::{Path, PathBuf};

use folder::Folder;
pub use manifest::MANIFEST;
use manifest::Manifest;

/// One sentence for the person at the terminal.
pub type Failure = String;

/// Stem of the module, its loader and the style sheet; the same as in `[[workspace.metadata.leptos]]`.
pub const OUTPUT: &str = "deltascope";

/// Style sheets and their plain addresses. The first is loaded by every page, the second by all but the first page.
const STYLES: [(&str, &str); 2] =
    [("style/main.css", "/pkg/deltascope.css"), ("style/pages.css", "/pkg/pages.css")];

/// How long may be spent on making files small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Seconds: for a console on this machine.
    Quick,
    /// Minutes: for what is shipped.
    Small,
}

impl Effort {
    /// `quick` or `small`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "quick" => Some(Self::Quick),
            "small" => Some(Self::Small),
            _ => None,
        }
    }
}

/// What a site is made of, and where it is put.
pub struct Plan {
    /// The repository: `style`, `public` and `node_modules` lie in it.
    pub root: PathBuf,
    /// The module as the compiler left it.
    pub module: PathBuf,
    /// The folder that is made. What it held before is gone afterwards.
    pub site: PathBuf,
    pub effort: Effort,
}

/// What `build` did.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The folder is made of the same already.
    Current,
    Built,
}

/// # Errors
/// A sentence, when a source cannot be read, a tool from npm is missing or refuses, or the folder cannot be written.
pub fn build(plan: &Plan) -> Result<Outcome, Failure> {
    let made_of = stamp::of(plan)?;
    if Manifest::read(&plan.site).is_some_and(|there| there.made_of == made_of && there.is_whole(&plan.site))
    {
        return Ok(Outcome::Current);
    }
    let work = Work::begin(&plan.site)?;
    let bound = bind::bind(&plan.module, &work.0.join("bound"))?;
    let mut folder = Folder::new(work.0.join("site"), plan.effort);
    let (shipped, names) = names::take(&module(plan, &bound.module, &work.0)?)?;
    let (shipped, loader) = seam::shorten(&shipped, &node::bundle(&plan.root, &bound.loader)?)?;
    folder.place_module(&format!("/pkg/{OUTPUT}.wasm"), &shipped, &names::listed(&names))?;
    folder.place_hashed(&format!("/pkg/{OUTPUT}.js"), &loader)?;
    for (file, plain) in STYLES {
        let file = plan.root.join(file);
        folder.place_hashed(plain, &node::bundle(&plan.root, &file)?)?;
    }
    scripts::place_public(&plan.root, &mut folder)?;
    folder.finish(made_of)?.put_in_place(&plan.site)?;
    Ok(Outcome::Built)
}

fn module(plan: &Plan, bound: &Path, work: &Path) -> Result<Vec<u8>, Failure> {
    match plan.effort {
        Effort::Quick => read(bound),
        Effort::Small => {
            let optimised = work.join("optimised.wasm");
            node::optimise(&plan.root, bound, &optimised)?;
            read(&optimised)
        }
    }
}

/// A folder beside the site for what is only passed through; it goes when the build ends, however it ends.
struct Work(PathBuf);

impl Work {
    fn begin(site: &Path) -> Result<Self, Failure> {
        let folder = site.with_extension("work");
        let cleared = if folder.exists() { std::fs::remove_dir_all(&folder) } else { Ok(()) };
        cleared
            .and_then(|()| std::fs::create_dir_all(&folder))
            .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What stays is cleared by the next build.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// All files under a folder, sorted, so that what is made of them does not depend on the disk.
fn files_under(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| format!("cannot read the folder {}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.extend(files_under(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
