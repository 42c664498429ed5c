//! Versions of the tools that set-up installs. Two of them must agree with the crates of the workspace, and
//! the tests below hold them to it.

/// Must equal the `wasm-bindgen` crate: tool and crate exchange a private format.
pub const WASM_BINDGEN: &str = "0.2.130";

/// 0.3.11's lock file asks for a newer compiler than the pinned one; 0.3.10 is the same program.
pub const CARGO_LEPTOS: &str = "0.3.10";

pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The same names as in `[[workspace.metadata.leptos]]`.
pub const BINARY: &str = "target/release/deltascope";
pub const SITE: &str = "target/site";
pub const OUTPUT_NAME: &str = "deltascope";

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../Cargo.toml");

    #[test]
    fn wasm_bindgen_tool_and_crate_agree() {
        assert!(MANIFEST.contains(&format!("wasm-bindgen = \"={WASM_BINDGEN}\"")));
    }

    #[test]
    fn build_output_names_agree_with_the_leptos_section() {
        assert!(MANIFEST.contains(&format!("site-root = \"{SITE}\"")));
        assert!(MANIFEST.contains(&format!("output-name = \"{OUTPUT_NAME}\"")));
        assert!(MANIFEST.contains(&format!("bin-target = \"{OUTPUT_NAME}\"")));
    }
}
