//! One hash over all that a site is made of, this program among it.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::{Effort, Failure, Plan, files_under, read};

/// Folders whose files go into the site, and the file that says which tools make it.
const FOLDERS: [&str; 2] = ["style", "public"];
const TOOLS: &str = "package-lock.json";

pub fn of(plan: &Plan) -> Result<String, Failure> {
    let mut hasher = Sha256::new();
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    for file in [&program, &plan.module, &plan.root.join(TOOLS)] {
        add(&mut hasher, Path::new(""), file)?;
    }
    for folder in FOLDERS {
        for file in files_under(&plan.root.join(folder))? {
            add(&mut hasher, file.strip_prefix(&plan.root).unwrap_or(&file), &file)?;
        }
    }
    hasher.update(match plan.effort {
        Effort::Quick => "quick",
        Effort::Small => "small",
    });
    Ok(hex::encode(hasher.finalize()))
}

/// Name, length and content: neither can be mistaken for the other.
fn add(hasher: &mut Sha256, name: &Path, file: &Path) -> Result<(), Failure> {
    let (name, bytes) = (name.to_string_lossy(), read(file)?);
    hasher.update(name.len().to_le_bytes());
    hasher.update(name.as_bytes());
    hasher.update(bytes.len().to_le_bytes());
    hasher.update(bytes);
    Ok(())
}
