//! The names of a module's functions are taken out of what is shipped and kept beside it: a browser tells a function by
//! its number, the server knows what it is called.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Failure;
use crate::leb::{number, sized};

/// Custom sections that no browser needs.
const LEFT_OUT: [&str; 2] = ["name", "producers"];
const CUSTOM: u8 = 0;
/// The part of the name section that holds the functions' names.
const FUNCTIONS: u8 = 1;

/// The module without its names, and the names by number.
pub fn take(module: &[u8]) -> Result<(Vec<u8>, BTreeMap<u32, String>), Failure> {
    take_from(module).ok_or_else(|| "the module's sections cannot be read".to_owned())
}

/// One line for each function: number and name.
pub fn listed(names: &BTreeMap<u32, String>) -> String {
    names.iter().fold(String::new(), |mut text, (number, name)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{number} {}", name.replace('\n', " "));
        text
    })
}

fn take_from(module: &[u8]) -> Option<(Vec<u8>, BTreeMap<u32, String>)> {
    let mut shipped = module.get(..8)?.to_vec();
    let (mut names, mut rest) = (BTreeMap::new(), &module[8..]);
    while let Some((&id, after)) = rest.split_first() {
        let mut body = after;
        let content = sized(&mut body)?;
        let whole = &rest[..rest.len() - body.len()];
        rest = body;
        let custom = if id == CUSTOM { Some(custom_name(content)?) } else { None };
        match custom {
            Some(("name", parts)) => names = functions(parts)?,
            Some((name, _)) if LEFT_OUT.contains(&name) || name.starts_with(".debug") => {}
            Some(_) | None => shipped.extend_from_slice(whole),
        }
    }
    Some((shipped, names))
}

fn custom_name(mut content: &[u8]) -> Option<(&str, &[u8])> {
    let name = std::str::from_utf8(sized(&mut content)?).ok()?;
    Some((name, content))
}

fn functions(mut parts: &[u8]) -> Option<BTreeMap<u32, String>> {
    while let Some((&id, after)) = parts.split_first() {
        parts = after;
        let mut part = sized(&mut parts)?;
        if id == FUNCTIONS {
            let count = number(&mut part)?;
            let entry =
                |_| Some((number(&mut part)?, String::from_utf8_lossy(sized(&mut part)?).into_owned()));
            return (0..count).map(entry).collect();
        }
    }
    Some(BTreeMap::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        // The length in two bytes, as compilers write it when they fill it in afterwards.
        let length = content.len() as u8;
        [&[id, length | 0x80, 0], content].concat()
    }

    fn custom(name: &str, content: &[u8]) -> Vec<u8> {
        section(0, &[&[name.len() as u8], name.as_bytes(), content].concat())
    }

    #[test]
    fn names_are_kept_beside_and_nothing_else_is_lost() {
        let head = b"\0asm\x01\0\0\0".to_vec();
        let (types, code) = (section(1, &[0]), section(10, &[1, 2, 3]));
        let other = custom("linking", b"xyz");
        let functions = b"\x02\x03\x05alpha\x81\x01\x04a::b";
        let parts = [&[0_u8, 2, 1, b'm', 1, functions.len() as u8][..], functions].concat();
        let names = custom("name", &parts);
        let module =
            [&head, &types, &names, &code, &custom("producers", b"p"), &other].map(Vec::as_slice).concat();
        let (shipped, found) = take(&module).expect("a module");
        assert_eq!(shipped, [&head, &types, &code, &other].map(Vec::as_slice).concat());
        assert_eq!(found, BTreeMap::from([(3, "alpha".to_owned()), (129, "a::b".to_owned())]));
        assert_eq!(listed(&found), "3 alpha\n129 a::b\n");
        assert_eq!(take(&shipped).expect("the same"), (shipped.clone(), BTreeMap::new()));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in
            [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x0a\x7f", b"\0asm\x01\0\0\0\x00\x80\x80\x80\x80\x80"]
        {
            assert!(take(bytes).is_err(), "{bytes:?}");
        }
    }
}
