//! The module that the compiler left, bound to JavaScript by the library behind the `wasm-bindgen` tool.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::{Failure, OUTPUT};

/// Where the two halves lie.
pub struct Bound {
    pub module: PathBuf,
    pub loader: PathBuf,
}

/// No typings: nothing that a page asks for needs them.
pub fn bind(module: &Path, folder: &Path) -> Result<Bound, Failure> {
    let mut bindgen = Bindgen::new();
    let bound = bindgen
        .web(true)
        .and_then(|web| web.input_path(module).out_name(OUTPUT).typescript(false).generate(folder));
    bound.map_err(|error| format!("cannot bind {}: {error:#}", module.display()))?;
    Ok(Bound {
        module: folder.join(format!("{OUTPUT}_bg.wasm")),
        loader: folder.join(format!("{OUTPUT}.js")),
    })
}
