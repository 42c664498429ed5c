//! Names that the manifests and `xtask` must agree on; the tests below hold them to it.

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Name of the program.
pub const BINARY: &str = "deltascope";

/// The browser module as the compiler leaves it.
pub const MODULE: &str = "frontend.wasm";

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../Cargo.toml");

    /// Crate, binder and test runner exchange a private format.
    #[test]
    fn everything_of_wasm_bindgen_has_one_version() {
        let line = MANIFEST.lines().find(|line| line.starts_with("wasm-bindgen = ")).expect("the crate");
        let version = line.trim_start_matches("wasm-bindgen = ");
        assert!(version.starts_with("\"="), "{version} is not exact");
        for name in ["wasm-bindgen-cli-support = ", "wasm-bindgen-cli = { version = "] {
            let other =
                MANIFEST.lines().find_map(|line| line.strip_prefix(name)).expect("a library behind a tool");
            assert!(other.starts_with(version), "{name}{other} beside {version}");
        }
    }

    #[test]
    fn names_agree_with_the_leptos_section_that_cargo_leptos_reads() {
        for name in ["output-name", "bin-target", "bin-exe-name"] {
            assert!(MANIFEST.contains(&format!("{name} = \"{BINARY}\"")), "{name}");
        }
        let library = MODULE.trim_end_matches(".wasm");
        assert!(MANIFEST.contains(&format!("lib-package = \"{library}\"")));
    }
}
