//! The seam between module and loader: what one calls in the other has names of eighty letters with hashes in them,
//! which do not compress and travel twice. Here they become short in both.

use std::collections::BTreeMap;

use crate::Failure;
use crate::leb::{number, put_number, put_sized, sized};

/// Names that the binding makes for itself. Others (islands, `hydrate`) are called by pages as well.
const OWN: [&str; 4] = ["__wbg_", "__wbindgen_", "__externref_", "wasm_bindgen__"];
/// What drills call to see a program die.
const KEPT: &str = "__wbindgen_malloc";
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;
const HEAD: usize = 8;

/// Module and loader with short names on both sides.
pub fn shorten(module: &[u8], loader: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let loader = std::str::from_utf8(loader).map_err(|_| "the loader is not UTF-8".to_owned())?;
    let mut names = Names::default();
    let module = renamed(module, &mut names).ok_or_else(|| "the module's seam cannot be read".to_owned())?;
    Ok((module, names.applied(loader).into_bytes()))
}

#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    /// The short name of one of its own, the same one each time; any other stays.
    fn of<'a>(&'a mut self, name: &'a str) -> &'a str {
        if name == KEPT || !OWN.iter().any(|own| name.starts_with(own)) {
            return name;
        }
        let next = self.0.len();
        self.0.entry(name.to_owned()).or_insert_with(|| format!("_{next:x}"))
    }

    /// The text with its words renamed.
    fn applied(&self, text: &str) -> String {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$');
        let mut short = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            let end = rest[start..].find(|letter| !is_part(letter)).map_or(rest.len(), |end| start + end);
            let word = &rest[start..end];
            short.push_str(&rest[..start]);
            short.push_str(self.0.get(word).map_or(word, String::as_str));
            rest = &rest[end..];
        }
        short.push_str(rest);
        short
    }
}

fn renamed(module: &[u8], names: &mut Names) -> Option<Vec<u8>> {
    let mut out = module.get(..HEAD)?.to_vec();
    let mut rest = &module[HEAD..];
    while let Some((&id, after)) = rest.split_first() {
        rest = after;
        let content = sized(&mut rest)?;
        out.push(id);
        match id {
            IMPORTS => put_sized(&mut out, &imports(content, names)?),
            EXPORTS => put_sized(&mut out, &exports(content, names)?),
            _ => put_sized(&mut out, content),
        }
    }
    Some(out)
}

fn imports(mut content: &[u8], names: &mut Names) -> Option<Vec<u8>> {
    let (count, mut out) = (number(&mut content)?, Vec::new());
    put_number(&mut out, count);
    for _ in 0..count {
        put_sized(&mut out, sized(&mut content)?);
        let name = std::str::from_utf8(sized(&mut content)?).ok()?;
        put_sized(&mut out, names.of(name).as_bytes());
        // Only functions come from the loader: their kind, and the number of their type.
        let (&kind, after) = content.split_first()?;
        content = after;
        if kind != 0 {
            return None;
        }
        out.push(kind);
        put_number(&mut out, number(&mut content)?);
    }
    Some(out)
}

fn exports(mut content: &[u8], names: &mut Names) -> Option<Vec<u8>> {
    let (count, mut out) = (number(&mut content)?, Vec::new());
    put_number(&mut out, count);
    for _ in 0..count {
        let name = std::str::from_utf8(sized(&mut content)?).ok()?;
        put_sized(&mut out, names.of(name).as_bytes());
        let (&kind, after) = content.split_first()?;
        content = after;
        out.push(kind);
        put_number(&mut out, number(&mut content)?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Vec<u8> {
        let mut out = Vec::new();
        put_sized(&mut out, name.as_bytes());
        out
    }

    fn module(imported: &str, exported: &str) -> Vec<u8> {
        let imports = [&[1][..], &named("./x_bg.js"), &named(imported), &[0, 5]].concat();
        let exports = [&[2][..], &named(exported), &[0, 7], &named("hydrate"), &[0, 200, 1]].concat();
        let mut out = b"\0asm\x01\0\0\0".to_vec();
        for (id, content) in [(IMPORTS, imports), (EXPORTS, exports), (10, vec![1, 2, 3])] {
            out.push(id);
            put_sized(&mut out, &content);
        }
        out
    }

    #[test]
    fn both_sides_call_each_other_by_the_same_short_names() {
        let (call, export) = ("__wbg_now_e131fad66e453a10", "__wbindgen_free");
        let loader = format!("x={{{call}:()=>1}};w.{export}(2);w.{export}_other(w.hydrate)");
        let (short, text) = shorten(&module(call, export), loader.as_bytes()).expect("a module");
        assert_eq!(short, module("_0", "_1"));
        assert_eq!(text, b"x={_0:()=>1};w._1(2);w.__wbindgen_free_other(w.hydrate)");
    }

    #[test]
    fn what_drills_call_keeps_its_name() {
        let same = module("_0", KEPT);
        let (short, _) = shorten(&module("__wbg_now_e131fad66e453a10", KEPT), b"").expect("a module");
        assert_eq!(short, same);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [&b""[..], b"\0asm\x01\0\0\0\x02\x7f", b"\0asm\x01\0\0\0\x02\x06\x01\x01a\x01b\x02"] {
            assert!(shorten(bytes, b"").is_err(), "{bytes:?}");
        }
    }
}
