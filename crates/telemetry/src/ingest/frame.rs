//! One frame of a stack as a line: a name, where it is known, and the number of the function or the place in the file.
//! Never an address: browsers glue theirs to both.

use super::json::Raw;

/// `name module wasm-function[812]:0x9f1c2`, what is missing left out; a frame may also be a line as a browser writes it.
pub(super) fn line(frame: Raw<'_>) -> String {
    if let Some(text) = frame.text() {
        return of_text(&text);
    }
    let text = |key: &str| frame.get(key).and_then(Raw::text);
    let mut parts: Vec<String> =
        ["fn", "mod"].iter().filter_map(|key| Some(text(key)?.into_owned())).collect();
    let number = |key: &str| frame.get(key).and_then(Raw::unsigned);
    match (number("ix"), number("off")) {
        (Some(index), Some(offset)) => parts.push(format!("wasm-function[{index}]:{offset:#x}")),
        (Some(index), None) => parts.push(format!("wasm-function[{index}]")),
        (None, Some(offset)) => parts.push(format!("{offset:#x}")),
        (None, None) => {}
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// Chrome: `at name (https://host/x.wasm:wasm-function[812]:0x9f1c2)`; Firefox: `name@https://…`; Safari, which tells
/// names where there are any: `<?>.wasm-function[name]@[wasm code]`.
fn of_text(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("at ").unwrap_or(text);
    let Some((before, after)) = text.split_once("wasm-function[") else { return without_origin(text) };
    let before = before.split(['(', '@']).next().unwrap_or_default().trim();
    let name = before.strip_suffix("<?>.").unwrap_or(before);
    let name = if name.contains("://") { "" } else { name };
    let Some((number, rest)) = after.split_once(']') else { return name.to_owned() };
    if !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return number.to_owned();
    }
    let digits = rest.strip_prefix(":0x").unwrap_or_default();
    let end = digits.find(|digit: char| !digit.is_ascii_hexdigit()).unwrap_or(digits.len());
    let offset = if end > 0 { format!(":0x{}", &digits[..end]) } else { String::new() };
    let space = if name.is_empty() { "" } else { " " };
    format!("{name}{space}wasm-function[{number}]{offset}")
}

/// `draw (https://host/chart.js?a=b:1:2)` is `draw (/chart.js:1:2)`.
fn without_origin(text: &str) -> String {
    let Some((before, after)) = text.split_once("://") else { return text.to_owned() };
    let before = before.trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '-');
    let path = after.find('/').map_or("", |at| &after[at..]);
    let Some(query) = path.find(['?', '#']) else { return [before, path].concat() };
    let place = path[query..].rfind(|letter: char| !letter.is_ascii_digit() && !matches!(letter, ':' | ')'));
    let place = place.map_or(path.len(), |at| query + at);
    let place = path[place..].find(':').map_or("", |at| &path[place + at..]);
    [before, &path[..query], place].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_of_three_browsers_are_read_without_their_address() {
        for (told, read) in [
            (
                "    at app::run (http://127.0.0.1:3000/pkg/a.wasm:wasm-function[812]:0x9f1d2)",
                "app::run wasm-function[812]:0x9f1d2",
            ),
            ("at http://127.0.0.1:3000/pkg/a.wasm:wasm-function[812]:0x9f1d2", "wasm-function[812]:0x9f1d2"),
            ("run@http://127.0.0.1:3000/pkg/a.wasm:wasm-function[7]:0x1f", "run wasm-function[7]:0x1f"),
            ("@http://127.0.0.1:3000/pkg/a.wasm:wasm-function[7]:0x1f", "wasm-function[7]:0x1f"),
            ("<?>.wasm-function[812]@[wasm code]", "wasm-function[812]"),
            ("<?>.wasm-function[app::chart::draw]@[wasm code]", "app::chart::draw"),
            (
                "at draw (https://user:pw@host.example/pkg/chart.js?token=abc:12:7)",
                "draw (/pkg/chart.js:12:7)",
            ),
            ("draw@https://host.example/pkg/chart.js:12:7", "draw@/pkg/chart.js:12:7"),
            ("at https://host.example/x#frag", "/x"),
            ("at chrome-extension://abcdef/x.js:1:2", "/x.js:1:2"),
            ("at é (https://", "é ("),
            ("wasm-function[", ""),
            ("wasm-function[]", "wasm-function[]"),
            ("plain words", "plain words"),
        ] {
            let quoted = serde_json::to_string(told).unwrap();
            assert_eq!(line(Raw::new(&quoted)), read, "{told}");
        }
        let frame = r#"{"fn":"","mod":"","ix":8,"off":31}"#;
        assert_eq!(line(Raw::new(frame)), "wasm-function[8]:0x1f");
    }
}
